"""The heights of nodes' tips, from when each node had which block."""

from collections.abc import Iterable, Mapping
from heapq import heappop, heappush


class TipHeights:
    """Knows how high the tip of each node was at instants that follow each other.

    Args:
        nodes: The nodes.
    """

    def __init__(self, nodes: Iterable[str]) -> None:
        self._known = dict.fromkeys(nodes, 0)
        self._coming: list[tuple[int, int, str]] = []

    def add(self, at: int, height: int, node: str) -> None:
        """Note that a node had a block, at microseconds since the scenario's time zero; in any order."""
        heappush(self._coming, (at, height, node))

    def __call__(self, now: int) -> Mapping[str, int]:
        """Return the height of each node's tip at an instant; 0 of one that had no block."""
        while self._coming and self._coming[0][0] <= now:
            _, height, node = heappop(self._coming)
            self._known[node] = max(self._known[node], height)
        return self._known
