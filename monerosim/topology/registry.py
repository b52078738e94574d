"""Finding topologies: by the entry points of the group ``monerosim.topologies``, or in a scenario's files."""

from collections.abc import Sequence

from monerosim.plan.plan import TopologyPlan
from monerosim.plugins import PluginError, PluginFiles, Registry, check_config
from monerosim.topology.places import Mesh, Ring, Star, Switch, Topology

GROUP = "monerosim.topologies"
"""The entry point group in which a package names its topologies."""


BUILT_IN: tuple[type[Topology], ...] = (Switch, Star, Ring, Mesh)
"""These are right, and a mesh has too many links to look at each for every scenario."""


class TopologyError(Exception):
    """A topology did not make what a network needs; the message is for the user."""


def topology_names() -> list[str]:
    """Name all topologies that are installed, in alphabetical order."""
    return TOPOLOGIES.names()


def load_topology(name: str, files: PluginFiles | None = None) -> type[Topology]:
    """Load a topology.

    Args:
        name: An entry point's name, or ``./FILE.py:CLASS``.
        files: Where files are.

    Raises:
        PluginError: It is unknown, or its code cannot be imported or is no topology.
    """
    return TOPOLOGIES.load(name, files)


def build_places(topology: Topology, hosts: Sequence[str]) -> TopologyPlan:
    """Have a topology place hosts, and check what it made: it may be anybody's code.

    Raises:
        TopologyError: It raised something, left a host out, or its links do not join the hosts as Shadow wants them.
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
    return f"left no way from place {places[0]} to place {apart[0]}" if apart else ""


def _root(parent: list[int], place: int) -> int:
    while parent[place] != place:
        parent[place] = parent[parent[place]]
        place = parent[place]
    return place


def _check(found: object) -> type[Topology]:
    if not (isinstance(found, type) and issubclass(found, Topology)):
        raise PluginError("is no Topology")
    check_config(found, "fields")
    return found


TOPOLOGIES: Registry[type[Topology]] = Registry(GROUP, "topology", _check)
"""The topologies that are installed."""
