"""Block templates and blocks (src/cryptonote_core/tx_pool.cpp, src/cryptonote_core/blockchain.cpp)."""

from typing import NamedTuple, Protocol

from monerosim.model.chain import Chain
from monerosim.model.difficulty import Difficulty
from monerosim.model.formats import MONEROD, TransactionFormat
from monerosim.model.medians import BlockWeights
from monerosim.model.owners import Owners
from monerosim.model.pool_order import PoolOrder
from monerosim.model.records import Block, Output, Transaction
from monerosim.model.start import GENESIS, Start
from monerosim.model.views import View, Views
from monerosim.monero.constants import HARD_FORK
from monerosim.monero.difficulty import TIMESTAMP_WINDOW, earliest_timestamp
from monerosim.monero.emission import base_reward
from monerosim.monero.fees import COINBASE_RESERVE, coinbase_weight
from monerosim.monero.serial import (
    BlockParts,
    Coinbase,
    CoinbaseOutput,
    block_hash,
    coinbase_blob,
    coinbase_hash,
    extra_field,
)
from monerosim.monero.weights import as_float, long_term_weight, penalised

_KEY_FIELD = 33
"""The bytes of a coinbase's extra up to the end of the transaction's public key."""


class Digest(Protocol):
    """Derives 32 bytes from the run's seed (:meth:`monerosim.model.blockchain.Blockchain.digest`)."""

    def __call__(self, purpose: str, *parts: bytes) -> bytes:
        """Return what follows from a purpose and ``parts``."""


class BlockTemplate(NamedTuple):
    """What the next block after a parent can hold."""

    parent: Block
    transactions: tuple[Transaction, ...]
    fees: int
    """The sum of their fees, atomic units."""
    weight: int
    """The weights of the coinbase and the transactions together, bytes."""
    subsidy: int
    """The coins that the block creates, atomic units."""
    expected: int
    """What the miner would be paid if the coinbase weighed nothing, atomic units: monerod says so of a template."""

    @property
    def reward(self) -> int:
        """The amount that its coinbase pays: subsidy and fees, atomic units."""
        return self.subsidy + self.fees


class Mining:
    """Makes templates and blocks.

    Args:
        chain: All blocks of the run.
        views: What the nodes see of them.
        pool: The nodes' pools, in order.
        owners: Whom coinbases pay.
        weights: The median block weights of each chain.
        difficulty: The difficulty of each chain's next block.
        start: What the block at height 1 pays beyond its reward. What it pays others than its miner, one that somebody
            submits does not show, and has all the same.
        digest: Derives the hashes of blocks and coinbases.

    Attributes:
        weights: As given.
        difficulty: As given.
    """

    def __init__(
        self,
        chain: Chain,
        views: Views,
        pool: PoolOrder,
        owners: Owners,
        *,
        weights: BlockWeights,
        difficulty: Difficulty,
        start: Start = GENESIS,
        digest: Digest,
    ) -> None:
        self.weights = weights
        self.difficulty = difficulty
        self._chain = chain
        self._views = views
        self._pool = pool
        self._owners = owners
        self._start = start
        self._digest = digest

    def format(self, node: int, height: int) -> TransactionFormat:
        """Return what the transactions of a block of a height look like by a node's rules."""
        following = self._views.following
        return MONEROD if following is None else following.format(node, height)

    def block_version(self, node: int, height: int) -> int:
        """Return the version of a block of a height by a node's rules."""
        following = self._views.following
        return HARD_FORK if following is None else following.block_version(node, height)

    def template(self, view: View, parent: Block) -> BlockTemplate:
        """Choose the transactions of the block after ``parent`` from a node's pool.

        In the pool's order, and up to twice the median weight, each is taken that does not lower what the miner is
        paid; the others are passed over (``tx_memory_pool::fill_block_template``).
        """
        base, effective = base_reward(parent.generated), parent.medians.effective
        wanted = self.format(view.node, parent.height + 1)
        fees, weight, spent = 0, 0, set[Output]()
        best = base
        chosen = []
        for transaction in self._pool.for_block(view):
            heavier = weight + transaction.weight
            if heavier > 2 * effective - COINBASE_RESERVE:
                continue
            paid = penalised(base, heavier, effective) + fees + transaction.fee
            if (
                paid < as_float(best)
                or not spent.isdisjoint(transaction.inputs)
                or transaction.format is not wanted
                or not self._chain.valid(parent, transaction)
            ):
                continue
            chosen.append(transaction)
            spent.update(transaction.inputs)
            weight, best = heavier, paid
            fees += transaction.fee
        return self._complete(parent, tuple(chosen), fees, weight)

    @staticmethod
    def _complete(parent: Block, chosen: tuple[Transaction, ...], fees: int, weight: int) -> BlockTemplate:
        """Add the coinbase, whose weight cuts the reward that it pays (``Blockchain::create_block_template``)."""
        base, effective, height = base_reward(parent.generated), parent.medians.effective, parent.height + 1
        whole = weight + coinbase_weight(height, penalised(base, weight, effective) + fees)
        subsidy = penalised(base, whole, effective)
        return BlockTemplate(parent, chosen, fees, whole, subsidy, penalised(base, weight, effective) + fees)

    def earliest(self, parent: Block) -> int:
        """Return the least timestamp of the block after ``parent``, unix time in seconds."""
        return earliest_timestamp([block.timestamp for block in self._chain.recent(parent, TIMESTAMP_WINDOW)])

    def make_block(self, view: View, parent: Block, keys: bytes, timestamp: int, *, empty: bool = False) -> Block:
        """Make the block after ``parent`` as a node would mine it now.

        Args:
            view: What the node sees now.
            parent: The block it follows.
            keys: The keys of the address its coinbase pays, 64 bytes.
            timestamp: Unix time in seconds at the node's clock. A block before the least time is given that instead
                (``Blockchain::create_block_template``).
            empty: Leave out all transactions.
        """
        template = self._complete(parent, (), 0, 0) if empty else self.template(view, parent)
        # Several blocks of one node on one parent at one instant differ by this alone.
        siblings = self._views.siblings(parent)
        place = (parent.height + 1, view.at, view.node, siblings)
        numbers = b"".join(number.to_bytes(8, "little") for number in place)
        hashes = [transaction.id for transaction in template.transactions]
        identity = self._digest("block", parent.id, numbers, keys, *hashes)
        coinbase = Transaction(self._digest("coinbase", identity), (), 0, 0, "")
        return self._assemble(view, template, identity, coinbase, keys, max(timestamp, self.earliest(parent)))

    def _assemble(
        self, view: View, template: BlockTemplate, identity: bytes, coinbase: Transaction, keys: bytes, timestamp: int
    ) -> Block:
        parent = template.parent
        coinbase.format = self.format(view.node, parent.height + 1)
        coinbase.weight = template.weight - sum(transaction.weight for transaction in template.transactions)
        endowment, granted = self._endowed(parent), self._start.granted if parent.parent is None else ()
        paid = [(keys, amount) for amount in (template.reward, *endowment)]
        self._owners.make_outputs(coinbase, [*paid, *granted])
        block = Block(parent, identity, coinbase, difficulty=self.difficulty.after(parent))
        block.version = self.block_version(view.node, block.height)
        block.transactions = template.transactions
        block.timestamp, block.found, block.node = timestamp, view.at, view.node
        block.generated = parent.generated + template.subsidy + sum(endowment) + sum(amount for _, amount in granted)
        block.fees = parent.fees + template.fees
        block.weight = template.weight
        block.long_term_weight = long_term_weight(block.weight, parent.medians.long_term)
        block.transaction_count = parent.transaction_count + len(template.transactions)
        made = (coinbase, *template.transactions)
        block.outputs = parent.outputs + sum(len(transaction.outputs) for transaction in made)
        self.weights.add(block)
        return block

    def _endowed(self, parent: Block) -> tuple[int, ...]:
        """Return what the block after ``parent`` pays its miner beyond its reward, an amount an output."""
        return self._start.endowment if parent.parent is None else ()

    def template_parts(
        self, view: View, parent: Block, keys: bytes, reserved: bytes, timestamp: int
    ) -> tuple[BlockParts, int]:
        """Return the block after ``parent`` as a miner gets it to work on.

        Its coinbase shows the keys of the address it pays, hidden, where a real one has keys made for it alone: so the
        block can be taken from anybody who brings it back (:meth:`submitted`).

        Args:
            view: What the node sees now.
            parent: The block it follows.
            keys: The keys of the address its coinbase pays, 64 bytes.
            reserved: What the coinbase carries for the miner's use.
            timestamp: Unix time in seconds at the node's clock, as in :meth:`make_block`.

        Returns:
            The block, and what monerod says that it pays (:attr:`BlockTemplate.expected`).
        """
        template = self.template(view, parent)
        hidden = self._hide(keys, parent.id)
        height, extra = parent.height + 1, extra_field(hidden[32:], reserved)
        version, locked = self.block_version(view.node, height), self.format(view.node, height).coinbase_unlock

        def coinbase(reward: int) -> Coinbase:
            amounts = (reward, *self._endowed(parent))
            outputs = tuple(CoinbaseOutput(amount, hidden[:32], hidden[:1]) for amount in amounts)
            return Coinbase(2, height + locked, height, outputs, extra)

        weight = sum(transaction.weight for transaction in template.transactions)
        whole = weight + len(coinbase_blob(coinbase(template.reward)))
        reward = penalised(base_reward(parent.generated), whole, parent.medians.effective) + template.fees
        hashes = tuple(transaction.id for transaction in template.transactions)
        stamp = max(timestamp, self.earliest(parent))
        return BlockParts(version, version, stamp, parent.id, 0, coinbase(reward), hashes), template.expected

    def submitted(self, view: View, parent: Block, parts: BlockParts, chosen: tuple[Transaction, ...]) -> Block | None:
        """Make the block that somebody submits to a node; None if it breaks a rule.

        Args:
            view: What the node sees now.
            parent: The block it follows.
            parts: What was submitted.
            chosen: Its transactions.
        """
        coinbase, height = parts.coinbase, parent.height + 1
        version, wanted = self.block_version(view.node, height), self.format(view.node, height)
        spent = [output for transaction in chosen for output in transaction.inputs]
        if (
            (parts.major_version, coinbase.version) != (version, 2)
            or (coinbase.height, coinbase.unlock_time) != (height, height + wanted.coinbase_unlock)
            or len(coinbase.extra) < _KEY_FIELD
            or len(set(spent)) != len(spent)
            or not all(one.format is wanted and self._chain.valid(parent, one) for one in chosen)
        ):
            return None
        weight = sum(transaction.weight for transaction in chosen) + len(coinbase_blob(coinbase))
        fees, effective = sum(transaction.fee for transaction in chosen), parent.medians.effective
        subsidy = penalised(base_reward(parent.generated), weight, effective)
        amounts = tuple(output.amount for output in coinbase.outputs)
        if weight > 2 * effective or amounts != (subsidy + fees, *self._endowed(parent)):
            return None
        template = BlockTemplate(parent, chosen, fees, weight, subsidy, subsidy + fees)
        keys = self._hide(coinbase.outputs[0].key + coinbase.extra[1:_KEY_FIELD], parent.id)
        made = Transaction(coinbase_hash(coinbase), (), 0, 0, "")
        block = self._assemble(view, template, block_hash(parts), made, keys, parts.timestamp)
        block.submitted = parts
        for output, shown in zip(made.outputs, coinbase.outputs, strict=False):
            output.key = shown.key
        return block

    def _hide(self, keys: bytes, parent: bytes) -> bytes:
        """Hide the keys of an address in a template on a parent, or find them again."""
        pad = self._digest("template", parent, b"spend") + self._digest("template", parent, b"view")
        return bytes(one ^ other for one, other in zip(keys, pad, strict=True))
