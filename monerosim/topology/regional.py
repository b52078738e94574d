"""Continents, with measured latencies between and within them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations_with_replacement
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from monerosim.config import Duration, Key, duration
from monerosim.plan.plan import LinkPlan, TopologyPlan
from monerosim.topology.places import Topology
from monerosim.topology.shares import Drawn, Shares

REGIONS = ("africa", "asia", "europe", "north-america", "oceania", "south-america")

_ROUND_TRIPS: Mapping[tuple[str, str], float] = {
    ("africa", "africa"): 24,
    ("africa", "asia"): 200.5,
    ("africa", "europe"): 172,
    ("africa", "north-america"): 225.5,
    ("africa", "oceania"): 347.5,
    ("africa", "south-america"): 326.5,
    ("asia", "asia"): 74,
    ("asia", "europe"): 179,
    ("asia", "north-america"): 229,
    ("asia", "oceania"): 98,
    ("asia", "south-america"): 337,
    ("europe", "europe"): 31,
    ("europe", "north-america"): 97,
    ("europe", "oceania"): 290.5,
    ("europe", "south-america"): 200,
    ("north-america", "north-america"): 73,
    ("north-america", "oceania"): 206.5,
    ("north-america", "south-america"): 120,
    ("oceania", "oceania"): 30.5,
    ("oceania", "south-america"): 298,
    ("south-america", "south-america"): 73,
}
"""Round trips in milliseconds, the mean of both directions, from the table of 30 July 2026 in "Azure network
round-trip latency statistics" (articles/networking/azure-network-latency.md of Microsoft's azure-docs): the 95th
percentile over thirty days between the data centres South Africa North (Johannesburg), Southeast Asia (Singapore),
Germany West Central (Frankfurt), East US (Virginia), Australia East (Sydney) and Brazil South (Sao Paulo). Within a
continent to one far off: South Africa West, Japan East, Spain Central, West US, New Zealand North. There is no second
one in South America, which gets the figure of North America."""

_SHARES: Mapping[str, float] = {
    "europe": 49.98,
    "north-america": 33.16,
    "asia": 14.01,
    "oceania": 1.95,
    "south-america": 0.9,
}
"""Percentages of Bitcoin's reachable nodes in 2019 (``REGION_DISTRIBUTION_BITCOIN_2019`` of SimBlock's
NetworkConfiguration.java; Aoki et al. 2019, arXiv:1901.09777), Japan counted as Asia, none in Africa. No such table of
Monero's nodes is known to us."""

_HALF = 500
"""From milliseconds of a round trip to microseconds one way."""


class Regional(Topology, frozen=True, kw_only=True):
    """Hosts on continents, with measured latencies between and within them."""

    inherits: ClassVar[tuple[str, ...]] = ("bandwidth", "loss")
    may_be_zero: ClassVar[tuple[str, ...]] = ("latency",)

    latency: Annotated[
        Duration, Meta(description="Of each host's own line, one way, beside what lies between continents.")
    ] = duration("0s")
    regions: Annotated[
        Shares,
        Meta(description=f"The shares of hosts, by continent: {', '.join(REGIONS)}; as Bitcoin's nodes if left out."),
    ] = msgspec.field(default_factory=lambda: dict(_SHARES))

    def problems(self) -> Iterator[tuple[Sequence[Key], str]]:
        """Check the ranges and the names of continents."""
        yield from super().problems()
        for name, share in self.regions.items():
            if name not in REGIONS:
                yield (("regions", name),), f'there is no continent "{name[:40]}": there are {", ".join(REGIONS)}'
            elif share <= 0:
                yield (("regions", name),), f"the share has to be above 0, got {share}"
        if not self.regions:
            yield ("regions",), "there has to be a continent"

    def build(self, hosts: Sequence[str]) -> TopologyPlan:
        """Place the hosts as with the seed 0."""
        return self.draw(hosts, 0)

    def draw(self, hosts: Sequence[str], seed: int) -> TopologyPlan:
        """Make each continent a place, and draw the continent of each host."""
        drawn = Drawn(self.regions, REGIONS.index)
        links = tuple(
            LinkPlan(
                source=one,
                target=two,
                latency=round(_ROUND_TRIPS[REGIONS[one], REGIONS[two]] * _HALF) + 2 * int(self.latency),
                loss=self.loss,
            )
            for one, two in combinations_with_replacement(range(len(REGIONS)), 2)
        )
        places = {host: int(drawn.at(seed, "region", host)) for host in hosts}
        return TopologyPlan(bandwidth=(self.bandwidth,) * len(REGIONS), links=links, places=places, names=REGIONS)
