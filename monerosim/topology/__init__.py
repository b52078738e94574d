"""Places of hosts, links between them, and the choice of peers."""

from monerosim.topology.addresses import addresses
from monerosim.topology.paths import paths_between
from monerosim.topology.peers import choose_limited_peers, choose_peers
from monerosim.topology.places import Mesh, Ring, Star, Switch, Topology, build_switch
from monerosim.topology.registry import BUILT_IN, TopologyError, build_places, load_topology, topology_names

__all__ = [
    "BUILT_IN",
    "Mesh",
    "Ring",
    "Star",
    "Switch",
    "Topology",
    "TopologyError",
    "addresses",
    "build_places",
    "build_switch",
    "choose_limited_peers",
    "choose_peers",
    "load_topology",
    "paths_between",
    "topology_names",
]
