"""When blocks come, from which start, and by which rules."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from monerosim import config
from monerosim.config import POSITIVE, Amount, Duration
from monerosim.monero.emission import TAIL_SUPPLY
from monerosim.monero.fees import PENALTY_FREE_WEIGHT
from monerosim.monero.weights import POOL_WEIGHT
from monerosim.scenario.tables.table import MAX_DIFFICULTY, MAX_MEDIAN, RuleNames, Table, Version


class HardFork(Table, frozen=True):
    """What changes at a height; nodes that do not know of it refuse the blocks from there on, and split off."""

    height: Annotated[int, Meta(ge=2, le=10**9, description="Of the first block by the new rules.")]
    since: Annotated[Version, Meta(description="The version of monerod that knows of it first.")]
    use: Annotated[
        RuleNames, Meta(description="What nodes go by from there on, before their other rules, as use of [rules].")
    ] = "first-seen"


class Rules(Table, frozen=True):
    """What nodes go by in place of monerod's rules; the model only."""

    use: Annotated[
        RuleNames,
        Meta(
            description="A rule's name, or a table with its name as kind and its keys, or an array of these, of which "
            "the first is asked first."
        ),
    ] = "first-seen"
    hard_forks: Annotated[tuple[HardFork, ...], Meta(description="What changes at a height, for whom.")] = ()


class ChainStart(Table, frozen=True):
    """What a chain has when the run begins; what is left out is that of mainnet when its tail emission began.

    Blocks of the bootstrap do not move medians and difficulty.
    """

    supply: Annotated[Amount, Meta(description="The coins that there are; what a block creates follows from it.")] = (
        msgspec.field(default_factory=lambda: Amount(TAIL_SUPPLY))
    )
    long_term_median: Annotated[
        int, Meta(ge=1, le=MAX_MEDIAN, description="The long-term median block weight, bytes; 300000 counts if less.")
    ] = PENALTY_FREE_WEIGHT
    short_term_median: Annotated[
        int, Meta(ge=1, le=MAX_MEDIAN, description="The median weight of the last hundred blocks, bytes.")
    ] = PENALTY_FREE_WEIGHT
    difficulty: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_DIFFICULTY)] | None,
        Meta(
            description="The difficulty of the first block, where it is dynamic: that at which blocks come every "
            "block_time with a hashrate of 100; mainnet's if left out."
        ),
    ] = None


class Consensus(Table, frozen=True):
    """When blocks come, and where their chain begins."""

    block_time: Annotated[Duration, Meta(extra=POSITIVE, description="The time between two blocks, on average.")] = (
        config.duration("120s")
    )
    difficulty: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_DIFFICULTY)] | Literal["dynamic"],
        Meta(
            description="The fixed difficulty of a block, which sets no pace: block_time does. Or dynamic: it follows "
            "the timestamps of the last 735 blocks, so that blocks come every block_time whatever the hashrate."
        ),
    ] = 1
    start: Annotated[
        Literal["genesis", "tail"] | ChainStart,
        Meta(
            description="Where the chain begins: empty, at the tail emission, or a table with what there is. The "
            "engine embedded only; the others begin at genesis."
        ),
    ] = "genesis"
    pool_lifetime: Annotated[
        Duration,
        Meta(
            extra=POSITIVE,
            description="How long a transaction that no block takes stays in a node's pool. The engine embedded only; "
            "in monerod three days.",
        ),
    ] = config.duration("72h")
    pool_weight: Annotated[
        int,
        Meta(
            ge=1,
            description="How much a node's pool holds, weight in bytes; what pays least a byte goes when it is full. "
            "In monerod 648 MB.",
        ),
    ] = POOL_WEIGHT
    stems_in_blocks: Annotated[
        bool,
        Meta(
            description="Whether miners take transactions that are in their stem phase at their node, as on regtest. "
            "On mainnet they do not; the engine embedded only."
        ),
    ] = True
    block_arrivals: Annotated[
        Literal["poisson", "fixed"],
        Meta(description="Whether blocks come at random times, as mining has it, or at fixed ones."),
    ] = "poisson"

    @property
    def is_dynamic(self) -> bool:
        """Whether the difficulty follows the hashrate."""
        return self.difficulty == "dynamic"

    @property
    def chain_start(self) -> ChainStart | None:
        """What the chain has when the run begins; None if it begins at genesis."""
        if isinstance(self.start, ChainStart):
            return self.start
        return ChainStart() if self.start == "tail" else None
