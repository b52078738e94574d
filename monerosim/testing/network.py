"""A network without delays, from which single nodes can be cut off."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monerosim.model.records import ArrivalTimes
from monerosim.network.propagation import NEVER
from monerosim.network.relay import LinkTo, Peer


class InstantNetwork:
    """Nodes that are all connected with each other, and have everything at once.

    Args:
        nodes: How many.

    Attributes:
        nodes: How many.
        cut_off: The nodes that nothing reaches and nothing leaves.
    """

    block_verification = 0

    def __init__(self, nodes: int) -> None:
        self.nodes = nodes
        self.cut_off: set[int] = set()

    def block_arrivals(self, item: bytes, origin: int, released: int, weight: int) -> ArrivalTimes:
        """Return when each node has a block."""
        del item, weight
        reached = [
            node == origin or (origin not in self.cut_off and node not in self.cut_off) for node in range(self.nodes)
        ]
        return np.where(reached, released, NEVER)

    def transaction_arrivals(self, item: bytes, origin: int, released: int, weight: int) -> ArrivalTimes:
        """Return when each node has a transaction."""
        return self.block_arrivals(item, origin, released, weight)

    def block_waits(self, item: bytes, weight: int) -> NDArray[np.int64]:
        """Return how long a block takes over each link, shape ``(links,)``."""
        del item, weight
        return np.zeros(self.nodes, dtype=np.int64)

    def links_from(self, node: int) -> Sequence[LinkTo]:
        """Return the links to the nodes that a node reaches; a link's place is its end."""
        if node in self.cut_off:
            return []
        return [LinkTo(peer, peer, 0) for peer in range(self.nodes) if peer != node and peer not in self.cut_off]

    def ready(self, node: int) -> int:
        """Return when a node is up, microseconds."""
        del node
        return 0

    def next_timed_sync(self, node: int, after: int) -> int:
        """Return when a node next tells its peers its tip: at once, as nodes do when they connect."""
        del node
        return after

    def peers(self, node: int) -> list[Peer]:
        """Return the connections of a node, also while nothing comes through them: each node dials those after it."""
        return [Peer(peer, incoming=peer < node) for peer in range(self.nodes) if peer != node]
