"""Block templates and blocks (src/cryptonote_core/tx_pool.cpp, src/cryptonote_core/blockchain.cpp)."""

from typing import NamedTuple, Protocol

from monerosim.model.chain import Chain
from monerosim.model.difficulty import Difficulty
from monerosim.model.medians import BlockWeights
from monerosim.model.owners import Owners
from monerosim.model.pool_order import PoolOrder
from monerosim.model.records import Block, Output, Transaction
from monerosim.model.views import View, Views
from monerosim.monero.difficulty import TIMESTAMP_WINDOW, earliest_timestamp
from monerosim.monero.emission import base_reward
from monerosim.monero.fees import COINBASE_RESERVE, coinbase_weight
from monerosim.monero.weights import as_float, long_term_weight, penalised


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
        endowment: What the block at height 1 pays its miner beyond its reward, an amount an output.
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
        endowment: tuple[int, ...] = (),
        digest: Digest,
    ) -> None:
        self.weights = weights
        self.difficulty = difficulty
        self._chain = chain
        self._views = views
        self._pool = pool
        self._owners = owners
        self._endowment = endowment
        self._digest = digest

    def template(self, view: View, parent: Block) -> BlockTemplate:
        """Choose the transactions of the block after ``parent`` from a node's pool.

        In the pool's order, and up to twice the median weight, each is taken that does not lower what the miner is
        paid; the others are passed over (``tx_memory_pool::fill_block_template``).
        """
        base, effective = base_reward(parent.generated), parent.medians.effective
        fees, weight, spent = 0, 0, set[Output]()
        best = base
        chosen = []
        for transaction in self._pool.of(view):
            heavier = weight + transaction.weight
            if heavier > 2 * effective - COINBASE_RESERVE:
                continue
            paid = penalised(base, heavier, effective) + fees + transaction.fee
            if (
                paid < as_float(best)
                or not spent.isdisjoint(transaction.inputs)
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

    def _earliest(self, parent: Block) -> int:
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
        coinbase.weight = template.weight - sum(transaction.weight for transaction in template.transactions)
        endowment = self._endowment if parent.parent is None else ()
        self._owners.make_outputs(coinbase, [(keys, amount) for amount in (template.reward, *endowment)])
        block = Block(parent, identity, coinbase, difficulty=self.difficulty.after(parent))
        block.transactions = template.transactions
        block.timestamp = max(timestamp, self._earliest(parent))
        block.found, block.node = view.at, view.node
        block.generated = parent.generated + template.subsidy + sum(endowment)
        block.fees = parent.fees + template.fees
        block.weight = template.weight
        block.long_term_weight = long_term_weight(block.weight, parent.medians.long_term)
        block.transaction_count = parent.transaction_count + len(template.transactions)
        made = (coinbase, *template.transactions)
        block.outputs = parent.outputs + sum(len(transaction.outputs) for transaction in made)
        self.weights.add(block)
        return block
