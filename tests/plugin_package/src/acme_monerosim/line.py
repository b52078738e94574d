"""A topology: hosts in a row."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from monerosim import LinkPlan, Topology, TopologyPlan


class Line(Topology, frozen=True, kw_only=True):
    """Hosts in a row, in the order of their names; the links get slower from one end to the other."""

    slower: Annotated[float, Meta(ge=1, description="How many times as slow each link is as the one before.")] = 1.0

    def build(self, hosts: Sequence[str]) -> TopologyPlan:
        """Give each host a place of its own, linked to the next one's."""
        within = [LinkPlan(source=it, target=it, latency=int(self.latency), loss=0.0) for it in range(len(hosts))]
        between = [
            LinkPlan(source=it, target=it + 1, latency=round(self.latency * self.slower**it), loss=self.loss)
            for it in range(len(hosts) - 1)
        ]
        return TopologyPlan(
            bandwidth=(self.bandwidth,) * len(hosts),
            links=(*within, *between),
            places={host: it for it, host in enumerate(hosts)},
        )
