"""Measure how late lost packets make blocks between two nodes, on the engine embedded and under Shadow.

Run as ``python tools/measure_two_nodes.py [SEED [LOSS]]``; seed 1 and loss 0.01 if left out. It needs what the engine
shadow needs, and takes about a minute of both cores. The nodes have one connection, 85 ms one way, and every two
seconds a block goes over it.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from monerosim import BlockSpread, run
from monerosim.report.spread import first_seen

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
engine = "ENGINE"
duration = "1250s"
seed = SEED

[network]
topology = { kind = "file", file = "two.gml" }
places = { here = "0", there = "1" }
peers = "explicit"
relay = { block_verification = { mean = "0s" } }

[consensus]
block_time = "2s"

[participants.here]
kind = "autonomous-miner"
hashrate = 100
node = { peers = ["there"] }

[participants.there]
kind = "relay"
node = { peers = [] }
"""


def delays(folder: Path, engine: str) -> NDArray[np.float64]:
    """Play the scenario, and return how long each block took from one node to the other, milliseconds."""
    played = run(folder / f"{engine}.toml", folder / engine)
    seen = [first_seen(record.data, played.plan) for record in played.events() if isinstance(record.data, BlockSpread)]
    return np.array([(one["there"] - one["here"]) / 1_000 for one in seen if len(one) == 2])  # noqa: PLR2004


def main() -> None:
    """Play both and print what they show."""
    seed = sys.argv[1] if len(sys.argv) > 1 else "1"
    loss = sys.argv[2] if len(sys.argv) > 2 else "0.01"  # noqa: PLR2004
    found = []
    with TemporaryDirectory() as directory:
        folder = Path(directory)
        (folder / "two.gml").write_text(GRAPH.replace("LOSS", loss))
        for engine in ("embedded", "shadow"):
            (folder / f"{engine}.toml").write_text(SCENARIO.replace("ENGINE", engine).replace("SEED", seed))
            took = delays(folder, engine)
            late = np.sort(took[took > LATENCY + 1] - LATENCY)
            sys.stdout.write(
                f"seed {seed}, loss {loss}, {engine}: {len(took)} blocks, "
                f"99 % within {np.quantile(took, 0.99):.0f} ms, "
                f"{len(late)} late, by {', '.join(f'{one:.0f}' for one in late)} ms\n"
            )
            # What differs by a millisecond counts as the same.
            found.append(np.where(np.abs(took - LATENCY) <= 1, LATENCY, took))
    sys.stdout.write(f"Kolmogorov-Smirnov: p = {stats.ks_2samp(*found).pvalue:.2f}\n")


if __name__ == "__main__":
    main()
