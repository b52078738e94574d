"""The directed links of a network by their sending nodes, with places for links that are yet to come."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monerosim.network.uplinks import Uplinks

_SPARE = 4
"""Free places that a node has at least once links have come and gone."""


class LinkValues(NamedTuple):
    """What is known of directed links; arrays of shape ``(links,)``, the two of a connection one after the other."""

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    keys: NDArray[np.uint64]
    kind: NDArray[np.int64]
    """The kind of the link: what :class:`~monerosim.network.retransmission.Retransmissions` has."""
    latency: NDArray[np.int64]
    """Microseconds."""
    bandwidth: NDArray[np.int64]
    """Bits a second."""
    since: NDArray[np.int64]
    """When both ends are up, microseconds."""


class Wires:
    """The directed links; arrays of shape ``(slots,)`` unless stated.

    A link's slot is the first one of its sender and its place there; places do not change while a link is there.

    Args:
        nodes: The number of nodes.
        links: The links there are at the beginning, numbered from 0: 2 c, from the dialer of a connection, and 2 c + 1,
            to it.
        uplinks: The nodes' uplinks, if what a node sends shares its own.

    Attributes:
        uplinks: As given.
        first: The first slot of each node, shape ``(nodes,)``.
        degree: How many places of each node are or were in use, shape ``(nodes,)``.
        source: The sending node.
        target: The receiving node.
        back: The place of the link back among those of the target.
        incoming: The target dialled the source.
        keys: A stable key.
        kind: As :attr:`LinkValues.kind`, as are those that follow.
        latency: Microseconds.
        bandwidth: Bits a second.
        since: When both ends are up.
        opened: When the link came, microseconds; 0 for those of the beginning.
        is_open: Whether there is a link.
        all_open: Whether every slot below the degrees has a link.
    """

    def __init__(self, nodes: int, links: LinkValues, uplinks: Uplinks | None = None) -> None:
        self.uplinks = uplinks
        source = links.source
        order = np.argsort(source, kind="stable")
        rank = np.argsort(order)
        number = np.arange(len(source))
        self.degree = np.bincount(source, minlength=nodes)
        self.first = np.cumsum(self.degree) - self.degree
        place = rank - self.first[source]
        self.source = source[order]
        self.target = links.target[order]
        self.back = place[number ^ 1][order]
        self.incoming = (number & 1 == 1)[order]
        self.keys = links.keys[order]
        self.kind = links.kind[order]
        self.latency = links.latency[order]
        self.bandwidth = links.bandwidth[order]
        self.since = links.since[order]
        self.opened = np.zeros(len(source), dtype=np.int64)
        self.is_open = np.ones(len(source), dtype=np.bool_)
        self.all_open = True
        self.places: list[int] = place.tolist()
        """By the numbers of the links."""
        self._sources: list[int] = source.tolist()
        self._capacity = self.degree.copy()
        self._free: dict[int, list[int]] = {}

    def slot(self, number: int) -> int:
        """Return the slot of a link by its number."""
        return self.first.item(self._sources[number]) + self.places[number]

    def back_place(self, number: int, node: int) -> int | None:
        """Return the place of the link back among those of the node a link led to; None if it leads there no more."""
        back = number ^ 1
        return self.places[back] if self._sources[back] == node and self.is_open.item(self.slot(back)) else None

    def close(self, connection: int) -> None:
        """Close a connection: its two links are there no more."""
        for number in (2 * connection, 2 * connection + 1):
            self.is_open[self.slot(number)] = False
            self._free.setdefault(self._sources[number], []).append(self.places[number])
        self.all_open = False

    def has_room(self, node: int) -> bool:
        """Return whether a node has a place for one more link."""
        return bool(self._free.get(node)) or self.degree.item(node) < self._capacity.item(node)

    def make_room(self) -> NDArray[np.int64]:
        """Give every node more places; return the new slot of each old one."""
        before = np.arange(len(self.source)) - self.first[self.source]
        self._capacity = self.degree + np.maximum(self.degree // 4, _SPARE)
        first = np.cumsum(self._capacity) - self._capacity
        slots: NDArray[np.int64] = first[self.source] + before
        room = int(self._capacity.sum())
        for name in ("back", "incoming", "keys", "kind", "latency", "bandwidth", "since", "opened", "is_open"):
            column = getattr(self, name)
            wider = np.zeros(room, dtype=column.dtype)
            wider[slots] = column
            setattr(self, name, wider)
        source = np.repeat(np.arange(len(first)), self._capacity)
        target = source.copy()
        target[slots] = self.target
        self.source, self.target, self.first = source, target, first
        return slots

    def open(self, connection: int, ends: LinkValues, at: int) -> tuple[int, int]:
        """Open a connection between nodes that have room; return the slots of its two links.

        Args:
            connection: Its number: one that was closed, or the next one.
            ends: Its two links.
            at: Now, microseconds.
        """
        places = []
        for node in ends.source.tolist():
            free = self._free.get(node)
            places.append(free.pop(0) if free else self.degree.item(node))
            self.degree[node] = max(self.degree.item(node), places[-1] + 1)
        if 2 * connection == len(self.places):
            self.places += [0, 0]
            self._sources += [0, 0]
        for end, (node, place) in enumerate(zip(ends.source.tolist(), places, strict=True)):
            self.places[2 * connection + end], self._sources[2 * connection + end] = place, node
            slot = self.first.item(node) + place
            for name in ("target", "keys", "kind", "latency", "bandwidth", "since"):
                getattr(self, name)[slot] = getattr(ends, name)[end]
            self.back[slot], self.incoming[slot] = places[1 - end], end == 1
            self.opened[slot], self.is_open[slot] = at, True
        return self.slot(2 * connection), self.slot(2 * connection + 1)

    def alter(self, connection: int, ends: LinkValues) -> None:
        """Change what a connection takes and loses."""
        for end in range(2):
            slot = self.slot(2 * connection + end)
            for name in ("kind", "latency", "bandwidth"):
                getattr(self, name)[slot] = getattr(ends, name)[end]
