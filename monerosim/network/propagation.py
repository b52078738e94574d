"""The search for arrival times: when an item reaches each node, given the wait on each link."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

NEVER = 2**62
"""The arrival time at a node that an item does not reach, of 64 bits."""

UNREACHABLE = 2**61
"""A wait that stands for "not over this link", and the time above which an arrival counts as :data:`NEVER`.

Half of NEVER, so that the sum of an arrival and a wait stays within 64 bits.
"""


class Links:
    """Directed links between nodes, sorted by target (compressed sparse rows of incoming links).

    Args:
        nodes: The number of nodes.
        source: The sending node of each link.
        target: The receiving node of each link.

    Attributes:
        order: The permutation that brings per-link values into the order used here, shape ``(links,)``.
        source: The sending node of each link, in that order.
        target: The receiving node of each link, in that order, ascending.

    Raises:
        ValueError: A link names a node that does not exist, or leads from a node to itself.
    """

    def __init__(self, nodes: int, source: NDArray[np.int64], target: NDArray[np.int64]) -> None:
        if len(source) and (min(source.min(), target.min()) < 0 or max(source.max(), target.max()) >= nodes):
            raise ValueError(f"a link names a node outside 0 to {nodes - 1}")
        if bool(np.any(source == target)):
            raise ValueError(f"node {source[source == target][0]} has a link to itself")
        self.nodes = nodes
        self.order = np.argsort(target, kind="stable")
        self.source = source[self.order]
        self.target = target[self.order]
        self._reached, starts = np.unique(self.target, return_index=True)
        self._starts = starts.astype(np.intp)

    def search(
        self,
        waits: NDArray[np.int64],
        starts: Iterable[tuple[int, int]],
        *,
        ready: NDArray[np.int64] | None = None,
        silent: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.int64]:
        """Return the earliest arrival at each node.

        Bellman-Ford over all incoming links at once: a round costs a few vector operations, and there
        are as many rounds as the longest of the shortest paths has hops (about seven in a network of 1,000 nodes).

        Args:
            waits: Microseconds that each link takes, 0 to :data:`UNREACHABLE`, in the order of :attr:`order`.
            starts: Nodes that have the item, and the times since when (microseconds, 0 or later).
            ready: The time before which nothing arrives at a node, shape ``(nodes,)``; starts are not delayed.
            silent: Nodes that relay nothing, shape ``(nodes,)``.

        Returns:
            Arrival times in microseconds, :data:`NEVER` where the item does not arrive, shape ``(nodes,)``.
        """
        arrivals = np.full(self.nodes, NEVER, dtype=np.int64)
        for node, time in starts:
            arrivals[node] = min(arrivals[node], time)
        if not len(self.source):
            return arrivals
        all_reached = len(self._reached) == self.nodes
        earliest = None if ready is None else ready[self._reached]
        candidates = np.empty(len(self.source), dtype=np.int64)
        while True:
            sending = arrivals if silent is None else np.where(silent, NEVER, arrivals)
            np.take(sending, self.source, out=candidates, mode="clip")
            np.add(candidates, waits, out=candidates)
            found = np.minimum.reduceat(candidates, self._starts)
            if earliest is not None:
                np.maximum(found, earliest, out=found)
            if not all_reached:
                wider = np.full(self.nodes, NEVER, dtype=np.int64)
                wider[self._reached] = found
                found = wider
            np.minimum(found, arrivals, out=found)
            if np.array_equal(found, arrivals):
                break
            arrivals = found
        arrivals[arrivals >= UNREACHABLE] = NEVER
        return arrivals
