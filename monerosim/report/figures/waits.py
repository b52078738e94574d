"""How long payments wait for a block and what they pay for it, by who pays: where groups pay different fees, by fee."""

from collections.abc import Iterable, Sequence
from statistics import mean, median

import msgspec

from monerosim.events import BlockContents, PaymentSent, Record
from monerosim.plan.plan import Plan
from monerosim.report.figure import Column, Figure, Rows
from monerosim.units import SECOND, XMR


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """The payments of a group that were in a block, stale or not, and how long after they were sent, seconds."""

    n: int
    mean: float
    median: float
    max: float
    mean_fee: float = 0.0
    """Atomic units; 0 in summaries of earlier versions."""


class WaitsFigure(Figure[dict[str, Waits]]):
    """Compares when payments were sent with when the first block that has them was found."""

    name = "waits"
    title = "How long do payments wait for a block?"
    section = "Payments"
    position = 27

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        funders = plan.funders
        self._group_of = {host.name: host.group for host in plan.hosts if host.name not in funders}
        self._sent: dict[str, tuple[str, int, int]] = {}
        self._found: dict[str, int] = {}

    def take(self, record: Record) -> None:
        """Note when a payment was sent, or when a block with it was found first."""
        match record.data:
            case PaymentSent(txid=txid, fee=fee) if record.participant in self._group_of:
                self._sent[txid] = self._group_of[record.participant], record.t, fee
            case BlockContents(transactions=transactions):
                for txid in transactions:
                    self._found[txid] = min(self._found.get(txid, record.t), record.t)
            case _:
                pass

    def result(self) -> dict[str, Waits]:
        """Return the waits of each group, in the order of the plan."""
        waits: dict[str, list[tuple[float, int]]] = {group: [] for group in self._group_of.values()}
        for txid, (group, sent, fee) in self._sent.items():
            if txid in self._found:
                waits[group].append(((self._found[txid] - sent) / SECOND, fee))
        return {group: _waits(*zip(*found, strict=True)) for group, found in waits.items() if found}

    @staticmethod
    def measures(result: dict[str, Waits]) -> Iterable[tuple[str, float | None]]:
        """Return the mean wait of each group."""
        for group, waits in result.items():
            yield f"mean wait of {group} for a block (s)", waits.mean

    @staticmethod
    def rows(result: dict[str, Waits]) -> Rows | None:
        """Return a row a group."""
        columns = (
            Column("payer group"),
            Column("payments in blocks"),
            *(Column(heading, "s", ",.1f") for heading in ("mean wait", "median", "max")),
            Column("mean fee", "XMR", ",.6f"),
        )
        rows = tuple((group, it.n, it.mean, it.median, it.max, it.mean_fee / XMR) for group, it in result.items())
        return Rows(columns, rows) if rows else None


def _waits(waits: Sequence[float], fees: Sequence[int]) -> Waits:
    return Waits(n=len(waits), mean=mean(waits), median=median(waits), max=max(waits), mean_fee=mean(fees))
