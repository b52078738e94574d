"""What the wallets of each group of participants hold."""

from statistics import median

import msgspec

from monerosim.events import Record, WalletClosed
from monerosim.plan.plan import Plan
from monerosim.report.figure import Column, Figure, Rows
from monerosim.units import XMR


class WalletGroup(msgspec.Struct, frozen=True, kw_only=True):
    """What the participants of a group held at the end, atomic units, locked outputs included."""

    n: int
    """Participants with a wallet."""
    min: int
    median: float
    max: int
    total: int


class WalletsFigure(Figure[dict[str, WalletGroup]]):
    """Compares the balances of the participants of each group."""

    name = "wallets"
    title = "Who holds the coins?"
    position = 120

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._balances: dict[str, int] = {}

    def take(self, record: Record) -> None:
        """Add a wallet's balance."""
        if isinstance(record.data, WalletClosed):
            self._balances[record.participant] = self._balances.get(record.participant, 0) + record.data.balance

    def result(self) -> dict[str, WalletGroup]:
        """Return the groups that had a balance, in the order of the plan."""
        groups: dict[str, list[int]] = {}
        for host in self.plan.hosts:
            if host.name in self._balances:
                groups.setdefault(host.group, []).append(self._balances[host.name])
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
