"""The connectivity probe: whether nodes can be reached, and whether their connections hold them together."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from actors.probes.probe import Probe, ProbeConfig
from monerosim.rpc.errors import RpcError

_MOST_NAMED = 5


class ConnectivityProbeConfig(ProbeConfig, frozen=True):
    """Settings of a connectivity probe."""

    least_connections: Annotated[
        int, Meta(ge=0, le=10_000, description="Connections, in and out together, that each node has at least.")
    ] = 1
    most_connections: Annotated[int, Meta(ge=0, le=10_000, description="And at most.")] = 10_000


class ConnectivityProbe(Probe[ConnectivityProbeConfig]):
    """Finds nodes that do not answer, that have too few or too many connections, and networks that are split."""

    def begin(self) -> None:
        """Note whose address is whose."""
        self._names = {host.address: host.name for host in self.host.plan.hosts if host.node is not None}
        super().begin()

    def examine(self) -> Iterator[str]:
        """Ask each node for its connections, and follow them."""
        links: dict[str, set[str]] = {name: set() for name in self.nodes}
        degrees = Counter[str]()
        for name, node in self.nodes.items():
            try:
                connections = node.get_connections()
            except RpcError as error:
                yield f"{name} cannot be reached: {error}"
                del links[name]
                continue
            degrees[name] = len(connections)
            # An incoming connection may come from any of its host's addresses; the other end knows where it goes.
            links[name].update(self._names.get(it.address.rpartition(":")[0], "") for it in connections)
        for name, ends in links.items():
            for end in ends & links.keys():
                links[end].add(name)
            if degrees[name] < self.config.least_connections:
                yield f"{name} has {degrees[name]} connections, at least {self.config.least_connections} are wanted"
            if degrees[name] > self.config.most_connections:
                yield f"{name} has {degrees[name]} connections, at most {self.config.most_connections} are wanted"
        parts = sorted(_parts(links), key=lambda part: (-len(part), part))
        for part in parts[1:]:
            others = f" and {len(part) - _MOST_NAMED} more" if len(part) > _MOST_NAMED else ""
            yield f"{', '.join(part[:_MOST_NAMED])}{others} have no way to the other {len(links) - len(part)} nodes"
        self.measured |= {"nodes": len(links), "connections": degrees.total() / 2, "parts": len(parts)}


def _parts(links: dict[str, set[str]]) -> Iterator[list[str]]:
    """Yield the parts of a network that nothing connects with each other, each in the order of names."""
    left = set(links)
    while left:
        found, open_ = set[str](), {min(left)}
        while open_:
            name = open_.pop()
            found.add(name)
            open_ |= (links[name] & left) - found
        left -= found
        yield sorted(found)
