"""Registry of topologies: entry points of the group ``monerosim.topologies``, and a scenario's files."""

from collections.abc import Sequence

from monerosim.plan.plan import TopologyPlan
from monerosim.plugins import PluginError, PluginFiles, Registry, check_config
from monerosim.topology.places import Mesh, Ring, Star, Switch, Topology

GROUP = "monerosim.topologies"
"""The entry point group of topologies."""


BUILT_IN: tuple[type[Topology], ...] = (Switch, Star, Ring, Mesh)
"""Topologies known to be valid: a mesh has too many links to check them for every scenario."""


class TopologyError(Exception):
    """A topology cannot be built, or does not fit the network; the message is for the user."""


def topology_names() -> list[str]:
    """Return the names of all installed topologies, in alphabetical order."""
    return TOPOLOGIES.names()


def load_topology(name: str, files: PluginFiles | None = None) -> type[Topology]:
    """Load a topology.

    Args:
        name: An entry point's name, or ``./FILE.py:CLASS``.
        files: The scenario's files.

    Raises:
        PluginError: The name is unknown, or its code cannot be imported or is not a topology.
    """
    return TOPOLOGIES.load(name, files)


def build_places(topology: Topology, hosts: Sequence[str]) -> TopologyPlan:
    """Build a topology for hosts, and check the result, which may be a third party's.

    Raises:
        TopologyError: It raised an exception, left a host out, or its links do not connect the hosts.
    """
    name = type(topology).__name__
    try:
        plan: object = topology.build(hosts)
    except Exception as error:
        raise TopologyError(f"{name}.build failed: {type(error).__name__}: {error}") from error
    if not isinstance(plan, TopologyPlan):
        raise TopologyError(f"{name}.build returned a {type(plan).__name__}, not a TopologyPlan")
    wrong = "" if type(topology) in BUILT_IN else _find_wrong(plan, hosts)
    if wrong:
        raise TopologyError(f"{name}.build {wrong}")
    return plan


def _find_wrong(plan: TopologyPlan, hosts: Sequence[str]) -> str:
    count = len(plan.bandwidth)
    missing = [host for host in hosts if plan.places.get(host, -1) not in range(count)]
    if missing:
        return f'gave "{missing[0]}" no place'
    parent = list(range(count))
    selves = set()
    for link in plan.links:
        if link.source not in range(count) or link.target not in range(count):
            return f"made a link from {link.source} to {link.target}, but there are {count} places"
        if link.latency <= 0 or not 0 <= link.loss <= 1:
            return f"made a link from {link.source} to {link.target} with latency {link.latency}, loss {link.loss}"
        if link.source == link.target:
            selves.add(link.source)
        parent[_root(parent, link.source)] = _root(parent, link.target)
    places = sorted({plan.places[host] for host in hosts})
    without = [place for place in places if place not in selves]
    if without:
        return f"made no link from place {without[0]} to itself, which Shadow wants"
    apart = [place for place in places if _root(parent, place) != _root(parent, places[0])]
    return f"left no path from place {places[0]} to place {apart[0]}" if apart else ""


def _root(parent: list[int], place: int) -> int:
    while parent[place] != place:
        parent[place] = parent[parent[place]]
        place = parent[place]
    return place


def _check(found: object) -> type[Topology]:
    if not (isinstance(found, type) and issubclass(found, Topology)):
        raise PluginError("is not a Topology")
    check_config(found, "fields")
    return found


TOPOLOGIES: Registry[type[Topology]] = Registry(GROUP, "topology", _check)
"""The topologies that are installed."""
