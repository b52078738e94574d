"""What a node follows of branches with equal work."""

from monerosim.model.following import Follower
from monerosim.model.records import Block
from monerosim.rules.rule import Rule


class FirstSeen(Rule, frozen=True, kw_only=True):
    """monerod's own rules: the chain of most work, and of equal ones the one that the node had first."""


class UniformTieBreaking(Rule, frozen=True, kw_only=True):
    """Of equal branches any one, with the same chance for each; all of them are passed on.

    Eyal and Sirer 2014, section 6, doi 10.1007/978-3-662-45472-5_28: the share of honest miners on an attacker's branch
    is a half, however well it is connected.
    """

    def prefers(self, node: Follower, block: Block) -> bool | None:
        """Return whether a node leaves its branch for another: for the n-th of equal ones with a chance of 1/n."""
        if block.cumulative_difficulty != node.tip.cumulative_difficulty:
            return None
        return node.draw("tie", block) * len(_equals(node, block)) < 1

    def relays(self, node: Follower, block: Block) -> bool:
        """Return whether a block is as good as the node's tip."""
        return block.cumulative_difficulty == node.tip.cumulative_difficulty


def _equals(node: Follower, block: Block) -> list[Block]:
    """List the blocks with as much work that a node has; they may differ in height where the difficulty moves."""
    lowest, highest = sorted((node.tip.height, block.height))
    heights = range(lowest, highest + 1)
    work = block.cumulative_difficulty
    return [one for height in heights for one in node.at_height(height) if one.cumulative_difficulty == work]
