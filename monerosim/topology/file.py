"""A topology from a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar

from msgspec import Meta

from monerosim.config import Duration, duration
from monerosim.plan.plan import LinkPlan, TopologyPlan
from monerosim.plugins import PluginError, PluginFiles
from monerosim.runtime.counters import key
from monerosim.topology.graphs import Graph, GraphLink, read_graph
from monerosim.topology.places import Topology, TopologyError

MAX_BYTES = 2**28
"""The largest file that is read."""


class GraphFile(Topology, frozen=True, kw_only=True):
    """A graph from a file: Shadow's GML, GraphML, or a list of edges. Hosts are at nodes drawn by the seed."""

    inherits: ClassVar[tuple[str, ...]] = ()
    may_be_zero: ClassVar[tuple[str, ...]] = ("latency", "bandwidth")

    file: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=200,
            description="Its name, beside the scenario or in a folder there.",
            examples=["graph.gml"],
        ),
    ]
    latency: Annotated[
        Duration, Meta(description="Of links for which the file has none; if left out, each needs its own.")
    ] = duration("0s")
    bandwidth: Annotated[
        int, Meta(description="Of nodes for which the file has none; if left out, no host is at these.")
    ] = 0
    loss: Annotated[float, Meta(description="Of links for which the file has none.")] = 0.0

    def build(self, hosts: Sequence[str]) -> TopologyPlan:
        """Read the file in the working directory, and place the hosts.

        Raises:
            TopologyError: It cannot be read, or its graph has no place for hosts.
        """
        return self.build_from(PluginFiles(Path()), hosts, 0)

    def build_from(self, files: PluginFiles, hosts: Sequence[str], seed: int) -> TopologyPlan:
        """Read the file beside a scenario, and place the hosts. See :meth:`build`."""
        try:
            graph = read_graph(self.file, files.read(self.file, MAX_BYTES))
        except PluginError as error:
            near = f"; did you mean {error.valid[0]}?" if error.valid else ""
            raise TopologyError(f"{error}{near}") from error
        usable = [number for number, place in enumerate(graph.places) if (place.up and place.down) or self.bandwidth]
        if not usable:
            raise TopologyError(
                f"{self.file}: no node has host_bandwidth_up and host_bandwidth_down, nor is there a bandwidth"
            )
        return TopologyPlan(
            bandwidth=tuple(place.up or self.bandwidth for place in graph.places),
            bandwidth_down=tuple(place.down or self.bandwidth for place in graph.places),
            links=self._links(graph),
            places={host: usable[key(seed, "place", host) % len(usable)] for host in hosts},
            names=tuple(place.name for place in graph.places),
        )

    def _links(self, graph: Graph) -> tuple[LinkPlan, ...]:
        links = [
            LinkPlan(link.source, link.target, self._latency(link), self.loss if link.loss is None else link.loss)
            for link in graph.links
        ]
        # Two hosts of one place need a way, and Shadow wants one: as long as the shortest from there.
        nearest: dict[int, int] = {}
        for link in links:
            for end in (link.source, link.target):
                nearest[end] = min(link.latency, nearest.get(end, link.latency))
        there = {link.source for link in links if link.source == link.target}
        more = (
            LinkPlan(place, place, latency, 0.0) for place, latency in sorted(nearest.items()) if place not in there
        )
        return (*links, *more)

    def _latency(self, link: GraphLink) -> int:
        if not link.latency and not self.latency:
            raise TopologyError(f'{link.where}: the edge has no latency, such as "50 ms", nor has the topology one')
        return link.latency or int(self.latency)
