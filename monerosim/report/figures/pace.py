"""How many blocks came, beside what chance allows."""

from collections.abc import Iterable
from math import exp, lgamma, log

import msgspec

from monerosim.events import BlockFound, BlockStale, Record
from monerosim.plan.plan import Plan
from monerosim.plan.roles import BLOCK_CONTROLLER, MINER
from monerosim.report.charts import Chart, quantitative
from monerosim.report.figure import Figure, Phrase
from monerosim.units import SECOND

MISSED = 0.025
"""The chance that a run has fewer blocks than the interval, or more."""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Blocks of the main chain in the scenario's own time."""

    blocks: int = 0
    mean_interval: float | None = None
    """Seconds from time zero to the last block, by the number of blocks; None if there was none."""
    expected: float | None = None
    """Blocks, by the block time; None where nobody keeps to it: without a block controller, with a difficulty that
    follows the hashrate, or where the timeline commands those who mine."""
    low: int | None = None
    high: int | None = None
    """In 95 % of runs of this length there are so many blocks: of a Poisson process, if blocks come as one."""


class PaceFigure(Figure[Pace]):
    """Counts the blocks that are on the main chain at the end."""

    name = "pace"
    title = "Did blocks come at their pace?"
    section = "Blocks"
    position = 15

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._found: dict[str, int] = {}
        self._stale: set[str] = set()

    def take(self, record: Record) -> None:
        """Keep when a block was found."""
        match record.data:
            case BlockFound(hash=block) if record.t >= 0:
                self._found[block] = record.t
            case BlockStale(hash=block):
                self._stale.add(block)
            case _:
                pass

    def result(self) -> Pace:
        """Return the number, and what it would be by chance."""
        times = [t for block, t in self._found.items() if block not in self._stale]
        mean = max(times) / len(times) / SECOND if times else None
        if not self._keeps_pace():
            return Pace(blocks=len(times), mean_interval=mean)
        length = max(0, min(self.end - self.plan.time_zero, self.plan.duration))
        expected = length / self.plan.consensus.block_time
        if self.plan.consensus.block_arrivals == "poisson":
            low, high = poisson_interval(expected)
        else:
            low, high = max(0, int(expected) - 1), int(expected) + 1
        return Pace(blocks=len(times), mean_interval=mean, expected=expected, low=low, high=high)

    def _keeps_pace(self) -> bool:
        roles = {actor.role for host in self.plan.hosts for actor in host.actors}
        told = [
            host
            for host in self.plan.hosts
            if host.commands and any(actor.role in {BLOCK_CONTROLLER, MINER} for actor in host.actors)
        ]
        return BLOCK_CONTROLLER in roles and not told and not self.plan.consensus.dynamic

    @staticmethod
    def verdicts(result: Pace) -> Iterable[Phrase]:
        """Return whether the number of blocks is one that chance allows."""
        if result.expected is None or result.low is None or result.high is None:
            return
        told = f"{result.blocks} blocks on the main chain, {result.low} to {result.high} in 95 % of runs of this length"
        within = result.low <= result.blocks <= result.high
        yield Phrase(told, "plain" if within else "warning")

    @staticmethod
    def measures(result: Pace) -> Iterable[tuple[str, float | None]]:
        """Return the mean interval."""
        yield "blocks on the main chain", result.blocks
        yield "mean block interval (s)", result.mean_interval


def poisson_interval(mean: float) -> tuple[int, int]:
    """Return the least and the most of a Poisson number, each exceeded with a chance of 2.5 % at most."""
    if mean <= 0:
        return 0, 0
    low, high, number, below = 0, 0, 0, 0.0
    while below < 1 - MISSED:
        term = exp(number * log(mean) - mean - lgamma(number + 1))
        if below + term <= MISSED:
            low = number + 1
        below += term
        high = number
        number += 1
    return low, high


CHARTS = (
    Chart(
        name="block-intervals",
        title="Are the times between blocks those of chance?",
        section="Blocks",
        note="Bars: blocks of the main chain by the time since the one before. Line: what an exponential distribution "
        "of the same mean gives.",
        sql="""
with it as (
    select run, interval_s, count(*) over (partition by run) as n, avg(interval_s) over (partition by run) as mean,
        greatest(1, round(avg(interval_s) over (partition by run) / 20) * 5) as width
    from intervals
)
select run, floor(interval_s / width) * width as since, (floor(interval_s / width) + 1) * width as until,
    count(*) as blocks, n * (exp(-since / mean) - exp(-until / mean)) as expected
from it group by run, since, until, n, mean order by run, since
""",
        count="select count(*) from intervals",
        of="blocks",
        absent="No block of the scenario's own time is on the main chain.",
        drawing={
            "layer": [
                {
                    "mark": {"type": "bar", "opacity": 0.7},
                    "encoding": {
                        "x": quantitative("since", "seconds since the block before", bin={"binned": True}),
                        "x2": {"field": "until"},
                        "y": quantitative("blocks", "blocks", stack=None),
                    },
                },
                {
                    "mark": {"type": "line", "interpolate": "monotone", "color": "#d9722e"},
                    "encoding": {
                        "x": quantitative("middle", "seconds since the block before"),
                        "y": quantitative("expected", "blocks"),
                    },
                },
            ],
            "transform": [{"calculate": "(datum.since + datum.until) / 2", "as": "middle"}],
        },
    ),
    Chart(
        name="block-fill",
        title="How full are the blocks?",
        section="Blocks",
        note="Dots: blocks of the main chain.",
        sql="""
select run, t_us / 6e7 as minute, height, txs as transactions
from blocks where main and not bootstrap and txs is not null order by run, height
""",
        count="select count(*) from blocks where main and not bootstrap and txs is not null",
        of="blocks",
        absent="No block of the scenario's own time is on the main chain.",
        drawing={
            "mark": {"type": "point", "opacity": 0.8},
            "encoding": {
                "x": quantitative("minute", "minutes"),
                "y": quantitative("transactions", "transactions in the block"),
            },
        },
    ),
    Chart(
        name="block-weight",
        title="How heavy are the blocks?",
        section="Blocks",
        note="Dots: blocks of the main chain.",
        sql="""
select run, t_us / 6e7 as minute, height, weight / 1e3 as weight
from blocks where main and not bootstrap and weight is not null order by run, height
""",
        count="select count(*) from blocks where main and not bootstrap and weight is not null",
        of="blocks",
        absent="The weights of blocks were not recorded in this run.",
        drawing={
            "mark": {"type": "point", "opacity": 0.8},
            "encoding": {"x": quantitative("minute", "minutes"), "y": quantitative("weight", "weight (kB)")},
        },
    ),
    Chart(
        name="txpool",
        title="How full is the txpool?",
        section="Blocks",
        note="Line: mean of the nodes that were recorded. Band: the least and the most of them.",
        sql="""
select run, t_us / 6e7 as minute, avg(transactions) as transactions, min(transactions) as least,
    max(transactions) as most, count(*) as nodes
from txpool where t_us >= 0 group by run, t_us order by run, t_us
""",
        count="select count(*) from txpool where t_us >= 0",
        of="looks at a node's pool",
        absent='No txpool was recorded: set txpool = "sample" in the scenario\'s table [record].',
        drawing={
            "layer": [
                {
                    "mark": {"type": "area", "opacity": 0.25},
                    "encoding": {"y": quantitative("least", "transactions"), "y2": {"field": "most"}},
                },
                {"mark": "line", "encoding": {"y": quantitative("transactions", "transactions")}},
            ],
            "encoding": {"x": quantitative("minute", "minutes")},
        },
    ),
)
