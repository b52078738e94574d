"""What defences take from a selfish miner, and what they cost where the network is slow."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from monerosim.studies.all.forks import Forks
from monerosim.studies.all.selfish_mining import NETWORK, SelfishMining, alpha_of, gamma, point
from monerosim.studies.study import Case, Measures
from monerosim.studies.withheld import eyal_sirer

_RULES = ("first-seen", "uniform-tie-breaking", "publish-or-perish")


class PublishOrPerish(SelfishMining):
    """Relative revenue where all but the attacker go by one of three rules; half of them it reaches first in ties."""

    name: ClassVar[str] = "publish-or-perish"
    question: ClassVar[str] = "How much of a selfish miner's gain do uniform tie-breaking and Publish or Perish take?"
    source: ClassVar[str] = (
        "Eyal and Sirer, at the gamma measured, and at one half for uniform tie-breaking; of Publish or Perish nothing "
        "is known for this strategy"
    )
    is_counted: ClassVar[bool] = False
    scenario: ClassVar[str] = (
        NETWORK.replace("count = 9", "count = 3")
        .replace("count = 10", "count = 3")
        .replace("hashrate = 5\n", "hashrate = 16.666667\n")
        .replace("connections = 4", "connections = 6")
        .replace("connections = 19", "connections = 6")
    )

    def cases(self, size: float) -> Sequence[Case]:
        """Return three rules, each at four shares of the hashrate."""
        return [
            point(alpha, "half", size, {f"participants.{who}.node.rules": rule for who in ("near", "far")}, rule=rule)
            for rule in _RULES
            for alpha in (0.2, 0.3, 0.4, 0.45)
        ]

    def expected(self, point: Case, runs: Sequence[Measures]) -> float | None:
        """Return the closed form; None for Publish or Perish."""
        if point.labels["rule"] == "publish-or-perish":
            return None
        ties = gamma(runs) if point.labels["rule"] == "first-seen" else 1 / 2
        return eyal_sirer(alpha_of(point), ties)

    def observed(self, point: Case, runs: Sequence[Measures]) -> Mapping[str, float]:
        """Return gamma as it was in the runs, and what an honest miner would get."""
        return {**super().observed(point, runs), "honest": alpha_of(point)}


class CostOfRules(Forks):
    """The share of blocks lost without any attacker."""

    name: ClassVar[str] = "cost-of-rules"
    question: ClassVar[str] = "What do uniform tie-breaking and Publish or Perish cost where the network is slow?"

    def cases(self, size: float) -> Sequence[Case]:
        """Return three rules, each at three delays of blocks that come every thirty seconds."""
        some = [it for it in super().cases(size) if it.labels["block time (s)"] == 30]  # noqa: PLR2004
        return [
            Case({"rule": rule, **it.labels}, {**it.changes, "rules.use": f'"{rule}"'})
            for rule in _RULES
            for it in some
        ]

    def expected(self, point: Case, runs: Sequence[Measures]) -> float | None:
        """Return the closed form for monerod's rule, beside which the others stand."""
        return super().expected(point, runs) if point.labels["rule"] == "first-seen" else None
