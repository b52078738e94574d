"""Places of hosts, links between them, and the choice of peers."""

from monerosim.topology.addresses import addresses
from monerosim.topology.file import GraphFile
from monerosim.topology.own import Own, UnknownPlaceError
from monerosim.topology.paths import paths_between
from monerosim.topology.peers import choose_limited_peers, choose_peers
from monerosim.topology.places import Mesh, Ring, Star, Switch, Topology, TopologyError, build_switch, read_bandwidth
from monerosim.topology.random_graphs import RandomRegular, ScaleFree, SmallWorld
from monerosim.topology.regional import Regional
from monerosim.topology.registry import BUILT_IN, build_places, load_topology, topology_names

__all__ = [
    "BUILT_IN",
    "GraphFile",
    "Mesh",
    "Own",
    "RandomRegular",
    "Regional",
    "Ring",
    "ScaleFree",
    "SmallWorld",
    "Star",
    "Switch",
    "Topology",
    "TopologyError",
    "UnknownPlaceError",
    "addresses",
    "build_places",
    "build_switch",
    "choose_limited_peers",
    "choose_peers",
    "load_topology",
    "paths_between",
    "read_bandwidth",
    "topology_names",
]
