"""The connections between nodes: who dialled whom, what a link takes and loses, and how that changes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monerosim.network.propagation import Links
from monerosim.network.retransmission import Retransmissions
from monerosim.network.wires import LinkValues
from monerosim.runtime.counters import draws, key


class Link(NamedTuple):
    """A connection between two nodes, given as indices; both relay over it."""

    dialer: int
    listener: int
    latency: int
    """One way, microseconds."""
    loss: float
    """Share of packets lost, 0 to 1."""
    bandwidth: int
    """Bits per second, of the slower end."""


class Peer(NamedTuple):
    """A connection as one of its nodes sees it."""

    node: int
    incoming: bool
    """The peer dialled this node."""


class LinkTo(NamedTuple):
    """A node's connection to a peer, in the direction to the peer."""

    peer: int
    place: int
    """Its place among what :meth:`~monerosim.network.relay.RelayNetwork.block_hops` returns."""
    latency: int
    """Microseconds one way."""


class Connections:
    """The connections of a network; number c is two directed links: 2 c, from the dialer, and 2 c + 1, to it.

    Numbers of connections that were closed are used again.

    Args:
        names: The nodes' names.
        node_keys: A stable key for each node.
        links: The connections there are at the beginning.
        up: When each node is up, microseconds.

    Attributes:
        source: The sending node of each directed link, by its number, shape ``(links,)``, as are those that follow.
        target: The receiving node.
        keys: A stable key.
        kind: The kind of the link.
        latency: Microseconds, of each kind of link.
        bandwidth: Bits a second, of each kind of link.
        losses: The losses of each kind of link.

    Raises:
        ValueError: A connection occurs twice, or a link names no node, leads from a node to itself or has no bandwidth.
    """

    def __init__(
        self, names: Sequence[str], node_keys: NDArray[np.uint64], links: Sequence[Link], up: NDArray[np.int64]
    ) -> None:
        self._names = names
        self._node_keys = node_keys
        self._up = up
        self._number: dict[tuple[int, int], int] = {}
        for link in links:
            self._check(link)
            self._number[link[:2]] = len(self._number)
        ends = np.array([(link.dialer, link.listener) for link in links], dtype=np.int64).reshape(-1, 2)
        self.source, self.target = ends.reshape(-1), ends[:, ::-1].reshape(-1)
        self.keys = _link_keys(node_keys, ends)
        self._kinds: dict[tuple[int, float, int], int] = {}
        kind = [self._kinds.setdefault(link[2:], len(self._kinds)) for link in links]
        self.kind = np.repeat(np.array(kind, dtype=np.int64), 2)
        self.losses = Retransmissions([], [])
        self._tell_kinds()
        self._of: list[dict[int, None]] = [{} for _ in names]
        for number, link in enumerate(links):
            self._of[link.dialer][2 * number] = self._of[link.listener][2 * number + 1] = None
        self._free: list[int] = []
        self._search: tuple[Links, NDArray[np.int64]] | None = None
        self._from: list[list[LinkTo] | None] = [None] * len(names)

    def _check(self, link: Link) -> None:
        names = self._names
        if not (0 <= link.dialer < len(names) and 0 <= link.listener < len(names)):
            raise ValueError(f"a link names a node outside 0 to {len(names) - 1}: {link}")
        if link[:2] in self._number:
            raise ValueError(f"{names[link.dialer]} dials {names[link.listener]} twice")
        if link.dialer == link.listener:
            raise ValueError(f"node {link.dialer} has a link to itself")
        if link.bandwidth <= 0 or link.latency < 0 or not 0 <= link.loss <= 1:
            raise ValueError(f"not a possible link: {link}")

    def _tell_kinds(self) -> None:
        latency = [latency for latency, _, _ in self._kinds]
        self.latency = np.array(latency, dtype=np.int64)
        self.bandwidth = np.array([bandwidth for _, _, bandwidth in self._kinds], dtype=np.int64)
        self.losses.set_kinds([loss for _, loss, _ in self._kinds], latency)

    def _kind_of(self, link: Link) -> int:
        if link[2:] not in self._kinds:
            self._kinds[link[2:]] = len(self._kinds)
            self._tell_kinds()
        return self._kinds[link[2:]]

    def key(self, link: int) -> int:
        """Return the stable key of a directed link by its number."""
        return self.keys.item(link)

    def has(self, dialer: int, listener: int) -> bool:
        """Return whether a node is connected with one that it has dialled."""
        return (dialer, listener) in self._number

    def number(self, dialer: int, listener: int) -> int:
        """Return the number of a connection.

        Raises:
            KeyError: There is none.
        """
        return self._number[dialer, listener]

    def open(self, link: Link) -> int:
        """Open a connection, and return its number.

        Raises:
            ValueError: There is one already, or there cannot be one.
        """
        self._check(link)
        number = self._free.pop(0) if self._free else len(self.source) // 2
        both = slice(2 * number, 2 * number + 2)
        if 2 * number == len(self.source):
            for name in ("source", "target", "keys", "kind"):
                setattr(self, name, np.append(getattr(self, name), np.zeros(2, getattr(self, name).dtype)))
        ends = np.array([[link.dialer, link.listener]], dtype=np.int64)
        self.source[both], self.target[both] = link[:2], link[1::-1]
        self.keys[both] = _link_keys(self._node_keys, ends)
        self.kind[both] = self._kind_of(link)
        self._number[link[:2]] = number
        self._of[link.dialer][2 * number] = self._of[link.listener][2 * number + 1] = None
        self._changed(link.dialer, link.listener)
        return number

    def close(self, dialer: int, listener: int) -> int:
        """Close a connection, and return its number.

        Raises:
            KeyError: There is none.
        """
        number = self._number.pop((dialer, listener))
        del self._of[dialer][2 * number], self._of[listener][2 * number + 1]
        self._free.append(number)
        self._changed(dialer, listener)
        return number

    def alter(self, link: Link) -> int:
        """Change what a connection takes and loses, and return its number.

        Raises:
            KeyError: There is none.
        """
        number = self._number[link[:2]]
        self.kind[2 * number : 2 * number + 2] = self._kind_of(link)
        self._changed(link.dialer, link.listener)
        return number

    def _changed(self, *nodes: int) -> None:
        self._search = None
        for node in nodes:
            self._from[node] = None

    def values(self, links: slice, since: int | None = None) -> LinkValues:
        """Return what is known of directed links.

        Args:
            links: Their numbers.
            since: When they were made, microseconds; if left out, when both ends were up first.
        """
        source, target, kind = self.source[links], self.target[links], self.kind[links]
        made = np.maximum(self._up[source], self._up[target]) if since is None else np.full(len(source), since)
        return LinkValues(source, target, self.keys[links], kind, self.latency[kind], self.bandwidth[kind], made)

    def search(self) -> tuple[Links, NDArray[np.int64]]:
        """Return the links for the search for arrival times, and the number of each in its order."""
        if self._search is None:
            numbers = np.array(sorted(self._number.values()), dtype=np.int64)
            there = np.stack([2 * numbers, 2 * numbers + 1], axis=1).reshape(-1)
            links = Links(len(self._names), self.source[there], self.target[there])
            self._search = links, there[links.order]
        return self._search

    def links_from(self, node: int) -> list[LinkTo]:
        """Return the links to a node's peers, by the numbers of the peers."""
        found = self._from[node]
        if found is None:
            own = sorted(self._of[node], key=lambda number: (self.target.item(number), number))
            latency = self.latency[self.kind[own]].tolist() if own else []
            peers = self.target[own].tolist() if own else []
            found = [LinkTo(*link) for link in zip(peers, own, latency, strict=True)]
            self._from[node] = found
        return found

    def outgoing(self, node: int) -> list[int]:
        """Return the numbers of the directed links to the peers that a node has dialled."""
        return [number for number in self._of[node] if number & 1 == 0]

    def peers(self, node: int) -> list[Peer]:
        """Return the connections of a node: those it dialled, then those that dialled it."""
        own = sorted(self._of[node], key=lambda number: (number & 1, number))
        return [Peer(self.target.item(number), incoming=number & 1 == 1) for number in own]


def _link_keys(node_keys: NDArray[np.uint64], ends: NDArray[np.int64]) -> NDArray[np.uint64]:
    dialers, listeners = node_keys[ends[:, 0]], node_keys[ends[:, 1]]
    connections = draws(key("connection"), draws(key("dialer"), dialers) + listeners)
    return np.stack([draws(key("there"), connections), draws(key("back"), connections)], axis=1).reshape(-1)
