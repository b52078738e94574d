"""What exchanges and pools owed their customers and miners, and what they paid them."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from monerosim.events import (
    DepositCredited,
    DepositRefunded,
    Event,
    MinersPaid,
    PaymentConfirmed,
    PaymentRemined,
    PaymentReorged,
    Record,
    RewardShared,
    WithdrawalPaid,
    WithdrawalRefused,
    WithdrawalRequested,
)
from monerosim.plan.plan import Plan
from monerosim.report.figure import Figure, Line, Phrase
from monerosim.units import format_amount


class Exchanges(msgspec.Struct, frozen=True, kw_only=True):
    """All exchanges and pools together; amounts in atomic units.

    ``withdrawals`` is ``paid + refused + waiting``.
    """

    credited: int = 0
    """Deposits that had their confirmations."""
    refunded: int = 0
    """Deposits that were sent back."""
    refunds_confirmed: int = 0
    """Of these, as deep in the chain at the end as the exchange wants its payments."""
    withdrawals: int = 0
    """That customers asked for."""
    paid: int = 0
    paid_confirmed: int = 0
    """Of these, as deep in the chain at the end as the exchange wants its payments."""
    refused: int = 0
    waiting: int = 0
    """For a batch, at the end, or in a batch of which it is not known whether it was sent."""
    batches: int = 0
    """Transactions that paid withdrawals and refunds."""
    shared: int = 0
    """Of rewards, what pools divided among their miners."""
    miners_paid: int = 0
    """And what of it they paid; the rest waits."""


class ExchangesFigure(Figure[Exchanges]):
    """Counts what was asked of exchanges and pools, and what was done."""

    name = "exchanges"
    title = "Did customers and miners get what they were owed?"
    section = "Participants"
    position = 52

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._counts = Counter[str]()
        self._refunds = Counter[str]()
        self._paid = Counter[str]()
        """Refunds and withdrawals, by the transaction that pays them."""
        self._confirmed: set[str] = set()
        self._reorged: set[str] = set()

    def take(self, record: Record) -> None:
        """Count a step."""
        match record.data:
            case DepositCredited():
                self._counts["credited"] += 1
            case DepositRefunded(txid=txid):
                self._refunds[txid] += 1
            case WithdrawalRequested():
                self._counts["withdrawals"] += 1
            case WithdrawalRefused():
                self._counts["refused"] += 1
            case WithdrawalPaid(txid=txid):
                self._paid[txid] += 1
            case RewardShared(parts=parts):
                self._counts["shared"] += sum(parts.values())
            case MinersPaid(parts=parts):
                self._counts["miners_paid"] += sum(parts.values())
            case other:
                self._follow(other)

    def _follow(self, event: Event) -> None:
        match event:
            case PaymentConfirmed(txid=txid):
                self._confirmed.add(txid)
            case PaymentReorged(txid=txid):
                self._reorged.add(txid)
            case PaymentRemined(txid=txid):
                self._reorged.discard(txid)
            case _:
                pass

    def result(self) -> Exchanges:
        """Return the counts."""
        paid, settled = self._paid.total(), self._confirmed - self._reorged
        return Exchanges(
            **self._counts,
            refunded=self._refunds.total(),
            refunds_confirmed=sum(self._refunds[txid] for txid in settled),
            paid=paid,
            paid_confirmed=sum(self._paid[txid] for txid in settled),
            waiting=self._counts["withdrawals"] - paid - self._counts["refused"],
            batches=len({*self._refunds, *self._paid}),
        )

    @staticmethod
    def lines(result: Exchanges) -> Iterable[Line]:
        """Return the customers' side and the miners', where there are such."""
        if result.credited or result.refunded or result.withdrawals:
            told = [
                f"{result.credited} deposits credited",
                f"{result.refunded} refunded{_of(result.refunds_confirmed, result.refunded)}",
            ]
            told.append(
                f"{result.withdrawals} withdrawals: {result.paid} paid{_of(result.paid_confirmed, result.paid)}"
            )
            told += [f"{result.refused} refused"] * bool(result.refused)
            told += [f"{result.waiting} waiting"] * bool(result.waiting)
            yield Line("exchanges", tuple(map(Phrase, told)))
        if result.shared:
            told = [f"{format_amount(result.shared)} of rewards shared", f"{format_amount(result.miners_paid)} paid"]
            yield Line("pools", tuple(map(Phrase, told)))


def _of(confirmed: int, paid: int) -> str:
    return f" ({confirmed} confirmed)" if confirmed < paid else ""
