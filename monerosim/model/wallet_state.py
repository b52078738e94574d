"""What one wallet knows: its outputs, what it spent, what is under way."""

from hashlib import blake2b
from typing import NamedTuple

from monerosim.model.address import Address, Keys
from monerosim.model.chain import unlock_height
from monerosim.model.records import Block, Output, Transaction
from monerosim.model.world import World


class Destination(NamedTuple):
    """Whom a payment pays."""

    address: str
    keys: bytes
    amount: int


class Sent:
    """A transaction this wallet made.

    Attributes:
        destinations: Whom it pays, change aside.
        account: The account it was paid from.
        indices: The subaddresses it was paid from.
        timestamp: Unix time of sending.
        block: Where it was confirmed.
        failed: Another transaction spent its inputs.
    """

    __slots__ = ("account", "block", "destinations", "failed", "indices", "timestamp", "transaction")

    def __init__(self, transaction: Transaction, destinations: tuple[Destination, ...], timestamp: int) -> None:
        self.transaction = transaction
        self.destinations = destinations
        self.timestamp = timestamp
        holder = transaction.inputs[0].holder
        self.account = 0 if holder is None else holder.account
        self.indices = sorted({output.holder.minor for output in transaction.inputs if output.holder is not None})
        self.block: Block | None = None
        self.failed = False

    @property
    def kind(self) -> str:
        """What get_transfers calls it: ``out``, ``pending`` or ``failed``."""
        return "failed" if self.failed else "pending" if self.block is None else "out"

    @property
    def spent(self) -> int:
        """The sum of its inputs, atomic units."""
        return sum(output.amount for output in self.transaction.inputs)


class Holding:
    """An output of this wallet that is on its chain."""

    __slots__ = ("account", "block", "index", "locked_by", "output", "spent_in", "unlocks")

    def __init__(self, output: Output, block: Block) -> None:
        self.output = output
        self.block = block
        self.unlocks = unlock_height(output, block)
        self.spent_in: Block | None = None
        self.locked_by: Transaction | None = None
        holder = output.holder
        self.account, self.index = (0, 0) if holder is None else (holder.account, holder.minor)


class Balance(NamedTuple):
    """What a subaddress holds, atomic units."""

    total: int
    unlocked: int
    blocks_to_unlock: int
    outputs: int


class Payment(NamedTuple):
    """What a transaction pays to one of this wallet's subaddresses."""

    transaction: Transaction
    block: Block | None
    account: int
    minor: int
    amounts: tuple[int, ...]


class Ledger:
    """One wallet file.

    Args:
        world: Where its chain is.
        node: The node it asks.
        seed: Its keys follow from it.

    Attributes:
        labels: Its subaddresses' labels, by account and index.
        view: The tip it has scanned to.
        holdings: Its outputs on that chain, spent ones included.
        sent: What it sent, by hash.
        pending: What of it is not confirmed.
        drafts: What it made and did not hand to the node.
        made: What it made and handed to the node, by hash.
        used: Accounts and indices that were ever paid.
    """

    def __init__(self, world: World, node: int, seed: bytes) -> None:
        self.world = world
        self.node = node
        self.keys = Keys.from_seed(seed)
        self.tag = blake2b(seed, digest_size=16).digest()
        self.labels: list[list[str]] = [["Primary account"]]
        self._addresses: dict[tuple[int, int], Address] = {}
        self.view = world.chain.main[0]
        self.holdings: dict[Output, Holding] = {}
        self.sent: dict[bytes, Sent] = {}
        self.pending: dict[bytes, Sent] = {}
        self.drafts: dict[bytes, Sent] = {}
        self.made: set[bytes] = set()
        self.used: set[tuple[int, int]] = set()
        self._unspent: dict[Output, Holding] = {}
        self._blocks: list[Block] = []
        self._history: list[Block] = []
        self._coming: dict[Transaction, None] = {}
        self._pool: tuple[Transaction, ...] = ()
        self._version = 0
        self._balances: tuple[int, dict[tuple[int, int], Balance]] = (-1, {})
        self._made = 0
        self.address(0, 0)

    def address(self, account: int, index: int) -> Address:
        """Give an address of the wallet."""
        place = (account, index)
        if place not in self._addresses:
            self._addresses[place] = self.keys.address(account, index)
            self.world.own(self._addresses[place].keys, self, account, index)
        return self._addresses[place]

    def place(self, keys: bytes) -> tuple[int, int] | None:
        """Say which account and index an address is, None if it is not this wallet's."""
        return next((place for place, address in self._addresses.items() if address.keys == keys), None)

    def announce(self, transaction: Transaction) -> None:
        """A transaction that pays this wallet is on the way."""
        self._coming[transaction] = None

    def forget(self, transaction: Transaction) -> None:
        """A transaction that pays this wallet is settled, one way or the other."""
        self._coming.pop(transaction, None)

    def touched(self, block: Block) -> None:
        """A block that has to do with this wallet was found."""
        self._blocks.append(block)

    def refresh(self, at: int) -> tuple[int, bool]:
        """Take over the node's chain and pool as they were at a time.

        Returns:
            How many blocks were new, and whether one of them paid this wallet.
        """
        tip = self.world.tip(self.node, at)
        fetched, received = 0, False
        if tip is not self.view:
            fork = self.world.chain.fork(self.view, tip)
            # The first block of a branch that replaces another is not counted (``process_parsed_blocks``).
            fetched = tip.height - fork.height - (fork is not self.view)
            while self._history and self._history[-1].height > fork.height:
                self._detach(self._history.pop())
            received = self._attach_all(fork, tip)
            self.view = tip
            self._version += 1
        self.update_pool(at)
        return fetched, received

    def _attach_all(self, fork: Block, tip: Block) -> bool:
        new = []
        for block in reversed(self._blocks):
            if block.index <= fork.index:
                break
            if self.world.chain.contains(tip, block):
                new.append(block)
        new.sort(key=lambda block: block.height)
        for block in new:
            self._attach(block)
        return any(block.touches[self].received for block in new)

    def _attach(self, block: Block) -> None:
        self._history.append(block)
        touch = block.touches[self]
        for output in touch.received:
            holding = self.holdings[output] = self._unspent[output] = Holding(output, block)
            self.used.add((holding.account, holding.index))
        for output in touch.spent:
            self.holdings[output].spent_in = block
            self._unspent.pop(output, None)
        for transaction in touch.transactions:
            self.pending.pop(transaction.id, None)
            sent = self.sent.get(transaction.id)
            if sent is None and transaction.inputs and transaction.inputs[0] in touch.spent:
                # Made by this wallet and handed to a node by somebody else, or taken out of a block before.
                sent = self.sent[transaction.id] = Sent(transaction, (), block.timestamp)
            if sent is not None:
                sent.block, sent.failed = block, False

    def _detach(self, block: Block) -> None:
        """Take a block back; its transactions are forgotten until a block has them again.

        A real wallet forgets what it sent (``detach_blockchain`` in wallet2.cpp), and looks no second time at a
        transaction of the pool (``m_scanned_pool_txs``).
        """
        touch = block.touches[self]
        for transaction in touch.transactions:
            self.sent.pop(transaction.id, None)
            self._coming.pop(transaction, None)
        for output in touch.spent:
            holding = self.holdings[output]
            holding.spent_in = None
            self._unspent[output] = holding
        for output in touch.received:
            del self.holdings[output]
            self._unspent.pop(output, None)

    def update_pool(self, at: int) -> None:
        """Look into the node's pool as it was at a time."""
        pool: tuple[Transaction, ...] = ()
        if self._coming:
            tip = self.world.tip(self.node, at)
            pool = tuple(
                transaction
                for transaction in self._coming
                if transaction.id not in self.sent
                and self.world.pending(transaction, self.node, at, tip)
                and self.world.chain.block_of(self.view, transaction) is None
            )
        if pool != self._pool:
            self._pool = pool
            self._version += 1
        for sent in list(self.pending.values()):
            ruled_out = any(
                self.world.chain.spent(self.view, output, sent.transaction)
                for output in sent.transaction.inputs
                if len(output.spenders) > 1
            )
            if ruled_out != sent.failed:
                sent.failed = ruled_out
                self._version += 1

    def spendable(self, account: int, indices: set[int]) -> list[Holding]:
        """List the unlocked outputs of an account's subaddresses (none given: of all), oldest first."""
        height = self.view.height + 1
        return [
            holding
            for holding in self._unspent.values()
            if holding.account == account
            and (not indices or holding.index in indices)
            and holding.unlocks <= height
            and not self._locked(holding)
        ]

    def _locked(self, holding: Holding) -> bool:
        if holding.locked_by is None:
            return False
        sent = self.pending.get(holding.locked_by.id)
        return sent is not None and not sent.failed

    def identity(self, transaction_parts: list[bytes]) -> bytes:
        """Derive the hash of this wallet's next transaction."""
        self._made += 1
        return self.world.digest("transaction", self.tag, self._made.to_bytes(8, "little"), *transaction_parts)

    def record(self, sent: Sent) -> None:
        """Note a transaction that was handed to the node: its inputs are taken from now on."""
        self.drafts.pop(sent.transaction.id, None)
        self.made.add(sent.transaction.id)
        self.sent[sent.transaction.id] = self.pending[sent.transaction.id] = sent
        for output in sent.transaction.inputs:
            holding = self.holdings.get(output)
            if holding is not None:
                holding.locked_by = sent.transaction
        self._version += 1

    def balances(self) -> dict[tuple[int, int], Balance]:
        """Give what each subaddress that holds something holds, in the order of account and index."""
        if self._balances[0] != self._version:
            self._balances = (self._version, self._count())
        return self._balances[1]

    def _count(self) -> dict[tuple[int, int], Balance]:
        height = self.view.height + 1
        sums: dict[tuple[int, int], list[int]] = {}
        for holding in self._unspent.values():
            if holding.locked_by is not None and self._locked(holding):
                continue
            entry = sums.setdefault((holding.account, holding.index), [0, 0, 0, 0])
            entry[0] += holding.output.amount
            entry[3] += 1
            if holding.unlocks <= height:
                entry[1] += holding.output.amount
            else:
                entry[2] = max(entry[2], holding.unlocks - height)
        for sent in self.pending.values():
            if not sent.failed:
                # The change counts to the main address, be it nothing.
                sums.setdefault((sent.account, 0), [0, 0, 0, 0])
                self._add_coming(sums, sent.transaction)
        for transaction in self._pool:
            self._add_coming(sums, transaction)
        return {place: Balance(*sums[place]) for place in sorted(sums)}

    def _add_coming(self, sums: dict[tuple[int, int], list[int]], transaction: Transaction) -> None:
        for output in transaction.outputs:
            if output.holder is not None and output.holder.ledger is self:
                sums.setdefault((output.holder.account, output.holder.minor), [0, 0, 0, 0])[0] += output.amount

    def confirmed_balance(self, tip: Block) -> int:
        """Give what this wallet holds at the end of a chain, locked or not, atomic units."""
        total = 0
        for block in self._blocks:
            if self.world.chain.contains(tip, block):
                touch = block.touches[self]
                total += sum(output.amount for output in touch.received) - sum(output.amount for output in touch.spent)
        return total

    def payments(self) -> list[Payment]:
        """List what was paid to this wallet on its chain, newest first; change and payments within an account aside."""
        found: list[Payment] = []
        for block in reversed(self._history):
            for transaction in block.touches[self].transactions:
                found.extend(self._split(transaction, block))
        return found

    def payments_of(self, transaction: Transaction, block: Block | None) -> list[Payment]:
        """List what one transaction pays to this wallet."""
        return self._split(transaction, block)

    def pool_payments(self) -> list[Payment]:
        """List what is on the way to this wallet, as far as it knows."""
        return [payment for transaction in self._pool for payment in self._split(transaction, None)]

    def _split(self, transaction: Transaction, block: Block | None) -> list[Payment]:
        sent = self.sent.get(transaction.id)
        amounts: dict[tuple[int, int], list[int]] = {}
        for output in transaction.outputs:
            holder = output.holder
            if holder is not None and holder.ledger is self and (sent is None or holder.account != sent.account):
                amounts.setdefault((holder.account, holder.minor), []).append(output.amount)
        return [Payment(transaction, block, *place, tuple(amounts[place])) for place in sorted(amounts)]

    def kept(self, sent: Sent) -> int:
        """Give what a transaction of this wallet pays back to the account it came from."""
        return sum(
            output.amount
            for output in sent.transaction.outputs
            if output.holder is not None and output.holder.ledger is self and output.holder.account == sent.account
        )
