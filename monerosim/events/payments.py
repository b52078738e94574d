"""Payments: sent, followed and received."""

from typing import Literal, TypeAlias

from monerosim.events.event import Event

Origin: TypeAlias = Literal["drawn", "repeated", "commanded", "sweep"]
"""Why a payment is made: as its payer's configuration asks for, once more beside such a one (an invoice paid twice, a
further transaction of one sweep), by a command, or to sweep a miner's rewards."""


class PaymentSent(Event, frozen=True, omit_defaults=True):
    """A wallet made and relayed a transaction."""

    txid: str
    amount: int
    fee: int
    recipients: tuple[str, ...]
    """Addresses."""
    origin: Origin = "drawn"


class PaymentSkipped(Event, frozen=True):
    """Payments came due and were not tried: another waited for locked coins, say, or there was nobody to pay."""

    payments: int
    reason: str


class PaymentDelayed(Event, frozen=True, omit_defaults=True):
    """A payment waits: the wallet's coins are locked."""

    amount: int
    origin: Origin = "drawn"


class PaymentDoubtful(Event, frozen=True, omit_defaults=True):
    """Whether a payment was made is not known; ``payment-sent`` follows when its wallet finds it after all."""

    amount: int
    reason: str
    origin: Origin = "drawn"


class PaymentFailed(Event, frozen=True, omit_defaults=True):
    """A payment was given up, or refused by the network after it was sent."""

    amount: int
    reason: str
    txid: str = ""
    """Of one that was sent."""
    origin: Origin = "drawn"


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


class PaymentOverdue(Event, frozen=True):
    """A transaction has been in no block for twenty mean block times, and is in a txpool; recorded once a wait."""

    txid: str
    elapsed: int
    """Microseconds since it was sent."""


class PaymentVanished(Event, frozen=True):
    """A transaction is in no block of its node's chain, and neither its wallet nor its node's txpool knows it any more.

    The wallet's own node alone is asked: one that is cut off does not know what others have in their pools and blocks.
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
