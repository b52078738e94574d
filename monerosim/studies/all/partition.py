"""How deep the reorganisation after a partition is, by its duration and by the smaller side's hashrate."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy import stats

from monerosim.studies.study import Case, Measures, Study, case

_SPLITS = 20
_BLOCK_TIME = 120.0


def lost(ones: float, others: float) -> float:
    """Return the mean blocks that are lost: those of the side with fewer, each side's by a Poisson distribution.

    Args:
        ones: The mean number of blocks of one side.
        others: That of the other side.
    """
    counts = np.arange(int(ones + others + 12 * np.sqrt(ones + others)) + 10)
    more = stats.poisson.sf(counts, ones) * stats.poisson.sf(counts, others)
    return float(more.sum())


class Partition(Study):
    """The blocks that the loser of a split has found for nothing."""

    name: ClassVar[str] = "partition"
    question: ClassVar[str] = "How many blocks does a partition undo?"
    measure_name: ClassVar[str] = "blocks lost a split"
    source: ClassVar[str] = "the mean of the smaller of two Poisson numbers: the sides' blocks while it lasts"
    axis: ClassVar[str] = "minutes"
    scenario: ClassVar[str] = """
[simulation]
name = "partition"

[network]
latency = "10ms"
relay = { block_verification = { mean = "80ms" } }

[participants.large]
kind = "mining-pool"
hashrate = 80

[participants.small]
kind = "mining-pool"
hashrate = 20

[participants.attacker]
kind = "partitioner"
side = ["small"]
after = "1h"

[participants.block-controller]
kind = "block-controller"
solo_miner_threshold = 0
"""

    def cases(self, size: float) -> Sequence[Case]:
        """Return three shares of the hashrate, each with three durations."""
        splits = max(2, round(_SPLITS * size))
        return [
            case(
                {"share": share, "minutes": minutes},
                {
                    "participants.large.hashrate": 100 * (1 - share),
                    "participants.small.hashrate": 100 * share,
                    "participants.attacker.lasting": f"{minutes}m",
                    "participants.attacker.times": splits,
                    "simulation.duration": f"{splits * (60 + minutes) + 60}m",
                },
            )
            for share in (0.1, 0.25, 0.5)
            for minutes in (20, 60, 180)
        ]

    def measure(self, point: Case, run: Measures) -> float:
        """Return the blocks off the main chain, a split."""
        return run["chain.stale"] / int(point.changes["participants.attacker.times"])

    def expected(self, point: Case, runs: Sequence[Measures]) -> float:
        """Return the closed form."""
        del runs
        share, blocks = float(point.labels["share"]), float(point.labels["minutes"]) * 60 / _BLOCK_TIME
        return lost(blocks * share, blocks * (1 - share))

    def observed(self, point: Case, runs: Sequence[Measures]) -> dict[str, float]:
        """Return the deepest reorganisation of any run."""
        del point
        return {"deepest": max(run["reorganisations.deepest"] for run in runs)}
