"""Shortest paths between places."""

from collections import defaultdict
from collections.abc import Collection
from heapq import heappop, heappush

from monerosim.plan.plan import TopologyPlan

Path = tuple[int, float]
"""One-way latency in microseconds, and the share of packets lost."""


def paths_between(topology: TopologyPlan, pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], Path]:
    """Return the paths of least latency between places, as Shadow's ``use_shortest_path`` does.

    Latencies add up, losses combine as 1 - (1 - a)(1 - b), and of paths of the same latency the one
    with the least loss is taken (``PathProperties`` in Shadow's src/main/network/graph/mod.rs). Between two hosts of
    the same place it is the place's link to itself.

    Args:
        topology: Places and links.
        pairs: Pairs of places, source and target.

    Returns:
        Latency and loss of each pair.

    Raises:
        ValueError: Two places are not connected.
    """
    direct: dict[int, dict[int, Path]] = defaultdict(dict)
    for link in topology.links:
        direct[link.source][link.target] = direct[link.target][link.source] = (link.latency, link.loss)
    shortest = min((link.latency for link in topology.links if link.source != link.target), default=0)
    wanted: dict[int, set[int]] = defaultdict(set)
    found: dict[tuple[int, int], Path] = {}
    for source, target in sorted(pairs):
        # the smaller place is the source, so that both directions round the same way
        wanted[min(source, target)].add(max(source, target))
    for source, targets in wanted.items():
        ways = _ways_from(source, targets - {source}, direct, shortest)
        if source in targets and source in direct[source]:
            ways[source] = direct[source][source]
        for target in targets:
            if target not in ways:
                raise ValueError(f"there is no path from place {source} to place {target}")
            found[source, target] = found[target, source] = ways[target]
    return {pair: found[pair] for pair in pairs}


def _ways_from(source: int, targets: set[int], direct: dict[int, dict[int, Path]], shortest: int) -> dict[int, Path]:
    """Run Dijkstra's algorithm until the paths to all targets are final."""
    best: dict[int, Path] = {}
    tentative: dict[int, Path] = {source: (0, 0.0)}
    heap: list[tuple[int, float, int]] = [(0, 0.0, source)]
    missing = set(targets)
    while heap and missing:
        latency, loss, place = heappop(heap)
        if place in best:
            continue
        best[place] = (latency, loss)
        missing.discard(place)
        # in a mesh the direct links decide at once: no path over another place can be shorter
        if all(target in tentative and latency + shortest > tentative[target][0] for target in missing):
            break
        for neighbour, (more, risk) in direct[place].items():
            way = (latency + more, 1 - (1 - loss) * (1 - risk))
            if neighbour not in best and (neighbour not in tentative or way < tentative[neighbour]):
                tentative[neighbour] = way
                heappush(heap, (*way, neighbour))
    return {target: tentative[target] for target in targets if target in tentative}


class Paths:
    """The paths of :func:`paths_between`, worked out as they are asked for.

    Args:
        topology: Places and links.
    """

    def __init__(self, topology: TopologyPlan) -> None:
        self._direct: dict[int, dict[int, Path]] = defaultdict(dict)
        for link in topology.links:
            way = (link.latency, link.loss)
            self._direct[link.source][link.target] = self._direct[link.target][link.source] = way
        self._shortest = min((link.latency for link in topology.links if link.source != link.target), default=0)
        self._places = set(topology.places.values())
        self._found: dict[int, dict[int, Path]] = {}

    def between(self, one: int, two: int) -> Path:
        """Return latency and loss between two places of hosts.

        Raises:
            KeyError: There is no path.
        """
        source, target = min(one, two), max(one, two)
        if source == target:
            return self._direct[source][source]
        if source not in self._found:
            self._found[source] = _ways_from(source, self._places - {source}, self._direct, self._shortest)
        return self._found[source][target]
