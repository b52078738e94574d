"""Orders at marketplaces."""

from typing import Literal, TypeAlias

from monerosim.events.event import Event

OrderState: TypeAlias = Literal["seen", "received", "confirmed", "late", "short", "double", "unpaid"]
"""What becomes of an order: its payment is in the txpool in time; all of it is in blocks; all of it has as many
confirmations as the marketplace wants; a payment came after the window; less than asked for had come at its end; one
more came when all was paid; nothing had come at the window's end."""


class OrderPlaced(Event, frozen=True):
    """A marketplace took an order and answered with an invoice."""

    order: str
    buyer: str
    """The participant."""
    vendor: str
    item: str
    quantity: int
    amount: int
    """What is asked for, atomic units."""
    address: str
    """Made for this order alone, so that its payments are known by it."""
    due: int
    """When the payment window ends, microseconds since the scenario's time zero."""


class OrderChanged(Event, frozen=True):
    """An order was paid, or was not."""

    order: str
    state: OrderState
    txid: str
    """The payment; empty where there is none."""
    paid: int
    """All that the marketplace has seen of it so far, atomic units."""
    elapsed: int
    """Microseconds since the order was placed."""


class VendorTotals(Event, frozen=True, kw_only=True):
    """What a vendor sold in the whole run; recorded at its end for those that were paid or had orders."""

    vendor: str
    payments: int
    """Received, with orders or without."""
    amount: int
    """Atomic units."""
    orders: int
    states: dict[str, int]
    """How many of them were ever in each state."""
    mean_time_to_receive: int
    """Microseconds from the sight of a payment in the txpool until it counted as received, on average; 0 if none."""
    mean_time_to_confirm: int
    """Microseconds from an order until it was confirmed, on average; 0 if none."""
