"""Two nodes of a graph in Shadow's GML: a block takes as long on the engine embedded as under Shadow.

With ``-s`` the test prints the delays of both. The nodes dial each other, as they do where nothing else is said, so a
block goes over two connections, and is late only if both lose it or still wait for what they lost before.
"""

import sys

import numpy as np
import pytest
from scipy import stats
from small_runs import build, happened

from monerosim.events import BlockSpread
from monerosim.report.spread import first_seen
from monerosim.runs import play

pytestmark = pytest.mark.long

LATENCY = 85.0
"""Milliseconds."""

GRAPH = """\
graph [
  directed 0
  node [ id 0 host_bandwidth_up "1 Gbit" host_bandwidth_down "1 Gbit" ]
  node [ id 1 host_bandwidth_up "1 Gbit" host_bandwidth_down "1 Gbit" ]
  edge [ source 0 target 0 latency "1 ms" packet_loss 0.0 ]
  edge [ source 1 target 1 latency "1 ms" packet_loss 0.0 ]
  edge [ source 0 target 1 latency "85 ms" packet_loss LOSS ]
]
"""

SCENARIO = """
[simulation]
duration = "1250s"
seed = 1

[network]
topology = { kind = "file", file = "two.gml" }
places = { here = "0", there = "1" }
relay = { block_verification = { mean = "0s" } }

[consensus]
block_time = "2s"

[participants.here]
kind = "autonomous-miner"
hashrate = 100

[participants.there]
kind = "relay"
"""
"""Shadow's time stands still while a program computes, so that the model's blocks are verified in none."""


def delays(folder, engine):
    """Play the scenario, and return how long each block took from one node to the other, milliseconds."""
    build(folder / "two.toml", folder / engine, f'simulation.engine="{engine}"')
    played = play(folder / engine)
    seen = [first_seen(record.data, played.plan) for record in happened(played, BlockSpread)]
    return np.array([(one["there"] - one["here"]) / 1_000 for one in seen if len(one) == 2])


@pytest.fixture(params=["0.0", "0.01"])
def both(request, tmp_path):
    (tmp_path / "two.gml").write_text(GRAPH.replace("LOSS", request.param))
    (tmp_path / "two.toml").write_text(SCENARIO)
    return float(request.param), *(delays(tmp_path, engine) for engine in ("embedded", "shadow"))


def test_a_block_takes_as_long_in_the_model_as_under_shadow(both):
    loss, modelled, simulated = both
    for name, found in (("embedded", modelled), ("shadow", simulated)):
        late = np.sort(found[found > LATENCY + 1])
        sys.stdout.write(f"loss {loss} {name}: {len(found)} blocks, median {np.median(found):.1f} ms, late: {late}\n")
    assert min(len(modelled), len(simulated)) >= 500
    if not loss:
        # A log cuts off what is below a millisecond.
        assert np.abs(modelled - LATENCY).max() <= 1
        assert np.abs(simulated - LATENCY).max() <= 1
        return
    # What differs by a millisecond counts as the same.
    alike = [np.where(np.abs(found - LATENCY) <= 1, LATENCY, found) for found in (modelled, simulated)]
    assert stats.ks_2samp(*alike).pvalue > 0.01
    last = [np.quantile(found, 0.99) for found in alike]
    assert last[0] == pytest.approx(last[1], rel=0.2)
