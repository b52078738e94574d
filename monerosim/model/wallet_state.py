"""What one wallet knows: its outputs, what it spent, and transactions on their way."""

from collections import Counter
from hashlib import blake2b
from typing import NamedTuple

from monerosim.model.blockchain import Blockchain
from monerosim.model.holdings import Holding, Place, Spendable, Sums, Unspent
from monerosim.model.records import Block, Output, Owner, Transaction
from monerosim.model.views import View
from monerosim.model.wallet_notes import Notes
from monerosim.monero.address import Address, Keys

PROPAGATION_TIMEOUT = 500
"""Seconds after which a payment fails that is not in the node's pool (``tx_propagation_timeout`` in
``wallet2::update_pool_state``, src/wallet/wallet2.cpp)."""

LEEWAY = 120
"""Seconds before its time at which an output counts as unlocked (``CRYPTONOTE_LOCKED_TX_ALLOWED_DELTA_SECONDS_V2``)."""


class Destination(NamedTuple):
    """An address a payment pays, and how much."""

    address: str
    keys: bytes
    amount: int


class Sent:
    """A transaction this wallet made.

    Attributes:
        destinations: Where it pays to, change aside.
        account: The account it was paid from.
        indices: The subaddresses it was paid from.
        timestamp: Unix time of sending.
        block: The block that confirms it, None before.
        failed: Another transaction spent its inputs, or the node has lost it.
    """

    __slots__ = ("_coming", "account", "block", "destinations", "failed", "indices", "timestamp", "transaction")

    def __init__(self, transaction: Transaction, destinations: tuple[Destination, ...], timestamp: int) -> None:
        self.transaction = transaction
        self.destinations = destinations
        self.timestamp = timestamp
        holder = transaction.inputs[0].holder
        self.account = 0 if holder is None else holder.account
        self.indices = sorted({output.holder.minor for output in transaction.inputs if output.holder is not None})
        self.block: Block | None = None
        self.failed = False
        self._coming: list[tuple[Place, int]] | None = None

    def coming(self, owner: Owner) -> list[tuple[Place, int]]:
        """Return what it pays to its own wallet: accounts and addresses with amounts in atomic units."""
        if self._coming is None:
            self._coming = [
                ((output.holder.account, output.holder.minor), output.amount)
                for output in self.transaction.outputs
                if output.holder is not None and output.holder.owner is owner
            ]
        return self._coming

    @property
    def kind(self) -> str:
        """Its type in get_transfers: ``out``, ``pending`` or ``failed``."""
        return "failed" if self.failed else "pending" if self.block is None else "out"

    @property
    def spent(self) -> int:
        """The sum of its inputs, atomic units."""
        return sum(output.amount for output in self.transaction.inputs)


class Balance(NamedTuple):
    """What a subaddress holds."""

    total: int
    """Atomic units."""
    unlocked: int
    """Atomic units."""
    blocks_to_unlock: int
    seconds_to_unlock: int
    outputs: int


class Payment(NamedTuple):
    """What a transaction pays to one of this wallet's subaddresses."""

    transaction: Transaction
    block: Block | None
    account: int
    minor: int
    amounts: tuple[int, ...]


class WalletState:
    """One wallet file.

    Args:
        blockchain: The run's blocks and transactions.
        keys: Its keys.
        tag: What its transactions' hashes follow from, with what they spend.
        language: Of its seed words.
        restore_height: It does not look at blocks below.

    Attributes:
        labels: Its subaddresses' labels, by account and index.
        tip: The block it has scanned to.
        holdings: Its outputs on that chain, spent ones included.
        sent: The transactions it sent, by hash.
        pending: Those of them that are not confirmed.
        drafts: Those it made and did not hand to its node.
        made: The hashes of those it made, whose secret keys it has therefore.
        used: Accounts and indices that were ever paid.
        known: The outputs of which it knows whether they are spent; None for all, as it has the key to spend them.
        notes: What its user wrote down.
        requested: The outputs whose key images another wallet has asked for, by import_outputs.
        news: How often it has lost ``blocks`` with transactions of its own, got or lost such ones, and that or seen the
            payments change that wait in the pool: ``losses``, ``blocks``, ``pool``.
    """

    def __init__(
        self, blockchain: Blockchain, keys: Keys, *, tag: bytes, language: str = "English", restore_height: int = 0
    ) -> None:
        self.blockchain = blockchain
        self.keys = keys
        self.owner = blockchain.owners.owner(keys)
        self.language = language
        self.restore_height = restore_height
        self.tag = blake2b(tag, digest_size=16).digest()
        self.labels: list[list[str]] = [["Primary account"]]
        self.notes = Notes()
        self.made: set[bytes] = set()
        self.requested: set[Output] = set()
        self.news: Counter[str] = Counter()
        self.drafts: dict[bytes, Sent] = {}
        self.known: set[Output] | None = set() if keys.spend_secret is None else None
        self._addresses: dict[Place, Address] = {}
        self._version = 0
        self._made = 0
        self.forget_everything()
        self.owner.wallets.append(self)
        self.address(0, 0)

    def forget_everything(self) -> None:
        """Forget what was scanned and sent: the next refresh begins anew (``wallet2::clear_soft``)."""
        self.tip = self.blockchain.chain.main[0]
        self.holdings: dict[Output, Holding] = {}
        self.sent: dict[bytes, Sent] = {}
        self.pending: dict[bytes, Sent] = {}
        self.used: set[Place] = set()
        self._unspent = Unspent(self._locked)
        self._change = Sums()
        """What its pending transactions pay to itself."""
        self._history: list[Block] = []
        self._coming = dict(self.owner.coming)
        self.news.update(("losses", "blocks", "pool"))
        self._pool: tuple[Transaction, ...] = ()
        self._balances: tuple[tuple[int, int], dict[Place, Balance]] = ((-1, 0), {})
        self._timed = False
        self._version += 1

    def address(self, account: int, index: int) -> Address:
        """Return an address of the wallet, which is its own from then on."""
        place = (account, index)
        if place not in self._addresses:
            self._addresses[place] = self.keys.address(account, index)
            self.blockchain.owners.register(self._addresses[place].keys, self.owner, account, index)
        return self._addresses[place]

    def place(self, keys: bytes) -> Place | None:
        """Return the account and index of an address, None if it is not this wallet's."""
        return next((place for place, address in self._addresses.items() if address.keys == keys), None)

    def announce(self, transaction: Transaction) -> None:
        """Note that a transaction that pays this wallet is on its way."""
        self._coming[transaction] = None

    def forget(self, transaction: Transaction) -> None:
        """Note that a transaction that pays this wallet is settled, one way or the other."""
        self._coming.pop(transaction, None)

    def refresh(self, view: View) -> tuple[int, bool]:
        """Scan the chain and the pool that a node sees.

        Returns:
            How many blocks were new, and whether one of them paid this wallet.
        """
        tip = view.tip
        fetched, received = 0, False
        if not self.blockchain.chain.contains(self.tip, tip):
            # A node that has lost its last blocks does not make a wallet forget them.
            fork = self.blockchain.chain.fork(self.tip, tip)
            # The first block of a branch that replaces another is not counted (``process_parsed_blocks``).
            fetched = tip.height - fork.height - (fork is not self.tip)
            while self._history and self._history[-1].height > fork.height:
                self._detach(self._history.pop())
            received = self._attach_all(fork, tip)
            if tip.height < self.tip.height:
                self._unspent.reconsider_all()
            self.tip = tip
            self._version += 1
        self.update_pool(view)
        return fetched, received

    def _attach_all(self, fork: Block, tip: Block) -> bool:
        new = []
        for block in reversed(self.owner.blocks):
            if block.index <= fork.index:
                break
            if block.height >= self.restore_height and self.blockchain.chain.contains(tip, block):
                new.append(block)
        new.sort(key=lambda block: block.height)
        for block in new:
            self._attach(block)
        return any(block.touches[self.owner].received for block in new)

    def _attach(self, block: Block) -> None:
        self._history.append(block)
        self.news.update(("blocks", "pool"))
        touch = block.touches[self.owner]
        for output in touch.received:
            holding = self.holdings[output] = Holding(output, block)
            self._unspent.add(holding)
            self._take_into_use(holding)
        for output in touch.spent:
            if output in self.holdings and (self.known is None or output in self.known):
                self._spend(self.holdings[output], block)
        for transaction in touch.transactions:
            self._no_longer_pending(transaction)
            sent = self.sent.get(transaction.id)
            if sent is None and self._spends(transaction):
                # Made by this wallet and handed to a node by somebody else, or taken out of a block before.
                sent = self.sent[transaction.id] = Sent(transaction, (), block.timestamp)
            if sent is not None:
                sent.block, sent.failed = block, False

    def _spend(self, holding: Holding, block: Block) -> None:
        holding.spent_in = block
        self._unspent.remove(holding)

    def _no_longer_pending(self, transaction: Transaction) -> None:
        sent = self.pending.pop(transaction.id, None)
        if sent is not None and not sent.failed:
            self._count_change(sent, comes=False)

    def _count_change(self, sent: Sent, *, comes: bool) -> None:
        """Count what a pending payment pays to its own wallet, or no longer; its inputs are reserved meanwhile."""
        count = self._change.add if comes else self._change.take
        # The change counts towards the main address, even if there is none.
        count((sent.account, 0), 0)
        for place, amount in sent.coming(self.owner):
            count(place, amount)
        for output in sent.transaction.inputs:
            if output in self.holdings:
                self._unspent.reconsider(self.holdings[output])

    def _take_into_use(self, holding: Holding) -> None:
        """Note that an address was paid; accounts and addresses up to it are there from now on."""
        account, index = holding.account, holding.index
        self.used.add((account, index))
        self._timed |= holding.unlocks_at > 0
        while len(self.labels) <= account:
            self.labels.append(["Untitled account"])
        self.labels[account].extend([""] * (index + 1 - len(self.labels[account])))

    def _spends(self, transaction: Transaction) -> bool:
        """Return whether a transaction spends outputs of which this wallet knows so."""
        return any(
            output in self.holdings and (self.known is None or output in self.known) for output in transaction.inputs
        )

    def learn(self, outputs: list[Output]) -> None:
        """Note that key images of outputs are known now, and with them whether they are spent."""
        if self.known is None:
            return
        self.known.update(outputs)
        for block in self._history:
            touch = block.touches[self.owner]
            for output in touch.spent:
                if output in self.known and output in self.holdings:
                    self._spend(self.holdings[output], block)
        self._version += 1

    def freeze(self, holding: Holding, *, frozen: bool) -> None:
        """Leave an output out of payments, or let it be spent again."""
        holding.frozen = frozen
        self._unspent.reconsider(holding)
        self._version += 1

    def _detach(self, block: Block) -> None:
        """Undo a block; its transactions are forgotten until a block contains them again.

        A real wallet forgets what it sent (``detach_blockchain`` in wallet2.cpp), and looks no second time at a
        transaction of the pool (``m_scanned_pool_txs``).
        """
        self.news.update(("losses", "blocks", "pool"))
        touch = block.touches[self.owner]
        for transaction in touch.transactions:
            self.sent.pop(transaction.id, None)
            self._coming.pop(transaction, None)
        for output in touch.spent:
            holding = self.holdings.get(output)
            if holding is not None:
                holding.spent_in = None
                self._unspent.add(holding)
        for output in touch.received:
            self._unspent.remove(self.holdings.pop(output))

    def update_pool(self, view: View) -> None:
        """Scan the pool that a node sees."""
        pool = tuple(
            transaction
            for transaction in self._coming
            if transaction.id not in self.sent
            and self.blockchain.txpool.contains(view, transaction)
            and self.blockchain.chain.block_of(self.tip, transaction) is None
        )
        if pool != self._pool:
            self._pool = pool
            self._version += 1
            self.news["pool"] += 1
        for sent in list(self.pending.values()):
            ruled_out = any(
                self.blockchain.chain.spent(self.tip, output, sent.transaction)
                for output in sent.transaction.inputs
                if len(output.spenders) > 1
            )
            failed = ruled_out or self._vanished(view, sent)
            if failed != sent.failed:
                sent.failed = failed
                self._count_change(sent, comes=not failed)
                self._version += 1

    def _vanished(self, view: View, sent: Sent) -> bool:
        """Return whether a node has neither in its pool nor on its chain what was sent long enough ago."""
        transaction = sent.transaction
        return (
            self.blockchain.unix(view.at) > sent.timestamp + PROPAGATION_TIMEOUT
            and not self.blockchain.txpool.contains(view, transaction)
            and self.blockchain.chain.block_of(view.tip, transaction) is None
        )

    def spendable(self, account: int, indices: set[int]) -> Spendable:
        """Return the unlocked outputs of an account's subaddresses (none given: of all)."""
        self._unspent.settle(self.tip.height + 1)
        found = self._unspent.ready(account)
        late = [
            holding
            for holding in self._unspent.waiting.values()
            if holding.account == account
            and self.is_unlocked(holding)
            and not self._locked(holding)
            and not holding.frozen
        ]
        if late:
            found = Spendable.of(sorted((*found.oldest, *late), key=lambda holding: holding.number))
        return found.at(indices) if indices else found

    def is_unlocked(self, holding: Holding) -> bool:
        """Return whether an output may be spent by now (``wallet2::is_transfer_unlocked``)."""
        if holding.unlocks > self.tip.height + 1:
            return False
        return not holding.unlocks_at or holding.unlocks_at <= self.now + LEEWAY

    def unlocked(self) -> int:
        """Return what the unlocked outputs of its first account are worth, atomic units."""
        return sum(holding.output.amount for holding in self.spendable(0, set()).oldest)

    def next_unlock(self) -> int | None:
        """Return the height of the next block that unlocks an output; None if none is locked until a height."""
        heights = (holding.unlocks - 1 for holding in self._unspent.waiting.values())
        return min((height for height in heights if height > self.tip.height), default=None)

    @property
    def now(self) -> int:
        """The unix time that its node goes by, seconds."""
        return self.blockchain.chain.adjusted_time(self.tip) or self.blockchain.unix(self.blockchain.now())

    def _locked(self, holding: Holding) -> bool:
        if holding.locked_by is None:
            return False
        sent = self.pending.get(holding.locked_by.id)
        return sent is not None and not sent.failed

    def identity(self, transaction_parts: list[bytes]) -> bytes:
        """Derive the hash of this wallet's next transaction."""
        self._made += 1
        return self.blockchain.digest("transaction", self.tag, self._made.to_bytes(8, "little"), *transaction_parts)

    def record(self, sent: Sent) -> None:
        """Record a transaction that was handed to the node: its inputs are locked from now on."""
        self.drafts.pop(sent.transaction.id, None)
        self.made.add(sent.transaction.id)
        self._no_longer_pending(sent.transaction)
        self.sent[sent.transaction.id] = self.pending[sent.transaction.id] = sent
        for output in sent.transaction.inputs:
            holding = self.holdings.get(output)
            if holding is not None:
                holding.locked_by = sent.transaction
        self._count_change(sent, comes=True)
        self._version += 1

    def balances(self, *, strict: bool = False) -> dict[Place, Balance]:
        """Return the balance of each subaddress that holds something, in the order of account and index.

        Args:
            strict: Count what is in blocks alone.
        """
        if strict:
            return self._count(strict=True)
        state = (self._version, self.blockchain.now() if self._timed else 0)
        if self._balances[0] != state:
            self._balances = (state, self._count(strict=False))
        return self._balances[1]

    def _count(self, *, strict: bool) -> dict[Place, Balance]:
        height = self.tip.height + 1
        self._unspent.settle(height)
        ready = self._unspent.sums.places.items()
        sums = {place: [amount, amount, 0, 0, number] for place, (amount, number) in ready}
        for holding in self._unspent.unready() if strict else self._unspent.waiting.values():
            if not strict and self._locked(holding):
                continue
            entry = sums.setdefault((holding.account, holding.index), [0, 0, 0, 0, 0])
            entry[4] += 1
            if holding.frozen:
                continue
            entry[0] += holding.output.amount
            if holding.unlocks <= height and (not holding.unlocks_at or self.is_unlocked(holding)):
                entry[1] += holding.output.amount
            else:
                entry[2] = max(entry[2], holding.unlocks - height)
                entry[3] = max(entry[3], holding.unlocks_at - self.now if holding.unlocks_at else 0)
        for place, (amount, _) in () if strict else self._change.places.items():
            sums.setdefault(place, [0, 0, 0, 0, 0])[0] += amount
        for payment in () if strict else self.pool_payments():
            sums.setdefault((payment.account, payment.minor), [0, 0, 0, 0, 0])[0] += sum(payment.amounts)
        return {place: Balance(*sums[place]) for place in sorted(sums)}

    def funds(self, account: int, indices: frozenset[int]) -> tuple[int, int]:
        """Return what an account's subaddresses (none given: all) hold and how much of it is unlocked, atomic units."""
        held = [
            balance
            for (of, index), balance in self.balances().items()
            if of == account and (not indices or index in indices)
        ]
        return sum(it.total for it in held), sum(it.unlocked for it in held)

    def awaits(self) -> bool:
        """Return whether payments are on their way that it has not seen in the pool."""
        return len(self._coming) > len(self._pool)

    def payments(self, above: int = -1) -> list[Payment]:
        """Return the payments to this wallet on its chain in blocks above a height, newest first.

        Change and payments within an account do not count.
        """
        found: list[Payment] = []
        for block in reversed(self._history):
            if block.height <= above:
                break
            for transaction in block.touches[self.owner].transactions:
                found.extend(self._split(transaction, block))
        return found

    def payments_of(self, transaction: Transaction, block: Block | None) -> list[Payment]:
        """Return what one transaction pays to this wallet."""
        return self._split(transaction, block)

    def pool_payments(self) -> list[Payment]:
        """Return the payments on their way to this wallet, as far as it knows."""
        return [payment for transaction in self._pool for payment in self._split(transaction, None)]

    def _split(self, transaction: Transaction, block: Block | None) -> list[Payment]:
        spender = self._spender(transaction)
        amounts: dict[Place, list[int]] = {}
        for output in transaction.outputs:
            holder = output.holder
            if holder is not None and holder.owner is self.owner and holder.account != spender:
                amounts.setdefault((holder.account, holder.minor), []).append(output.amount)
        return [Payment(transaction, block, *place, tuple(amounts[place])) for place in sorted(amounts)]

    def _spender(self, transaction: Transaction) -> int | None:
        """Return the account that a transaction spends from, None if it does not spend from this wallet.

        What the transaction pays to that account is change.
        """
        holder = transaction.inputs[0].holder if self._spends(transaction) else None
        return None if holder is None else holder.account

    def kept(self, sent: Sent) -> int:
        """Return the amount a transaction of this wallet pays back to the account it came from."""
        return sum(
            output.amount
            for output in sent.transaction.outputs
            if output.holder is not None and output.holder.owner is self.owner and output.holder.account == sent.account
        )
