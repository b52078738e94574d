"""How often reorganisations of so many blocks come, by the attacker's hashrate and strategy."""

from collections.abc import Mapping, Sequence
from math import comb, inf
from typing import ClassVar

from monerosim.studies.all.selfish_mining import BLOCK_TIME, NETWORK, alpha_of, point
from monerosim.studies.study import Case, Measures, Study, mean

_DEPTHS = {"2 to 4": (2, 5), "5 to 9": (5, 10), "10 and more": (10, None)}
"""Classes of depths, each from a number of blocks to below another.

Apart, they are as good as independent of each other, although counted in the same runs.
"""

_SHARES = (0.25, 1 / 3, 0.4, 0.45)
_STRATEGIES: Mapping[str, Mapping[str, object]] = {
    "selfish": {},
    "lead-stubborn": {"participants.attacker.lead_stubborn": True},
    "trail-stubborn": {"participants.attacker.trail": 1},
    "honest": {"participants.attacker.release_at": 1},
}
_DAY = 86400.0


def deep_share(alpha: float, depth: int) -> float:
    """Return how many reorganisations of at least so many blocks, two or more, a selfish miner causes a block found.

    It needs a lead of two, which it has so often as the chain of Eyal and Sirer (doi 10.1007/978-3-662-45472-5_28,
    equation 7) is in its first state and it finds two blocks in a row. Then the others take k blocks to bring the lead
    down to one, where it publishes all and they drop theirs: a first passage, by Catalan numbers.
    """
    nothing = (alpha - 2 * alpha**2) / (alpha * (2 * alpha**3 - 4 * alpha**2 + 1))
    honest = 1 - alpha
    sooner = sum(comb(2 * k - 2, k - 1) / k * alpha ** (k - 1) * honest**k for k in range(1, depth))
    return nothing * alpha**2 * (1 - sooner)


def count(run: Measures, blocks: str) -> float:
    """Return how many reorganisations of a class of depths nodes saw."""
    prefix = "reorganisations.depths."
    least, beyond = _DEPTHS[blocks]
    depths = {int(name[len(prefix) :]): value for name, value in run.items() if name.startswith(prefix)}
    return sum(value for depth, value in depths.items() if least <= depth and (beyond is None or depth < beyond))


class Reorganisations(Study):
    """Reorganisations of 2 to 4, of 5 to 9, and of 10 blocks and more, in a thousand blocks."""

    name: ClassVar[str] = "reorganisations"
    question: ClassVar[str] = "How often do reorganisations of so many blocks come?"
    measure_name: ClassVar[str] = "in a thousand blocks found"
    source: ClassVar[str] = "first passages of the lead in the chain of Eyal and Sirer (monerosim/studies/all)"
    axis: ClassVar[str] = "hashrate"
    scenario: ClassVar[str] = (
        NETWORK.replace("count = 9", "count = 1")
        .replace("count = 10", "count = 1")
        .replace("hashrate = 5\n", "hashrate = 50\n")
    )

    def cases(self, size: float) -> Sequence[Case]:
        """Return four strategies, each at four shares of the hashrate and three classes of depths."""
        return [
            point(alpha, "nobody", size, more, strategy=strategy, blocks=blocks)
            for strategy, more in _STRATEGIES.items()
            for alpha in _SHARES
            for blocks in _DEPTHS
        ]

    def measure(self, point: Case, run: Measures) -> float:
        """Return how many there were in a thousand blocks found."""
        return 1000 * count(run, str(point.labels["blocks"])) / run["chain.blocks"]

    def expected(self, point: Case, runs: Sequence[Measures]) -> float | None:
        """Return the closed form of the plain strategy; the others have none here."""
        del runs
        if point.labels["strategy"] != "selfish":
            return None
        least, beyond = _DEPTHS[str(point.labels["blocks"])]
        alpha = alpha_of(point)
        return 1000 * (deep_share(alpha, least) - (0 if beyond is None else deep_share(alpha, beyond)))

    def observed(self, point: Case, runs: Sequence[Measures]) -> Mapping[str, float]:
        """Return the mean time from one to the next."""
        seen = mean([count(run, str(point.labels["blocks"])) for run in runs])
        blocks = mean([run["chain.blocks"] for run in runs])
        days = blocks * BLOCK_TIME * (1 - alpha_of(point)) / _DAY
        return {"days between": days / seen if seen else inf}
