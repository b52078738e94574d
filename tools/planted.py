"""Wrong rules of nodes, planted in runs of a study."""

from monerosim import Rule
from monerosim.model.following import Follower
from monerosim.model.records import Block


class LowestHash(Rule, frozen=True, kw_only=True):
    """Of equal branches the one with the lower hash, whoever had it first."""

    def prefers(self, node: Follower, block: Block) -> bool | None:
        """Return whether a block's hash is lower than the tip's, at the same work."""
        if block.cumulative_difficulty != node.tip.cumulative_difficulty:
            return None
        return block.id < node.tip.id

    def relays(self, node: Follower, block: Block) -> bool:
        """Pass on what others may prefer."""
        return block.cumulative_difficulty == node.tip.cumulative_difficulty


class LastSeen(Rule, frozen=True, kw_only=True):
    """Of equal branches the one that came last."""

    def prefers(self, node: Follower, block: Block) -> bool | None:
        """Return whether a block has as much work as the tip or more."""
        return block.cumulative_difficulty >= node.tip.cumulative_difficulty
