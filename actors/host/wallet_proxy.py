"""The wallet proxy: the only actor of a host that calls its monero-wallet-rpc."""

from collections.abc import Callable
from functools import cache
from typing import ClassVar, TypeVar

import pykka

from actors.host.followed import Doubt, Follow, FollowedPayments, log_line, pays
from actors.host.node_proxy import GetInfo, GetTransactionPool
from actors.host.waiting import Awaited
from monerosim.agent.actor import handles
from monerosim.agent.host import Host, NoSuchActorError
from monerosim.agent.messages import AwaitChange, Message
from monerosim.events import (
    Event,
    IncomingPayment,
    PaymentFailed,
    PaymentSent,
    ServiceReady,
    WalletClosed,
)
from monerosim.mailbox.discovery import WALLETS
from monerosim.plan.plan import WalletPlan
from monerosim.rpc.client import RpcClient
from monerosim.rpc.errors import RpcCallError, RpcDoubtfulError, RpcError, RpcUnavailableError
from monerosim.rpc.wallet import (
    NOT_OPEN,
    WALLET_EXISTS,
    Balance,
    Destination,
    IntegratedAddress,
    Output,
    TransferEntry,
    Transferred,
    Transfers,
    WalletRpc,
)
from monerosim.units import format_amount

R = TypeVar("R")

START_TIMEOUT = 600.0
"""Seconds until a wallet must have answered for the first time."""

OVERLAP = 20
"""Blocks below the newest payment that are scanned again, deeper than a reorganisation goes."""

RESTART_TIMEOUT = 120.0
"""Seconds that a wallet that died during a transfer may take to answer again."""

_POOL_TIMEOUT = 30.0
"""Seconds that the node proxy may take to return the txpool."""

_REWARD = "block"
"""The type of a block's reward in get_transfers."""

LOOKUP_DELAYS = (0.0, 1.0, 2.0)
"""Seconds before each look for a payment in doubt: the wallet may still be about to read the request."""


class GetAddresses(Message[tuple[str, ...]], frozen=True):
    """Return the wallet's addresses, the primary one first."""


class GetBalance(Message[Balance], frozen=True):
    """Return the balance, and how much of it is unlocked (``get_balance``)."""


class GetWalletHeight(Message[int], frozen=True):
    """Return the height that the wallet has scanned to (``get_height``)."""


class Refresh(Message[None], frozen=True):
    """Scan the newest blocks now (``refresh``)."""


class Transfer(Message[Transferred], frozen=True):
    """Pay (``transfer``); carried out at most once, whatever happens to the connection.

    Raises:
        RpcCallError: The wallet refused it (``NOT_ENOUGH_MONEY`` and others, as ``code``).
        RpcDoubtfulError: The exchange broke, and the wallet cannot tell whether it has paid.
        RpcError: The wallet did not answer.
    """

    destinations: tuple[Destination, ...]
    priority: int = 0


class CreateAddress(Message[str], frozen=True):
    """Create another subaddress, which is not published (``create_address``)."""

    label: str


class CreateIntegratedAddress(Message[IntegratedAddress], frozen=True):
    """Make an integrated address with a payment id of its own (``make_integrated_address``)."""


class SweepAll(Message[list[Transferred]], frozen=True):
    """Send everything that is unlocked to one address; carried out at most once, as a transfer is.

    Raises:
        RpcCallError: The wallet refused it.
        RpcDoubtfulError: The exchange broke, and the wallet cannot tell whether it has paid.
        RpcError: The wallet did not answer.
    """

    address: str
    priority: int = 0


class GetUnspentOutputs(Message[list[Output]], frozen=True):
    """Return the outputs that no transaction in a block spends (``incoming_transfers``)."""


class DraftSweep(Message[Transferred], frozen=True):
    """Make a transaction that sends one output to an address, and hand it to nobody (``sweep_single``).

    The wallet goes on to take the output for unspent.
    """

    key_image: str
    address: str
    priority: int = 0


class GetTransfers(Message[Transfers], frozen=True):
    """Ask for transactions of some kinds (``in``, ``out``, ``pending``, ``failed``, ``pool``)."""

    kinds: tuple[str, ...]
    min_height: int | None = None


class GetTransfer(Message[TransferEntry], frozen=True):
    """Ask for one transaction."""

    txid: str


class _Created:
    """Whether an earlier life has created the wallet, so that it can be opened without its daemon."""

    so = False


class WalletProxy(Awaited):
    """Calls a wallet's RPC for the other actors, notifies them of incoming payments, and follows outgoing ones.

    Its handlers raise :class:`monerosim.rpc.errors.RpcError`.

    Args:
        host: The host.
        name: The actor's name.
        plan: The wallet.
    """

    watches: ClassVar[frozenset[type[Event]]] = frozenset({IncomingPayment})
    usual_interval: ClassVar[float] = 30.0

    def __init__(self, host: Host, name: str, plan: WalletPlan) -> None:
        super().__init__(host, name)
        self._plan = plan
        self._rpc = WalletRpc(RpcClient(host.environment.wallet(host.name), self.clock, is_over=lambda: host.closing))
        self._addresses: tuple[str, ...] = ()
        self._sent: set[str] = set()
        self._notified: set[tuple[str, str, bool]] | None = None
        self._looked_height = 0
        self._followed = host.retained(name, FollowedPayments)
        self._created = host.retained(name, _Created)

    def begin(self) -> None:
        """Wait until the service answers, open the wallet, and publish its addresses."""
        service = f"monero-wallet-rpc of {self.host.name}"
        _, attempts = self._rpc.client.wait_until_up(self._rpc.get_version, name=service, timeout=START_TIMEOUT)
        if not self._created.so:
            self._wait_for_node()
        self._open()
        self._created.so = True
        # What an earlier life sent is not what this one will look for.
        self._sent.update(entry.txid for entry in self._outgoing())
        addresses = self._rpc.get_addresses()
        while len(addresses) < self._plan.addresses:
            addresses.append(self._rpc.create_address(f"address-{len(addresses):03d}"))
        # Those that were created later, for orders for instance, are not the plan's.
        self._addresses = tuple(addresses[: self._plan.addresses])
        self.host.shared.replace(f"{WALLETS}/{self.host.name}.json", {"addresses": list(self._addresses)})
        self.log.info("{} is up, after {} tries", service, attempts, address=addresses[0])
        self.emit(ServiceReady(service, attempts))
        self.watch()
        self.wait_again()
        self._await_outcomes()

    def is_told(self, kind: type) -> bool:
        """Have the engine tell of payments in txpool and blocks, if it can."""
        del kind
        wish = AwaitChange(f"{self.name}'s subscribers", of="pool")
        told = self.host.environment.watch_wallet(self.host.name, wish, self.soon(self.look_told))
        if told and self._notified is None:
            self.look_now()
        return told

    def look_told(self) -> None:
        """Look because the engine has told of a change, and have it tell of the next."""
        self.look_now()
        self.is_told(IncomingPayment)

    def look(self) -> None:
        """Notify subscribers of payments that are new in the txpool or in a block."""
        newest = max(0, self._looked_height - OVERLAP)
        transfers = self._opened(lambda: self._rpc.get_transfers("in", "pool", min_height=newest))
        notified = set() if self._notified is None else self._notified
        for entry, height in [(entry, 0) for entry in transfers.pool] + [
            (entry, entry.height) for entry in transfers.incoming
        ]:
            key = entry.txid, entry.address, bool(height)
            if key not in notified and self._notified is not None:
                payment = IncomingPayment(entry.txid, entry.address, entry.amount, height)
                self.host.notify(self.name, self.cause, payment)
            notified.add(key)
            self._looked_height = max(self._looked_height, height)
        self._notified = notified

    def check(self) -> None:
        """Check the payments that are followed, and record what is new."""
        try:
            transfers = self._opened(
                lambda: self._rpc.get_transfers("out", "pending", "failed", min_height=self._followed.above())
            )
        except RpcError as error:
            self.log.warning("cannot check its payments: {}", error)
            self.wait_for(AwaitChange(self.name, looks=True))
        else:
            self._record_outcomes(transfers)
            self._await_outcomes()

    def awaited(self) -> None:
        """Check the payments that it follows."""
        self.check()

    def scanned(self) -> int:
        """Return the height that the wallet has scanned to."""
        return self._opened(self._rpc.get_height)

    def unlocked(self) -> int:
        """Return what may be spent, atomic units."""
        return self._opened(self._rpc.get_balance).unlocked_balance

    def end(self) -> None:
        """Record what is new of the payments, and the wallet's balance, if the wallet runs."""
        try:
            self._close()
        except RpcUnavailableError as error:
            # The scenario may have it down; of one that has died by itself, the engine tells.
            self.log.warning("its last balance is not known: {}", error)

    def _close(self) -> None:
        pool: tuple[str, ...] = ("pool",)
        try:
            self._opened(self._rpc.refresh)
        except RpcCallError as error:
            # Its daemon may be down or have just restarted: what the wallet knew before still counts.
            self.log.warning("its balance does not include the newest blocks: {}", error)
            pool = ()
        balance = self._rpc.get_balance()
        sent = ("out", "failed") if self._followed else ()
        transfers = self._rpc.get_transfers("pending", *pool, *sent, min_height=self._followed.above())
        incoming = self._rpc.get_transfers("in").incoming
        received = [entry.amount for entry in incoming if entry.type != _REWARD]
        own_time = [entry for entry in incoming if self.clock.of_unix(entry.timestamp) >= 0]
        rewards = [entry.amount for entry in own_time if entry.type == _REWARD]
        self._record_outcomes(transfers, last=True)
        own = set(self._rpc.get_addresses())
        leaving = sum(_leaves(entry, own) for entry in transfers.pending)
        coming = sum(entry.amount for entry in transfers.pool)
        # The wallet's own figure counts unconfirmed payments, both ways.
        held = balance.balance + leaving - coming
        paid = len(received), sum(received), len(rewards), sum(rewards)
        self.emit(WalletClosed(held, balance.unlocked_balance, leaving, *paid))

    @handles(GetAddresses)
    def on_get_addresses(self, _: GetAddresses) -> tuple[str, ...]:
        """Return the addresses."""
        return self._addresses

    @handles(GetBalance)
    def on_get_balance(self, _: GetBalance) -> Balance:
        """Return the balance."""
        return self._opened(self._rpc.get_balance)

    @handles(GetWalletHeight)
    def on_get_height(self, _: GetWalletHeight) -> int:
        """Return the height that the wallet has scanned to."""
        return self._opened(self._rpc.get_height)

    @handles(Refresh)
    def on_refresh(self, _: Refresh) -> None:
        """Scan the newest blocks."""
        self._opened(self._rpc.refresh)

    @handles(Transfer)
    def on_transfer(self, message: Transfer) -> Transferred:
        """Pay, or find out whether a doubtful payment was made."""
        try:
            sent = self._opened(lambda: self._rpc.transfer(message.destinations, priority=message.priority))
        except RpcDoubtfulError as error:
            self.log.warning("a transfer is in doubt, asking the wallet what it sent: {}", error)
            found = self._find(message)
            if found is None:
                raise
            sent = found
        self._sent.add(sent.tx_hash)
        self.log.debug("sent {}, fee {}", format_amount(sent.amount), format_amount(sent.fee), txid=sent.tx_hash)
        return sent

    @handles(CreateAddress)
    def on_create_address(self, message: CreateAddress) -> str:
        """Create another subaddress."""
        return self._opened(lambda: self._rpc.create_address(message.label))

    @handles(CreateIntegratedAddress)
    def on_create_integrated_address(self, _: CreateIntegratedAddress) -> IntegratedAddress:
        """Make an integrated address."""
        return self._opened(self._rpc.make_integrated_address)

    @handles(SweepAll)
    def on_sweep_all(self, message: SweepAll) -> list[Transferred]:
        """Send everything, or find out what of it was sent."""
        try:
            swept = self._opened(lambda: self._rpc.sweep_all(message.address, priority=message.priority))
        except RpcDoubtfulError as error:
            self.log.warning("a sweep is in doubt, asking the wallet what it sent: {}", error)
            swept = self._find_all(message.address)
            if not swept:
                raise
        self._sent.update(one.tx_hash for one in swept)
        self.log.debug("swept {} with {} transactions", format_amount(sum(one.amount for one in swept)), len(swept))
        return swept

    @handles(GetUnspentOutputs)
    def on_get_unspent_outputs(self, _: GetUnspentOutputs) -> list[Output]:
        """Return the outputs that it has."""
        return self._opened(self._rpc.get_unspent_outputs)

    @handles(DraftSweep)
    def on_draft_sweep(self, message: DraftSweep) -> Transferred:
        """Make a transaction that is handed to nobody."""
        draft = message.key_image, message.address
        return self._opened(lambda: self._rpc.draft_sweep(*draft, priority=message.priority))

    @handles(GetTransfers)
    def on_get_transfers(self, message: GetTransfers) -> Transfers:
        """Return transactions."""
        return self._opened(lambda: self._rpc.get_transfers(*message.kinds, min_height=message.min_height))

    @handles(GetTransfer)
    def on_get_transfer(self, message: GetTransfer) -> TransferEntry:
        """Return a transaction."""
        return self._opened(lambda: self._rpc.get_transfer_by_txid(message.txid))

    @handles(Follow)
    def on_follow(self, wish: Follow) -> None:
        """Follow a payment."""
        self._followed.add(wish, self.cause)
        self._await_outcomes()

    @handles(Doubt)
    def on_doubt(self, wish: Doubt) -> None:
        """Look from now on for a payment that may have been made."""
        self._followed.doubt(wish, self.cause)
        self._await_outcomes()

    def _await_outcomes(self) -> None:
        wish = self._followed.wish(self.name, self.host.plan.consensus.block_time)
        if wish is not None:
            self.wait_for(wish)

    def _record_outcomes(self, transfers: Transfers, *, last: bool = False) -> None:
        """Record what is new of the payments that are followed, as events of the actors that sent them."""
        block_time, now = self.host.plan.consensus.block_time, self.host.now()
        for wish, cause, entry in self._followed.resolve(transfers, self._sent, now, block_time):
            with self.because_of(cause):
                self._settle(wish, entry)
        pooled = self._txpool()
        for payment, outcome in self._followed.look(transfers, now, block_time, pooled=pooled, last=last):
            with self.because_of(payment.cause):
                self.host.emit(payment.wish.terms.sender, self.cause, outcome)
                level, text = log_line(outcome)
                self.log.log(level, text, txid=payment.wish.txid, sender=payment.wish.terms.sender)

    def _txpool(self) -> Callable[[str], bool | None]:
        """Return a function that tells whether a transaction is in the node's txpool, which it asks for when needed."""

        @cache
        def ids() -> frozenset[str] | None:
            try:
                pool = self.ask(self.host.actor("node"), GetTransactionPool(), _POOL_TIMEOUT)
            except (RpcError, NoSuchActorError, pykka.Timeout, pykka.ActorDeadError) as error:
                self.log.warning("cannot look for its payments in the txpool: {}", error)
                return None
            return frozenset(transaction.id_hash for transaction in pool)

        def pooled(txid: str) -> bool | None:
            known = ids()
            return None if known is None else txid in known

        return pooled

    def _settle(self, wish: Doubt, entry: TransferEntry | None) -> None:
        """Record whether a payment in doubt was made, as an event of the actor that sent it."""
        if entry is None:
            self.host.emit(wish.terms.sender, self.cause, PaymentFailed(wish.amount, "it was not made"))
            self.log.info("a payment that was in doubt was not made", sender=wish.terms.sender)
            return
        self._sent.add(entry.txid)
        addresses = tuple(to.address for to in wish.destinations)
        sent = PaymentSent(entry.txid, entry.amount, entry.fee, addresses, wish.origin)
        self.host.emit(wish.terms.sender, self.cause, sent)
        self.log.info("a payment that was in doubt has been made", txid=entry.txid, sender=wish.terms.sender)
        self._followed.add(Follow(entry.txid, wish.terms), self.cause)

    def _wait_for_node(self) -> None:
        """Wait until the wallet's daemon answers.

        A wallet that is created while it does not takes its restore height from the date
        (``wallet2::estimate_blockchain_height``), and never sees a coin of a chain that has not come so far.
        """
        if self.host.own.uses_node is not None:
            self.ask(self.host.actor("node"), GetInfo())

    def _open(self) -> None:
        try:
            self._rpc.create_wallet(self._plan.name)
        except RpcCallError as error:
            if error.code != WALLET_EXISTS:
                raise
            self._rpc.open_wallet(self._plan.name)

    def _opened(self, call: Callable[[], R]) -> R:
        """Return the result of a call, repeated if the service was restarted and has no wallet open."""
        try:
            return call()
        except RpcCallError as error:
            if error.code != NOT_OPEN:
                raise
            self.log.warning("the wallet is no longer open, opening it again")
            self._open()
            # It does not know what came meanwhile, possibly all of its coins.
            self._rpc.refresh()
            return call()

    def _find(self, message: Transfer) -> Transferred | None:
        """Return a transaction with these destinations that this actor does not know yet, if there is one."""
        found = self._look_for(lambda entry: pays(entry, message.destinations))
        return found[0] if found else None

    def _find_all(self, address: str) -> list[Transferred]:
        """Return the transactions to an address that this actor does not know yet."""
        return self._look_for(lambda entry: all(to.address == address for to in entry.destinations))

    def _look_for(self, wanted: Callable[[TransferEntry], bool]) -> list[Transferred]:
        """Return transactions that this actor does not know yet; wait for a wallet that has died."""
        service = f"monero-wallet-rpc of {self.host.name}"
        try:
            self._rpc.client.wait_until_up(self._rpc.get_version, name=service, timeout=RESTART_TIMEOUT)
            for wait in LOOKUP_DELAYS:
                self.clock.sleep(wait)
                found = [it for it in self._opened(self._outgoing) if it.txid not in self._sent and wanted(it)]
                if found:
                    return [Transferred(entry.txid, entry.amount, entry.fee) for entry in found]
        except RpcError as error:
            self.log.warning("cannot find out what it sent: {}", error)
        return []

    def _outgoing(self) -> list[TransferEntry]:
        transfers = self._rpc.get_transfers("out", "pending")
        return [*transfers.pending, *transfers.outgoing]


def _leaves(entry: TransferEntry, own: set[str]) -> int:
    """Return what an unconfirmed transaction takes from the wallet, without what it pays to the wallet itself."""
    return entry.amount + entry.fee - sum(to.amount for to in entry.destinations if to.address in own)
