"""Blocks: found, seen and replaced."""

from monerosim.events.event import Event


class BlockFound(Event, frozen=True):
    """A miner's node was given a block."""

    miner: str
    """The participant."""
    height: int
    hash: str
    reward: int
    """Subsidy and fees, atomic units."""
    transactions: int


class BlockContents(Event, frozen=True):
    """A block that somebody found, on whichever branch; recorded once a block, in the bootstrap too.

    The participant is the one whose node made it.
    """

    hash: str
    height: int
    previous: str
    """The hash of its parent."""
    miner: str
    """The participant that was paid; empty where that is not known."""
    transactions: tuple[str, ...]
    """Their hashes, in the block's order, without the coinbase."""
    weight: int
    """Of the whole block, the coinbase included, bytes."""
    long_term_weight: int
    """What counts for the long-term median (``long_term_weight`` of src/cryptonote_core/blockchain.cpp), bytes; 0
    where the node does not tell, as of a block off its main chain."""
    reward: int
    """Subsidy and fees, atomic units."""
    fees: int
    """Atomic units."""
    difficulty: int
    cumulative_difficulty: int
    """Of the chain up to this block."""
    timestamp: int
    """Seconds of Unix time, as the block has it."""


class BlockStale(Event, frozen=True):
    """A block that was found is not on the main chain at the end of the run."""

    miner: str
    height: int
    hash: str


class MinerSkipped(Event, frozen=True):
    """The miner that was chosen for a block did not answer; another was chosen."""

    miner: str
    reason: str


class Reorganised(Event, frozen=True):
    """A node switched to a branch with more cumulative difficulty."""

    node: str
    depth: int
    """Blocks removed from its main chain."""
    old_tip: str
    new_tip: str
    """Hashes."""


class NewBlock(Event, frozen=True):
    """A node's chain has another block; sent to subscribers only, not recorded."""

    node: str
    height: int
    hash: str


class TipSeen(Event, frozen=True):
    """An observer found its node at another tip."""

    height: int
    hash: str
    blocks: int
    """Blocks that are new on the node's chain since the last look."""
    depth: int
    """Blocks that the node removed from its main chain since the last look."""


class BranchSeen(Event, frozen=True):
    """An observer found an alternative chain at its node."""

    hash: str
    """Of its tip."""
    height: int
    length: int


class BlockSpread(Event, frozen=True):
    """When each node had a block first, on whichever branch; recorded once, when the last of them had it.

    The participant is the node that was the first. Names would make most of a large run's events, so nodes are
    identified by their order: :func:`monerosim.report.spread.first_seen` brings the two together.
    """

    hash: str
    height: int
    first: int
    """When the first node had it, microseconds since the scenario's time zero."""
    delays: tuple[int, ...]
    """How much later each node had it, microseconds; -1 for one that never had it. In the order of the plan's hosts
    that have a node."""
