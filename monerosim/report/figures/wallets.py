"""What the wallets of each group of participants hold."""

from statistics import median

import msgspec

from monerosim.events import CrowdClosed, Record, WalletClosed
from monerosim.plan.plan import Plan
from monerosim.report.charts import Chart, nominal
from monerosim.report.figure import Column, Figure, Rows
from monerosim.rpc.transport import Json
from monerosim.units import XMR


class WalletGroup(msgspec.Struct, frozen=True, kw_only=True):
    """What the participants of a group held at the end, atomic units, locked outputs included."""

    n: int
    """Participants with a wallet; of a crowd, its users."""
    min: int
    median: float
    max: int
    total: int


class WalletsFigure(Figure[dict[str, WalletGroup]]):
    """Compares the balances of the participants of each group."""

    name = "wallets"
    title = "Who holds the coins?"
    section = "Participants"
    position = 120

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._balances: dict[str, int] = {}
        self._users: dict[str, tuple[int, ...]] = {}
        """What each user of a crowd holds, by participant."""

    def take(self, record: Record) -> None:
        """Add a wallet's balance."""
        if isinstance(record.data, WalletClosed):
            self._balances[record.participant] = self._balances.get(record.participant, 0) + record.data.balance
        elif isinstance(record.data, CrowdClosed):
            self._users[record.participant] = record.data.balances

    def result(self) -> dict[str, WalletGroup]:
        """Return the groups that had a balance, in the order of the plan."""
        groups: dict[str, list[int]] = {}
        for host in self.plan.hosts:
            if host.name in self._balances:
                users = self._users.get(host.name, ())
                # What is not its users' is of a wallet that its participant has besides.
                rest = self._balances[host.name] - sum(users)
                groups.setdefault(host.group, []).extend([*users, *([rest] if rest or not users else [])])
        return {
            group: WalletGroup(n=len(held), min=min(held), median=median(held), max=max(held), total=sum(held))
            for group, held in groups.items()
        }

    @staticmethod
    def rows(result: dict[str, WalletGroup]) -> Rows | None:
        """Return a row a group."""
        columns = (
            Column("wallet group"),
            Column("n"),
            *(Column(heading, "XMR", ",.3f") for heading in ("min", "median", "max", "total")),
        )
        rows = tuple(
            (name, group.n, group.min / XMR, group.median / XMR, group.max / XMR, group.total / XMR)
            for name, group in result.items()
        )
        return Rows(columns, rows)


_TICKS: Json = [0, *(10**digits for digits in range(9))]

_AMOUNT: dict[str, Json] = {
    "field": "least",
    "type": "quantitative",
    "title": "XMR",
    "scale": {"type": "symlog"},
    "axis": {"values": _TICKS},
}

CHARTS = (
    Chart(
        name="balances",
        title="How are the coins spread at the end?",
        section="Participants",
        note="Line: from the least to the most of each group. Bar: from lower to upper quartile. Dot: the median.",
        sql="""
with held as (
    select run, participant, sum(balance) / 1e12 as xmr from wallets where final group by run, participant
)
select run, "group", min(xmr) as least, quantile_cont(xmr, 0.25) as low, median(xmr) as middle,
    quantile_cont(xmr, 0.75) as high, max(xmr) as most, count(*) as participants
from held join participants using (run, participant) group by run, "group" order by run, "group" limit 300
""",
        count="select count(distinct (run, participant)) from wallets where final",
        of="participants with a wallet",
        absent="No wallet has said what it holds at the end: the run goes on, was killed, or has none.",
        whole_run="Wallets say what they hold at the end of the run, which a window does not have.",
        drawing={
            "layer": [
                {
                    "mark": {"type": "rule", "strokeWidth": 1},
                    "encoding": {"x": _AMOUNT, "x2": {"field": "most"}},
                },
                {
                    "mark": {"type": "rule", "strokeWidth": 7, "opacity": 0.4},
                    "encoding": {"x": {**_AMOUNT, "field": "low"}, "x2": {"field": "high"}},
                },
                {"mark": "point", "encoding": {"x": {**_AMOUNT, "field": "middle"}}},
            ],
            "encoding": {"y": nominal("group", None), "yOffset": {"field": "run"}},
        },
    ),
)
