"""How often reorganisations of so many blocks come, by the attacker's hashrate and strategy."""

from collections.abc import Mapping, Sequence
from math import comb, inf
from typing import ClassVar

from monerosim.studies.all.selfish_mining import BLOCK_TIME, NETWORK, alpha_of, point
from monerosim.studies.study import Case, Measures, Study, mean

_DEPTHS = (2, 5, 10)
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


def count(run: Measures, depth: int) -> float:
    """Return how many reorganisations of at least so many blocks a node saw."""
    prefix = "reorganisations.depths."
    return sum(value for name, value in run.items() if name.startswith(prefix) and int(name[len(prefix) :]) >= depth)


class Reorganisations(Study):
    """Reorganisations of 2, 5 and 10 blocks and more, in blocks of a thousand."""

    name: ClassVar[str] = "reorganisations"
    question: ClassVar[str] = "How often do reorganisations of so many blocks and more come?"
    measure_name: ClassVar[str] = "in a thousand blocks found"
    source: ClassVar[str] = "first passages of the lead in the chain of Eyal and Sirer (monerosim/studies/all)"
    axis: ClassVar[str] = "hashrate"
    scenario: ClassVar[str] = (
        NETWORK.replace("count = 9", "count = 1")
        .replace("count = 10", "count = 1")
        .replace("hashrate = 5\n", "hashrate = 50\n")
    )

    def cases(self, size: float) -> Sequence[Case]:
        """Return four strategies, each at four shares of the hashrate and three depths."""
        return [
            point(alpha, "nobody", size, more, strategy=strategy, blocks=str(depth))
            for strategy, more in _STRATEGIES.items()
            for alpha in _SHARES
            for depth in _DEPTHS
        ]

    def measure(self, point: Case, run: Measures) -> float:
        """Return how many there were in a thousand blocks found."""
        return 1000 * count(run, int(point.labels["blocks"])) / run["chain.blocks"]

    def expected(self, point: Case, runs: Sequence[Measures]) -> float | None:
        """Return the closed form of the plain strategy; the others have none here."""
        del runs
        if point.labels["strategy"] != "selfish":
            return None
        return 1000 * deep_share(alpha_of(point), int(point.labels["blocks"]))

    def observed(self, point: Case, runs: Sequence[Measures]) -> Mapping[str, float]:
        """Return the mean time from one to the next."""
        seen = mean([count(run, int(point.labels["blocks"])) for run in runs])
        blocks = mean([run["chain.blocks"] for run in runs])
        days = blocks * BLOCK_TIME * (1 - alpha_of(point)) / _DAY
        return {"days between": days / seen if seen else inf}
