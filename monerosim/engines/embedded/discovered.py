"""Peers that nodes find themselves: the model's connections follow what they dial and drop."""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address

from monerosim.engines.embedded.network import bandwidth_of
from monerosim.events import PeerConnected, PeerDisconnected, Record
from monerosim.model import Blockchain
from monerosim.network.discovery import Change, Discovery, PeerNode
from monerosim.network.peer_lists import PeerLists
from monerosim.network.relay import Link, RelayNetwork, Rewiring
from monerosim.plan.plan import DiscoveryPlan, HostPlan, Plan
from monerosim.runtime.rng import stable_seed
from monerosim.runtime.runtime import Runtime
from monerosim.topology.paths import Paths

ALL_RECORDED = 200
"""Nodes up to which all connections are recorded; of more, those of a sample of 100, drawn by the seed."""

_SAMPLE = 100


def discovery_of(plan: Plan, discovery: DiscoveryPlan) -> Discovery:
    """Return what the nodes of a plan know at the beginning: their seed nodes."""
    hosts = [host for host in plan.hosts if host.node is not None]
    names = [host.name for host in hosts]
    nodes = [_peer_node(host) for host in hosts]
    return Discovery(plan.seed, nodes, [names.index(name) for name in discovery.seed_nodes])


def _peer_node(host: HostPlan) -> PeerNode:
    node = host.node
    if node is None:
        raise ValueError(f"{host.name} has no node")
    return PeerNode(
        name=host.name,
        address=int(IPv4Address(host.address)),
        reach=node.reach,
        out_peers=node.out_peers,
        in_peers=node.in_peers,
        begin=node.start + node.ready_after,
        dials=node.dials,
    )


class DiscoveredPeers:
    """Has the connections of a run's nodes follow :class:`~monerosim.network.discovery.Discovery`.

    Args:
        plan: The run's plan.
        runtime: Clock and timers.
        blockchain: The model.
        network: Its network, without connections.
        record: Takes the records of connections.

    Attributes:
        condition: Returns a connection with what it takes and loses under the conditions of the network.
    """

    def __init__(
        self,
        plan: Plan,
        runtime: Runtime,
        blockchain: Blockchain,
        network: RelayNetwork,
        record: Callable[[Record], None],
    ) -> None:
        if plan.discovery is None:
            raise ValueError("the plan names the peers")
        self._plan = plan
        self._runtime = runtime
        self._blockchain = blockchain
        self._network = network
        self._record = record
        self._discovery = discovery_of(plan, plan.discovery)
        self._paths = Paths(plan.topology)
        self._hosts = [host for host in plan.hosts if host.node is not None]
        names = [host.name for host in self._hosts]
        drawn = sorted(names, key=lambda name: stable_seed(plan.seed, "recorded", name))
        self._recorded = set(names if len(names) <= ALL_RECORDED else drawn[:_SAMPLE])
        self.condition: Callable[[Link], Link] = lambda link: link
        self._planned = -1
        self._plan_next()

    def _plan_next(self) -> None:
        due = self._discovery.due
        if due is not None and due != self._planned:
            self._planned = due
            self._runtime.call_at(due, self._follow)

    def _follow(self) -> None:
        self._apply(self._discovery.advance(self._runtime.now()))
        self._plan_next()

    def _apply(
        self, changes: Sequence[Change], down: Sequence[int] = (), up: Sequence[int] = ()
    ) -> list[tuple[int, int]]:
        """Change the network, and return the connections that were closed."""
        has = self._network.connections.has
        wanted = {change[1:3]: change.is_open for change in changes}
        close = [pair for pair, is_open in wanted.items() if not is_open and has(*pair)]
        opened = [self.condition(self._link(*pair)) for pair, is_open in wanted.items() if is_open and not has(*pair)]
        if not (close or opened or down or up):
            return []
        self._blockchain.rewire(Rewiring(close=close, open=opened, down=down, up=up), self._network.rewire)
        for dialer, listener in close:
            self._tell(dialer, listener, PeerDisconnected(self._network.names[listener]))
        for dialer, listener, *_ in opened:
            self._tell(dialer, listener, PeerConnected(self._network.names[listener]))
        return close

    def reconsider(
        self, connects: Callable[[int, int], bool], *, down: Sequence[int] = (), up: Sequence[int] = ()
    ) -> list[tuple[int, int]]:
        """Take in conditions of the network, and return the connections that were closed.

        Args:
            connects: Returns whether two nodes can be connected.
            down: Nodes that go down.
            up: Nodes that are up again.
        """
        now = self._runtime.now()
        changes = self._discovery.advance(now)
        self._discovery.stop(down, now)
        self._discovery.start(up, now)
        self._discovery.reconsider(connects, now)
        closed = self._apply([*changes, *self._discovery.advance(now)], down, up)
        self._plan_next()
        return closed

    def links(self, node: int) -> list[Link]:
        """Return the connections of a node, as they are without conditions."""
        dialled = ((node, peer) for peer in self._discovery.outgoing(node))
        return [self._link(*pair) for pair in (*dialled, *((peer, node) for peer in self._discovery.incoming(node)))]

    def _link(self, dialer: int, listener: int) -> Link:
        one, two = self._hosts[dialer], self._hosts[listener]
        places = self._plan.topology.places
        latency, loss = self._paths.between(places[one.name], places[two.name])
        return Link(dialer, listener, latency, loss, min(bandwidth_of(self._plan, one), bandwidth_of(self._plan, two)))

    def _tell(self, dialer: int, listener: int, event: PeerConnected | PeerDisconnected) -> None:
        names = self._network.names
        if names[dialer] in self._recorded or names[listener] in self._recorded:
            at = self._runtime.now() - self._plan.time_zero
            self._record(Record(at, names[dialer], "node", "", event))

    def since(self, node: int, peer: int, *, incoming: bool) -> int:
        """Return since when a node has a connection, microseconds."""
        there = self._discovery.incoming(node) if incoming else self._discovery.outgoing(node)
        return there.get(peer, self._runtime.now())

    def lists(self, node: int) -> PeerLists:
        """Return what peers a node knows."""
        return self._discovery.lists(node)

    def ban(self, node: int, network: int, length: int, until: int) -> None:
        """Have a node ban an address or a subnet, or lift a ban (:meth:`Discovery.ban`)."""
        self._discovery.ban(node, network, length, until, self._runtime.now())
        self._follow()

    def limit(self, node: int, *, out_peers: int | None = None, in_peers: int | None = None) -> None:
        """Tell a node how many connections to have (:meth:`Discovery.limit`)."""
        self._discovery.limit(node, self._runtime.now(), out_peers=out_peers, in_peers=in_peers)
        self._follow()
