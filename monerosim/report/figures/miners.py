"""Who found the blocks."""

from collections.abc import Iterable

import msgspec

from monerosim.events import Record, WalletClosed
from monerosim.plan.plan import Plan
from monerosim.plan.roles import MINER
from monerosim.report.blocks import Blocks, Made
from monerosim.report.charts import PERCENT, Chart, nominal, quantitative
from monerosim.report.figure import Column, Figure, Rows
from monerosim.units import XMR


class Miner(msgspec.Struct, frozen=True, kw_only=True):
    """What a miner has on the main chain: as its wallet sees it at the end, or the nodes, if its wallet did not say."""

    hashrate: float = 0.0
    """As its configuration has it: a pool's is its weight among pools, an autonomous miner's is percent of the hashrate
    at which blocks come every block time; 0 if the plan knows it for no miner."""
    blocks: int = 0
    reward: int = 0
    """Subsidies and fees, atomic units."""
    stale: int = 0
    """Its blocks off the main chain at the end, as far as nodes or it itself tell of them."""


class MinersFigure(Figure[dict[str, Miner]]):
    """Adds up the blocks of each miner, those that found none included."""

    name = "miners"
    title = "Who found the blocks?"
    section = "Blocks"
    position = 100

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._blocks = Blocks()
        self._wallets: dict[str, tuple[int, int]] = {}

    def take(self, record: Record) -> None:
        """Keep a block, or what a wallet holds of its participant's blocks."""
        self._blocks.take(record)
        if isinstance(record.data, WalletClosed):
            count, rewards = self._wallets.get(record.participant, (0, 0))
            self._wallets[record.participant] = count + record.data.blocks, rewards + record.data.rewards

    def result(self) -> dict[str, Miner]:
        """Return the miners of the plan in its order, then others that found blocks."""
        hashrates = {
            host.name: sum(actor.hashrate for actor in host.actors if actor.role == MINER)
            for host in self.plan.hosts
            if any(actor.role == MINER for actor in host.actors)
        }
        made = self._blocks.made()
        paid = {name for name, (count, _) in self._wallets.items() if count}
        others = sorted(({it.miner for it in made} | paid) - hashrates.keys())
        return {name: self._miner(name, hashrates.get(name, 0.0), made) for name in (*hashrates, *others)}

    def _miner(self, name: str, hashrate: float, made: Iterable[Made]) -> Miner:
        own = [it for it in made if it.miner == name]
        main = [it.reward for it in own if not it.stale]
        count, reward = self._wallets.get(name, (len(main), sum(main)))
        return Miner(hashrate=hashrate, blocks=count, reward=reward, stale=len(own) - len(main))

    @staticmethod
    def measures(result: dict[str, Miner]) -> Iterable[tuple[str, float | None]]:
        """Return each miner's share of the blocks on the main chain."""
        total = sum(miner.blocks for miner in result.values())
        for name, miner in result.items():
            yield f"share of blocks of {name}", miner.blocks / total if total else None

    @staticmethod
    def rows(result: dict[str, Miner]) -> Rows | None:
        """Return a row a miner."""
        total = sum(miner.blocks for miner in result.values())
        columns = (
            Column("miner"),
            Column("hashrate", form="g"),
            Column("blocks"),
            Column("share", form=".1%"),
            Column("stale"),
            Column("reward", "XMR", ",.3f"),
        )
        rows = tuple(
            (
                name,
                miner.hashrate or None,
                miner.blocks,
                miner.blocks / total if total else None,
                miner.stale,
                miner.reward / XMR,
            )
            for name, miner in result.items()
        )
        return Rows(columns, rows)


CHARTS = (
    Chart(
        name="miners",
        title="Has each miner the share of its hashrate?",
        section="Blocks",
        note="Dot: share of the blocks on the main chain. Bar: its 95 % interval (Wilson). Mark: share of the hashrate "
        "when the scenario begins.",
        sql="""
with miners as (
    select run, participant as miner, hashrate / sum(hashrate) over (partition by run) as expected
    from participants where hashrate > 0
), found as (
    select run, miner, count(*) as blocks from blocks where main and not bootstrap and miner is not null group by all
), shares as (
    select run, miner, expected, coalesce(blocks, 0) as blocks, sum(coalesce(blocks, 0)) over (partition by run) as n,
        coalesce(blocks, 0) / n as share
    from miners left join found using (run, miner)
)
select run, miner, expected, blocks, n, share,
    (share + 1.96 ** 2 / (2 * n) - 1.96 * sqrt(share * (1 - share) / n + 1.96 ** 2 / (4 * n ** 2)))
        / (1 + 1.96 ** 2 / n) as low,
    (share + 1.96 ** 2 / (2 * n) + 1.96 * sqrt(share * (1 - share) / n + 1.96 ** 2 / (4 * n ** 2)))
        / (1 + 1.96 ** 2 / n) as high
from shares where n > 0 order by run, expected desc, miner limit 300
""",
        count="select count(*) from blocks where main and not bootstrap and miner is not null",
        of="blocks",
        absent="No block of the scenario's own time is on the main chain.",
        drawing={
            "layer": [
                {
                    "mark": {"type": "rule", "strokeWidth": 6, "opacity": 0.35},
                    "encoding": {"x": quantitative("low", "share of blocks", axis=PERCENT), "x2": {"field": "high"}},
                },
                {"mark": "point", "encoding": {"x": quantitative("share", "share of blocks")}},
                {
                    "mark": {"type": "tick", "thickness": 2, "size": 14, "color": "#d9722e"},
                    "encoding": {"x": quantitative("expected", "share of blocks")},
                },
            ],
            "encoding": {"y": nominal("miner", None), "yOffset": {"field": "run"}},
        },
    ),
)
