"""Topologies whose links are drawn by the seed, between places of one host each.

They are drawn here, not by a library, so that a scenario has the same graph whatever version of a library is there.
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Annotated, TypeAlias

from msgspec import Meta

from monerosim.config import Key
from monerosim.plan.plan import TopologyPlan
from monerosim.runtime.rng import Rng, stable_seed
from monerosim.topology.places import Linked, TopologyError

Edges: TypeAlias = set[tuple[int, int]]
"""Pairs of places, the smaller first."""

_TRIES = 1_000


class RandomGraph(Linked, frozen=True, kw_only=True):
    """Base of topologies whose links are drawn."""

    def draw(self, hosts: Sequence[str], seed: int) -> TopologyPlan:
        """Assign each host a place of its own, and draw a graph that connects them.

        Raises:
            TopologyError: None of a thousand graphs was connected.
        """
        rng = Rng(stable_seed(seed, "topology"))
        # Which host is where in the graph is drawn as well, or a hub would always be the first by name.
        vertices = _shuffled(list(range(len(hosts))), rng)
        for _ in range(_TRIES):
            edges = self._draw(len(hosts), rng)
            if is_connected(len(hosts), edges):
                pairs = ((vertices[one], vertices[two]) for one, two in edges)
                return self._join(len(hosts), pairs, {host: place for place, host in enumerate(hosts)}, seed)
        raise TopologyError(f"none of {_TRIES} graphs connected all {len(hosts)} participants: they need more links")

    @abstractmethod
    def _draw(self, count: int, rng: Rng) -> Edges:
        """Draw a graph of so many places."""


class RandomRegular(RandomGraph, frozen=True, kw_only=True):
    """Each host is linked to the same number of others, at random."""

    degree: Annotated[
        int,
        Meta(ge=2, le=1_000, description="The links of a host; of one host one fewer if they do not come out even."),
    ] = 8

    def _draw(self, count: int, rng: Rng) -> Edges:
        everything = set(combinations(range(count), 2))
        if self.degree >= count - 1:
            return everything
        if 2 * self.degree <= count - 1:
            return _regular(count, self.degree, rng)
        return everything - _regular(count, count - 1 - self.degree, rng)


class SmallWorld(RandomGraph, frozen=True, kw_only=True):
    """Hosts in a circle, linked to their neighbours, some links led elsewhere (Watts and Strogatz 1998)."""

    neighbours: Annotated[
        int, Meta(ge=2, le=1_000, description="The next hosts that each is linked to: half on a side.")
    ] = 8
    rewired: Annotated[float, Meta(ge=0, le=1, description="The share of links that lead elsewhere.")] = 0.1

    def problems(self) -> Iterator[tuple[Sequence[Key], str]]:
        """Check the ranges, and that there are as many neighbours on both sides."""
        yield from super().problems()
        if self.neighbours % 2:
            yield (
                ("neighbours",),
                f"expected an even number, half of the neighbours on each side, got {self.neighbours}",
            )

    def _draw(self, count: int, rng: Rng) -> Edges:
        reach = min(self.neighbours // 2, (count - 1) // 2 + (count - 1) % 2)
        lattice = [(at, (at + step) % count) for step in range(1, reach + 1) for at in range(count)]
        edges = {_pair(one, two) for one, two in lattice if one != two}
        for one, two in lattice:
            if rng.random() >= self.rewired or _pair(one, two) not in edges:
                continue
            other = rng.integer(0, count - 1)
            if other != one and _pair(one, other) not in edges:
                edges.remove(_pair(one, two))
                edges.add(_pair(one, other))
        return edges


class ScaleFree(RandomGraph, frozen=True, kw_only=True):
    """A few hosts have many links: each joins others in proportion to theirs (Barabasi and Albert 1999)."""

    links: Annotated[int, Meta(ge=1, le=1_000, description="The links with which a host joins the others.")] = 4

    def _draw(self, count: int, rng: Rng) -> Edges:
        edges = set(combinations(range(min(self.links + 1, count)), 2))
        ends = [end for pair in sorted(edges) for end in pair]
        for newcomer in range(self.links + 1, count):
            chosen: set[int] = set()
            while len(chosen) < self.links:
                chosen.add(rng.choice(ends))
            for other in sorted(chosen):
                edges.add((other, newcomer))
                ends += [other, newcomer]
        return edges


def is_connected(count: int, edges: Edges) -> bool:
    """Return whether edges connect all of so many places."""
    beside: list[list[int]] = [[] for _ in range(count)]
    for one, two in sorted(edges):
        beside[one].append(two)
        beside[two].append(one)
    reached, ahead = {0}, [0]
    while ahead and count:
        for other in beside[ahead.pop()]:
            if other not in reached:
                reached.add(other)
                ahead.append(other)
    return len(reached) >= count


def _regular(count: int, degree: int, rng: Rng) -> Edges:
    """Pair the ends of links at random until all are paired (Steger and Wormald 1999)."""
    while True:
        edges: Edges = set()
        ends = [place for place in range(count) for _ in range(degree)]
        ends = ends[: len(ends) // 2 * 2]
        while ends:
            rest: list[int] = []
            ends = _shuffled(ends, rng)
            for one, two in zip(ends[::2], ends[1::2], strict=True):
                if one != two and _pair(one, two) not in edges:
                    edges.add(_pair(one, two))
                else:
                    rest += [one, two]
            if rest and not any(pair not in edges for pair in combinations(sorted(set(rest)), 2)):
                break
            ends = rest
        else:
            return edges


def _pair(one: int, two: int) -> tuple[int, int]:
    return min(one, two), max(one, two)


def _shuffled(items: list[int], rng: Rng) -> list[int]:
    """Shuffle a list (Fisher and Yates)."""
    shuffled = list(items)
    for last in range(len(shuffled) - 1, 0, -1):
        other = rng.integer(0, last)
        shuffled[last], shuffled[other] = shuffled[other], shuffled[last]
    return shuffled
