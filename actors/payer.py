"""What all that pay have in common: waiting for locked coins, and following each payment until it is confirmed."""

from collections import deque
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from actors.wallet_proxy import GetTransfers, Transfer
from monerosim.config import POSITIVE, Config, Duration, duration
from monerosim.observe.events import (
    PaymentConfirmed,
    PaymentDelayed,
    PaymentFailed,
    PaymentMinedAgain,
    PaymentOrphaned,
    PaymentSent,
    PaymentVanished,
)
from monerosim.rpc.errors import RpcCallError, RpcError
from monerosim.rpc.wallet import (
    NOT_ENOUGH_MONEY,
    NOT_ENOUGH_OUTPUTS,
    NOT_ENOUGH_UNLOCKED_MONEY,
    Destination,
    TransferEntry,
    Transferred,
    Transfers,
)
from monerosim.runtime.actor import Behaviour
from monerosim.units import SECOND, format_amount

MINUTE = 60.0
_OUT_OF_DANGER = 20
"""Confirmations after which a payment is not looked at any more: deeper than a reorganisation goes."""

_MOST_IN_FLIGHT = 20
"""Mean block times after which a payment that is in no block counts as vanished."""

_LOCKED = (NOT_ENOUGH_UNLOCKED_MONEY, NOT_ENOUGH_OUTPUTS)


class SenderConfig(Config, frozen=True):
    """What a scenario may say about anybody who sends coins."""

    priority: Annotated[int, Meta(ge=0, le=4, description="Fee priority as the wallet has it; 0 is its default.")] = 0
    confirmations: Annotated[int, Meta(ge=1, le=720, description="Blocks until a payment counts as confirmed.")] = 1
    check_interval: Annotated[
        Duration, Meta(extra=POSITIVE, description="How often it looks which of its payments are confirmed.")
    ] = duration("60s")
    until: Annotated[
        Duration | None,
        Meta(description="When it stops to pay, since the scenario's time zero; at its end if left out."),
    ] = None


class PayerConfig(SenderConfig, frozen=True):
    """What a scenario may say about anybody who pays others."""

    when_locked: Annotated[
        Literal["wait", "skip"], Meta(description="Whether a payment waits for locked coins or is given up.")
    ] = "wait"


class Payment(msgspec.Struct, frozen=True):
    """A payment that is to be made."""

    recipients: str
    """Who is paid, for the trace."""
    destinations: tuple[Destination, ...]
    due: int | None = None
    """When it is of no use any more, microseconds since the scenario's time zero."""

    @property
    def amount(self) -> int:
        """What it pays to all together, atomic units."""
        return sum(destination.amount for destination in self.destinations)


class _Sent(msgspec.Struct):
    """A payment that is followed."""

    txid: str
    at: int
    cause: str
    height: int = 0
    """Of the block in which it was seen last; 0 while it is in none."""
    orphaned: bool = False
    """Whether it was in a block that went off the main chain, and has not been in another since."""


class _Followed:
    """The payments that a sender follows, and goes on to follow when it has failed and is started again."""

    def __init__(self) -> None:
        self.unconfirmed: deque[_Sent] = deque()
        self.confirmed: list[_Sent] = []


class Sender(Behaviour):
    """Somebody who sends coins, and follows each transaction until it is confirmed.

    Args:
        host: The participant.
        name: Unique in the host.
        config: An instance of the class's ``Config``.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"wallet"})
    usual_node: ClassVar[bool] = True
    usual_wallet: ClassVar[bool] = True
    emits: ClassVar[tuple[type, ...]] = (
        PaymentSent,
        PaymentConfirmed,
        PaymentFailed,
        PaymentOrphaned,
        PaymentMinedAgain,
        PaymentVanished,
    )
    config: SenderConfig

    def begin(self) -> None:
        """Go on to follow what an earlier life has sent."""
        self._followed = self.host.keep(self.name, _Followed)
        if self._followed.unconfirmed:
            self.after(self.config.check_interval.seconds, self.check)

    def end(self) -> None:
        """Record the payments that have gone off the chain again, and those that have vanished."""
        if not self._followed.unconfirmed and not self._followed.confirmed:
            return
        try:
            transfers = self.ask(self.host.actor("wallet"), GetTransfers(("out", "failed", "pending")))
        except RpcError as error:
            self.log.warning("cannot look at its payments: {}", error)
            return
        self._follow(transfers)
        pending = {entry.txid for entry in transfers.pending}
        for sent in [*self._followed.unconfirmed, *self._followed.confirmed]:
            waited = self.host.now() - sent.at
            late = waited > _MOST_IN_FLIGHT * self.host.plan.consensus.block_time
            if not sent.height and (late or sent.txid not in pending):
                reason = "in no block for long" if sent.txid in pending else "its wallet does not know it any more"
                self.emit(PaymentVanished(sent.txid, waited, reason), cause=sent.cause)
                self.log.warning("a payment has vanished: {}", reason, txid=sent.txid)

    def is_over(self) -> bool:
        """Tell whether its time, or the scenario's, is over; afterwards what was sent is still followed."""
        end, until = self.host.plan.duration, self.config.until
        return self.clock.microseconds() >= (end if until is None else min(end, until))

    def until_next(self, origin: int, interval: int) -> float:
        """Give the seconds until the next of the times that are whole intervals away from an origin, now excluded.

        Args:
            origin: Microseconds since the run's start.
            interval: Microseconds.
        """
        return (interval - (self.host.now() - origin) % interval) / SECOND

    def follow(self, sent: Transferred, recipients: str, addresses: tuple[str, ...]) -> None:
        """Record a transaction of its wallet, and look from now on whether it is confirmed."""
        self.emit(PaymentSent(sent.tx_hash, sent.amount, sent.fee, addresses))
        amounts = format_amount(sent.amount), format_amount(sent.fee)
        self.log.info("paid {} to {recipient}, fee {}", *amounts, recipient=recipients, txid=sent.tx_hash)
        if not self._followed.unconfirmed:
            self.after(self.config.check_interval.seconds, self.check)
        self._followed.unconfirmed.append(_Sent(sent.tx_hash, self.host.now(), self.cause))

    def give_up(self, amount: int, reason: str) -> None:
        """Record a payment that is not made."""
        self.emit(PaymentFailed(amount, reason))
        self.log.warning("could not pay {}: {}", format_amount(amount), reason)

    def check(self) -> None:
        """Look which payments have been confirmed."""
        try:
            transfers = self.ask(self.host.actor("wallet"), GetTransfers(("out", "failed")))
        except RpcError as error:
            self.log.warning("cannot look at its payments: {}", error)
        else:
            self._follow(transfers)
        if self._followed.unconfirmed:
            self.after(self.config.check_interval.seconds, self.check)

    def _follow(self, transfers: Transfers) -> None:
        mined = {entry.txid: entry for entry in transfers.outgoing}
        failed = {entry.txid: entry for entry in transfers.failed}
        for sent in [*self._followed.unconfirmed, *self._followed.confirmed]:
            self._place(sent, mined.get(sent.txid))
        self._followed.unconfirmed = deque(
            [sent for sent in self._followed.unconfirmed if not self._settled(sent, mined, failed)]
        )
        self._followed.confirmed = [sent for sent in self._followed.confirmed if not _is_deep(mined.get(sent.txid))]

    def _place(self, sent: _Sent, entry: TransferEntry | None) -> None:
        """Take note which block holds a payment, if any."""
        if entry is None and sent.height:
            self.emit(PaymentOrphaned(sent.txid, sent.height), cause=sent.cause)
            self.log.info("its block {} is off the main chain", sent.height, txid=sent.txid)
            sent.orphaned = True
        elif entry is not None and sent.orphaned:
            self.emit(PaymentMinedAgain(sent.txid, entry.height), cause=sent.cause)
            sent.orphaned = False
        sent.height = 0 if entry is None else entry.height

    def _settled(self, sent: _Sent, mined: dict[str, TransferEntry], failed: dict[str, TransferEntry]) -> bool:
        entry = mined.get(sent.txid)
        if entry is not None and entry.confirmations >= self.config.confirmations:
            waited = self.host.now() - sent.at
            self.emit(PaymentConfirmed(sent.txid, entry.height, waited), cause=sent.cause)
            self.log.info("payment confirmed in block {} after {:.0f} s", entry.height, waited / SECOND, txid=sent.txid)
            self._followed.confirmed.append(sent)
            return True
        if sent.txid in failed:
            self.emit(PaymentFailed(failed[sent.txid].amount, "refused by the network"), cause=sent.cause)
            return True
        return False


def _is_deep(entry: TransferEntry | None) -> bool:
    return entry is not None and entry.confirmations >= _OUT_OF_DANGER


class _Waiting:
    """The payment that waits for locked coins, also when its payer has failed and is started again."""

    def __init__(self) -> None:
        self.payment: Payment | None = None


class Payer(Sender):
    """Somebody who pays; subclasses decide whom, how much and when."""

    emits: ClassVar[tuple[type, ...]] = (*Sender.emits, PaymentDelayed)
    config: PayerConfig

    def begin(self) -> None:
        """Go on to follow what an earlier life has sent; subclasses :meth:`set_out` when they are ready."""
        super().begin()
        self._waiting = self.host.keep(self.name, _Waiting)

    def set_out(self) -> None:
        """Go on with the payment that waited in an earlier life, or plan the first."""
        if self._waiting.payment is None:
            self.go_on()
        else:
            self.after(MINUTE, self.attempt, self._waiting.payment)

    def go_on(self) -> None:
        """Plan what comes after a payment that was made or given up."""
        raise NotImplementedError

    def attempt(self, payment: Payment, first: bool = False) -> None:
        """Try to pay; a payment that finds its coins locked waits for them."""
        self._waiting.payment = None
        if self.is_over():
            return
        if payment.due is not None and self.clock.microseconds() > payment.due:
            self.give_up(payment.amount, "the time for it is over")
            self.go_on()
            return
        try:
            sent = self.ask(self.host.actor("wallet"), Transfer(payment.destinations, self.config.priority))
        except RpcCallError as error:
            if error.code in _LOCKED and self.config.when_locked == "wait":
                self._delay(payment, error, first=first)
                return
            self.give_up(payment.amount, "not enough money" if error.code == NOT_ENOUGH_MONEY else error.message)
        except RpcError as error:
            self.give_up(payment.amount, str(error))
        else:
            self.follow(sent, payment.recipients, tuple(to.address for to in payment.destinations))
        self.go_on()

    def _delay(self, payment: Payment, error: RpcCallError, *, first: bool) -> None:
        amount = payment.amount
        if first:
            self.emit(PaymentDelayed(amount))
            self.log.debug("wants to pay {} to {}, waits: {}", format_amount(amount), payment.recipients, error.message)
        else:
            self.log.trace("still waits: {}", error.message)
        self._waiting.payment = payment
        self.after(MINUTE, self.attempt, payment, same_cause=True)
