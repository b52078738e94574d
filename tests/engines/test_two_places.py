"""Two nodes of a graph in Shadow's GML: what the modelled network makes of its latency and loss."""

import pytest

from monerosim.build.compile import compile_plan
from monerosim.engines.embedded.network import network_of
from monerosim.plugins import PluginFiles
from monerosim.scenario import examine

GRAPH = """\
graph [
  directed 0
  node [ id 0 host_bandwidth_up "1 Gbit" host_bandwidth_down "1 Gbit" ]
  node [ id 1 host_bandwidth_up "1 Gbit" host_bandwidth_down "1 Gbit" ]
  edge [ source 0 target 0 latency "1 ms" ]
  edge [ source 1 target 1 latency "1 ms" ]
  edge [ source 0 target 1 latency "85 ms" packet_loss LOSS ]
]
"""
SCENARIO = """
[network]
topology = { kind = "file", file = "two.gml" }
peers = "explicit"
places = { here = "0", there = "1" }
relay = { block_verification = { mean = "0s" } }
[participants.here]
node = { peers = ["there"] }
[participants.there]
node = {}
"""
ITEMS = 5_000


def delays(tmp_path, loss):
    """Return how long blocks take from one node to the other, milliseconds, in ascending order."""
    (tmp_path / "two.gml").write_text(GRAPH.replace("LOSS", loss))
    examination = examine(SCENARIO.encode(), files=PluginFiles(tmp_path))
    assert not examination.problems
    network = network_of(compile_plan(examination))
    there = network.names.index("there")
    each = (network.block_arrivals(it.to_bytes(32, "big"), 1 - there, 10**9, 0).item(there) for it in range(ITEMS))
    return sorted((arrived - 10**9) / 1_000 for arrived in each)


def test_without_loss_a_block_takes_the_latency(tmp_path):
    found = delays(tmp_path, "0.0")
    # 300 bytes at 1 Gbit a second are 2.4 microseconds.
    assert found[0] == found[-1] == pytest.approx(85, abs=0.01)


def test_with_loss_one_packet_of_a_hundred_comes_again_after_a_timeout(tmp_path):
    found = delays(tmp_path, "0.01")
    late = [delay for delay in found if delay > 86]
    # Binomial: 50 of 5,000, with a standard error of 7; the first timeout is 0.2 s, above the round trip.
    assert abs(len(late) - 50) < 28
    assert late[0] == pytest.approx(85 + 200, abs=0.01)
