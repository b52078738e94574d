"""The wallets of a crowd: many users who are alike, each with keys and coins of its own, kept together.

A user does what a wallet of its own does (:mod:`~monerosim.model.wallet_state`): it sees what its node had at its last
refresh, chooses outputs and pays fees by the same rules, and its transactions are transactions like any other. What is
spared is a service, an actor and files for each.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from monerosim.model.blockchain import Blockchain
from monerosim.model.errors import ServiceError
from monerosim.model.holdings import Holding, Spendable
from monerosim.model.node_state import NodeState
from monerosim.model.records import Block, Output, Owner, Transaction
from monerosim.model.spending import pay, request_at
from monerosim.model.views import View
from monerosim.model.wallet_session import REFRESH_PERIOD
from monerosim.model.wallet_state import PROPAGATION_TIMEOUT, Destination, Sent
from monerosim.monero.address import STANDARD, Address, Keys, decode_address, encode_address
from monerosim.rpc.errors import RpcCallError
from monerosim.rpc.wallet import Destination as Paid
from monerosim.rpc.wallet import TransferEntry, Transferred, Transfers

_KEPT = 100
"""Blocks whose contents are kept divided by node."""


class _Part(NamedTuple):
    """What a block contains for the users of one node."""

    received: list[Output]
    sent: list[Transaction]


class _Place:
    """A node that users have, and what their wallets have scanned there.

    Attributes:
        node: The node.
        tip: The block that was scanned to.
        history: The blocks on that chain that pay these users or in which they spend.
        pending: What they sent and no block confirms.
        refreshed: When they looked last, microseconds.
    """

    def __init__(self, node: NodeState, tip: Block) -> None:
        self.node = node
        self.tip = tip
        self.history: list[Block] = []
        self.pending: dict[Transaction, Sent] = {}
        self.refreshed = -1


class Crowd:
    """The wallets of users, who are known by their numbers from 0.

    Args:
        blockchain: The run's blocks and transactions.
        nodes: The nodes that they use in turn: user 0 the first, user 1 the second and so on.
        keys: Those that the users' keys follow from.
        addresses: The keys of each user's address, 64 bytes (:meth:`monerosim.monero.address.Keys.siblings`).
        tag: What their transactions' hashes follow from, with what they spend.
        ready_at: When they begin to look at their nodes, microseconds.

    Attributes:
        drafts: The transactions that were made and not handed to a node.
    """

    def __init__(
        self,
        blockchain: Blockchain,
        nodes: Sequence[NodeState],
        keys: Keys,
        addresses: Sequence[bytes],
        *,
        tag: bytes,
        ready_at: int,
    ) -> None:
        self.blockchain = blockchain
        self.drafts: dict[bytes, Sent] = {}
        self.ready_at = ready_at
        self._owner = Owner(keys)
        self._owner.wallets.append(self)
        self._addresses = addresses
        for user, address in enumerate(addresses):
            blockchain.owners.register(address, self._owner, user, 0)
        self._texts: dict[str, Address] = {}
        """The users' addresses that were asked for: to read them again takes more than all else of a payment."""
        self._tag = tag
        self._made = 0
        self._places = [_Place(node, blockchain.chain.main[0]) for node in nodes]
        self._coins: list[list[Holding]] = [[] for _ in addresses]
        self._coming: defaultdict[int, dict[Transaction, None]] = defaultdict(dict)
        self._received: Counter[str] = Counter()
        self._parts: dict[Block, dict[int, _Part]] = {}

    @property
    def users(self) -> int:
        """How many users there are."""
        return len(self._addresses)

    @property
    def places(self) -> int:
        """How many nodes they use."""
        return len(self._places)

    def place_of(self, user: int) -> int:
        """Return which of the nodes a user has."""
        return user % len(self._places)

    def address(self, account: int, index: int) -> Address:
        """Return the address of a user, who has that of index 0 alone."""
        if index:
            raise ValueError("users of a crowd have no subaddresses")
        return Address(STANDARD, self._addresses[account], "")

    def address_of(self, user: int) -> str:
        """Return the address of a user as text."""
        address = self.address(user, 0)
        text = encode_address(address)
        self._texts[text] = address
        return text

    def identity(self, transaction_parts: list[bytes]) -> bytes:
        """Derive the hash of the crowd's next transaction."""
        self._made += 1
        return self.blockchain.digest("transaction", self._tag, self._made.to_bytes(8, "little"), *transaction_parts)

    def next_refresh(self, now: int) -> int:
        """Return when wallets look at their nodes next, microseconds."""
        return now + REFRESH_PERIOD - (now - self.ready_at) % REFRESH_PERIOD

    def catch_up(self, place: int) -> bool:
        """Scan what a node saw at the last refresh; return whether anything has changed for the users there."""
        spot, now = self._places[place], self.blockchain.now()
        due = now - (now - self.ready_at) % REFRESH_PERIOD
        if due <= spot.refreshed or due < max(spot.node.ready_at, self.ready_at):
            return False
        return self._refresh(spot, place, due)

    def _refresh(self, spot: _Place, place: int, at: int) -> bool:
        chain, view = self.blockchain.chain, self.blockchain.view(spot.node.index, at)
        spot.refreshed = at
        # A node that has lost its last blocks does not make a wallet forget them.
        changed = view.tip is not spot.tip and not chain.contains(spot.tip, view.tip)
        if changed:
            fork = chain.fork(spot.tip, view.tip)
            while spot.history and spot.history[-1].height > fork.height:
                self._detach(place, spot.history.pop())
            for block in self._new_blocks(fork, view.tip):
                self._attach(spot, place, block)
            spot.tip = view.tip
        for sent in spot.pending.values():
            failed = self._is_ruled_out(spot, sent.transaction) or self._has_vanished(view, sent)
            changed |= failed != sent.failed
            sent.failed = failed
        return changed

    def _new_blocks(self, fork: Block, tip: Block) -> list[Block]:
        new = []
        for block in reversed(self._owner.blocks):
            if block.index <= fork.index:
                break
            if self.blockchain.chain.contains(tip, block):
                new.append(block)
        return sorted(new, key=lambda block: block.height)

    def _part(self, block: Block, place: int) -> _Part:
        """Return what a block contains for the users of a node."""
        if block not in self._parts:
            parts: defaultdict[int, _Part] = defaultdict(lambda: _Part([], []))
            touch = block.touches[self._owner]
            for output in touch.received:
                parts[self.place_of(_user(output))].received.append(output)
            for transaction in touch.transactions:
                if self._is_own(transaction):
                    parts[self.place_of(_user(transaction.inputs[0]))].sent.append(transaction)
            self._parts[block] = dict(parts)
            if len(self._parts) > _KEPT:
                del self._parts[next(iter(self._parts))]
        return self._parts[block].get(place, _Part([], []))

    def _is_own(self, transaction: Transaction) -> bool:
        holder = transaction.inputs[0].holder if transaction.inputs else None
        return holder is not None and holder.owner is self._owner

    def _attach(self, spot: _Place, place: int, block: Block) -> None:
        spot.history.append(block)
        part = self._part(block, place)
        for output in part.received:
            self._coins[_user(output)].append(Holding(output, block))
            self._count(output, 1)
        for transaction in part.sent:
            user = _user(transaction.inputs[0])
            self._coins[user] = [coin for coin in self._coins[user] if coin.output not in transaction.inputs]
            spot.pending.pop(transaction, None)

    def _detach(self, place: int, block: Block) -> None:
        """Undo a block; a wallet forgets what it sent there until a block contains it again."""
        part = self._part(block, place)
        for transaction in part.sent:
            for output in transaction.inputs:
                created = self.blockchain.chain.block_of(block, output.transaction)
                if created is not None:
                    self._coins[_user(output)].append(Holding(output, created))
        for output in part.received:
            user = _user(output)
            self._coins[user] = [coin for coin in self._coins[user] if coin.output is not output]
            self._count(output, -1)

    def _count(self, output: Output, step: int) -> None:
        """Count a payment to a user; change and what the chain began with are none."""
        inputs = output.transaction.inputs
        if inputs and not (self._is_own(output.transaction) and _user(inputs[0]) == _user(output)):
            self._received["payments"] += step
            self._received["amount"] += step * output.amount

    def _is_ruled_out(self, spot: _Place, transaction: Transaction) -> bool:
        return any(
            self.blockchain.chain.spent(spot.tip, output, transaction)
            for output in transaction.inputs
            if len(output.spenders) > 1
        )

    def _has_vanished(self, view: View, sent: Sent) -> bool:
        """Return whether a node has neither in its pool nor on its chain what was sent long enough ago."""
        return (
            self.blockchain.unix(view.at) > sent.timestamp + PROPAGATION_TIMEOUT
            and not self.blockchain.txpool.contains(view, sent.transaction)
            and self.blockchain.chain.block_of(view.tip, sent.transaction) is None
        )

    def announce(self, transaction: Transaction) -> None:
        """Note that a transaction that pays users is on its way."""
        for user in self._paid(transaction):
            self._coming[user][transaction] = None

    def forget(self, transaction: Transaction) -> None:
        """Note that a transaction that pays users is settled, one way or the other."""
        for user in self._paid(transaction):
            self._coming[user].pop(transaction, None)

    def _paid(self, transaction: Transaction) -> set[int]:
        return {
            output.holder.account
            for output in transaction.outputs
            if output.holder is not None and output.holder.owner is self._owner
        }

    def _is_reserved(self, spot: _Place, coin: Holding) -> bool:
        """Return whether a transaction on its way spends an output."""
        sent = None if coin.locked_by is None else spot.pending.get(coin.locked_by)
        return sent is not None and not sent.failed

    def spendable(self, account: int, indices: set[int]) -> Spendable:
        """Return the unlocked outputs of a user; ``indices`` are those of its only address."""
        del indices
        spot = self._places[self.place_of(account)]
        return Spendable.of(
            [
                coin
                for coin in self._coins[account]
                if coin.unlocks <= spot.tip.height + 1 and not self._is_reserved(spot, coin)
            ]
        )

    def funds(self, account: int, indices: frozenset[int]) -> tuple[int, int]:
        """Return what a user holds, with what is on its way to it, and how much of it is unlocked, atomic units."""
        del indices
        spot = self._places[self.place_of(account)]
        held = [coin for coin in self._coins[account] if not self._is_reserved(spot, coin)]
        total = sum(coin.output.amount for coin in held)
        for transaction in self._incoming(spot, account):
            total += sum(it.amount for it in transaction.outputs if it.holder is not None and self._pays(it, account))
        return total, sum(coin.output.amount for coin in held if coin.unlocks <= spot.tip.height + 1)

    def _incoming(self, spot: _Place, user: int) -> Iterator[Transaction]:
        """List what is on its way to a user, as far as its wallet knows: its change, and what its node's pool has."""
        coming = self._coming.get(user)
        if not coming:
            return
        view = View(spot.node.index, spot.refreshed, spot.tip)
        for transaction in coming:
            if self.blockchain.chain.block_of(spot.tip, transaction) is not None:
                continue
            sent = spot.pending.get(transaction)
            if not sent.failed if sent is not None else self.blockchain.txpool.contains(view, transaction):
                yield transaction

    def _pays(self, output: Output, user: int) -> bool:
        holder = output.holder
        return holder is not None and holder.owner is self._owner and holder.account == user

    def held(self, user: int) -> tuple[int, int]:
        """Return what a user holds, with what is on its way to it, and how much of it is unlocked, atomic units."""
        return self.funds(user, frozenset())

    def pay(self, user: int, destinations: Sequence[Paid], priority: int) -> Transferred:
        """Make a transaction and hand it to the user's node.

        Args:
            user: Who pays.
            destinations: Whom, and how much.
            priority: From 1 to 4, 0 for the wallet's own choice.

        Raises:
            RpcCallError: As monero-wallet-rpc answers it to ``transfer``.
        """
        try:
            return self._pay(user, destinations, priority)
        except ServiceError as error:
            raise RpcCallError(error.code, error.message) from error

    def _pay(self, user: int, destinations: Sequence[Paid], priority: int) -> Transferred:
        spot = self._places[self.place_of(user)]
        if not spot.node.is_up:
            raise ServiceError(-4, "Failed to get height")
        request = request_at(self.blockchain, spot.node.view(), priority, account=user)
        payees = [(self._texts.get(to.address) or decode_address(to.address), to.amount) for to in destinations]
        to = [Destination("", address.keys, amount) for address, amount in payees]
        drafts = pay(self, request, to, {address.keys for address, _ in payees if address.kind != STANDARD})
        self.drafts.clear()
        if len(drafts) != 1:
            raise ServiceError(-18, "Transaction would be too large.  try /transfer_split.")
        transaction, sent = drafts[0]
        if spot.node.accept(transaction, relay=True):
            raise ServiceError(-4, "transaction was rejected by daemon")
        spot.pending[transaction] = sent
        for coin in self._coins[user]:
            if coin.output in transaction.inputs:
                coin.locked_by = transaction
        return Transferred(transaction.id.hex(), sum(to.amount for to in destinations), transaction.fee)

    def transfers(self, place: int, above: int) -> Transfers:
        """Return the payments of a node's users as their wallets see them; those that have failed are told once.

        Args:
            place: The node.
            above: Of those in blocks, the least height.
        """
        spot, outgoing = self._places[place], []
        for block in reversed(spot.history):
            if block.height < above:
                break
            outgoing += [_entry(it, "out", block, spot.tip) for it in self._part(block, place).sent]
        told = list(spot.pending.values())
        spot.pending = {sent.transaction: sent for sent in told if not sent.failed}
        pending = [_entry(sent.transaction, "pending") for sent in told if not sent.failed]
        return Transfers(
            outgoing=outgoing, pending=pending, failed=[_entry(it.transaction, "failed") for it in told if it.failed]
        )

    def is_pooled(self, place: int, txid: str) -> bool:
        """Return whether a node has a transaction in its pool."""
        found = self.blockchain.txpool.transactions.get(bytes.fromhex(txid))
        return found is not None and self.blockchain.txpool.contains(self._places[place].node.view(), found)

    def refresh_all(self) -> None:
        """Scan what the nodes see now that are up."""
        for place, spot in enumerate(self._places):
            if spot.node.is_up:
                self._refresh(spot, place, self.blockchain.now())

    def balances(self) -> list[int]:
        """Return what each user holds on its node's chain, locked outputs included, atomic units."""
        return [sum(coin.output.amount for coin in coins) for coins in self._coins]

    def received(self) -> tuple[int, int]:
        """Return how many payments to users are in blocks, and what they paid; the chain began without any of them."""
        return self._received["payments"], self._received["amount"]

    def in_flight(self) -> int:
        """Return what unconfirmed transactions will take from users, atomic units."""
        flying = (sent for spot in self._places for sent in spot.pending.values() if not sent.failed)
        return sum(sent.spent - self._returned(sent.transaction) for sent in flying)

    def _returned(self, transaction: Transaction) -> int:
        user = _user(transaction.inputs[0])
        return sum(output.amount for output in transaction.outputs if self._pays(output, user))


def _entry(transaction: Transaction, kind: str, block: Block | None = None, tip: Block | None = None) -> TransferEntry:
    """Return a payment as ``get_transfers`` has it, as far as whoever follows it asks."""
    height, timestamp = (0, 0) if block is None else (block.height, block.timestamp)
    confirmations = 0 if tip is None else tip.height + 1 - height
    amount = sum(output.amount for output in transaction.outputs[:-1])
    return TransferEntry(
        transaction.id.hex(), amount, transaction.fee, height, timestamp, kind, confirmations=confirmations
    )


def _user(output: Output) -> int:
    if output.holder is None:
        raise ValueError("an output of nobody")
    return output.holder.account
