"""Shared by all actors that pay: records of what they send, following it, and waiting for locked coins."""

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal, TypeVar

import msgspec
from msgspec import Meta

from actors.host.followed import Doubt, Follow, Terms
from actors.host.wallet_proxy import GetBalance, GetWalletHeight, Transfer
from monerosim.agent.actor import handles
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.messages import AwaitChange, WalletChanged
from monerosim.config import POSITIVE, Config, Duration
from monerosim.events import (
    Event,
    PaymentConfirmed,
    PaymentDelayed,
    PaymentDoubtful,
    PaymentFailed,
    PaymentMined,
    PaymentOverdue,
    PaymentRemined,
    PaymentReorged,
    PaymentSent,
    PaymentSkipped,
    PaymentVanished,
)
from monerosim.events.payments import Origin
from monerosim.rpc.errors import RpcCallError, RpcDoubtfulError, RpcError
from monerosim.rpc.wallet import (
    NOT_ENOUGH_MONEY,
    NOT_ENOUGH_OUTPUTS,
    NOT_ENOUGH_UNLOCKED_MONEY,
    TX_NOT_POSSIBLE,
    Destination,
    Transferred,
)
from monerosim.units import SECOND, format_amount

MINUTE = 60.0

LOCKED = (NOT_ENOUGH_UNLOCKED_MONEY, NOT_ENOUGH_OUTPUTS)
"""Errors of a wallet whose coins are locked, or that lacks outputs of others."""


class SenderConfig(Config, frozen=True):
    """Settings of every actor that sends coins."""

    priority: Annotated[int, Meta(ge=0, le=4, description="Fee priority as the wallet has it; 0 is its default.")] = 0
    confirmations: Annotated[int, Meta(ge=1, le=720, description="Blocks until a payment counts as confirmed.")] = 1
    check_interval: Annotated[
        Annotated[Duration, Meta(extra=POSITIVE)] | None,
        Meta(
            description="How often its wallet is looked at for that; if left out, whenever the wallet has changed on "
            "the engine embedded, and every 60 s on the others."
        ),
    ] = None
    until: Annotated[
        Duration | None,
        Meta(description="When it stops paying, since the scenario's time zero; at its end if left out."),
    ] = None

    def pays_until(self, duration: int) -> int:
        """Return when its time to pay is over in a scenario of a duration, microseconds since its time zero."""
        return duration if self.until is None else min(duration, int(self.until))


class PayerConfig(SenderConfig, frozen=True):
    """Settings of every actor that pays others."""

    on_locked_funds: Annotated[
        Literal["wait", "skip"], Meta(description="Whether a payment waits for locked coins or is given up.")
    ] = "wait"


S = TypeVar("S", bound=SenderConfig)
P = TypeVar("P", bound=PayerConfig)


def reason_of(error: RpcCallError) -> str:
    """Return why a wallet did not pay, for the record."""
    return "not enough money" if error.code == NOT_ENOUGH_MONEY else error.message


def next_and_missed(next_due: Callable[[int], int], last: int, now: int, end: int) -> tuple[int, int]:
    """Return when the next payment comes due from now on, and how many came due before, and before the end.

    Args:
        next_due: Returns when the payment after one comes due.
        last: When the last payment came due; times are in microseconds since the run's start.
        now: The time.
        end: When the time to pay is over.
    """
    following, missed = next_due(last), 0
    while following <= now:
        missed += following < end
        following = next_due(following)
    return following, missed


class Payment(msgspec.Struct, frozen=True):
    """A payment that is to be made."""

    recipients: str
    """Who is paid, for the trace."""
    destinations: tuple[Destination, ...]
    due: int | None = None
    """When it expires, microseconds since the scenario's time zero."""
    times: int = 1
    """How often it is made."""
    origin: Origin = "drawn"

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
        PaymentOverdue,
        PaymentVanished,
    )

    def is_over(self) -> bool:
        """Return whether its time to pay, or the scenario, is over; what was sent is still followed afterwards."""
        return self.clock.microseconds() >= self.pays_until()

    def pays_until(self) -> int:
        """Return when its time to pay is over, microseconds since the scenario's time zero."""
        return self.config.pays_until(self.host.plan.duration)

    def follow(self, sent: Transferred, recipients: str, addresses: tuple[str, ...], origin: Origin = "drawn") -> None:
        """Record a transaction of its wallet, and have the wallet follow it from now on."""
        self.emit(PaymentSent(sent.tx_hash, sent.amount, sent.fee, addresses, origin))
        amounts = format_amount(sent.amount), format_amount(sent.fee)
        self.log.info("paid {} to {recipient}, fee {}", *amounts, recipient=recipients, txid=sent.tx_hash)
        self.tell(self.host.actor("wallet"), Follow(sent.tx_hash, self._terms()))

    def doubt(self, destinations: tuple[Destination, ...], error: RpcDoubtfulError, origin: Origin = "drawn") -> None:
        """Record that a payment may have been made, and have the wallet look for it from now on."""
        wish = Doubt(destinations, self._terms(), origin)
        self.emit(PaymentDoubtful(wish.amount, str(error), origin))
        self.log.warning("may have paid {}, or not: {}", format_amount(wish.amount), error)
        self.tell(self.host.actor("wallet"), wish)

    def give_up(self, amount: int, reason: str, origin: Origin = "drawn") -> None:
        """Record that a payment was not made."""
        self.emit(PaymentFailed(amount, reason, origin=origin))
        self.log.warning("could not pay {}: {}", format_amount(amount), reason)

    def _terms(self) -> Terms:
        interval = self.config.check_interval
        return Terms(self.name, self.host.now(), self.config.confirmations, None if interval is None else int(interval))


class _Waiting:
    """The payment that waits for locked coins, also when its payer has failed and is started again."""

    def __init__(self) -> None:
        self.payment: Payment | None = None
        self.cause = ""


class Payer(Sender[P]):
    """Pays others; subclasses decide whom, how much and when."""

    role: ClassVar[str] = "payer"
    emits: ClassVar[tuple[type[Event], ...]] = (*Sender.emits, PaymentSkipped, PaymentDelayed, PaymentDoubtful)

    @classmethod
    def paying_until(cls, config: P) -> int | None:
        """Return the configured end."""
        return config.until

    def begin(self) -> None:
        """Recall the payment that an earlier life left undone; subclasses call :meth:`schedule_first` when ready."""
        super().begin()
        self._waiting = self.host.retained(self.name, _Waiting)
        self._last_due = self.host.now()

    def rejoin(self) -> None:
        """Count from now on: nothing came due while it was paused."""
        super().rejoin()
        self._last_due = self.host.now()

    def schedule_first(self) -> None:
        """Resume the payment that waited in an earlier life, or schedule the first."""
        if self._waiting.payment is None:
            self.schedule_next()
        else:
            self._await_coins(self._waiting.payment)

    def next_due(self, last: int) -> int:
        """Return when the next payment comes due, later than ``last``: microseconds since the run's start."""
        raise NotImplementedError

    def pay(self) -> None:
        """Make the payment that has come due, by :meth:`attempt`, or :meth:`skip` it."""
        raise NotImplementedError

    def schedule_next(self) -> None:
        """Schedule the next payment, after one that was made or given up; record those that came due meanwhile."""
        self._record_missed()
        self.after((self._last_due - self.host.now()) / SECOND, self.pay)

    def end(self) -> None:
        """Record what came due while the last payment was not done."""
        self._record_missed()

    def skip(self, reason: str) -> None:
        """Record that the payment that has come due is not tried, and schedule the next."""
        self.emit(PaymentSkipped(1, reason))
        self.log.warning("skips a payment: {}", reason)
        self.schedule_next()

    def attempt(self, payment: Payment, first: bool = False) -> None:
        """Try to pay; wait if the coins are locked."""
        self._waiting.payment = None
        if self.is_over():
            return
        if payment.due is not None and self.clock.microseconds() > payment.due:
            self.give_up(payment.amount, "the time for it is over", payment.origin)
            self.schedule_next()
            return
        try:
            sent = self.ask(self.host.actor("wallet"), Transfer(payment.destinations, self.config.priority))
        except RpcCallError as error:
            if self.config.on_locked_funds == "wait" and (error.code in LOCKED or self._lacks_fee(error)):
                self._delay(payment, error, first=first)
                return
            self.give_up(payment.amount, reason_of(error), payment.origin)
        except RpcDoubtfulError as error:
            self.doubt(payment.destinations, error, payment.origin)
        except RpcError as error:
            self.give_up(payment.amount, str(error), payment.origin)
        else:
            addresses = tuple(to.address for to in payment.destinations)
            self.follow(sent, payment.recipients, addresses, payment.origin)
            if payment.times > 1:
                again = msgspec.structs.replace(payment, times=payment.times - 1, origin="repeated")
                self.attempt(again, first=True)
                return
        self.schedule_next()

    def _record_missed(self) -> None:
        """Go on to the next payment that comes due from now on, and record how many have before."""
        end = self.host.plan.time_zero + self.pays_until()
        self._last_due, missed = next_and_missed(self.next_due, self._last_due, self.host.now(), end)
        if missed:
            self.emit(PaymentSkipped(missed, "an earlier one was not done"))

    def _delay(self, payment: Payment, error: RpcCallError, *, first: bool) -> None:
        amount = payment.amount
        if first:
            self.emit(PaymentDelayed(amount, payment.origin))
            self.log.debug("payment of {} to {} waits: {}", format_amount(amount), payment.recipients, error.message)
        else:
            self.log.trace("still waits: {}", error.message)
        self._waiting.payment, self._waiting.cause = payment, self.cause
        self._await_coins(payment, decoys=error.code == NOT_ENOUGH_OUTPUTS)

    def _lacks_fee(self, error: RpcCallError) -> bool:
        """Return whether there are coins for the amounts and the fee, though not unlocked."""
        if error.code != TX_NOT_POSSIBLE:
            return False
        try:
            balance = self.ask(self.host.actor("wallet"), GetBalance())
        except RpcError as other:
            self.log.debug("cannot tell what is locked: {}", other)
            return False
        return balance.balance > balance.unlocked_balance

    def _await_coins(self, payment: Payment, *, decoys: bool = False) -> None:
        """Have the wallet proxy tell when there may be coins enough, or the payment has expired.

        Args:
            payment: What waits.
            decoys: Whether it lacks outputs of others, of which the next block brings some.
        """
        until = None if payment.due is None else self.host.plan.time_zero + payment.due + 1
        wallet = self.host.actor("wallet")
        if decoys:
            wish = AwaitChange(self.name, height=self.ask(wallet, GetWalletHeight()), until=until)
        else:
            wish = AwaitChange(self.name, "coins", payment.amount, until=until)
        self.tell(wallet, wish)

    @handles(WalletChanged)
    def on_wallet_changed(self, _: WalletChanged) -> None:
        """Try the payment again that waits for coins."""
        if self._waiting.payment is not None:
            with self.because_of(self._waiting.cause):
                self.attempt(self._waiting.payment)
