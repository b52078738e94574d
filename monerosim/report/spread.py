"""What spreads tell, whichever way they were recorded: when nodes had a block or a transaction first."""

from functools import cache
from math import comb
from typing import NamedTuple

import numpy as np

from monerosim.events import SPREAD_QUANTILES, BlockSpread, TransactionSpread
from monerosim.plan.plan import Plan

_MISSED = 0.025
"""The chance that an interval lies below, or above, what it is to contain."""

_MEDIAN = SPREAD_QUANTILES.index(50)


class Half(NamedTuple):
    """After how long half the nodes had an item, microseconds."""

    delay: int
    """Exact, or the median of the sample."""
    low: int
    high: int | None
    """Between these it is with a probability of 95 % at least, where only a sample of nodes was recorded; else both are
    ``delay``. None where that is open."""


def first_seen(event: BlockSpread | TransactionSpread, plan: Plan) -> dict[str, int]:
    """Return the nodes that had a block or a transaction, in the order in which they had it, with the time of each.

    Returns:
        Participants, and microseconds since the scenario's time zero; those of the sample, where one was recorded.

    Raises:
        ValueError: Quantiles were recorded, which tell of no single node.
    """
    if event.quantiles:
        raise ValueError(
            'quantiles were recorded, which tell of no single node: set record.spreads = "all" or "sample"'
        )
    had = sorted((delay, index) for index, delay in enumerate(event.delays) if delay >= 0)
    nodes = recorded_nodes(plan)
    return {nodes[index]: event.first + delay for delay, index in had}


def recorded_nodes(plan: Plan) -> tuple[str, ...]:
    """Return the nodes that the delays of spreads are of, in their order."""
    return plan.record.sampled or tuple(host.name for host in plan.hosts if host.node is not None)


def half_of_nodes(event: BlockSpread | TransactionSpread) -> Half | None:
    """Return after how long half the nodes had an item; None if it never came so far, in the sample where there is one.

    Of an even number it is the earlier of the two in the middle.
    """
    if event.quantiles:
        delay = event.quantiles[_MEDIAN]
        return Half(delay, delay, delay) if delay >= 0 else None
    count = len(event.delays)
    missing = event.delays.count(-1)
    place = (count - 1) // 2
    if place >= count - missing:
        return None
    lower, upper = interval_places(count) if event.whole else (place, place)
    places = [it for it in (lower, place, upper) if 0 <= it < count - missing]
    # Not sorted as a whole: of a thousand nodes that would take longer than all else done with the event.
    times = np.fromiter(event.delays, dtype=np.int64, count=count)
    found = np.partition(times, [it + missing for it in places])
    low = int(found[lower + missing]) if lower >= 0 else 0
    high = int(found[upper + missing]) if upper < count - missing else None
    return Half(int(found[place + missing]), low, high)


@cache
def interval_places(count: int) -> tuple[int, int]:
    """Return which of the ordered values of a sample enclose the median with a probability of 95 % at least.

    The number of values below the median is binomial, whatever they are distributed like (David and Nagaraja, Order
    Statistics, 7.1); of a sample drawn without replacement it varies less, so the probability is higher.

    Args:
        count: How many values there are.

    Returns:
        Places from 0; -1 and ``count`` where the sample is too small for a bound.
    """
    below, cumulated = -1, 0
    while cumulated + comb(count, below + 1) <= _MISSED * 2**count:
        below += 1
        cumulated += comb(count, below)
    return below, count - 1 - below
