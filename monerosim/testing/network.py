"""A network without delays, from which single nodes can be cut off."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from monerosim.model.records import ArrivalTimes
from monerosim.network.dandelion import HeightAt
from monerosim.network.flight import Flight, PoolContents
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

    height_memory = 0
    uplinks = None

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

    def block_hops(self, item: bytes, weight: int) -> NDArray[np.int64]:
        """Return how long a block takes over each link, shape ``(links,)``."""
        del item, weight
        return np.zeros(self.nodes, dtype=np.int64)

    def block_verification(self, item: bytes) -> NDArray[np.int64]:
        """Return how long each node takes to verify a block, shape ``(nodes,)``."""
        del item
        return np.zeros(self.nodes, dtype=np.int64)

    def request_waits(self, place: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how long nodes wait for transactions that they ask for."""
        del place
        return np.zeros_like(count)

    def uplink_waits(self, node: int, at: int, item: bytes, weight: int, links: Sequence[LinkTo]) -> list[int]:
        """Return how long messages with a block wait for a node's uplink."""
        del node, at, item, weight
        return [0] * len(links)

    def answer_time(self, node: int, at: int, size: int, link: LinkTo) -> int:
        """Return how long blocks that a peer has asked for take."""
        del node, at, size
        return link.latency

    def upgrade(self, node: int, version: tuple[int, ...]) -> None:
        """Have a node run another version of monerod: here it makes no difference."""

    def relay_transactions(self, height_at: HeightAt) -> "DirectTransactions":
        """Return what carries the transactions."""
        del height_at
        return DirectTransactions(self.block_arrivals)

    def links_from(self, node: int) -> Sequence[LinkTo]:
        """Return the links to the nodes that a node reaches; a link's place is its end."""
        if node in self.cut_off:
            return []
        return [LinkTo(peer, peer, 0) for peer in range(self.nodes) if peer != node and peer not in self.cut_off]

    def is_down(self, node: int) -> bool:
        """Return whether a node that was up is down."""
        del node
        return False

    def keeps_blocks(self, node: int, item: bytes) -> bool:
        """Return whether a node keeps a block to itself."""
        del node, item
        return False

    def is_kept(self, item: bytes) -> bool:
        """Return whether some node keeps a block to itself."""
        del item
        return False

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


class DirectTransactions:
    """Transactions that are public at once, and of which it is known when each node gets them.

    Args:
        arrivals: Returns when each node gets an item, by its hash, the node that sends it, the time and its weight.
    """

    def __init__(self, arrivals: Callable[[bytes, int, int, int], ArrivalTimes]) -> None:
        self.pools: PoolContents | None = None
        self._arrivals = arrivals
        self._coming: dict[Flight, ArrivalTimes] = {}

    def release(self, item: bytes, origin: int, at: int, weight: int, slower: int = 0) -> Flight:
        """Have a node send a transaction of its own wallet."""
        del slower
        flight = Flight(item, origin, weight)
        self._coming[flight] = self._arrivals(item, origin, at, weight)
        self.advance(at)
        return flight

    def release_again(self, flight: Flight, origin: int, at: int) -> None:
        """Have a second node send what is on its way."""
        again = self._arrivals(flight.item, origin, at, flight.size)
        self._coming[flight] = np.minimum(self.arrivals(flight), again)
        flight.arrivals, flight.everywhere_at = None, NEVER
        self.advance(at)

    def advance(self, until: int) -> None:
        """Note which transactions all nodes have at a time, microseconds."""
        for flight, arrivals in list(self._coming.items()):
            last = int(arrivals.max())
            if last <= until:
                flight.arrivals, flight.everywhere_at = arrivals, last
                del self._coming[flight]

    def since(self, flight: Flight, node: int) -> int:
        """Return since when a node has a transaction, NEVER if it will not get it."""
        return self.arrivals(flight).item(node)

    def public_since(self, flight: Flight, node: int) -> int:
        """Return since when a node has a transaction, which is public at once."""
        return self.since(flight, node)

    def arrivals(self, flight: Flight) -> ArrivalTimes:
        """Return since when each node has a transaction, shape ``(nodes,)``."""
        return self._coming[flight] if flight.arrivals is None else flight.arrivals

    def lacking(self, flights: Sequence[Flight], nodes: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which transactions nodes do not have at times, shape ``(flights, nodes)``."""
        return np.array([self.arrivals(flight)[nodes] > at for flight in flights])

    def drop(self, flight: Flight, node: int) -> None:
        """Have a node forget a transaction, until it is handed it again."""
        arrivals = self.arrivals(flight)
        arrivals[node] = flight.everywhere_at = NEVER

    def ask_for_pool(self, node: int, peer: int, at: int, latency: int) -> None:
        """Have a node ask a peer for what it lacks of the peer's pool; it lacks nothing."""

    def land(self, flight: Flight) -> None:
        """Follow a transaction no further."""
        flight.arrivals = self.arrivals(flight)
        self._coming.pop(flight, None)
