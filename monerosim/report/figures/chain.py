"""The main chain at the run's end."""

from collections.abc import Iterable

import msgspec

from monerosim.events import BlockFound, BlockSpread, NodeClosed, Record, Reorganised
from monerosim.plan.plan import Plan
from monerosim.report.blocks import Blocks
from monerosim.report.charts import Chart, nominal, quantitative
from monerosim.report.figure import Figure, Line, Phrase


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """The main chain, and what is off it."""

    height: int = 0
    """Of the main chain's tip; the genesis block has height 0."""
    tips: int = 1
    """At how many tips the nodes ended; if it is more than one, a part of the coins counts on another branch."""
    blocks: int = 0
    """Found in the scenario's own time, stale ones included."""
    stale: int = 0
    """Blocks that were found and are off the main chain at the end."""
    reorganisations: int = 0
    """How often a node left a branch for a better one, of all nodes together."""


class ChainFigure(Figure[Chain]):
    """Counts blocks and reorganisations, and finds the tip."""

    name = "chain"
    title = "Did the chain fork?"
    section = "Forks"
    position = 10

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._highest = self._height = self._reorganisations = 0
        self._blocks = Blocks()
        self._tips: set[str] = set()

    def take(self, record: Record) -> None:
        """Count a block or a reorganisation, or note where a node's chain ended."""
        self._blocks.take(record)
        match record.data:
            case BlockSpread(height=height) | BlockFound(height=height):
                self._highest = max(self._highest, height)
            case Reorganised():
                self._reorganisations += 1
            case NodeClosed(height=height, tip=tip):
                self._height = max(self._height, height)
                self._tips.add(tip)
            case _:
                pass

    def result(self) -> Chain:
        """Return the counts. In a run that was killed no node says where its chain ended; its highest block counts."""
        made = self._blocks.made()
        return Chain(
            height=self._height or self._highest,
            tips=max(1, len(self._tips)),
            blocks=len(made),
            stale=sum(it.stale for it in made),
            reorganisations=self._reorganisations,
        )

    @staticmethod
    def lines(result: Chain) -> Iterable[Line]:
        """Return the counts."""
        phrases = (
            f"height {result.height}",
            f"{result.blocks} blocks found",
            f"{result.stale} stale",
            f"{result.reorganisations} reorganisations across nodes",
        )
        yield Line("chain", tuple(map(Phrase, phrases)))

    @staticmethod
    def measures(result: Chain) -> Iterable[tuple[str, float | None]]:
        """Return what is off the main chain."""
        yield "stale blocks", result.stale
        yield "reorganisations across nodes", result.reorganisations


CHARTS = (
    Chart(
        name="reorganisations",
        title="How deep were the reorganisations?",
        section="Forks",
        note="Bars: how often a node left a branch, by the blocks that it removed.",
        sql="select run, depth, count(*) as reorganisations from reorganisations group by all order by run, depth",
        count="select count(*) from reorganisations",
        of="reorganisations",
        absent="No node ever left a branch for a better one.",
        drawing={
            "mark": {"type": "bar", "opacity": 0.7},
            "encoding": {
                "x": {"field": "depth", "type": "ordinal", "title": "blocks removed"},
                "xOffset": {"field": "run"},
                "y": quantitative("reorganisations", "reorganisations"),
            },
        },
    ),
    Chart(
        name="forks",
        title="Who lost blocks to whom?",
        section="Forks",
        note="Bars: blocks off the main chain by their miner.",
        sql="""
select run, loser as miner, count(*) as blocks
from forks where loser is not null group by all order by run, blocks desc, miner
""",
        count="select count(*) from forks where loser is not null",
        of="blocks",
        absent="Every block that was found is on the main chain.",
        drawing={
            "mark": {"type": "bar", "opacity": 0.7},
            "encoding": {
                "x": quantitative("blocks", "blocks off the main chain"),
                "y": nominal("miner", None),
                "yOffset": {"field": "run"},
            },
        },
    ),
)
