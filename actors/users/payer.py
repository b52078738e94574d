"""Shared by all actors that pay: records of what they send, following it, and waiting for locked coins."""

from typing import Annotated, ClassVar, Literal, TypeVar

import msgspec
from msgspec import Meta

from actors.host.followed import Doubt, Follow, Terms
from actors.host.wallet_proxy import Transfer
from monerosim.agent.behaviour import Behaviour
from monerosim.config import POSITIVE, Config, Duration, duration
from monerosim.events import (
    Event,
    PaymentConfirmed,
    PaymentDelayed,
    PaymentDoubtful,
    PaymentFailed,
    PaymentMined,
    PaymentRemined,
    PaymentReorged,
    PaymentSent,
    PaymentVanished,
)
from monerosim.rpc.errors import RpcCallError, RpcDoubtfulError, RpcError
from monerosim.rpc.wallet import (
    NOT_ENOUGH_MONEY,
    NOT_ENOUGH_OUTPUTS,
    NOT_ENOUGH_UNLOCKED_MONEY,
    Destination,
    Transferred,
)
from monerosim.units import SECOND, format_amount

MINUTE = 60.0

_LOCKED = (NOT_ENOUGH_UNLOCKED_MONEY, NOT_ENOUGH_OUTPUTS)


class SenderConfig(Config, frozen=True):
    """Settings of every actor that sends coins."""

    priority: Annotated[int, Meta(ge=0, le=4, description="Fee priority as the wallet has it; 0 is its default.")] = 0
    confirmations: Annotated[int, Meta(ge=1, le=720, description="Blocks until a payment counts as confirmed.")] = 1
    check_interval: Annotated[
        Duration, Meta(extra=POSITIVE, description="How often its wallet is looked at for that.")
    ] = duration("60s")
    until: Annotated[
        Duration | None,
        Meta(description="When it stops paying, since the scenario's time zero; at its end if left out."),
    ] = None


class PayerConfig(SenderConfig, frozen=True):
    """Settings of every actor that pays others."""

    on_locked_funds: Annotated[
        Literal["wait", "skip"], Meta(description="Whether a payment waits for locked coins or is given up.")
    ] = "wait"


S = TypeVar("S", bound=SenderConfig)
P = TypeVar("P", bound=PayerConfig)


class Payment(msgspec.Struct, frozen=True):
    """A payment that is to be made."""

    recipients: str
    """Who is paid, for the trace."""
    destinations: tuple[Destination, ...]
    due: int | None = None
    """When it expires, microseconds since the scenario's time zero."""
    times: int = 1
    """How often it is made."""

    @property
    def amount(self) -> int:
        """What it pays to all together, atomic units."""
        return sum(destination.amount for destination in self.destinations)


class Sender(Behaviour[S]):
    """Sends coins, and has its wallet follow each transaction, also while the actor itself is paused or stopped.

    Args:
        host: The participant.
        name: Unique in the host.
        config: An instance of the class's ``Config``.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"wallet"})
    default_node: ClassVar[bool] = True
    default_wallet: ClassVar[bool] = True
    emits: ClassVar[tuple[type[Event], ...]] = (
        PaymentSent,
        PaymentMined,
        PaymentConfirmed,
        PaymentFailed,
        PaymentReorged,
        PaymentRemined,
        PaymentVanished,
    )

    def is_over(self) -> bool:
        """Return whether its time to pay, or the scenario, is over; what was sent is still followed afterwards."""
        end, until = self.host.plan.duration, self.config.until
        return self.clock.microseconds() >= (end if until is None else min(end, until))

    def until_next(self, origin: int, interval: int) -> float:
        """Return the seconds until the next time that is a whole number of intervals after an origin; never 0.

        Args:
            origin: Microseconds since the run's start.
            interval: Microseconds.
        """
        return (interval - (self.host.now() - origin) % interval) / SECOND

    def follow(self, sent: Transferred, recipients: str, addresses: tuple[str, ...]) -> None:
        """Record a transaction of its wallet, and have the wallet follow it from now on."""
        self.emit(PaymentSent(sent.tx_hash, sent.amount, sent.fee, addresses))
        amounts = format_amount(sent.amount), format_amount(sent.fee)
        self.log.info("paid {} to {recipient}, fee {}", *amounts, recipient=recipients, txid=sent.tx_hash)
        self.tell(self.host.actor("wallet"), Follow(sent.tx_hash, self._terms()))

    def doubt(self, destinations: tuple[Destination, ...], error: RpcDoubtfulError) -> None:
        """Record that a payment may have been made, and have the wallet look for it from now on."""
        wish = Doubt(destinations, self._terms())
        self.emit(PaymentDoubtful(wish.amount, str(error)))
        self.log.warning("may have paid {}, or not: {}", format_amount(wish.amount), error)
        self.tell(self.host.actor("wallet"), wish)

    def give_up(self, amount: int, reason: str) -> None:
        """Record that a payment was not made."""
        self.emit(PaymentFailed(amount, reason))
        self.log.warning("could not pay {}: {}", format_amount(amount), reason)

    def _terms(self) -> Terms:
        return Terms(self.name, self.host.now(), self.config.confirmations, self.config.check_interval)


class _Waiting:
    """The payment that waits for locked coins, also when its payer has failed and is started again."""

    def __init__(self) -> None:
        self.payment: Payment | None = None


class Payer(Sender[P]):
    """Pays others; subclasses decide whom, how much and when."""

    role: ClassVar[str] = "payer"
    emits: ClassVar[tuple[type[Event], ...]] = (*Sender.emits, PaymentDelayed, PaymentDoubtful)

    @classmethod
    def paying_until(cls, config: P) -> int | None:
        """Return the configured end."""
        return config.until

    def begin(self) -> None:
        """Recall the payment that an earlier life left undone; subclasses call :meth:`schedule_first` when ready."""
        super().begin()
        self._waiting = self.host.retained(self.name, _Waiting)

    def schedule_first(self) -> None:
        """Resume the payment that waited in an earlier life, or schedule the first."""
        if self._waiting.payment is None:
            self.schedule_next()
        else:
            self.after(MINUTE, self.attempt, self._waiting.payment)

    def schedule_next(self) -> None:
        """Schedule the next payment, after one that was made or given up."""
        raise NotImplementedError

    def attempt(self, payment: Payment, first: bool = False) -> None:
        """Try to pay; wait if the coins are locked."""
        self._waiting.payment = None
        if self.is_over():
            return
        if payment.due is not None and self.clock.microseconds() > payment.due:
            self.give_up(payment.amount, "the time for it is over")
            self.schedule_next()
            return
        try:
            sent = self.ask(self.host.actor("wallet"), Transfer(payment.destinations, self.config.priority))
        except RpcCallError as error:
            if error.code in _LOCKED and self.config.on_locked_funds == "wait":
                self._delay(payment, error, first=first)
                return
            self.give_up(payment.amount, "not enough money" if error.code == NOT_ENOUGH_MONEY else error.message)
        except RpcDoubtfulError as error:
            self.doubt(payment.destinations, error)
        except RpcError as error:
            self.give_up(payment.amount, str(error))
        else:
            self.follow(sent, payment.recipients, tuple(to.address for to in payment.destinations))
            if payment.times > 1:
                self.attempt(msgspec.structs.replace(payment, times=payment.times - 1), first=True)
                return
        self.schedule_next()

    def _delay(self, payment: Payment, error: RpcCallError, *, first: bool) -> None:
        amount = payment.amount
        if first:
            self.emit(PaymentDelayed(amount))
            self.log.debug("payment of {} to {} waits: {}", format_amount(amount), payment.recipients, error.message)
        else:
            self.log.trace("still waits: {}", error.message)
        self._waiting.payment = payment
        self.after(MINUTE, self.attempt, payment, same_cause=True)
