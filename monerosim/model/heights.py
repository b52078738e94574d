"""How high each node's chain was at a time that may lie back as far as an epoch of Dandelion++ does."""

from collections import deque

from monerosim.model.records import ArrivalTimes, Block


class Heights:
    """When nodes had blocks, for as long as somebody may ask.

    Args:
        memory: How far back is asked, microseconds.
    """

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._blocks: deque[tuple[int, int, ArrivalTimes]] = deque()

    def add(self, block: Block) -> None:
        """Take in a block that was found just now."""
        if block.arrival_times is None:
            raise ValueError(f"the block {block.id.hex()} has not been sent")
        self._blocks.append((block.found, block.height, block.arrival_times))
        # The second one is enough for who asks for a time before the third.
        while len(self._blocks) > 2 and self._blocks[2][0] < block.found - self._memory:  # noqa: PLR2004
            self._blocks.popleft()

    def at(self, node: int, time: int) -> int:
        """Return the height of the highest block that a node had at a time, microseconds."""
        for found, height, arrivals in reversed(self._blocks):
            if found <= time and arrivals.item(node) <= time:
                return height
        return self._blocks[0][1] - 1 if self._blocks else 0
