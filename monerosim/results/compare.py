"""Compares runs or sets of runs: what of their difference chance does not explain."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import comb
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from monerosim.report.figures import all_figures
from monerosim.report.summary import Summary
from monerosim.runs import Run

DRAWS = 10_000
"""Of permutations and bootstrap samples; the least chance that they can tell is 1 in so many."""

LEVEL = 0.05
"""The chance that any measure at all is called different although none is (Holm)."""

_SEED = 1

Values: TypeAlias = NDArray[np.float64]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A measure of two sets of runs."""

    measure: str
    first: float
    """The mean of the first set."""
    second: float
    low: float | None = None
    """With :attr:`high` the 95 % bootstrap interval of second minus first; None with one run each."""
    high: float | None = None
    chance: float | None = None
    """How often so large a difference comes by chance alone; corrected for all measures (Holm 1979)."""
    n: int
    """Pairs of the same seed, or runs of the smaller set where seeds differ."""
    varies: bool = True
    """Whether any two runs that are compared differ in it. One in which none do tells nothing, whatever chance does,
    and does not count in the correction."""

    @property
    def difference(self) -> float:
        """Second minus first."""
        return self.second - self.first

    @property
    def differs(self) -> bool:
        """Whether chance does not explain it."""
        return self.chance is not None and self.chance <= LEVEL


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two sets of runs beside each other."""

    parameters: Mapping[str, tuple[str, str]]
    """Keys of the scenario that differ, and the values of both; the seed is none of them."""
    paired: bool
    """Whether each run of one set was compared with that of the same seed in the other."""
    differences: Sequence[Difference]
    least: float | None
    """The least that a chance can be with so many runs and measures; None with one run each. Above :data:`LEVEL` they
    are too few for any difference to be told from chance."""


def compare(first: Sequence[Run], second: Sequence[Run]) -> Comparison:
    """Compare two sets of runs: paired by seed if their seeds are the same, else as independent samples.

    Raises:
        RunError: A run has no summary.
    """
    seeds = [sorted(run.plan.seed for run in runs) for runs in (first, second)]
    paired = seeds[0] == seeds[1] and len(set(seeds[0])) == len(seeds[0])
    sides = [[run.summary for run in sorted(runs, key=lambda run: run.plan.seed)] for runs in (first, second)]
    found = differences(*sides, paired=paired)
    return Comparison(
        parameters=differing_parameters(first, second),
        paired=paired,
        differences=found,
        least=least_chance(
            len(first), len(second), sum(it.varies and it.chance is not None for it in found), paired=paired
        ),
    )


def least_chance(first: int, second: int, measures: int, *, paired: bool) -> float | None:
    """Return the least chance that sets of runs can have, corrected for the number of measures; None with one run each.

    It is that of the one arrangement of all that is as far apart, and of its mirror image.
    """
    if min(first, second) == 1:
        return None
    arrangements = 2**first if paired else comb(first + second, first)
    mirrored = 2 if first == second else 1
    return min(1.0, measures * max(mirrored / arrangements, 1 / (DRAWS + 1)))


def differences(first: Sequence[Summary], second: Sequence[Summary], *, paired: bool) -> list[Difference]:
    """Compare the measures of summaries; those of one seed have the same place if they are paired."""
    sides = [[measures(summary) for summary in summaries] for summaries in (first, second)]
    found = []
    for measure in dict.fromkeys(name for side in sides for one in side for name in one):
        values = [np.array([one.get(measure, np.nan) for one in side], dtype=np.float64) for side in sides]
        if paired:
            known = ~(np.isnan(values[0]) | np.isnan(values[1]))
            values = [side[known] for side in values]
        else:
            values = [side[~np.isnan(side)] for side in values]
        if all(len(side) for side in values):
            found.append(_difference(measure, *values, paired=paired))
    return _corrected(found)


def measures(summary: Summary) -> dict[str, float]:
    """Return the numbers by which a run is compared, by name."""
    return {
        name: float(value)
        for figure in all_figures()
        for name, value in figure.measures(summary[figure])
        if value is not None
    }


def _difference(measure: str, first: Values, second: Values, *, paired: bool) -> Difference:
    means, n = (float(first.mean()), float(second.mean())), min(len(first), len(second))
    varies = bool((first != second).any() if paired else np.ptp(np.concatenate((first, second))))
    if n == 1:
        return Difference(measure=measure, first=means[0], second=means[1], n=n, varies=varies)
    if paired:
        each = second - first
        by_chance = (_signs(n) * each).mean(axis=1)
        drawn = each[_samples(n, 0)].mean(axis=1)
    else:
        both = np.concatenate((first, second))
        order = _orders(len(both))
        by_chance = both[order[:, len(first) :]].mean(axis=1) - both[order[:, : len(first)]].mean(axis=1)
        drawn = second[_samples(len(second), 1)].mean(axis=1) - first[_samples(len(first), 0)].mean(axis=1)
    observed = abs(means[1] - means[0])
    # What rounding makes of equal sums counts as equal.
    as_large = np.abs(by_chance) >= observed * (1 - 1e-9)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Difference(
        measure=measure,
        first=means[0],
        second=means[1],
        low=float(low),
        high=float(high),
        chance=float((as_large.sum() + 1) / (DRAWS + 1)),
        n=n,
        varies=varies,
    )


# All measures share their draws, which take longer than all else; the same question has the same answer.


@lru_cache(maxsize=2)
def _signs(count: int) -> Values:
    return _generator(0).choice((-1.0, 1.0), (DRAWS, count))


@lru_cache(maxsize=2)
def _orders(count: int) -> NDArray[np.int64]:
    return _generator(1).random((DRAWS, count)).argsort(axis=1)


@lru_cache(maxsize=4)
def _samples(count: int, side: int) -> NDArray[np.int64]:
    return _generator(2 + side).integers(0, count, (DRAWS, count))


def _generator(stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64((_SEED, stream)))


def holm(chances: Mapping[str, float]) -> dict[str, float]:
    """Return chances corrected for their number (Holm 1979), from the least on."""
    corrected, most = {}, 0.0
    for place, what in enumerate(sorted(chances, key=lambda what: chances[what])):
        most = max(most, min(1.0, chances[what] * (len(chances) - place)))
        corrected[what] = most
    return corrected


def _corrected(found: Sequence[Difference]) -> list[Difference]:
    """Multiply chances by the number of measures that are left, from the least on (Holm 1979)."""
    corrected = holm({it.measure: it.chance for it in found if it.chance is not None and it.varies})
    return [msgspec.structs.replace(it, chance=corrected.get(it.measure, it.chance)) for it in found]


def differing_parameters(first: Sequence[Run], second: Sequence[Run]) -> dict[str, tuple[str, str]]:
    """Return the keys of the scenario that differ, the seed aside, with the values of both."""
    sides = [_values(runs) for runs in (first, second)]
    return {
        path: (sides[0].get(path, "-"), sides[1].get(path, "-"))
        for path in sorted({*sides[0], *sides[1]})
        if path != "simulation.seed" and sides[0].get(path) != sides[1].get(path)
    }


def _values(runs: Sequence[Run]) -> dict[str, str]:
    """Return the parameters of a set of runs; where those differ within it, all values."""
    found: dict[str, dict[str, None]] = {}
    for run in runs:
        for path, value in run.plan.parameters.items():
            found.setdefault(path, {})[value] = None
    return {path: " or ".join(values) for path, values in found.items()}
