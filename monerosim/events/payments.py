"""Payments: sent, followed and received."""

from monerosim.events.event import Event


class PaymentSent(Event, frozen=True):
    """A wallet made and relayed a transaction."""

    txid: str
    amount: int
    fee: int
    recipients: tuple[str, ...]
    """Addresses."""


class PaymentDelayed(Event, frozen=True):
    """A payment waits: the wallet's coins are locked."""

    amount: int


class PaymentDoubtful(Event, frozen=True):
    """Whether a payment was made is not known; ``payment-sent`` follows when its wallet finds it after all."""

    amount: int
    reason: str


class PaymentFailed(Event, frozen=True):
    """A payment was given up, or refused by the network after it was sent."""

    amount: int
    reason: str
    txid: str = ""
    """Of one that was sent."""


class PaymentMined(Event, frozen=True):
    """The sender's wallet saw its transaction in a block for the first time."""

    txid: str
    height: int


class PaymentConfirmed(Event, frozen=True):
    """The sender's wallet saw its transaction with as many confirmations as the sender wants; recorded once."""

    txid: str
    height: int
    elapsed: int
    """Microseconds since it was sent."""


class PaymentReorged(Event, frozen=True):
    """The block that held a transaction left the main chain, as the sender's wallet saw it; also after confirmation."""

    txid: str
    height: int
    """Of the block that held it."""


class PaymentRemined(Event, frozen=True):
    """The sender's wallet saw a transaction whose block had left the main chain in another block."""

    txid: str
    height: int


class PaymentVanished(Event, frozen=True):
    """A transaction has been in no block for long, or its wallet does not know it any more at the end of the run.

    Should it get into a block after all, that is recorded as for any other.
    """

    txid: str
    elapsed: int
    """Microseconds since it was sent."""
    reason: str


class PaymentSeen(Event, frozen=True):
    """A recipient saw a payment in its node's txpool."""

    txid: str
    address: str
    amount: int


class PaymentReceived(Event, frozen=True):
    """A recipient saw a payment in a block."""

    txid: str
    address: str
    amount: int
    height: int


class IncomingPayment(Event, frozen=True):
    """A wallet sees a payment to it, in the txpool and again in a block; sent to subscribers only, not recorded."""

    txid: str
    address: str
    amount: int
    height: int
    """The block's; 0 while it is in the txpool."""


class TransactionSeen(Event, frozen=True):
    """An observer found a transaction in its node's txpool for the first time."""

    txid: str
    fee: int
    weight: int


class TransactionSpread(Event, frozen=True, omit_defaults=True):
    """When nodes had a transaction first, in its txpool or in a block; recorded as :class:`BlockSpread`."""

    txid: str
    first: int
    delays: tuple[int, ...] = ()
    quantiles: tuple[int, ...] = ()
    missing: int = 0
    whole: str = ""

    @property
    def reached_all(self) -> bool:
        """Whether all nodes had it."""
        return not self.missing and -1 not in self.delays
