"""Measure how late lost packets make blocks between two nodes, on the engine embedded and under Shadow.

    python tools/measure_two_nodes.py [SEEDS [LOSS]]

It needs what the engine shadow needs, and takes about a minute of both cores for each seed. The nodes have one
connection, 85 ms one way, and every two seconds a block goes over it.
"""

import argparse
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
    """Play both with each seed and print what they show, and what all seeds show together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", nargs="?", default="1", help="such as 1..5; %(default)s if left out")
    parser.add_argument("loss", nargs="?", default="0.01", help="%(default)s if left out")
    given = parser.parse_args()
    first, _, last = given.seeds.partition("..")
    loss = given.loss
    found: dict[str, list[NDArray[np.float64]]] = {"embedded": [], "shadow": []}
    for seed in range(int(first), int(last or first) + 1):
        with TemporaryDirectory() as directory:
            folder = Path(directory)
            prepare(folder, loss)
            for engine, of_engine in found.items():
                took = delays(folder, engine, f"simulation.seed={seed}", *ONE_CONNECTION)
                of_engine.append(alike(took))
                late = np.sort(took[took > LATENCY + 1] - LATENCY)
                _write(
                    f"seed {seed}, loss {loss}, {engine}: {len(took)} blocks, 99 % within {_point(took):.0f} ms, "
                    f"{len(late)} late, by {', '.join(f'{one:.0f}' for one in late)} ms"
                )
        _write(f"Kolmogorov-Smirnov: p = {stats.ks_2samp(*(it[-1] for it in found.values())).pvalue:.2f}")
    for engine, of_engine in found.items():
        points = [_point(took) for took in of_engine]
        _write(
            f"{engine}: 99 % of all within {_point(np.concatenate(of_engine)):.0f} ms; "
            f"of each seed within {min(points):.0f} to {max(points):.0f} ms, {np.median(points):.0f} in the median"
        )
    together = (np.concatenate(of_engine) for of_engine in found.values())
    _write(f"all seeds together: Kolmogorov-Smirnov: p = {stats.ks_2samp(*together).pvalue:.2f}")


def _point(took: NDArray[np.float64]) -> float:
    return float(np.quantile(took, 0.99))


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
