"""Blocks, what is in them, and how nodes moved from branch to branch."""

from collections import Counter
from collections.abc import Mapping

import msgspec

from monerosim.events import (
    BlockContents,
    BlockFound,
    BlockSpread,
    BlockStale,
    NodeClosed,
    Record,
    Reorganised,
    TipSeen,
)
from monerosim.plan.plan import Plan
from monerosim.tables.maker import Maker, Rows, Sightings
from monerosim.tables.schema import Column, Table

BLOCKS = Table(
    "blocks",
    "Blocks that a miner found or a node had; those of the bootstrap included.",
    (
        Column("hash", "text", "the block's hash"),
        Column("height", "integer", "its height; the genesis block, which is in no table, has height 0"),
        Column("previous", "text", "the hash of the block before it; null where it was not recorded"),
        Column("miner", "name", "the participant that found it; null where nobody told"),
        Column("t_us", "time", "when it was found; of one nobody told of, when the first node had it"),
        Column("reward", "amount", "subsidy and fees; null where it was not recorded"),
        Column("fees", "amount", "fees of its transactions; null where they were not recorded"),
        Column("weight", "integer", "its weight in bytes; null where it was not recorded"),
        Column("txs", "integer", "transactions beside the miner's own; null where they were not recorded"),
        Column("difficulty", "integer", "its difficulty; null where it was not recorded"),
        Column("main", "boolean", "whether it is on the main chain at the end; null where a run without an end forks"),
        Column("bootstrap", "boolean", "whether it is from before time zero"),
    ),
)

BLOCK_TRANSACTIONS = Table(
    "block_transactions",
    "What is in each block, in its order.",
    (
        Column("hash", "text", "the block"),
        Column("position", "integer", "from 0, the miner's own transaction left out"),
        Column("txid", "text", "the transaction"),
    ),
)

REORGANISATIONS = Table(
    "reorganisations",
    "How nodes left one branch for a better one.",
    (
        Column("node", "name", "the participant whose node it is"),
        Column("t_us", "time", "when"),
        Column("depth", "integer", "blocks that it removed from its main chain"),
        Column("old", "text", "hash of the tip before"),
        Column("new", "text", "hash of the tip after"),
    ),
)

CHAIN_HEADS = Table(
    "chain_heads",
    "The tips of nodes: what observers saw, and where each node stood at the end.",
    (
        Column("node", "name", "the participant whose node it is"),
        Column("t_us", "time", "when it was at this tip"),
        Column("tip", "text", "the tip's hash"),
        Column("height", "integer", "the tip's height"),
        Column("final", "boolean", "whether it is the run's end"),
    ),
)


class _Block(msgspec.Struct):
    """What is known of a block so far."""

    height: int
    t: int
    miner: str | None = None
    reward: int | None = None
    txs: int | None = None
    previous: str | None = None
    fees: int | None = None
    weight: int | None = None
    difficulty: int | None = None


class ChainMaker(Maker):
    """Keeps a small record a block until the end, when it is known what is on the main chain."""

    tables = (BLOCKS, BLOCK_TRANSACTIONS, REORGANISATIONS, CHAIN_HEADS)

    def __init__(self, plan: Plan, rows: Mapping[str, Rows], sightings: Mapping[str, Sightings]) -> None:
        super().__init__(plan, rows, sightings)
        self._blocks: dict[str, _Block] = {}
        self._stale: set[str] = set()
        self._ended = False

    def take(self, record: Record) -> None:
        """Take a block, a reorganisation or a tip."""
        match record.data:
            case BlockFound(miner=miner, height=height, hash=block, reward=reward, transactions=txs):
                known = self._blocks.setdefault(block, _Block(height, record.t))
                known.t, known.miner, known.reward, known.txs = record.t, miner, reward, txs
            case BlockContents() as contents:
                self._take_contents(record.t, contents)
            case BlockSpread(hash=block, height=height, first=first):
                self._blocks.setdefault(block, _Block(height, first))
            case BlockStale(hash=block, miner=miner, height=height):
                self._stale.add(block)
                self._blocks.setdefault(block, _Block(height, record.t, miner))
            case Reorganised(node=node, depth=depth, old_tip=old, new_tip=new):
                self.rows["reorganisations"].add(node, record.t, depth, old, new)
            case TipSeen(height=height, hash=tip):
                self.rows["chain_heads"].add(record.participant, record.t, tip, height, False)
            case NodeClosed(height=height, tip=tip):
                self._ended = True
                self.rows["chain_heads"].add(record.participant, record.t, tip, height, True)
            case _:
                pass

    def _take_contents(self, t: int, found: BlockContents) -> None:
        block = self._blocks.setdefault(found.hash, _Block(found.height, t))
        block.t, block.miner = t, found.miner or block.miner
        block.reward, block.txs, block.previous = found.reward, len(found.transactions), found.previous
        # Of a block off its main chain a real node does not tell these.
        if found.weight:
            block.fees, block.weight, block.difficulty = found.fees, found.weight, found.difficulty
        for position, txid in enumerate(found.transactions):
            self.rows["block_transactions"].add(found.hash, position, txid)

    def end(self) -> None:
        """Add the blocks, by height."""
        at_height = Counter(block.height for block in self._blocks.values())
        for block_hash, block in sorted(self._blocks.items(), key=lambda it: (it[1].height, it[1].t, it[0])):
            main = block_hash not in self._stale if self._ended or at_height[block.height] == 1 else None
            self.rows["blocks"].add(
                block_hash,
                block.height,
                block.previous,
                block.miner,
                block.t,
                block.reward,
                block.fees,
                block.weight,
                block.txs,
                block.difficulty,
                main,
                block.t < 0,
            )
