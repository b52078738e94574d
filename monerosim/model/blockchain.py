"""One run's blocks and transactions, and what each node knows of them when.

An item's arrival times are asked of the network once; a node's tip and pool at a time follow from them. Nothing is
stored a node and item longer than :data:`HORIZON` after all have it, and nothing happens when nobody asks.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from monerosim.model.chain import Chain
from monerosim.model.emission import base_reward
from monerosim.model.fees import COINBASE_RESERVE, PENALTY_FREE_WEIGHT, coinbase_weight
from monerosim.model.network import Peer
from monerosim.model.propagation import NEVER
from monerosim.model.records import Block, Holder, Output, Touch, Transaction
from monerosim.model.sightings import Sightings
from monerosim.units import SECOND

if TYPE_CHECKING:
    from monerosim.model.daemon import Daemon

HORIZON = 120 * SECOND
"""How far back a node's view can be asked for."""

EPOCH = 946_684_800
"""Unix time at which Shadow's clock starts: 2000-01-01."""


class Network(Protocol):
    """When items reach nodes (:mod:`monerosim.model.network`)."""

    nodes: int

    def block_arrivals(self, item: bytes, origin: int, released: int, weight: int) -> NDArray[np.int64]:
        """Give when each node has a block: microseconds, NEVER where it never arrives."""

    def transaction_arrivals(self, item: bytes, origin: int, released: int, weight: int) -> NDArray[np.int64]:
        """Give when each node has a transaction."""

    def peers(self, node: int) -> list[Peer]:
        """List the connections of a node."""


class Wallet(Hashable, Protocol):
    """What the world tells a wallet's ledger."""

    def announce(self, transaction: Transaction) -> None:
        """A transaction that pays it is on the way."""

    def forget(self, transaction: Transaction) -> None:
        """A transaction that pays it is no longer on the way: confirmed for good, or refused for good."""

    def touched(self, block: Block) -> None:
        """A block that pays it or spends from it was found."""


class Reorganisation(NamedTuple):
    """A node left its branch."""

    at: int
    node: int
    old: Block
    new: Block
    depth: int
    """Blocks of the old branch it gave up."""


class World:
    """All blocks and transactions of a run.

    Args:
        seed: The run's seed; hashes follow from it.
        now: Gives the time, microseconds since the run's start.
        network: Says when items arrive.
        difficulty: Of every block.
        epoch: Unix time of the run's start, seconds.

    Attributes:
        on_block: Called for each block when it is found.
        on_reorg: Called for each node that leaves its branch, at the latest when the branch is settled, in the order
            of time.
        sightings: Whom it tells when each node had an item first.
        transactions: All that were handed to a node, by hash.
        drafts: Those a wallet made and kept, by hash.
        daemons: The nodes' daemons, by index.
    """

    def __init__(
        self, *, seed: int, now: Callable[[], int], network: Network, difficulty: int, epoch: int = EPOCH
    ) -> None:
        self.now = now
        self.network = network
        self.difficulty = difficulty
        self.epoch = epoch
        self.chain = Chain()
        self.on_block: Callable[[Block], None] | None = None
        self.on_reorg: Callable[[Reorganisation], None] | None = None
        self.sightings = Sightings()
        self.transactions: dict[bytes, Transaction] = {}
        self.drafts: dict[bytes, Transaction] = {}
        self.daemons: dict[int, Daemon] = {}
        self._coinbases: dict[bytes, Transaction] = {}
        self._images: dict[bytes, Output] = {}
        self._seed = str(seed).encode()
        self._holders: dict[bytes, Holder] = {}
        self._waiting: dict[Transaction, None] = {}
        self._open: list[Block] = []
        self._tips = np.zeros(network.nodes, dtype=np.int64)
        self._work = np.ones(network.nodes, dtype=np.int64)
        self._common = self.chain.main[0]
        self._settled_at = -1
        self._due = NEVER

    def digest(self, purpose: str, *parts: bytes) -> bytes:
        """Derive 32 bytes from the seed and what they stand for."""
        state = blake2b(purpose.encode(), digest_size=32, key=self._seed)
        for part in parts:
            state.update(len(part).to_bytes(4, "little") + part)
        return state.digest()

    def unix(self, at: int) -> int:
        """Give unix time in seconds."""
        return self.epoch + at // SECOND

    def own(self, keys: bytes, ledger: Wallet, account: int, index: int) -> None:
        """Say that an address belongs to a wallet."""
        self._holders[keys] = Holder(ledger, account, index)

    def make_outputs(self, transaction: Transaction, payments: Sequence[tuple[bytes, int]]) -> None:
        """Give a transaction its outputs.

        Args:
            transaction: It has none yet.
            payments: The keys and the amount of each, in order.
        """
        transaction.outputs = tuple(
            Output(transaction, index, keys, amount, self._holders.get(keys))
            for index, (keys, amount) in enumerate(payments)
        )

    def tip(self, node: int, at: int) -> Block:
        """Give the end of the chain a node follows: the most work it has, of equal ones what came first.

        Args:
            node: Its index in the network.
            at: Microseconds, at most :data:`HORIZON` ago.
        """
        if at >= self._due:
            self.settle(self.now() - HORIZON)
        best = self.chain.blocks[self._tips.item(node)]
        first = NEVER
        for block in self._open:
            arrival = self._arrival(block, node)
            if self._settled_at < arrival <= at:
                work, most = block.cumulative_difficulty, best.cumulative_difficulty
                if work > most or (work == most and arrival < first < NEVER):
                    best, first = block, arrival
        return best

    @staticmethod
    def _arrival(block: Block, node: int) -> int:
        return -1 if block.effective is None else block.effective.item(node)

    def knows(self, node: int, block: Block, at: int) -> bool:
        """Tell whether a node has a block, on whichever branch."""
        return self._arrival(block, node) <= at or self.chain.contains(self.tip(node, at), block)

    def mine(self, node: int, parent: Block, keys: bytes) -> Block:
        """Find a block at a node, now.

        Args:
            node: Where.
            parent: The block it follows.
            keys: Whom its coinbase pays.
        """
        now = self.now()
        self.settle(now - HORIZON)
        subsidy = base_reward(parent.generated)
        chosen, fees, weight = self.template(node, parent)
        nonce = sum(block.parent is parent for block in self._open)
        place = (parent.height + 1, now, node, nonce)
        numbers = b"".join(number.to_bytes(8, "little") for number in place)
        identity = self.digest("block", parent.id, numbers, keys, *(transaction.id for transaction in chosen))
        coinbase = Transaction(self.digest("coinbase", identity), (), 0, 0, "")
        coinbase.weight = coinbase_weight(parent.height + 1, subsidy + fees)
        self.make_outputs(coinbase, [(keys, subsidy + fees)])
        block = Block(parent, identity, coinbase, difficulty=self.difficulty)
        block.transactions = chosen
        block.timestamp, block.found, block.node = self.unix(now), now, node
        block.subsidy, block.generated = subsidy, parent.generated + subsidy
        block.weight = coinbase.weight + weight
        block.transaction_count = parent.transaction_count + len(chosen)
        block.outputs = parent.outputs + 1 + sum(len(transaction.outputs) for transaction in chosen)
        self._spread(block)
        self._enter(block)
        return block

    def template(self, node: int, parent: Block) -> tuple[tuple[Transaction, ...], int, int]:
        """Choose the transactions of the next block: best paid first, up to the penalty-free weight.

        Returns:
            The transactions, the sum of their fees and of their weights.
        """
        pool = sorted(self.pool(node, self.now()), key=lambda entry: (-entry.fee / entry.weight, entry.id))
        room, fees, spent = PENALTY_FREE_WEIGHT - COINBASE_RESERVE, 0, set[Output]()
        chosen = []
        for transaction in pool:
            if (
                transaction.weight <= room
                and spent.isdisjoint(transaction.inputs)
                and self.chain.valid(parent, transaction)
            ):
                chosen.append(transaction)
                spent.update(transaction.inputs)
                room -= transaction.weight
                fees += transaction.fee
        return tuple(chosen), fees, PENALTY_FREE_WEIGHT - COINBASE_RESERVE - room

    def _spread(self, block: Block) -> None:
        arrivals = self.network.block_arrivals(block.id, block.node, block.found, block.weight)
        before = None if block.parent is None else block.parent.effective
        if before is not None:
            # A node that never got the parent by itself fetches it when a child comes.
            arrivals = np.where(before < NEVER, np.maximum(arrivals, before), arrivals)
        arrivals[block.node] = block.found
        block.effective = arrivals
        block.last_arrival = int(arrivals[arrivals < NEVER].max())
        self._open.append(block)
        self._due = min(self._due, block.last_arrival + HORIZON)

    def _enter(self, block: Block) -> None:
        self._reopen(block)
        self.chain.add(block)
        self._coinbases[block.coinbase.id] = block.coinbase
        self.sightings.mined(block)
        for transaction in (block.coinbase, *block.transactions):
            transaction.blocks.append(block)
            for output in transaction.outputs:
                if output.holder is not None:
                    touch = block.touches.setdefault(output.holder.ledger, Touch())
                    touch.received.append(output)
                    touch.transactions[transaction] = None
            for output in transaction.inputs:
                if output.holder is not None:
                    touch = block.touches.setdefault(output.holder.ledger, Touch())
                    touch.spent.append(output)
                    touch.transactions[transaction] = None
        for ledger in block.touches:
            ledger.touched(block)  # type: ignore[attr-defined]
        if self.on_block is not None:
            self.on_block(block)

    def _reopen(self, block: Block) -> None:
        """Where a block leaves the chain below what was settled, what it leaves out is on the way again."""
        if block.parent is None or self.chain.contains(block.parent, self._common):
            return
        fork = self.chain.fork(block.parent, self._common)
        step = self._common
        while step is not fork and step.parent is not None:
            for transaction in step.transactions:
                if transaction not in self._waiting:
                    transaction.arrivals = np.full(self.network.nodes, -1, dtype=np.int64)
                    transaction.everywhere = -1
                    self._wait_for(transaction)
            step = step.parent
        self._common = fork

    def release(self, transaction: Transaction, node: int, *, relay: bool) -> None:
        """Hand a transaction to a node, now; it passes it on if ``relay``."""
        if transaction.relayed and transaction in self._waiting:
            self._release_again(transaction, node)
            return
        transaction.node, transaction.released, transaction.relayed = node, self.now(), relay
        transaction.arrivals = None
        if not relay:
            transaction.arrivals = np.full(self.network.nodes, NEVER, dtype=np.int64)
            transaction.arrivals[node] = transaction.released
            transaction.everywhere = NEVER
        self.drafts.pop(transaction.id, None)
        if transaction.id not in self.transactions:
            self.transactions[transaction.id] = transaction
            for output in transaction.inputs:
                for rival in output.spenders:
                    rival.contested = transaction.contested = True
                output.spenders.append(transaction)
                self._images[output.key_image] = output
        self._wait_for(transaction)

    def _release_again(self, transaction: Transaction, node: int) -> None:
        """A second node hands out what another one already does."""
        self.arrived(transaction, node, 0)
        again = self.network.transaction_arrivals(transaction.id, node, self.now(), transaction.weight)
        again[node] = self.now()
        if transaction.arrivals is not None:
            transaction.arrivals = np.minimum(transaction.arrivals, again)
            transaction.everywhere = int(transaction.arrivals.max())

    def _wait_for(self, transaction: Transaction) -> None:
        self._waiting[transaction] = None
        for output in transaction.outputs:
            if output.holder is not None:
                output.holder.ledger.announce(transaction)  # type: ignore[attr-defined]

    def _settle_transaction(self, transaction: Transaction) -> None:
        self._waiting.pop(transaction, None)
        transaction.arrivals = transaction.mined = None
        for output in transaction.outputs:
            if output.holder is not None:
                output.holder.ledger.forget(transaction)  # type: ignore[attr-defined]

    def arrived(self, transaction: Transaction, node: int, at: int) -> bool:
        """Tell whether a node has been handed a transaction that is still on the way."""
        if transaction.arrivals is None:
            arrivals = self.network.transaction_arrivals(
                transaction.id, transaction.node, transaction.released, transaction.weight
            )
            arrivals[transaction.node] = transaction.released
            transaction.arrivals, transaction.everywhere = arrivals, int(arrivals.max())
        return at >= transaction.everywhere or transaction.arrivals.item(node) <= at

    def arrival(self, transaction: Transaction, node: int) -> int:
        """Give when a node was handed a transaction that it has, microseconds."""
        if transaction.arrivals is None:
            return transaction.released
        return max(transaction.arrivals.item(node), 0)

    def known(self, transaction: Transaction, node: int, at: int) -> bool:
        """Tell whether a node has a transaction, in its pool or on its chain."""
        if transaction.id not in self.transactions:
            return False
        tip = self.tip(node, at)
        return self.chain.block_of(tip, transaction) is not None or self.pending(transaction, node, at, tip)

    def find(self, identity: bytes) -> Transaction | None:
        """Give the transaction of a hash: confirmed, on the way, or only made."""
        for known in (self.transactions, self.drafts, self._coinbases):
            if identity in known:
                return known[identity]
        return None

    def image_status(self, node: int, image: bytes) -> int:
        """Tell what a node knows of a key image: 0 not spent, 1 spent on its chain, 2 spent in its pool."""
        output, now = self._images.get(image), self.now()
        if output is None:
            return 0
        tip = self.tip(node, now)
        if self.chain.spent(tip, output):
            return 1
        return 2 if any(self.pending(spender, node, now, tip) for spender in output.spenders) else 0

    def pending(self, transaction: Transaction, node: int, at: int, tip: Block) -> bool:
        """Tell whether a transaction is in a node's pool.

        Args:
            transaction: One that was released.
            node: Whose pool.
            at: When, microseconds.
            tip: What the node follows then.
        """
        if transaction not in self._waiting or not self.arrived(transaction, node, at):
            return False
        if transaction.blocks and self.chain.block_of(tip, transaction) is not None:
            return False
        return not transaction.contested or not any(
            self._taken(output, transaction, node, at, tip) for output in transaction.inputs
        )

    def _taken(self, output: Output, transaction: Transaction, node: int, at: int, tip: Block) -> bool:
        mine = (transaction.arrivals.item(node), transaction.id) if transaction.arrivals is not None else (0, b"")
        for other in output.spenders:
            if other is transaction:
                continue
            if self.chain.block_of(tip, other) is not None:
                return True
            if (
                other in self._waiting
                and self.arrived(other, node, at)
                and other.arrivals is not None
                and (other.arrivals.item(node), other.id) < mine
            ):
                return True
        return False

    def pool(self, node: int, at: int) -> Iterator[Transaction]:
        """List a node's pool: what it has been handed, its chain does not hold and nothing earlier spends."""
        tip = self.tip(node, at)
        return (transaction for transaction in list(self._waiting) if self.pending(transaction, node, at, tip))

    def settle(self, upto: int) -> None:
        """Work out all tips up to a time, tell of reorganisations, and drop arrivals nobody can ask for any more."""
        if upto <= self._settled_at:
            return
        moving = sorted((block for block in self._open if block.found <= upto), key=lambda block: block.height)
        if moving and self._in_line(moving):
            for block in moving:
                has = (block.effective <= upto) & (self._work < block.cumulative_difficulty)  # type: ignore[operator]
                self._tips[has] = block.index
                self._work[has] = block.cumulative_difficulty
        elif moving:
            self._settle_branches(moving, upto)
        self._settled_at = upto
        self._open = [block for block in self._open if block.last_arrival > upto]
        self._due = min((block.last_arrival + HORIZON for block in self._open), default=NEVER)
        for block in moving:
            if block.last_arrival <= upto and block.effective is not None:
                self.sightings.tell_block(block, upto)
                if block.effective.max() < NEVER:
                    block.effective = None
        if moving:
            self._settle_transactions()

    def finish(self, at: int) -> None:
        """Settle the end of the run, and tell of what is still on the way."""
        self.settle(at)
        for block in self._open:
            self.sightings.tell_block(block, at)
        for transaction in self._waiting:
            self._tell_transaction(transaction, at)

    def _in_line(self, moving: list[Block]) -> bool:
        """Tell whether blocks and all tips lie on one chain, so that no node can have left a branch."""
        last = moving[-1]
        return all(self.chain.contains(last, block) for block in moving) and all(
            self.chain.contains(last, self.chain.blocks[index]) for index in np.unique(self._tips).tolist()
        )

    def _settle_branches(self, moving: list[Block], upto: int) -> None:
        arrivals = np.array([block.effective for block in moving], dtype=np.int64)
        seen: list[Reorganisation] = []
        for node in np.flatnonzero(((arrivals > self._settled_at) & (arrivals <= upto)).any(axis=0)).tolist():
            tip = self.chain.blocks[self._tips.item(node)]
            events = sorted((at, order) for order, at in enumerate(arrivals[:, node].tolist()))
            for at, order in events:
                block = moving[order]
                if self._settled_at < at <= upto and block.cumulative_difficulty > tip.cumulative_difficulty:
                    fork = self.chain.fork(tip, block)
                    if fork is not tip:
                        seen.append(Reorganisation(at, node, tip, block, tip.height - fork.height))
                    tip = block
            self._tips[node] = tip.index
            self._work[node] = tip.cumulative_difficulty
        if self.on_reorg is not None:
            for reorganisation in sorted(seen, key=lambda entry: (entry.at, entry.node)):
                self.on_reorg(reorganisation)

    def _settle_transactions(self) -> None:
        """Forget transactions in blocks that all nodes follow, and those that they rule out."""
        common: Block | None = None
        for index in np.unique(self._tips).tolist():
            tip = self.chain.blocks[index]
            common = tip if common is None else self.chain.fork(common, tip)
        # A branch that some node has left for good may still be followed in what is not settled yet.
        for block in self._open:
            common = block if common is None else self.chain.fork(common, block)
        if common is None or common.height <= self._common.height:
            return
        for height in range(self._common.height + 1, common.height + 1):
            for transaction in self.chain.at(common, height).transactions:
                # Itself is among them.
                rivals = {rival: None for output in transaction.inputs for rival in output.spenders}
                for rival in rivals:
                    self._tell_transaction(rival, self._settled_at)
                for rival in rivals:
                    self._settle_transaction(rival)
        self._common = common

    def _tell_transaction(self, transaction: Transaction, upto: int) -> None:
        if transaction in self._waiting:
            self.arrived(transaction, transaction.node, upto)
            self.sightings.tell_transaction(transaction, upto)

    def agreed_tip(self) -> Block:
        """Give the tip that most nodes follow now; of equal shares the one of most work, then the first found."""
        now = self.now()
        count: dict[Block, int] = {}
        for node in range(self.network.nodes):
            tip = self.tip(node, now)
            count[tip] = count.get(tip, 0) + 1
        return max(count, key=lambda tip: (count[tip], tip.cumulative_difficulty, -tip.index))

    def off_chain(self, node: int, tip: Block) -> list[Block]:
        """List the blocks a node knows that are not on ``tip``'s chain, in the order of finding."""
        now = self.now()
        return [block for block in self.chain.off(tip) if self._arrival(block, node) <= now]

    def peers(self, node: int) -> list[Peer]:
        """List the connections of a node."""
        return self.network.peers(node)

    def supply(self, tip: Block) -> int:
        """Give the coins that miners of ``tip``'s chain created: its subsidies without the genesis block's."""
        return tip.generated - self.chain.main[0].generated
