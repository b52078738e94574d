"""Payments that a recipient took for received, and that the main chain does not have at the end."""

from collections.abc import Iterable

import msgspec

from monerosim.events import PaymentReceived, Record
from monerosim.plan.plan import Plan
from monerosim.report.blocks import Blocks
from monerosim.report.figure import Figure, Line, Phrase
from monerosim.units import format_amount


class Reversals(msgspec.Struct, frozen=True, kw_only=True):
    """What recipients lost after they had it: double spends that came off."""

    received: int = 0
    """Payments that recipients took for received (``payment-received``)."""
    reversed: int = 0
    """Those of them that are on no block of the main chain at the end."""
    amount: int = 0
    """What these paid, atomic units."""


class ReversalsFigure(Figure[Reversals]):
    """Looks for the payments that were received on the main chain."""

    name = "reversals"
    title = "Were payments taken back?"
    section = "Payments"
    position = 25

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._blocks = Blocks()
        self._received: dict[tuple[str, str, str], int] = {}

    def take(self, record: Record) -> None:
        """Take a block, or a payment that a recipient has."""
        self._blocks.take(record)
        if isinstance(record.data, PaymentReceived):
            payment = record.data
            self._received[record.participant, payment.txid, payment.address] = payment.amount

    def result(self) -> Reversals:
        """Return the counts; of a run that did not come to its end nothing is said to be reversed."""
        main = self._blocks.on_main_chain()
        lost = [amount for (_, txid, _), amount in self._received.items() if main is not None and txid not in main]
        return Reversals(received=len(self._received), reversed=len(lost), amount=sum(lost))

    @staticmethod
    def lines(result: Reversals) -> Iterable[Line]:
        """Return what was taken back, if anything was."""
        if result.reversed:
            text = f"{result.reversed} of {result.received} received payments, {format_amount(result.amount)}"
            yield Line("taken back", (Phrase(text, "warning"),))

    @staticmethod
    def measures(result: Reversals) -> Iterable[tuple[str, float | None]]:
        """Return how many payments were taken back."""
        yield "payments taken back", result.reversed
