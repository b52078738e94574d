"""A rule: of equal branches the fresher one (Heilman 2014, doi 10.1007/978-3-662-44774-1_12)."""

from typing import Annotated

from msgspec import Meta

from monerosim import Rule


class FreshnessPreferred(Rule, frozen=True, kw_only=True):
    """Of equal branches the one whose tip has the later timestamp, if it is not from the future."""

    window: Annotated[int, Meta(ge=1, description="Seconds by which timestamps have to differ.")] = 1

    def prefers(self, node, block):
        """Return whether a block is fresher than the node's tip, at the same work."""
        if block.cumulative_difficulty != node.tip.cumulative_difficulty:
            return None
        return block.timestamp >= node.tip.timestamp + self.window

    def relays(self, node, block):
        """Return whether others may find a block fresher than what they have."""
        return block.cumulative_difficulty == node.tip.cumulative_difficulty
