"""Block templates and blocks (src/cryptonote_core/tx_pool.cpp, src/cryptonote_core/blockchain.cpp)."""

from typing import NamedTuple, Protocol

from monerosim.model.chain import Chain
from monerosim.model.owners import Owners
from monerosim.model.records import Block, Output, Transaction
from monerosim.model.txpool import Txpool
from monerosim.model.views import View, Views
from monerosim.monero.emission import base_reward
from monerosim.monero.fees import COINBASE_RESERVE, PENALTY_FREE_WEIGHT, coinbase_weight
from monerosim.units import SECOND


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
    """The sum of their weights, bytes."""

    @property
    def subsidy(self) -> int:
        """The coins that the block creates, atomic units."""
        return base_reward(self.parent.generated)

    @property
    def reward(self) -> int:
        """The amount that its coinbase pays: subsidy and fees, atomic units."""
        return self.subsidy + self.fees


class Mining:
    """Makes templates and blocks.

    Args:
        chain: All blocks of the run.
        views: What the nodes see of them.
        txpool: The nodes' pools.
        owners: Whom coinbases pay.
        difficulty: Of every block.
        digest: Derives the hashes of blocks and coinbases.
    """

    def __init__(
        self,
        chain: Chain,
        views: Views,
        txpool: Txpool,
        owners: Owners,
        *,
        difficulty: int,
        digest: Digest,
    ) -> None:
        self._chain = chain
        self._views = views
        self._txpool = txpool
        self._owners = owners
        self._difficulty = difficulty
        self._digest = digest

    def template(self, view: View, parent: Block) -> BlockTemplate:
        """Choose the transactions of the block after ``parent`` from a node's pool.

        The highest fee a byte comes first, of equal ones the one that the node received first, by whole seconds
        (``txCompare`` in src/cryptonote_core/tx_pool.h), then the smaller hash, as from 0.18.3.3 on; before, that was
        not defined. All that fit the penalty-free weight are taken (``tx_memory_pool::fill_block_template``).
        """

        def place(entry: Transaction) -> tuple[float, int, bytes]:
            return -entry.fee / entry.weight, self._txpool.received_at(view, entry) // SECOND, entry.id

        pool = sorted(self._txpool.contents(view), key=place)
        most = PENALTY_FREE_WEIGHT - COINBASE_RESERVE
        fees, weight, spent = 0, 0, set[Output]()
        chosen = []
        for transaction in pool:
            if (
                weight + transaction.weight <= most
                and spent.isdisjoint(transaction.inputs)
                and self._chain.valid(parent, transaction)
            ):
                chosen.append(transaction)
                spent.update(transaction.inputs)
                weight += transaction.weight
                fees += transaction.fee
        return BlockTemplate(parent, tuple(chosen), fees, weight)

    def make_block(self, view: View, parent: Block, keys: bytes, timestamp: int) -> Block:
        """Make the block after ``parent`` as a node would mine it now.

        Args:
            view: What the node sees now.
            parent: The block it follows.
            keys: The keys of the address its coinbase pays, 64 bytes.
            timestamp: Unix time in seconds.
        """
        template = self.template(view, parent)
        # Several blocks of one node on one parent at one instant differ by this alone.
        siblings = self._views.siblings(parent)
        place = (parent.height + 1, view.at, view.node, siblings)
        numbers = b"".join(number.to_bytes(8, "little") for number in place)
        hashes = [transaction.id for transaction in template.transactions]
        identity = self._digest("block", parent.id, numbers, keys, *hashes)
        coinbase = Transaction(self._digest("coinbase", identity), (), 0, 0, "")
        coinbase.weight = coinbase_weight(parent.height + 1, template.reward)
        self._owners.make_outputs(coinbase, [(keys, template.reward)])
        block = Block(parent, identity, coinbase, difficulty=self._difficulty)
        block.transactions = template.transactions
        block.timestamp, block.found, block.node = timestamp, view.at, view.node
        block.subsidy = template.subsidy
        block.generated = parent.generated + block.subsidy
        block.weight = coinbase.weight + template.weight
        block.transaction_count = parent.transaction_count + len(template.transactions)
        block.outputs = parent.outputs + 1 + sum(len(transaction.outputs) for transaction in template.transactions)
        return block
