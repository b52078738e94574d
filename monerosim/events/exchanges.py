"""Exchanges: what their customers bring and take."""

from monerosim.events.event import Event


class DepositCredited(Event, frozen=True):
    """An exchange credited a customer's deposit: it has the confirmations that the exchange wants."""

    customer: str
    txid: str
    amount: int


class DepositRefunded(Event, frozen=True):
    """An exchange sent back a deposit that was too small."""

    customer: str
    amount: int
    txid: str
    """Of the payment back."""


class WithdrawalRequested(Event, frozen=True):
    """A customer asked for coins that the exchange owes."""

    customer: str
    number: int
    amount: int


class WithdrawalRefused(Event, frozen=True):
    """A customer asked for more than the exchange owes."""

    customer: str
    number: int
    amount: int


class WithdrawalPaid(Event, frozen=True):
    """An exchange paid a customer, together with others in one transaction."""

    customer: str
    number: int
    amount: int
    txid: str
