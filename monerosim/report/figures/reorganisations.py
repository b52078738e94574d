"""How deep reorganisations went, by what nodes dropped."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from monerosim.events import Record, Reorganised
from monerosim.plan.plan import Plan
from monerosim.report.figure import Column, Figure, Rows


class Reorganisations(msgspec.Struct, frozen=True, kw_only=True):
    """The reorganisations of the scenario's own time."""

    deepest: int = 0
    """The most blocks that a node dropped at once."""
    depths: dict[str, float] = {}
    """How many reorganisations of each depth there were, a node on average."""


class ReorganisationsFigure(Figure[Reorganisations]):
    """Counts reorganisations by their depth."""

    name = "reorganisations"
    title = "How often did nodes drop so many blocks?"
    section = "Forks"
    position = 12

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._depths: Counter[int] = Counter()

    def take(self, record: Record) -> None:
        """Count a reorganisation."""
        if isinstance(record.data, Reorganised) and record.t >= 0:
            self._depths[record.data.depth] += 1

    def result(self) -> Reorganisations:
        """Return the counts."""
        nodes = sum(host.node is not None for host in self.plan.hosts)
        depths = {str(depth): count / nodes for depth, count in sorted(self._depths.items())}
        return Reorganisations(deepest=max(self._depths, default=0), depths=depths)

    @staticmethod
    def measures(result: Reorganisations) -> Iterable[tuple[str, float | None]]:
        """Return the deepest."""
        yield "blocks of the deepest reorganisation", result.deepest

    @staticmethod
    def rows(result: Reorganisations) -> Rows | None:
        """Return a row a depth."""
        columns = (Column("blocks dropped"), Column("reorganisations a node", form=".2f"))
        return Rows(columns, tuple(result.depths.items())) if result.depths else None
