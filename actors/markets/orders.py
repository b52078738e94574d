"""Orders: the letters between buyers and marketplaces, and the state of each order at a marketplace."""

from collections.abc import Iterator
from typing import ClassVar

from monerosim.agent.messages import Letter
from monerosim.events import OrderState


class Order(Letter, frozen=True):
    """An order; a marketplace answers with an invoice or a refusal."""

    kind: ClassVar[str] = "order"
    number: int
    """The buyer's number of the order; the answer repeats it."""
    actor: str
    """The buyer's actor that the answer goes to."""
    vendor: str
    item: str
    quantity: int


class Invoice(Letter, frozen=True):
    """What to pay for an order, to which address and until when."""

    kind: ClassVar[str] = "invoice"
    number: int
    order: str
    vendor: str
    address: str
    amount: int
    """Atomic units."""
    due: int
    """Microseconds since the scenario's time zero."""


class Refusal(Letter, frozen=True):
    """Why a marketplace does not take an order."""

    kind: ClassVar[str] = "order-refused"
    number: int
    reason: str


class OpenOrder:
    """The payments of one order, by transaction.

    Args:
        order: Its name.
        vendor: The vendor.
        amount: Its price, atomic units.
        due: When the payment window ends, microseconds since the scenario's time zero.
        placed: When it was placed, likewise.
        cause: The message that it began with, for the trace.

    Attributes:
        states: All its states so far, in order.
        closed: Whether its payment window has ended.
    """

    def __init__(self, order: str, *, vendor: str, amount: int, due: int, placed: int, cause: str) -> None:
        self.order = order
        self.vendor = vendor
        self.amount = amount
        self.due = due
        self.placed = placed
        self.cause = cause
        self.states: list[OrderState] = []
        self.closed = False
        self._seen: dict[str, int] = {}
        self._mined: dict[str, tuple[int, int]] = {}

    @property
    def paid(self) -> int:
        """Sum of the payments seen so far, atomic units."""
        return sum(self._seen.values())

    def see(self, txid: str, amount: int) -> Iterator[OrderState]:
        """Record a payment in the txpool or in a block; it is late if the payment window has ended.

        Returns:
            The order's new states.
        """
        if txid in self._seen:
            return
        covered = self.paid >= self.amount
        self._seen[txid] = amount
        if covered:
            yield self._become("double")
        elif self.closed and "late" not in self.states:
            yield self._become("late")
        elif not self.closed and len(self._seen) == 1:
            yield self._become("seen")

    def mine(self, txid: str, amount: int, confirmations: int, wanted: int) -> Iterator[OrderState]:
        """Record a payment in a block.

        Returns:
            The order's new states.
        """
        self._mined[txid] = amount, confirmations
        if "received" not in self.states and self._sum(1) >= self.amount:
            yield self._become("received")
        if "confirmed" not in self.states and self._sum(wanted) >= self.amount:
            yield self._become("confirmed")

    def close(self) -> Iterator[OrderState]:
        """Record that the payment window has ended.

        Returns:
            The order's new states.
        """
        if self.closed:
            return
        self.closed = True
        if not self._seen:
            yield self._become("unpaid")
        elif self.paid < self.amount:
            yield self._become("short")

    def _sum(self, wanted: int) -> int:
        return sum(amount for amount, confirmations in self._mined.values() if confirmations >= wanted)

    def _become(self, state: OrderState) -> OrderState:
        self.states.append(state)
        return state
