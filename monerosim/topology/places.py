"""The topologies that come with monerosim: each is a configuration that can be built for some hosts."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Annotated

from msgspec import Meta

from monerosim.config import Config, Duration, Key, duration
from monerosim.plan.plan import LinkPlan, TopologyPlan

_GIGABIT = 1_000_000_000


class Topology(Config, frozen=True, kw_only=True):
    """Base of topologies: the options that all have.

    Raises:
        ValueError: An option is out of range.
    """

    latency: Annotated[Duration, Meta(description="One way, along one link.")] = duration("50ms")
    bandwidth: Annotated[int, Meta(description="Of each host, a second, up and down.")] = _GIGABIT
    loss: Annotated[float, Meta(description="The share of packets lost along one link.")] = 0.0

    def problems(self) -> Iterator[tuple[Sequence[Key], str]]:
        """Check the ranges."""
        if self.latency <= 0:
            yield ("latency",), "the latency has to be above 0"
        if self.bandwidth <= 0:
            yield ("bandwidth",), f"the bandwidth has to be above 0 bits per second, got {self.bandwidth}"
        if not 0 <= self.loss <= 1:
            yield ("loss",), f"the loss has to be a share from 0 to 1, got {self.loss}"

    @abstractmethod
    def build(self, hosts: Sequence[str]) -> TopologyPlan:
        """Place the hosts.

        Args:
            hosts: Their names.
        """

    def _join(self, places: int, pairs: Iterable[tuple[int, int]], hosts: dict[str, int]) -> TopologyPlan:
        """Build a topology of equal links: one for each pair, and one from each place to itself, for Shadow."""
        ends = sorted({(place, place) for place in range(places)} | {(min(pair), max(pair)) for pair in pairs})
        links = (LinkPlan(source=one, target=two, latency=int(self.latency), loss=self.loss) for one, two in ends)
        return TopologyPlan(bandwidth=(self.bandwidth,) * places, links=tuple(links), places=hosts)


class Switch(Topology, frozen=True, kw_only=True):
    """All hosts at one place, with the same latency between any two."""

    def build(self, hosts: Sequence[str]) -> TopologyPlan:
        """Put all hosts at place 0."""
        return self._join(1, (), dict.fromkeys(hosts, 0))


class Star(Topology, frozen=True, kw_only=True):
    """Each host at the end of a spoke: two spokes, and so twice the latency, between any two."""

    def build(self, hosts: Sequence[str]) -> TopologyPlan:
        """Make place 0 the hub, without hosts, and assign each host a place of its own."""
        places = {host: index for index, host in enumerate(hosts, 1)}
        return self._join(len(hosts) + 1, ((0, place) for place in places.values()), places)


class Ring(Topology, frozen=True, kw_only=True):
    """Hosts in a circle, linked to the one before and the one after."""

    def build(self, hosts: Sequence[str]) -> TopologyPlan:
        """Assign each host a place of its own, in the order given."""
        count = len(hosts)
        pairs = ((place, (place + 1) % count) for place in range(count))
        return self._join(count, pairs, {host: place for place, host in enumerate(hosts)})


class Mesh(Topology, frozen=True, kw_only=True):
    """A link of its own between any two hosts."""

    def build(self, hosts: Sequence[str]) -> TopologyPlan:
        """Assign each host a place of its own."""
        pairs = combinations(range(len(hosts)), 2)
        return self._join(len(hosts), pairs, {host: place for place, host in enumerate(hosts)})


def build_switch(hosts: Sequence[str], *, latency: int, bandwidth: int, loss: float) -> TopologyPlan:
    """Build a topology with all hosts at one place.

    Args:
        hosts: Their names.
        latency: One-way latency between any two, microseconds.
        bandwidth: Bits per second of each host, up and down.
        loss: Share of packets lost between any two, 0 to 1.

    Raises:
        ValueError: A value is out of range.
    """
    return Switch(latency=Duration(latency), bandwidth=bandwidth, loss=loss).build(hosts)
