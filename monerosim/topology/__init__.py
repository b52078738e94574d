"""Where hosts are, what lies between them, and who dials whom."""

from monerosim.topology.addresses import addresses
from monerosim.topology.gml import to_gml
from monerosim.topology.paths import paths_between
from monerosim.topology.peers import choose_peers
from monerosim.topology.places import TOPOLOGIES, Mesh, Ring, Star, Switch, Topology, build_switch

__all__ = [
    "TOPOLOGIES",
    "Mesh",
    "Ring",
    "Star",
    "Switch",
    "Topology",
    "addresses",
    "build_switch",
    "choose_peers",
    "paths_between",
    "to_gml",
]
