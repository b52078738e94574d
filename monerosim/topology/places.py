"""Topologies: each is a configuration that can be built for some hosts. Here those of a simple shape."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from monerosim.config import Config, Duration, Key, duration
from monerosim.plan.plan import LinkPlan, TopologyPlan
from monerosim.topology.shares import Drawn, Shares, share_problems
from monerosim.units import SECOND, format_duration, parse_bandwidth, parse_duration

_GIGABIT = 1_000_000_000

MAX_BANDWIDTH = 1_000_000 * _GIGABIT
"""Bits a second: more than any link has, and few enough to count with."""

MAX_LATENCY = 3_600 * SECOND
"""Microseconds: more than light takes to Jupiter."""


class TopologyError(Exception):
    """A topology cannot be built, or does not fit the network; the message is for the user."""


class Topology(Config, frozen=True, kw_only=True):
    """Base of topologies: the options that all have.

    Raises:
        ValueError: An option is out of range.
    """

    inherits: ClassVar[tuple[str, ...]] = ("latency", "bandwidth", "loss")
    """The options that are the scenario's ``[network]``'s, where the topology's own table has none."""

    may_be_zero: ClassVar[tuple[str, ...]] = ()
    """Of latency and bandwidth, those for which 0 stands for none."""

    latency: Annotated[Duration, Meta(description="One way, along one link.")] = duration("50ms")
    bandwidth: Annotated[int, Meta(description="Of each host, a second, up and down.")] = _GIGABIT
    loss: Annotated[float, Meta(description="The share of packets lost along one link.")] = 0.0
    bandwidths: Annotated[
        Shares, Meta(description="Bandwidths and the shares of hosts that have them, drawn by the seed.")
    ] = msgspec.field(default_factory=dict)

    def problems(self) -> Iterator[tuple[Sequence[Key], str]]:
        """Check the ranges."""
        if self.latency < 0 or (self.latency == 0 and "latency" not in self.may_be_zero):
            yield ("latency",), "the latency has to be above 0"
        if self.latency > MAX_LATENCY:
            yield ("latency",), f"the latency has to be at most {format_duration(MAX_LATENCY)}"
        if self.bandwidth > MAX_BANDWIDTH:
            yield ("bandwidth",), f"the bandwidth has to be at most {MAX_BANDWIDTH // _GIGABIT} Gbit per second"
        if self.bandwidth < 0 or (self.bandwidth == 0 and "bandwidth" not in self.may_be_zero):
            yield ("bandwidth",), f"the bandwidth has to be above 0 bits per second, got {self.bandwidth}"
        if not 0 <= self.loss < 1:
            yield ("loss",), f"the loss has to be a share from 0 to below 1, got {self.loss}"
        for keys, message in share_problems("bandwidths", self.bandwidths, read_bandwidth):
            yield (keys,), message

    @abstractmethod
    def build(self, hosts: Sequence[str]) -> TopologyPlan:
        """Place the hosts.

        Args:
            hosts: Their names.
        """

    def draw(self, hosts: Sequence[str], seed: int) -> TopologyPlan:
        """Place the hosts, where that depends on the run's seed; as :meth:`build` does, if it does not."""
        del seed
        return self.build(hosts)


class Linked(Topology, frozen=True, kw_only=True):
    """Base of topologies that link places of one host each."""

    latencies: Annotated[
        Shares, Meta(description="Latencies and the shares of links that have them, drawn by the seed.")
    ] = msgspec.field(default_factory=dict)
    losses: Annotated[Shares, Meta(description="The same for losses.")] = msgspec.field(default_factory=dict)

    def problems(self) -> Iterator[tuple[Sequence[Key], str]]:
        """Check the ranges."""
        yield from super().problems()
        for keys, message in share_problems("latencies", self.latencies, read_latency):
            yield (keys,), message
        for keys, message in share_problems("losses", self.losses, read_loss):
            yield (keys,), message

    def build(self, hosts: Sequence[str]) -> TopologyPlan:
        """Place the hosts as with the seed 0."""
        return self.draw(hosts, 0)

    @abstractmethod
    def draw(self, hosts: Sequence[str], seed: int) -> TopologyPlan:
        """Place the hosts.

        Args:
            hosts: Their names.
            seed: The run's.
        """

    def _join(self, places: int, pairs: Iterable[tuple[int, int]], hosts: dict[str, int], seed: int) -> TopologyPlan:
        """Build the links: one for each pair, and one from each place to itself, for Shadow."""
        ends = sorted({(place, place) for place in range(places)} | {(min(pair), max(pair)) for pair in pairs})
        names = {place: host for host, place in hosts.items()}
        latencies, losses = Drawn(self.latencies, read_latency), Drawn(self.losses, read_loss)

        def link(one: int, two: int) -> LinkPlan:
            drawn = one != two
            key = (seed, names.get(one, ""), names.get(two, ""))
            latency = latencies.at("latency", *key) if drawn and self.latencies else self.latency
            loss = losses.at("loss", *key) if drawn and self.losses else self.loss
            return LinkPlan(source=one, target=two, latency=int(latency), loss=loss)

        return TopologyPlan(
            bandwidth=(self.bandwidth,) * places, links=tuple(link(*pair) for pair in ends), places=hosts
        )


class Switch(Topology, frozen=True, kw_only=True):
    """All hosts at one place, with the same latency between any two."""

    def build(self, hosts: Sequence[str]) -> TopologyPlan:
        """Put all hosts at place 0."""
        here = LinkPlan(source=0, target=0, latency=int(self.latency), loss=self.loss)
        return TopologyPlan(bandwidth=(self.bandwidth,), links=(here,), places=dict.fromkeys(hosts, 0))


class Star(Linked, frozen=True, kw_only=True):
    """Each host at the end of a spoke: two spokes, and so twice the latency, between any two."""

    def draw(self, hosts: Sequence[str], seed: int) -> TopologyPlan:
        """Make place 0 the hub, without hosts, and assign each host a place of its own."""
        places = {host: index for index, host in enumerate(hosts, 1)}
        return self._join(len(hosts) + 1, ((0, place) for place in places.values()), places, seed)


class Ring(Linked, frozen=True, kw_only=True):
    """Hosts in a circle, linked to the one before and the one after."""

    def draw(self, hosts: Sequence[str], seed: int) -> TopologyPlan:
        """Assign each host a place of its own, in the order given."""
        count = len(hosts)
        pairs = ((place, (place + 1) % count) for place in range(count))
        return self._join(count, pairs, {host: place for place, host in enumerate(hosts)}, seed)


class Mesh(Linked, frozen=True, kw_only=True):
    """A link of its own between any two hosts; packets take the way of least latency."""

    def draw(self, hosts: Sequence[str], seed: int) -> TopologyPlan:
        """Assign each host a place of its own."""
        pairs = combinations(range(len(hosts)), 2)
        return self._join(len(hosts), pairs, {host: place for place, host in enumerate(hosts)}, seed)


def build_switch(hosts: Sequence[str], *, latency: int, bandwidth: int, loss: float) -> TopologyPlan:
    """Put all hosts at one place.

    Args:
        hosts: Their names.
        latency: One-way latency between any two, microseconds.
        bandwidth: Bits per second of each host, up and down.
        loss: Share of packets lost between any two, 0 to 1.

    Raises:
        ValueError: A value is out of range.
    """
    return Switch(latency=Duration(latency), bandwidth=bandwidth, loss=loss).build(hosts)


def read_bandwidth(text: str) -> int:
    """Read a bandwidth that a place may have: bits a second.

    Raises:
        ValueError: It is none, or out of range.
    """
    bits = parse_bandwidth(text)
    if bits > MAX_BANDWIDTH:
        raise ValueError(f"the bandwidth has to be at most {MAX_BANDWIDTH // _GIGABIT} Gbit per second")
    return bits


def read_latency(text: str) -> int:
    """Read a latency that a link may have: microseconds.

    Raises:
        ValueError: It is none, or out of range.
    """
    latency = parse_duration(text)
    if not 0 < latency <= MAX_LATENCY:
        raise ValueError(f"the latency has to be above 0 and at most {format_duration(MAX_LATENCY)}, got {text[:60]}")
    return latency


def read_loss(text: str) -> float:
    """Read a share of lost packets that a link may have.

    Raises:
        ValueError: It is none, or out of range.
    """
    try:
        loss = float(text)
    except ValueError:
        loss = -1.0
    if not 0 <= loss < 1:
        raise ValueError(f"the loss has to be a share from 0 to below 1, got {text[:60]!r}")
    return loss
