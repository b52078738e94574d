"""Publish or Perish: a chain counts by what was published in time.

Zhang and Preneel 2017, section 4, doi 10.1007/978-3-319-52153-4_16; proposed for Monero in research-lab issue 144.
"""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from monerosim.config import POSITIVE, Duration, duration
from monerosim.model.following import Follower
from monerosim.model.records import Block
from monerosim.rules.rule import Rule


class PublishOrPerish(Rule, frozen=True, kw_only=True):
    """Of branches shorter or longer by less than k blocks the heavier one, by what was published in time.

    A block comes in time if it is higher than the node's tip, or as high and within tau of the first of its height. Its
    uncles are the blocks as high as its parent, off its chain, to which it refers: those that its miner's node had in
    time. Above the last common block each block in time weighs one, and one more for each of its uncles that came in
    time, too; one that is late weighs nothing. Of equal branches a node takes either one.
    """

    k: Annotated[int, Meta(ge=1, le=1000, description="The lead in blocks with which a branch wins by length.")] = 3
    tau: Annotated[
        Duration, Meta(extra=POSITIVE, description="How much later than the first a block of a height is in time.")
    ] = duration("5s")

    def prefers(self, node: Follower, block: Block) -> bool:
        """Return whether a block's branch is longer by k blocks, or else heavier than the node's own."""
        if self._is_late(node, block):
            node.marked.add(block)
        lead = block.height - node.tip.height
        if abs(lead) >= self.k:
            return lead > 0
        fork = node.fork(node.tip, block)
        own, other = weight(node, node.tip, fork), weight(node, block, fork)
        return other > own or (other == own and node.draw("tie", block) < 1 / 2)

    def relays(self, node: Follower, block: Block) -> bool:
        """Return whether a block came in time, so that others may have it as an uncle in time."""
        return block not in node.marked

    def uncles(self, node: Follower, parent: Block) -> Sequence[Block]:
        """Return the blocks as high as a parent that the node had in time."""
        return [one for one in node.at_height(parent.height) if one is not parent and one not in node.marked]

    def _is_late(self, node: Follower, block: Block) -> bool:
        if block.height != node.tip.height:
            return block.height < node.tip.height
        return node.now > min(node.since(one) for one in node.at_height(block.height)) + self.tau


def weight(node: Follower, tip: Block, fork: Block) -> int:
    """Return what the blocks of a chain above a block weigh at a node.

    Args:
        node: The node; those that came late are marked.
        tip: The end of the chain.
        fork: A block of the chain.
    """
    total, step = 0, tip
    while step is not fork and step.parent is not None:
        if step not in node.marked:
            total += 1 + sum(node.has(uncle) and uncle not in node.marked for uncle in step.uncles)
        step = step.parent
    return total
