"""How fast blocks and transactions reached the nodes."""

from collections.abc import Iterable, Sequence
from math import inf
from statistics import median

import msgspec

from monerosim.events import BlockSpread, Record, TransactionSpread
from monerosim.plan.plan import Plan
from monerosim.report.charts import PERCENT, WHOLE, Chart, coloured, nominal, quantitative
from monerosim.report.figure import Cell, Column, Figure, Rows
from monerosim.report.spread import Half, half_of_nodes
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
    """Until half the nodes had it; of those that came so far. None if none did. Where a sample of nodes was recorded,
    until half of that had it."""
    half_median: tuple[float, float | None] | None = None
    """Where a sample of nodes was recorded: bounds of the median of ``half``, in seconds. They are the medians of the
    bounds of each item, which contain the time at which half of all nodes had it with a probability of 95 %."""
    all: Times | None = None
    """Until all nodes had it; of those that came so far. None if none did."""


class Propagation(msgspec.Struct, frozen=True, kw_only=True):
    """How long blocks and transactions took to the nodes."""

    recorded: str = "all"
    """What was recorded of each item (``record.spreads``): ``all``, ``quantiles`` or ``sample``."""
    nodes: int = 0
    """Of the network."""
    sampled: int = 0
    """Nodes of which it was recorded, where that is a sample."""
    blocks: ItemPropagation = ItemPropagation()
    transactions: ItemPropagation = ItemPropagation()


class PropagationFigure(Figure[Propagation]):
    """Takes two numbers of each spread: when half the nodes had the item, and when all had it."""

    name = "propagation"
    title = "How fast do blocks and transactions spread?"
    section = "Propagation"
    position = 110

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._blocks = _Items()
        self._transactions = _Items()

    def take(self, record: Record) -> None:
        """Measure a spread."""
        match record.data:
            case BlockSpread(first=first) as spread if first >= 0:
                self._blocks.take(spread, record.t)
            case TransactionSpread(first=first) as spread if first >= 0:
                self._transactions.take(spread, record.t)
            case _:
                pass

    def result(self) -> Propagation:
        """Return the distributions."""
        return Propagation(
            recorded=self.plan.record.spreads,
            nodes=sum(host.node is not None for host in self.plan.hosts),
            sampled=len(self.plan.record.sampled),
            blocks=self._blocks.result(),
            transactions=self._transactions.result(),
        )

    @staticmethod
    def measures(result: Propagation) -> Iterable[tuple[str, float | None]]:
        """Return the medians."""
        for kind, items in (("block", result.blocks), ("transaction", result.transactions)):
            yield f"median {kind} to 50 % of nodes (s)", items.half.median if items.half else None
            yield f"median {kind} to all nodes (s)", items.all.median if items.all else None

    @staticmethod
    def rows(result: Propagation) -> Rows | None:
        """Return a row for each distribution that there is; of a sample, with the bounds of the median."""
        columns = [
            Column("propagation", "s"),
            Column("n"),
            *(Column(heading, "s", ",.3f") for heading in ("min", "median", "p90", "max")),
        ]
        half = "50 % of nodes"
        if result.recorded == "sample":
            half = f"50 % of {result.sampled} of {result.nodes} nodes"
            columns += [Column(heading, "s", ",.3f") for heading in ("median from", "to")]
        rows: list[tuple[Cell, ...]] = []
        for kind, items in (("block", result.blocks), ("transaction", result.transactions)):
            bounds = items.half_median or (None, None)
            for what, times, more in ((half, items.half, bounds), ("all nodes", items.all, (None, None))):
                if times is not None:
                    row = (f"{kind}, {what}", times.n, times.min, times.median, times.p90, times.max)
                    rows.append((*row, *more) if result.recorded == "sample" else row)
        return Rows(tuple(columns), tuple(rows))


class _Items:
    """The times of the items of one kind."""

    def __init__(self) -> None:
        self._count = 0
        self._half: list[Half] = []
        self._all: list[int] = []
        self._sampled = False

    def take(self, spread: BlockSpread | TransactionSpread, last: int) -> None:
        """Take a spread, and the time of its record, which is that of the last node."""
        self._count += 1
        self._sampled = self._sampled or bool(spread.whole and spread.delays)
        half = half_of_nodes(spread)
        if half is not None:
            self._half.append(half)
        if spread.reached_all:
            self._all.append(last - spread.first if spread.whole else max(spread.delays))

    def result(self) -> ItemPropagation:
        return ItemPropagation(
            items=self._count,
            half=_times([half.delay for half in self._half]),
            half_median=self._bounds() if self._sampled and self._half else None,
            all=_times(self._all),
        )

    def _bounds(self) -> tuple[float, float | None]:
        low = median(half.low for half in self._half)
        high = median(inf if half.high is None else half.high for half in self._half)
        return low / SECOND, None if high == inf else high / SECOND


def _times(values: Sequence[int]) -> Times | None:
    if not values:
        return None
    ordered = sorted(values)
    p90 = ordered[-(-9 * len(ordered) // 10) - 1]
    return Times(len(ordered), *(value / SECOND for value in (ordered[0], median(ordered), p90, ordered[-1])))


CHARTS = (
    Chart(
        name="propagation",
        title="How fast do blocks and transactions reach the nodes?",
        section="Propagation",
        note="Share of pairs of an item and a node in which the node had it so many seconds after the first.",
        sql="""
with found as (
    select run, kind, quantile_cont(delay_s, [i / 200 for i in range(0, 201)]) as seconds
    from delays group by run, kind
)
select run, kind, unnest(seconds) as seconds, (generate_subscripts(seconds, 1) - 1) / 200 as share
from found order by run, kind, share
""",
        count="select count(*) from delays",
        of="pairs of an item and a node",
        absent="No block and no transaction of the scenario's own time has spread, or quantiles alone were recorded.",
        series="kind",
        drawing={
            "mark": {"type": "line", "interpolate": "linear"},
            "encoding": {
                "x": quantitative("seconds", "seconds after the first node"),
                "y": quantitative("share", "share of nodes", axis=PERCENT, scale=WHOLE),
                "color": coloured("kind"),
            },
        },
    ),
    Chart(
        name="slowest-nodes",
        title="Which nodes hear last?",
        section="Propagation",
        note="The ten nodes whose median delay of blocks is the longest. Bar: from the lower to the upper quartile.",
        sql="""
select run, node, median(delay_s) as seconds, quantile_cont(delay_s, 0.25) as low, quantile_cont(delay_s, 0.75) as high,
    count(*) as blocks
from delays where kind = 'block' group by run, node
qualify row_number() over (partition by run order by median(delay_s) desc, node) <= 10 order by run, seconds desc, node
""",
        count="select count(*) from delays where kind = 'block'",
        of="pairs of a block and a node",
        absent="No block of the scenario's own time has spread, or quantiles alone were recorded.",
        drawing={
            "layer": [
                {
                    "mark": {"type": "rule", "strokeWidth": 6, "opacity": 0.35},
                    "encoding": {"x": quantitative("low", "seconds after the first node"), "x2": {"field": "high"}},
                },
                {"mark": "point", "encoding": {"x": quantitative("seconds", "seconds after the first node")}},
            ],
            "encoding": {"y": nominal("node", None), "yOffset": {"field": "run"}},
        },
    ),
)
