"""The regular user: pays vendors, or other users, now and then."""

from collections import deque
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from actors.wallet_proxy import GetTransfers, Transfer
from monerosim.config import Amount, Config, Duration, amount, duration
from monerosim.mailbox.discovery import AgentDiscovery, AgentDiscoveryError, Vendor
from monerosim.observe.events import PaymentConfirmed, PaymentDelayed, PaymentFailed, PaymentSent
from monerosim.rpc.errors import RpcCallError, RpcError
from monerosim.rpc.wallet import (
    NOT_ENOUGH_MONEY,
    NOT_ENOUGH_OUTPUTS,
    NOT_ENOUGH_UNLOCKED_MONEY,
    Destination,
    TransferEntry,
)
from monerosim.runtime.actor import Behaviour
from monerosim.runtime.rng import Rng
from monerosim.units import SECOND, format_amount

_MINUTE = 60.0
_LOCKED = (NOT_ENOUGH_UNLOCKED_MONEY, NOT_ENOUGH_OUTPUTS)


class RegularUserConfig(Config, frozen=True):
    """What a scenario may say about a regular user."""

    transaction_frequency: Annotated[float, Meta(gt=0, le=1, description="Probability to pay, a minute.")] = 0.1
    min_amount: Amount = amount("0.1 XMR")
    max_amount: Amount = amount("2 XMR")
    priority: Annotated[int, Meta(ge=0, le=4, description="Fee priority as the wallet has it; 0 is its default.")] = 0
    when_locked: Annotated[
        Literal["wait", "skip"], Meta(description="Whether a payment waits for locked coins or is given up.")
    ] = "wait"
    confirmations: Annotated[int, Meta(ge=1, le=720, description="Blocks until a payment counts as confirmed.")] = 1
    check_interval: Duration = duration("60s")

    def __post_init__(self) -> None:
        """Check that the amounts are a range."""
        if not 0 < self.min_amount <= self.max_amount:
            raise ValueError("min_amount must be above 0 and at most max_amount")


class _Sent(msgspec.Struct):
    """A payment that is not confirmed yet."""

    txid: str
    at: int
    cause: str


class RegularUser(Behaviour):
    """Decides every minute whether to pay somebody, and follows each payment until it is confirmed.

    The number of minutes to the next payment is drawn at once (geometric), which is the same as deciding each minute,
    and costs nothing in the minutes between.
    """

    Config: ClassVar[type[Config]] = RegularUserConfig
    needs: ClassVar[frozenset[str]] = frozenset({"wallet"})
    usual_node: ClassVar[bool] = True
    usual_wallet: ClassVar[bool] = True
    config: RegularUserConfig

    def begin(self) -> None:
        """Plan the first payment."""
        self._discovery = AgentDiscovery(self.host.shared, self.clock.now)
        self._decisions = Rng(self.host.stream_seed(self.name, "decisions"))
        self._unconfirmed: deque[_Sent] = deque()
        self._plan_next()

    def pay(self) -> None:
        """Choose a recipient and an amount, and pay."""
        if self._is_over():
            return
        try:
            recipient = self._choose_recipient()
        except AgentDiscoveryError as error:
            self.log.warning("finds nobody to pay: {}", error)
            self._plan_next()
            return
        paid = self.rng.integer(self.config.min_amount, self.config.max_amount)
        self.attempt(recipient.id, Destination(recipient.address, paid), first=True)

    def attempt(self, recipient: str, destination: Destination, first: bool = False) -> None:
        """Try to pay; a payment that finds its coins locked waits for them."""
        if self._is_over():
            return
        try:
            sent = self.ask(self.host.actor("wallet"), Transfer((destination,), self.config.priority))
        except RpcCallError as error:
            if error.code in _LOCKED and self.config.when_locked == "wait":
                self._delay(recipient, destination, error, first=first)
                return
            reason = "not enough money" if error.code == NOT_ENOUGH_MONEY else error.message
            self._give_up(destination, reason)
        except RpcError as error:
            self._give_up(destination, str(error))
        else:
            self.emit(PaymentSent(sent.tx_hash, sent.amount, sent.fee, (destination.address,)))
            amounts = format_amount(sent.amount), format_amount(sent.fee)
            self.log.info("paid {} to {recipient}, fee {}", *amounts, recipient=recipient, txid=sent.tx_hash)
            if not self._unconfirmed:
                self.after(self.config.check_interval.seconds, self.check)
            self._unconfirmed.append(_Sent(sent.tx_hash, self.host.now(), self.cause))
        self._plan_next()

    def check(self) -> None:
        """Look which payments have been confirmed."""
        try:
            transfers = self.ask(self.host.actor("wallet"), GetTransfers(("out", "failed")))
        except RpcError as error:
            self.log.warning("cannot look at its payments: {}", error)
        else:
            mined = {entry.txid: entry for entry in transfers.outgoing}
            failed = {entry.txid: entry for entry in transfers.failed}
            waiting = [sent for sent in self._unconfirmed if not self._settled(sent, mined, failed)]
            self._unconfirmed = deque(waiting)
        if self._unconfirmed:
            self.after(self.config.check_interval.seconds, self.check)

    def _settled(self, sent: _Sent, mined: dict[str, TransferEntry], failed: dict[str, TransferEntry]) -> bool:
        entry = mined.get(sent.txid)
        if entry is not None and entry.confirmations >= self.config.confirmations:
            waited = self.host.now() - sent.at
            self.emit(PaymentConfirmed(sent.txid, entry.height, waited), cause=sent.cause)
            self.log.info("payment confirmed in block {} after {:.0f} s", entry.height, waited / SECOND, txid=sent.txid)
            return True
        if sent.txid in failed:
            self.emit(PaymentFailed(failed[sent.txid].amount, "refused by the network"), cause=sent.cause)
            return True
        return False

    def _is_over(self) -> bool:
        """Tell whether the scenario's own time is over; afterwards what was sent is still followed."""
        return self.clock.microseconds() >= self.host.plan.duration

    def _plan_next(self) -> None:
        minutes = self._decisions.geometric(self.config.transaction_frequency)
        self.after(minutes * _MINUTE, self.pay)

    def _delay(self, recipient: str, destination: Destination, error: RpcCallError, *, first: bool) -> None:
        if first:
            self.emit(PaymentDelayed(destination.amount))
            self.log.debug(
                "wants to pay {} to {}, waits: {}", format_amount(destination.amount), recipient, error.message
            )
        else:
            self.log.trace("still waits: {}", error.message)
        self.after(_MINUTE, self.attempt, recipient, destination, same_cause=True)

    def _give_up(self, destination: Destination, reason: str) -> None:
        self.emit(PaymentFailed(destination.amount, reason))
        self.log.warning("could not pay {}: {}", format_amount(destination.amount), reason)

    def _choose_recipient(self) -> Vendor:
        """Choose a vendor; where there are no marketplaces, another user.

        Raises:
            AgentDiscoveryError: There is nobody, or the chosen one's address is not known yet.
        """
        vendors = self._discovery.get_marketplace_addresses()
        if vendors:
            return self.rng.choice(vendors)
        users = self._discovery.get_agents_with("regular-user")
        if len(users) < 2:  # noqa: PLR2004  (itself and another)
            raise AgentDiscoveryError("there is no marketplace and no other user")
        other = self.rng.choice(users)
        while other.id == self.host.name:
            other = self.rng.choice(users)
        return Vendor(other.id, self._discovery.get_addresses(other.id)[0])
