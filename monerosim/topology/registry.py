"""Registry of topologies: entry points of the group ``monerosim.topologies``, and a scenario's files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from monerosim.plan.plan import TopologyPlan
from monerosim.plugins import PluginError, PluginFiles, Registry, check_config
from monerosim.topology.file import GraphFile
from monerosim.topology.own import Own, with_own
from monerosim.topology.places import Mesh, Ring, Star, Switch, Topology, TopologyError, read_bandwidth
from monerosim.topology.shares import Drawn

GROUP = "monerosim.topologies"
"""The entry point group of topologies."""


BUILT_IN: tuple[type[Topology], ...] = (Switch, Star, Ring, Mesh)
"""Topologies known to be valid: a mesh has too many links to check them for every scenario."""


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


def build_places(
    topology: Topology,
    hosts: Sequence[str],
    *,
    seed: int = 0,
    own: Mapping[str, Own] | None = None,
    files: PluginFiles | None = None,
) -> TopologyPlan:
    """Build a topology for hosts, and check the result, which may be a third party's.

    Args:
        topology: The topology.
        hosts: Their names.
        seed: The run's, for what is drawn.
        own: What some hosts have of their own.
        files: The scenario's files; those of the working directory if left out.

    Raises:
        TopologyError: It raised an exception, left a host out, or its links do not connect the hosts.
    """
    name = type(topology).__name__
    try:
        if isinstance(topology, GraphFile):
            plan: object = topology.build_from(files or PluginFiles(Path()), hosts, seed)
        else:
            plan = topology.draw(hosts, seed)
    except TopologyError:
        raise
    except Exception as error:
        raise TopologyError(f"{name}.build failed: {type(error).__name__}: {error}") from error
    if not isinstance(plan, TopologyPlan):
        raise TopologyError(f"{name}.build returned a {type(plan).__name__}, not a TopologyPlan")
    wrong = "" if type(topology) in BUILT_IN else _find_wrong(plan, hosts)
    if wrong:
        raise TopologyError(f"{topology.file}: {wrong}" if isinstance(topology, GraphFile) else f"{name}.build {wrong}")
    own = dict(own or {})
    if topology.bandwidths:
        drawn = Drawn(topology.bandwidths, read_bandwidth)
        for host in hosts:
            it = own.get(host, Own())
            own[host] = it if it.bandwidth else it._replace(bandwidth=int(drawn.at(seed, "bandwidth", host)))
    plan = with_own(plan, own) if own else plan
    without = [host for host in hosts if not plan.bandwidth[plan.places[host]]]
    if without:
        place = plan.names[plan.places[without[0]]] if plan.names else plan.places[without[0]]
        raise TopologyError(f'"{without[0]}" is at place {place}, which has no bandwidth')
    return plan


def _find_wrong(plan: TopologyPlan, hosts: Sequence[str]) -> str:
    count = len(plan.bandwidth)

    def named(place: int) -> str:
        return plan.names[place] if plan.names else str(place)

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
        return f"made no link from place {named(without[0])} to itself, which Shadow wants"
    apart = [place for place in places if _root(parent, place) != _root(parent, places[0])]
    return f"left no path from place {named(places[0])} to place {named(apart[0])}" if apart else ""


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
