"""What nodes go by: the version of monerod that each runs, and rules that take the place of monerod's."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from monerosim.model.formats import TransactionFormat
from monerosim.monero.weights import POOL_WEIGHT
from monerosim.units import SECOND

if TYPE_CHECKING:
    from monerosim.model.following import Follower
    from monerosim.model.records import Block

Version: TypeAlias = tuple[int, ...]
"""A version of monerod: ``(0, 18, 3, 3)``."""

OLDEST: Version = (0, 18, 0, 0)
"""The version whose rules are followed where nothing else is said."""

POOL_LIFETIME = 3 * 86_400 * SECOND
"""How long a transaction stays in a pool, microseconds (``CRYPTONOTE_MEMPOOL_TX_LIVETIME``)."""


class Rule(Protocol):
    """A rule that takes the place of monerod's (:class:`monerosim.rules.Rule` has monerod's own)."""

    def prefers(self, node: "Follower", block: "Block") -> bool | None:
        """Return whether a node leaves its chain for a block off its tip that it has just got; None if others say."""

    def permits(self, node: "Follower", tip: "Block") -> bool:
        """Return whether a node may follow the chain that ends in ``tip``."""

    def relays(self, node: "Follower", block: "Block") -> bool:
        """Return whether a node passes on a block that it does not follow."""

    def accepts(self, block: "Block") -> bool:
        """Return whether a block is valid, whose parent is."""

    def uncles(self, node: "Follower", parent: "Block") -> "Sequence[Block]":
        """Return the blocks off its chain that a block refers to which the node finds on ``parent``."""

    def format(self) -> TransactionFormat | None:
        """Return what transactions look like; None if others say."""


class HardFork(NamedTuple):
    """What changes at a height for those who know of it; the others refuse the blocks from there on."""

    height: int
    """Of the first block by the new rules."""
    since: Version
    """The version of monerod that knows of it first."""
    rules: Sequence[Rule]
    """What nodes go by from there on, before their other rules."""


class Rules(NamedTuple):
    """What nodes go by."""

    versions: list[Version] | None = None
    """The version of monerod that each node runs; :data:`OLDEST` if left out."""
    pool_lifetime: int = POOL_LIFETIME
    """How long a transaction stays in a node's pool, microseconds."""
    own: Sequence[Sequence[Rule]] | None = None
    """The rules of each node that take the place of monerod's; None if all go by monerod's."""
    names: Sequence[str] = ()
    """The nodes' names, where they have some."""
    forks: Sequence[HardFork] = ()
    """In the order of their heights."""
    pool_weight: int = POOL_WEIGHT
    """How much a node's pool holds, bytes."""
    stems_in_blocks: bool = True
    """Whether miners take transactions that are in their stem phase, as on regtest (``m_mine_stem_txes``)."""

    @property
    def all_monerods(self) -> bool:
        """Whether all nodes go by monerod's rules at all heights."""
        return self.own is None and not self.forks

    def upgrade(self, node: int, version: Version) -> None:
        """Take in that a node runs another version of monerod now; :attr:`versions` are given."""
        if self.versions is None:
            raise ValueError("the nodes have no versions of their own")
        self.versions[node] = version

    def version(self, node: int) -> Version:
        """Return the version of monerod that a node runs."""
        return OLDEST if self.versions is None else self.versions[node]
