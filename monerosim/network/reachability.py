"""Who can be connected with whom: nodes that are down, links that are cut, sides of a network that is split."""

from collections.abc import Iterable, Mapping

from monerosim.network.connections import Link

_OTHERS = -1
"""The side of nodes that no side names."""


class Reachability:
    """The conditions that connections depend on, by the numbers of nodes.

    Attributes:
        down: The nodes that are down.
    """

    def __init__(self) -> None:
        self.down: set[int] = set()
        self._cut: set[frozenset[int]] = set()
        self._sides: Mapping[int, int] = {}
        self._slow: dict[tuple[int, int | None], tuple[int, float]] = {}

    def cut(self, one: int, other: int, *, is_cut: bool) -> None:
        """Cut two nodes off from each other, or restore that."""
        change = self._cut.add if is_cut else self._cut.discard
        change(frozenset((one, other)))

    def split(self, sides: Mapping[int, int]) -> None:
        """Split the network into sides: the side of each node, the others are on one of their own; or into none."""
        self._sides = sides

    def degrade(self, node: int, peers: Iterable[int] | None, latency: int, loss: float) -> None:
        """Have connections be slower and lose more than they would.

        Args:
            node: The node.
            peers: The other ends, None for all.
            latency: Microseconds more, one way.
            loss: Share of packets that get lost besides.
        """
        ends: list[tuple[int, int | None]] = (
            [(node, None)] if peers is None else [(min(node, one), max(node, one)) for one in peers]
        )
        for place in ends:
            if latency or loss:
                self._slow[place] = latency, loss
            else:
                self._slow.pop(place, None)

    def connects(self, one: int, other: int) -> bool:
        """Return whether two nodes can be connected."""
        if one in self.down or other in self.down or (self._cut and frozenset((one, other)) in self._cut):
            return False
        return self._sides.get(one, _OTHERS) == self._sides.get(other, _OTHERS)

    def link(self, link: Link) -> Link:
        """Return a connection with what it takes and loses under these conditions."""
        if not self._slow:
            return link
        one, other = link[:2]
        latency, arrives = link.latency, 1.0 - link.loss
        for place in ((one, None), (other, None), (min(one, other), max(one, other))):
            more, lost = self._slow.get(place, (0, 0.0))
            latency, arrives = latency + more, arrives * (1.0 - lost)
        if latency == link.latency and arrives == 1.0 - link.loss:
            return link
        return link._replace(latency=latency, loss=1.0 - arrives)
