"""How often a payment is taken back, by the attacker's hashrate and by the confirmations that are waited for."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from monerosim.studies.catching_up import catching_up, rosenfeld
from monerosim.studies.study import Case, Measures, Study, case

_ATTEMPTS = 100
_POINTS = {0.1: (1, 2), 0.2: (1, 2, 4), 0.3: (1, 2, 4, 6, 10), 0.4: (1, 2, 4, 6, 10)}
"""Shares of the hashrate, and the confirmations at which there is something to count."""

_GIVE_UP = {0.1: 4, 0.2: 6, 0.3: 10, 0.4: 15}
_BLOCKS_EACH = {0.1: 25, 0.2: 16, 0.3: 18, 0.4: 50}
"""Blocks of the public chain that attempts take, with those until the next one, generously."""


class DoubleSpend(Study):
    """The share of payments that a hidden branch takes back, among those that the victim took for received."""

    name: ClassVar[str] = "double-spend"
    question: ClassVar[str] = "How often is a payment taken back that had its confirmations?"
    measure_name: ClassVar[str] = "taken back"
    source: ClassVar[str] = (
        "Rosenfeld 2012, arXiv 1402.2009, with the blocks behind at which the attacker gives up (gambler's ruin)"
    )
    axis: ClassVar[str] = "confirmations"
    scenario: ClassVar[str] = """
[simulation]
name = "double-spend"

[consensus]
block_time = "4h"

[network]
latency = "10ms"

[participants.honest]
kind = "mining-pool"
hashrate = 100

[participants.victim]
kind = "payee"

[participants.attacker]
kind = "branch-double-spender"
hashrate = 50
victims = ["victim"]
wallet = { initial_balance = "1000 XMR", outputs = 100 }

[participants.block-controller]
kind = "block-controller"
"""

    def cases(self, size: float) -> Sequence[Case]:
        """Return four shares of the hashrate, each with some confirmations."""
        attempts = max(2, round(_ATTEMPTS * size))
        return [
            case(
                {"hashrate": share, "confirmations": confirmations},
                {
                    "participants.attacker.hashrate": round(100 * share / (1 - share), 6),
                    "participants.attacker.confirmations": confirmations,
                    "participants.attacker.give_up": max(_GIVE_UP[share], confirmations),
                    "participants.attacker.times": attempts,
                    "participants.victim.confirmations": confirmations,
                    "simulation.duration": f"{4 * attempts * (_BLOCKS_EACH[share] + confirmations)}h",
                },
            )
            for share, points in _POINTS.items()
            for confirmations in points
        ]

    def measure(self, point: Case, run: Measures) -> float:
        """Return the share of what the victim had received that the main chain does not have."""
        del point
        return run["reversals.reversed"] / run["reversals.received"]

    def expected(self, point: Case, runs: Sequence[Measures]) -> float:
        """Return the closed form."""
        del runs
        give_up = int(point.changes["participants.attacker.give_up"])
        return catching_up(float(point.labels["hashrate"]), int(point.labels["confirmations"]), give_up)

    def observed(self, point: Case, runs: Sequence[Measures]) -> Mapping[str, float]:
        """Return the payments of all runs, and the chance of an attacker that never gives up."""
        never = rosenfeld(float(point.labels["hashrate"]), int(point.labels["confirmations"]))
        return {"payments": sum(run["reversals.received"] for run in runs), "never gives up": never}
