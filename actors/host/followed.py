"""Shared by the wallet proxy and the actors that pay: the payments that a wallet follows, and their outcomes."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from monerosim.agent.messages import AwaitChange, Message
from monerosim.events import (
    PaymentConfirmed,
    PaymentFailed,
    PaymentMined,
    PaymentOverdue,
    PaymentRemined,
    PaymentReorged,
    PaymentVanished,
)
from monerosim.events.payments import Origin
from monerosim.rpc.wallet import Destination, TransferEntry, Transfers
from monerosim.units import SECOND

_OUT_OF_DANGER = 20
"""Confirmations after which a payment is no longer followed: deeper than a reorganisation goes."""

_MOST_IN_FLIGHT = 20
"""Mean block times after which a payment that is in no block is overdue, or has vanished if nobody knows it."""

_UNKNOWN = "neither its wallet nor its node's txpool knows it"

_RARELY = 10
"""Mean block times between two checks while all payments are confirmed and only a reorganisation could matter."""

CHECK_INTERVAL = 60 * SECOND
"""Microseconds between two checks, where the engine does not tell when the wallet has changed."""

Outcome: TypeAlias = (
    PaymentMined | PaymentConfirmed | PaymentFailed | PaymentReorged | PaymentRemined | PaymentOverdue | PaymentVanished
)


class Terms(msgspec.Struct, frozen=True):
    """The sender of a payment, and when the payment counts as confirmed."""

    sender: str
    """The actor."""
    at: int
    """When it was sent or to be sent, microseconds since the run's start."""
    confirmations: int
    """Blocks until it counts as confirmed."""
    interval: int | None
    """Microseconds between two checks; None to check when the wallet has changed."""


class Follow(Message[None], frozen=True):
    """Follow a transaction of the wallet: record its outcomes as events of the actor that sent it."""

    txid: str
    terms: Terms


class Doubt(Message[None], frozen=True):
    """Check from now on whether the wallet has made a payment after all, and follow it if so."""

    destinations: tuple[Destination, ...]
    terms: Terms
    origin: Origin = "drawn"

    @property
    def amount(self) -> int:
        """What it pays, atomic units."""
        return sum(destination.amount for destination in self.destinations)


class _Block(NamedTuple):
    """A block as wallets know it. Of two at the same height, only those found in the same second look the same."""

    height: int
    timestamp: int


class Followed:
    """A payment that is followed.

    Args:
        wish: What to follow.
        cause: The message that it began with, for events.

    Attributes:
        block: The block that holds it; None while none does.
    """

    def __init__(self, wish: Follow, cause: str) -> None:
        self.wish = wish
        self.cause = cause
        self.block: _Block | None = None
        self._confirmed = False
        self._reorged = False
        self._vanished = False
        self._overdue = False
        self._in_none_since = wish.terms.at

    def is_open(self) -> bool:
        """Return whether it is unconfirmed and has not vanished."""
        return not self._vanished and (self.block is None or not self._confirmed)

    @property
    def due(self) -> int | None:
        """The height of the block that confirms it, as far as is known."""
        return None if self.block is None else self.block.height + self.wish.terms.confirmations - 1

    def late_at(self, block_time: int) -> int | None:
        """Return when it is overdue, microseconds since the run's start; None if it is in a block, or was told of."""
        if self.block is not None or self._overdue:
            return None
        return self._in_none_since + _MOST_IN_FLIGHT * block_time + 1

    def is_settled(self, entry: TransferEntry) -> bool:
        """Return whether its outcome is final."""
        return self._confirmed and entry.confirmations >= _OUT_OF_DANGER

    def place(self, entry: TransferEntry | None, now: int) -> Iterator[Outcome]:
        """Record the block that holds it, if any, and yield the outcomes that are new."""
        txid, before = self.wish.txid, self.block
        self.block = None if entry is None else _Block(entry.height, entry.timestamp)
        if before is not None and self.block != before:
            self._reorged, self._in_none_since = True, now
            yield PaymentReorged(txid, before.height)
        if self.block is not None and self.block != before:
            self._vanished = self._overdue = False
            height = self.block.height
            yield PaymentRemined(txid, height) if self._reorged else PaymentMined(txid, height)
        if entry is not None and not self._confirmed and entry.confirmations >= self.wish.terms.confirmations:
            self._confirmed = True
            yield PaymentConfirmed(txid, entry.height, now - self.wish.terms.at)

    def miss(
        self, now: int, block_time: int, *, known: bool, pooled: Callable[[str], bool | None], last: bool
    ) -> Iterator[PaymentOverdue | PaymentVanished]:
        """Yield that it is overdue, or that it has vanished, once, if it has been in no block for long.

        Args:
            now: Microseconds since the run's start.
            block_time: The mean time between blocks.
            known: Whether its wallet still knows it. It may not know one that was reorged until that is mined again:
                monero-wallet-rpc forgets what it sent with the block.
            pooled: Returns whether a transaction is in the txpool of the wallet's node; None if that cannot be asked.
            last: Whether the run ends: then what nobody knows has vanished, however short it has been away.
        """
        late = now - self._in_none_since > _MOST_IN_FLIGHT * block_time
        if self.block is not None or self._vanished or not (late or (last and not known and not self._reorged)):
            return
        there = known or pooled(self.wish.txid)
        if there is False:
            self._vanished = True
            yield PaymentVanished(self.wish.txid, now - self.wish.terms.at, _UNKNOWN)
        elif there and late and not self._overdue:
            self._overdue = True
            yield PaymentOverdue(self.wish.txid, now - self.wish.terms.at)


class FollowedPayments:
    """All payments of a wallet that are followed, in the order in which they were sent, and those in doubt."""

    def __init__(self) -> None:
        self._payments: dict[str, Followed] = {}
        self._doubts: dict[Doubt, str] = {}
        """With their causes."""
        self._highest = 0
        """The highest block of a payment that is no longer followed."""

    def __bool__(self) -> bool:
        return bool(self._payments or self._doubts)

    def is_open(self) -> bool:
        """Return whether some of them are not settled yet."""
        return bool(self._payments)

    def add(self, wish: Follow, cause: str) -> None:
        """Follow a payment from now on."""
        self._payments[wish.txid] = Followed(wish, cause)

    def doubt(self, wish: Doubt, cause: str) -> None:
        """Look for a payment from now on."""
        self._doubts[wish] = cause

    def resolve(
        self, transfers: Transfers, known: Container[str], now: int, block_time: int
    ) -> Iterator[tuple[Doubt, str, TransferEntry | None]]:
        """Yield the payments in doubt that have been made, and those that have not.

        A wallet that was killed right after a payment has forgotten it, until it finds it in a block.

        Args:
            transfers: The wallet's outgoing and pending transactions.
            known: Ids of transactions that are no payments in doubt; the caller adds those that are yielded.
            now: Microseconds since the run's start.
            block_time: The mean time between blocks.

        Returns:
            Each with its cause, and its transaction if there is one.
        """
        for wish, cause in list(self._doubts.items()):
            sent = (*transfers.pending, *transfers.outgoing)
            entry = next((it for it in sent if it.txid not in known and pays(it, wish.destinations)), None)
            if entry is not None or now - wish.terms.at > _MOST_IN_FLIGHT * block_time:
                del self._doubts[wish]
                yield wish, cause, entry

    def wish(self, actor: str, block_time: int) -> AwaitChange | None:
        """Return what to wait for before the next check; None if there is nothing to check.

        Args:
            actor: Who checks.
            block_time: The mean time between blocks, microseconds.
        """
        if not self:
            return None
        opened = [payment for payment in self._payments.values() if payment.is_open()]
        terms = [payment.wish.terms for payment in opened] + [wish.terms for wish in self._doubts]
        if not terms:
            # All are confirmed: only a reorganisation matters.
            return AwaitChange(actor, "losses", interval=_RARELY * block_time)
        heights = (payment.due for payment in opened)
        times = (payment.late_at(block_time) for payment in opened)
        wanted = [one.interval for one in terms if one.interval is not None]
        return AwaitChange(
            actor,
            "blocks",
            height=min((height for height in heights if height is not None), default=None),
            until=min((time for time in times if time is not None), default=None),
            interval=min(wanted, default=CHECK_INTERVAL),
            looks=bool(wanted or self._doubts),
        )

    def above(self) -> int:
        """Return the height below which no block can hold any of them, whatever reorganisation comes."""
        blocks = [payment.block.height for payment in self._payments.values() if payment.block is not None]
        return max(0, min([self._highest, *blocks]) - _OUT_OF_DANGER)

    def look(
        self,
        transfers: Transfers,
        now: int,
        block_time: int,
        *,
        pooled: Callable[[str], bool | None],
        last: bool = False,
    ) -> Iterator[tuple[Followed, Outcome]]:
        """Yield the new outcomes of all payments.

        Args:
            transfers: The wallet's outgoing, pending and failed transactions, those :meth:`above` a height at least.
            now: Microseconds since the run's start.
            block_time: The mean time between blocks.
            pooled: Returns whether a transaction is in the txpool of the wallet's node; None if that cannot be asked.
            last: Whether it is the end of the run.
        """
        mined, failed, pending = map(_by_txid, (transfers.outgoing, transfers.failed, transfers.pending))
        for txid, payment in list(self._payments.items()):
            entry = mined.get(txid)
            for outcome in payment.place(entry, now):
                yield payment, outcome
            if entry is None and txid in failed:
                del self._payments[txid]
                yield payment, PaymentFailed(failed[txid].amount, "refused by the network", txid)
                continue
            for outcome in payment.miss(now, block_time, known=txid in pending, pooled=pooled, last=last):
                yield payment, outcome
            if entry is not None and payment.is_settled(entry):
                del self._payments[txid]
                self._highest = max(self._highest, entry.height)


def pays(entry: TransferEntry, destinations: Sequence[Destination]) -> bool:
    """Return whether a transaction pays these; of one found on the chain a wallet knows the amount only."""
    if not entry.destinations:
        return entry.amount == sum(to.amount for to in destinations)
    return sorted(entry.destinations, key=_order) == sorted(destinations, key=_order)


def _order(destination: Destination) -> tuple[str, int]:
    return destination.address, destination.amount


def _by_txid(entries: Iterable[TransferEntry]) -> dict[str, TransferEntry]:
    return {entry.txid: entry for entry in entries}


def log_line(outcome: Outcome) -> tuple[str, str]:  # noqa: PLR0911  (a case an outcome)
    """Return the level and the text of the log line for an outcome."""
    match outcome:
        case PaymentMined(height=height):
            return "DEBUG", f"payment is in block {height}"
        case PaymentConfirmed(height=height, elapsed=elapsed):
            return "INFO", f"payment confirmed in block {height} after {elapsed / SECOND:.0f} s"
        case PaymentReorged(height=height):
            return "INFO", f"the payment's block {height} is off the main chain"
        case PaymentRemined(height=height):
            return "INFO", f"payment is in another block, {height}"
        case PaymentFailed(reason=reason):
            return "WARNING", f"payment failed: {reason}"
        case PaymentOverdue(elapsed=elapsed):
            return "WARNING", f"payment waits in the txpool for {elapsed / SECOND:.0f} s"
        case PaymentVanished(reason=reason):
            return "WARNING", f"payment has vanished: {reason}"
