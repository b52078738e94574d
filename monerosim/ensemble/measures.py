"""The numbers of runs, and what many runs say of them together."""

import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
from scipy import stats

from monerosim.report.summary import Summary

CONFIDENCE = 0.95


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """What runs that differ in the seed alone say of a measure."""

    n: int
    median: float
    mean: float
    low: float
    """Of the mean, 95 %, by Student's t."""
    high: float

    @property
    def half_width(self) -> float:
        """Half the interval's width, in units of the measure."""
        return (self.high - self.low) / 2


def measures_of(summary: Summary) -> dict[str, float]:
    """Return every number of a summary by its path, such as ``payments.confirmed`` or ``miners.alpha.blocks``.

    Amounts are atomic units, times seconds, truth 0 or 1. What real time and the seed say is left out.
    """
    plain = msgspec.to_builtins(summary)
    return {name: value for name, value in _numbers(plain, "") if name not in ("seed", "wall_seconds")}


def _numbers(value: object, path: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, bool | int | float):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _numbers(item, f"{path}.{key}" if path else str(key))


def interval_of(values: Sequence[float]) -> Interval:
    """Return what values, one a run, say together.

    Of a single one there is no interval: its ends are infinite.
    """
    known = np.asarray(values, dtype=np.float64)
    mean, spread = float(known.mean()), math.inf
    if len(known) > 1:
        quantile = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(known) - 1))
        spread = quantile * float(known.std(ddof=1)) / math.sqrt(len(known))
    return Interval(n=len(known), median=float(np.median(known)), mean=mean, low=mean - spread, high=mean + spread)
