"""How fast blocks and transactions reached the nodes."""

from collections.abc import Sequence
from statistics import median

import msgspec
import numpy as np

from monerosim.events import BlockSpread, Record, TransactionSpread
from monerosim.plan.plan import Plan
from monerosim.report.figure import Column, Figure, Rows
from monerosim.units import SECOND


class Times(msgspec.Struct, frozen=True):
    """The distribution of a number of times, in seconds."""

    n: int
    min: float
    median: float
    p90: float
    """The least that nine of ten do not exceed."""
    max: float


class ItemPropagation(msgspec.Struct, frozen=True, kw_only=True):
    """How long the items of a kind took, from the node that had them first."""

    items: int = 0
    """First seen in the scenario's own time."""
    half: Times | None = None
    """Until half the nodes had it; of those that came so far. None if none did."""
    all: Times | None = None
    """Until all nodes had it; of those that came so far. None if none did."""


class Propagation(msgspec.Struct, frozen=True, kw_only=True):
    """How long blocks and transactions took to the nodes."""

    blocks: ItemPropagation = ItemPropagation()
    transactions: ItemPropagation = ItemPropagation()


class PropagationFigure(Figure[Propagation]):
    """Takes two numbers of each spread: when half the nodes had the item, and when all had it."""

    name = "propagation"
    title = "How fast do blocks and transactions spread?"
    position = 110

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._blocks = _Items()
        self._transactions = _Items()

    def take(self, record: Record) -> None:
        """Measure a spread."""
        match record.data:
            case BlockSpread(first=first, delays=delays) if first >= 0:
                self._blocks.take(delays)
            case TransactionSpread(first=first, delays=delays) if first >= 0:
                self._transactions.take(delays)
            case _:
                pass

    def result(self) -> Propagation:
        """Return the distributions."""
        return Propagation(blocks=self._blocks.result(), transactions=self._transactions.result())

    @staticmethod
    def rows(result: Propagation) -> Rows | None:
        """Return a row for each distribution that there is."""
        columns = (
            Column("propagation", "s"),
            Column("n"),
            *(Column(heading, "s", ",.3f") for heading in ("min", "median", "p90", "max")),
        )
        found = (
            ("block, 50 % of nodes", result.blocks.half),
            ("block, all nodes", result.blocks.all),
            ("transaction, 50 % of nodes", result.transactions.half),
            ("transaction, all nodes", result.transactions.all),
        )
        rows = tuple(
            (name, times.n, times.min, times.median, times.p90, times.max) for name, times in found if times is not None
        )
        return Rows(columns, rows)


class _Items:
    """The times of the items of one kind."""

    def __init__(self) -> None:
        self._count = 0
        self._half: list[int] = []
        self._all: list[int] = []

    def take(self, delays: Sequence[int]) -> None:
        self._count += 1
        missing = delays.count(-1)
        half = missing + (len(delays) - 1) // 2
        if half < len(delays):
            # Not sorted as a whole: of a thousand nodes that would take longer than all else done with the event.
            times = np.fromiter(delays, dtype=np.int64, count=len(delays))
            self._half.append(int(np.partition(times, half)[half]))
        if not missing:
            self._all.append(max(delays))

    def result(self) -> ItemPropagation:
        return ItemPropagation(items=self._count, half=_times(self._half), all=_times(self._all))


def _times(values: Sequence[int]) -> Times | None:
    if not values:
        return None
    ordered = sorted(values)
    p90 = ordered[-(-9 * len(ordered) // 10) - 1]
    return Times(len(ordered), *(value / SECOND for value in (ordered[0], median(ordered), p90, ordered[-1])))
