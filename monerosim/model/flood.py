"""A block that every node relays as soon as it has verified it, and that nodes may lack transactions of."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from monerosim.model.records import ArrivalTimes, Block
from monerosim.network.propagation import NEVER
from monerosim.network.relay import LinkTo

_LINK_BITS = 24
_LINKS = (1 << _LINK_BITS) - 1
"""A time since the block was found and the link that the block comes by are one number, so that the earliest of several
is found with its link."""

_LATEST = 2**37
"""The latest time that is kept so, microseconds: longer than a day."""


class Pools(Protocol):
    """The nodes' txpools, as the relaying of blocks needs them."""

    def advance(self, until: int) -> None:
        """Let the transactions go on their ways up to a time, microseconds."""

    def lacking(self, block: Block, nodes: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return of how many of a block's transactions nodes have to be sent the data."""

    def everywhere(self, block: Block) -> bool:
        """Return whether all nodes have all of a block's transactions."""


class Neighbours:
    """The links of all nodes, by the node that sends over them.

    Args:
        links: The links from each node.
        ready: When each node is up, microseconds.
    """

    def __init__(self, links: Sequence[Sequence[LinkTo]], ready: Sequence[int]) -> None:
        count = [len(own) for own in links]
        self.nodes = len(links)
        self.count = np.array(count, dtype=np.int64)
        self.first = np.cumsum(self.count) - self.count
        self.source = np.repeat(np.arange(self.nodes), self.count)
        self.target = np.array([link.peer for own in links for link in own], dtype=np.int64)
        self.place = np.array([link.place for own in links for link in own], dtype=np.int64)
        self.latency = np.array([link.latency for own in links for link in own], dtype=np.int64)
        self.ready = np.array(ready, dtype=np.int64)


class Hops(NamedTuple):
    """Messages with a block; arrays of shape ``(sent,)``."""

    sender: NDArray[np.int64]
    receiver: NDArray[np.int64]
    received: NDArray[np.int64]
    """Microseconds."""


class Flood:
    """The way of one block.

    Args:
        block: Found just now.
        neighbours: The links.
        hops: How long the block takes over each link, by the links' places.
        verification: How long each node takes to verify it, shape ``(nodes,)``.
        request: Returns how long nodes wait for so many transactions that they ask of the sender for, by the places of
            the links that the block came by.
        pools: The nodes' txpools.
        on_hops: Called with the messages.

    Attributes:
        arrivals: When each node has verified it, as far as it is known.
        verified: When the nodes that are verifying it will have done so, NEVER for others.
        sender: The node that each has it from, -1 before.
    """

    def __init__(
        self,
        block: Block,
        neighbours: Neighbours,
        *,
        hops: NDArray[np.int64],
        verification: NDArray[np.int64],
        request: Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.int64]],
        pools: Pools,
        on_hops: Callable[[Block, Hops], None] | None,
    ) -> None:
        self.block = block
        self.arrivals: ArrivalTimes = np.full(neighbours.nodes, NEVER, dtype=np.int64)
        self.verified = np.full(neighbours.nodes, NEVER, dtype=np.int64)
        self._neighbours = neighbours
        self._hops = hops[neighbours.place]
        self._least = max(int(self._hops.min(initial=NEVER)), 1)
        self._verification = verification
        self._request = request
        self._pools = pools
        self._on_hops = on_hops
        self._coming = np.full(neighbours.nodes, NEVER, dtype=np.int64)
        self.sender = np.full(neighbours.nodes, -1, dtype=np.int64)
        self._taken = np.zeros(neighbours.nodes, dtype=np.bool_)
        self._taken[block.node] = True
        self.verified[block.node] = block.found

    @property
    def is_over(self) -> bool:
        """Whether it has reached all nodes that it ever reaches."""
        return bool((self._coming == NEVER).all() and (self.verified == NEVER).all())

    def next_time(self) -> int:
        """Return when something happens next, microseconds."""
        received = int(self._coming.min())
        return min(
            NEVER if received == NEVER else self.block.found + (received >> _LINK_BITS), int(self.verified.min())
        )

    def advance(self, until: int) -> None:
        """Let everything happen up to a time, microseconds."""
        found = self.block.found
        while (first := self.next_time()) <= until:
            end = min(first + self._least, until + 1)
            self._relay(np.flatnonzero(self.verified < end))
            self._receive(np.flatnonzero(self._coming < (end - found) << _LINK_BITS), end)

    def _relay(self, nodes: NDArray[np.int64]) -> None:
        """Send the block from nodes that have verified it to all their peers."""
        if not len(nodes):
            return
        at = self.arrivals[nodes] = self.verified[nodes]
        self.verified[nodes] = NEVER
        neighbours = self._neighbours
        count = neighbours.count[nodes]
        which = np.repeat(np.arange(len(nodes)), count)
        link = np.arange(len(which)) + (neighbours.first[nodes] - (np.cumsum(count) - count))[which]
        target = neighbours.target[link]
        received = np.maximum(at[which] + self._hops[link], neighbours.ready[target])
        if self._on_hops is not None:
            onward = target != self.sender[nodes[which]]
            self._on_hops(self.block, Hops(nodes[which][onward], target[onward], received[onward]))
        new = np.flatnonzero(~self._taken[target] & (received - self.block.found < _LATEST))
        codes = (received[new] - self.block.found) << _LINK_BITS | link[new]
        np.minimum.at(self._coming, target[new], codes)

    def _receive(self, nodes: NDArray[np.int64], end: int) -> None:
        """Have nodes verify the block, when they have asked for the transactions that they lack."""
        if not len(nodes):
            return
        codes = self._coming[nodes]
        self._coming[nodes], self._taken[nodes] = NEVER, True
        at = self.block.found + (codes >> _LINK_BITS)
        self._pools.advance(end - 1)
        link = codes & _LINKS
        self.sender[nodes] = self._neighbours.source[link]
        lacking = self._pools.lacking(self.block, nodes, at)
        asked = self._request(self._neighbours.place[link], lacking)
        self.verified[nodes] = at + asked + self._verification[nodes]
