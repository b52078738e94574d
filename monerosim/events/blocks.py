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
    """A block that somebody found, on whichever branch, and what it contains; recorded once, in the bootstrap too."""

    hash: str
    height: int
    previous: str
    """The hash of its parent."""
    node: str
    """The participant whose node made it."""
    miner: str
    """The participant that was paid; empty where that is not known."""
    transactions: tuple[str, ...]
    """Their hashes, in the block's order, without the coinbase."""
    reward: int
    """Subsidy and fees, atomic units."""
    timestamp: int
    """Seconds of Unix time, as the block has it."""
    weight: int
    """Of the whole block, the coinbase included, bytes. This and what follows is 0 where a real node does not tell: of
    a block that was off its main chain when it was made (``fill_block_header_response`` of
    src/rpc/core_rpc_server.cpp looks up the main chain's block of that height)."""
    long_term_weight: int
    """What counts for the long-term median (``Blockchain::get_next_long_term_block_weight``), bytes."""
    fees: int
    """Atomic units."""
    difficulty: int
    cumulative_difficulty: int
    """Of the chain up to this block."""


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


SPREAD_QUANTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99, 100)
"""The percentages of all nodes of which spreads have the time if quantiles are recorded."""


class BlockSpread(Event, frozen=True, omit_defaults=True):
    """When nodes had a block first, on whichever branch; recorded once, when the last of them had it.

    The participant is the node that was the first, the time that of the last. What there is of the others is for the
    scenario's key ``record.spreads`` to say: the delays of all, of a sample, or quantiles. Names would make most of a
    large run's events, so nodes are identified by their order: :func:`monerosim.report.spread.first_seen` brings the
    two together.
    """

    hash: str
    height: int
    first: int
    """When the first node had it, microseconds since the scenario's time zero."""
    delays: tuple[int, ...] = ()
    """How much later each node had it, microseconds; -1 for one that never had it. In the order of the plan's hosts
    that have a node, or of the plan's ``record.sampled``; empty where quantiles are recorded."""
    quantiles: tuple[int, ...] = ()
    """After how long so many percent of all nodes had it (:data:`SPREAD_QUANTILES`), microseconds; -1 where fewer ever
    had it. Empty where delays are recorded."""
    missing: int = 0
    """How many nodes never had it, where not all delays are recorded."""
    whole: str = ""
    """SHA-256 of this record as it is where all delays are recorded, which the run's digest takes; empty there."""

    @property
    def reached_all(self) -> bool:
        """Whether all nodes had it."""
        return not self.missing and -1 not in self.delays
