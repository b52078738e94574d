"""Measure how late lost packets make blocks between two nodes, on the engine embedded and under Shadow.

Run as ``python tools/measure_two_nodes.py [SEED [LOSS]]``; seed 1 and loss 0.01 if left out. It needs what the engine
shadow needs, and takes about a minute of both cores. The nodes have one connection, 85 ms one way, and every two
seconds a block goes over it.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from compare_engines import plan_for
from numpy.typing import NDArray
from scipy import stats

from monerosim import BlockSpread
from monerosim.build.rundir import write_run_directory
from monerosim.report.spread import first_seen
from monerosim.runs import play

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

ONE_CONNECTION = (
    "network.peers=explicit",
    'participants.here.node.peers=["there"]',
    "participants.there.node.peers=[]",
)
"""Changes of the scenario, in which the nodes dial each other."""


def prepare(folder: Path, loss: str) -> None:
    """Write the scenario and its graph, with a share of lost packets."""
    (folder / "two.gml").write_text(GRAPH.replace("LOSS", loss))
    (folder / "two.toml").write_text(SCENARIO)


def delays(folder: Path, engine: str, *changes: str) -> NDArray[np.float64]:
    """Play the scenario, changed as by ``--set``, and return how long each block took, milliseconds."""
    plan, sources = plan_for(engine, folder / "two.toml", changes)
    write_run_directory(plan, b"", folder / engine, plugins=sources)
    played = play(folder / engine)
    seen = [first_seen(record.data, played.plan) for record in played.events() if isinstance(record.data, BlockSpread)]
    return np.array([(one["there"] - one["here"]) / 1_000 for one in seen if len(one) == 2])  # noqa: PLR2004


def alike(took: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return delays of which those count as the same that differ by a millisecond from the latency."""
    return np.where(np.abs(took - LATENCY) <= 1, LATENCY, took)


def main() -> None:
    """Play both and print what they show."""
    seed = sys.argv[1] if len(sys.argv) > 1 else "1"
    loss = sys.argv[2] if len(sys.argv) > 2 else "0.01"  # noqa: PLR2004
    found = []
    with TemporaryDirectory() as directory:
        folder = Path(directory)
        prepare(folder, loss)
        for engine in ("embedded", "shadow"):
            took = delays(folder, engine, f"simulation.seed={seed}", *ONE_CONNECTION)
            late = np.sort(took[took > LATENCY + 1] - LATENCY)
            sys.stdout.write(
                f"seed {seed}, loss {loss}, {engine}: {len(took)} blocks, "
                f"99 % within {np.quantile(took, 0.99):.0f} ms, "
                f"{len(late)} late, by {', '.join(f'{one:.0f}' for one in late)} ms\n"
            )
            found.append(alike(took))
    sys.stdout.write(f"Kolmogorov-Smirnov: p = {stats.ks_2samp(*found).pvalue:.2f}\n")


if __name__ == "__main__":
    main()
