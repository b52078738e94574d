"""The modelled network of a plan."""

from monerosim.network.relay import Link, RelayNetwork
from monerosim.plan.plan import NodePlan, Plan
from monerosim.topology.paths import paths_between


def network_of(plan: Plan) -> RelayNetwork:
    """Build the network of a plan: its hosts that have a node, in the plan's order.

    Where places have no direct link, latency and loss are those of the way of least latency, as Shadow's
    ``use_shortest_path`` has it.

    Raises:
        ValueError: A node dials a host that has no node, or there is no way to it.
    """
    nodes = {host.name: host.node for host in plan.hosts if host.node is not None}
    index = {name: position for position, name in enumerate(nodes)}
    place = plan.topology.places
    dialled = [(name, peer) for name, node in nodes.items() for peer in node.peers]
    for name, peer in dialled:
        if peer not in index:
            raise ValueError(f"{name} dials {peer}, which has no node")
    ways = paths_between(plan.topology, {(place[name], place[peer]) for name, peer in dialled})
    links = []
    for name, peer in dialled:
        latency, loss = ways[place[name], place[peer]]
        bandwidth = min(_bandwidth(plan, name, nodes[name]), _bandwidth(plan, peer, nodes[peer]))
        links.append(Link(index[name], index[peer], latency, loss, bandwidth))
    ready = [node.start + node.ready_after for node in nodes.values()]
    return RelayNetwork(seed=plan.seed, names=tuple(nodes), links=links, ready=ready)


def _bandwidth(plan: Plan, name: str, node: NodePlan) -> int:
    own = plan.topology.bandwidth[plan.topology.places[name]]
    return own if node.rate_limit is None else min(own, node.rate_limit)
