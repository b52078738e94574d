"""What selfish mining pays a day: at the difficulty of the beginning, and as the difficulty follows."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import ClassVar

from monerosim.studies.all.selfish_mining import BLOCK_TIME, gamma
from monerosim.studies.study import Case, Label, Measures, Study, case
from monerosim.studies.withheld import absolute_revenue, relative_revenue

_WINDOW = 720
_LENGTHS = (0.5, 1, 2, 4, 8)
"""Runs, in windows of the difficulty."""

_ALPHA = 0.4
_DAY = 86400.0


class Profit(Study):
    """A selfish miner's income beside that of an honest miner of the same hashrate, over runs of several lengths."""

    name: ClassVar[str] = "profit"
    question: ClassVar[str] = "From when on does selfish mining pay more a day than honest mining?"
    measure_name: ClassVar[str] = "income, honest mining = 1"
    source: ClassVar[str] = (
        "at fixed difficulty the blocks of the strategy's Markov chain that come to stand, for all that are found: "
        "below 1 (Grunspan and Perez-Marco, arXiv 1805.08281)"
    )
    axis: ClassVar[str] = "windows"
    scenario: ClassVar[str] = f"""
[simulation]
name = "profit"

[consensus]
block_time = "{BLOCK_TIME:g}s"

[network]
latency = "1ms"
relay = {{ block_verification = {{ mean = "80ms" }} }}
places = {{ near = {{ latency = "25ms" }}, far = {{ latency = "25ms" }} }}

[participants.near]
kind = "autonomous-miner"
hashrate = {50 * (1 - _ALPHA):g}

[participants.far]
kind = "autonomous-miner"
hashrate = {50 * (1 - _ALPHA):g}

[participants.attacker]
kind = "selfish-miner"
hashrate = {100 * _ALPHA:g}
hand_to = ["near"]
"""
    seeds: ClassVar[int] = 8

    def cases(self, size: float) -> Sequence[Case]:
        """Return both kinds of difficulty, each with runs of several windows of 720 blocks."""
        dynamic = {"consensus.difficulty": "dynamic", "consensus.start": {"difficulty": 1_000_000}}
        found = []
        for kind, more in (("fixed", {}), ("dynamic", dynamic)):
            for length in _LENGTHS:
                windows = round(length * size, 4)
                duration = f"{round(windows * _WINDOW * BLOCK_TIME)}s"
                ends = {"participants.attacker.until": duration, "simulation.duration": duration}
                found.append(case({"difficulty": kind, "windows": windows}, {**ends, **more}))
        return found

    def measure(self, point: Case, run: Measures) -> float:
        """Return the attacker's blocks on the main chain for those that an honest miner would have by then."""
        seconds = int(point.changes["simulation.duration"].strip('"s'))
        return run["miners.attacker.blocks"] / (_ALPHA * seconds / BLOCK_TIME)

    def expected(self, point: Case, runs: Sequence[Measures]) -> float | None:
        """Return the closed form at fixed difficulty."""
        if point.labels["difficulty"] != "fixed":
            return None
        return absolute_revenue(_ALPHA, gamma(runs)) / _ALPHA

    def observed(self, point: Case, runs: Sequence[Measures]) -> Mapping[str, float]:
        """Return gamma, the days of a run, and what it comes to in the long run."""
        days = float(point.labels["windows"]) * _WINDOW * BLOCK_TIME / _DAY
        return {"gamma": gamma(runs), "days": days, "long run": relative_revenue(_ALPHA, gamma(runs)) / _ALPHA}

    def conclusion(self, points: Sequence[tuple[Mapping[str, Label], float]]) -> str:
        """Return how long it takes until the attack has paid back, where the difficulty follows."""
        windows = paid_back(
            [(float(labels["windows"]), it) for labels, it in points if labels["difficulty"] == "dynamic"]
        )
        if windows is None:
            return "the attack has not paid back in any of these lengths"
        days = windows * _WINDOW * BLOCK_TIME / _DAY
        return f"the attack has paid back after some {windows:.1f} windows of {_WINDOW} blocks, {days:.1f} days"


def paid_back(incomes: Sequence[tuple[float, float]]) -> float | None:
    """Return the length at which income passes that of honest mining for good, on straight lines between lengths.

    Args:
        incomes: Lengths, and the income of runs so long beside that of an honest miner.

    Returns:
        The shortest length if it pays in all, None if it does not in the longest.
    """
    known = sorted(incomes)
    if not known or known[-1][1] <= 1:
        return None
    for (length, income), (longer, more) in reversed(list(pairwise(known))):
        if income <= 1:
            return length + (longer - length) * (1 - income) / (more - income)
    return known[0][0]
