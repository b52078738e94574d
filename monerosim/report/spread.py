"""When nodes had blocks and transactions first, and how long that took, from the events of a run alone."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import median

import msgspec
import numpy as np

from monerosim.events import BlockSpread, Event, TransactionSpread
from monerosim.plan.plan import Plan
from monerosim.units import SECOND


def first_seen(event: BlockSpread | TransactionSpread, plan: Plan) -> dict[str, int]:
    """Tell which nodes had a block or a transaction, in the order in which they had it, and when.

    Returns:
        Participants, and microseconds since the scenario's time zero.
    """
    nodes = [host.name for host in plan.hosts if host.node is not None]
    had = sorted((delay, index) for index, delay in enumerate(event.delays) if delay >= 0)
    return {nodes[index]: event.first + delay for delay, index in had}


class Times(msgspec.Struct, frozen=True):
    """What a number of times come to, in seconds."""

    least: float
    median: float
    nine_tenths: float
    """The least that nine of ten do not exceed."""
    most: float


class Propagation(msgspec.Struct, frozen=True, kw_only=True):
    """How long items of a kind took, from the node that had them first."""

    items: int
    half: Times | None
    """Until half the nodes had it; of those that came so far. None if none did."""
    everywhere: int
    """Items that came to all nodes."""
    all: Times | None
    """Until all nodes had it, of those."""


class Propagations:
    """Takes a run's events, one after the other."""

    def __init__(self) -> None:
        self._items: defaultdict[str, int] = defaultdict(int)
        self._half: defaultdict[str, list[int]] = defaultdict(list)
        self._all: defaultdict[str, list[int]] = defaultdict(list)

    def take(self, event: Event) -> bool:
        """Count an event in, and tell whether it is one of those that are counted here."""
        match event:
            case BlockSpread(first=first, delays=delays):
                kind = "blocks"
            case TransactionSpread(first=first, delays=delays):
                kind = "transactions"
            case _:
                return False
        if first >= 0:
            self._items[kind] += 1
            missing = delays.count(-1)
            half = missing + (len(delays) - 1) // 2
            if half < len(delays):
                # Not sorted as a whole: of a thousand nodes that would take longer than all else done with the event.
                times = np.fromiter(delays, dtype=np.int64, count=len(delays))
                self._half[kind].append(int(np.partition(times, half)[half]))
            if not missing:
                self._all[kind].append(max(delays))
        return True

    def result(self) -> dict[str, Propagation]:
        """Give the numbers of each kind of which there was an item."""
        return {
            kind: Propagation(
                items=count,
                half=_times(self._half[kind]),
                everywhere=len(self._all[kind]),
                all=_times(self._all[kind]),
            )
            for kind, count in sorted(self._items.items())
        }


def _times(values: Sequence[int]) -> Times | None:
    if not values:
        return None
    ordered = sorted(values)
    nine_tenths = ordered[-(-9 * len(ordered) // 10) - 1]
    return Times(*(value / SECOND for value in (ordered[0], median(ordered), nine_tenths, ordered[-1])))
