"""Changes the modelled network for actors and the timeline."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from monerosim.agent.conditions import (
    Condition,
    ConditionError,
    Crash,
    Cut,
    Degrade,
    Freeze,
    Heal,
    MoveWallet,
    Partition,
    Restore,
    ShutDown,
    Silence,
    StartUp,
    Thaw,
    Unsilence,
    hosts_of,
    sides_of,
)
from monerosim.engines.embedded.discovered import DiscoveredPeers
from monerosim.events import NodeCaughtUp, PeerConnected, PeerDisconnected, Record
from monerosim.model import Blockchain, Daemon, WalletServer
from monerosim.model.miners import Miner
from monerosim.network.reachability import Reachability
from monerosim.network.relay import Link, RelayNetwork, Rewiring
from monerosim.network.silences import KINDS, Silent
from monerosim.plan.plan import Plan
from monerosim.runtime.counters import key
from monerosim.runtime.runtime import Runtime
from monerosim.units import SECOND

_DIALS_EACH = SECOND
"""From one attempt to connect with those that a node is to dial to the next (``m_connections_maker_interval`` in
src/p2p/net_node.h)."""


class NetworkControl:
    """Changes the network of a run.

    Args:
        plan: The run's plan.
        runtime: Clock and timers.
        blockchain: The model.
        network: Its network; nodes are to have the connections that they have at the beginning.
        daemons: The modelled daemons, by host.
        wallets: The modelled wallets, by host.
        record: Takes the records of connections.
        discovered: The peers that nodes find themselves; None if they have those of the beginning.
    """

    def __init__(
        self,
        plan: Plan,
        runtime: Runtime,
        blockchain: Blockchain,
        network: RelayNetwork,
        daemons: Mapping[str, Daemon],
        wallets: Mapping[str, WalletServer],
        record: Callable[[Record], None],
        discovered: DiscoveredPeers | None = None,
    ) -> None:
        self._plan = plan
        self._runtime = runtime
        self._blockchain = blockchain
        self._network = network
        self._links = links = network.links
        self._of: list[list[Link]] = [[] for _ in network.names]
        for link in links:
            self._of[link.dialer].append(link)
            self._of[link.listener].append(link)
        self._daemons = daemons
        self._wallets = wallets
        self._record = record
        self._index = {name: place for place, name in enumerate(network.names)}
        self._reachability = Reachability()
        self._discovered = discovered
        if discovered is not None:
            discovered.condition = self._reachability.link
        self._frozen: dict[int, Miner | None] = {}
        self._starting: dict[int, int] = {}
        self._starts = 0
        self._alone_since: dict[int, int] = {}
        self._due: dict[int, list[Link]] = {}
        self._phases = [key(plan.seed, "dials", name) % _DIALS_EACH for name in network.names]
        blockchain.on_caught_up = self._on_caught_up

    def change(self, condition: Condition) -> None:
        """Change the network, now.

        Raises:
            ConditionError: That cannot be.
        """
        match condition:
            case ShutDown() | StartUp() | Crash() | Freeze() | Thaw():
                for host in hosts_of(self._plan, condition.who):
                    self._change_program(condition, host)
            case Cut() | Restore() | Partition() | Heal():
                self._change_links(condition)
            case Silence(what=what) | Unsilence(what=what):
                self._silence(self._nodes(condition.who), what, silent=isinstance(condition, Silence))
            case Degrade():
                self._degrade(condition)
            case MoveWallet(node=node):
                for host in hosts_of(self._plan, condition.who):
                    self._move_wallet(host, node)
            case _:
                raise ConditionError(f"the engine embedded has no {type(condition).__name__}")

    def _change_links(self, condition: Cut | Restore | Partition | Heal) -> None:
        reachability = self._reachability
        match condition:
            case Partition(sides=sides):
                placed = sides_of(self._plan, sides.values())
                reachability.split({self._index[host]: side for host, side in placed.items() if host in self._index})
            case Heal():
                reachability.split({})
            case Cut(peer=peer) | Restore(peer=peer):
                for one in self._nodes(condition.who):
                    for other in self._nodes(peer):
                        reachability.cut(one, other, is_cut=isinstance(condition, Cut))
        self._update(self._links)

    def _nodes(self, who: str) -> list[int]:
        found = [self._index[host] for host in hosts_of(self._plan, who) if host in self._index]
        if not found:
            raise ConditionError(f"{who} has no node")
        return found

    def _change_program(self, condition: ShutDown | StartUp | Crash | Freeze | Thaw, host: str) -> None:
        if condition.program == "wallet":
            if host not in self._wallets:
                raise ConditionError(f"{host} has no wallet")
            session = self._wallets[host].session
            session.is_down = isinstance(condition, ShutDown | Crash | Freeze)
            if isinstance(condition, StartUp):
                wallet = next(own for own in self._plan.hosts if own.name == host).wallets[0]
                session.ready_at = self._runtime.now() + wallet.ready_after
            return
        if host not in self._index:
            raise ConditionError(f"{host} has no node")
        node = self._index[host]
        match condition:
            case ShutDown() | Crash():
                self._take_down(node)
            case Freeze() if node not in self._reachability.down:
                self._frozen[node] = self._blockchain.miners.at_work.get(node)
                self._take_down(node)
            case StartUp() if node in self._reachability.down and node not in {*self._frozen, *self._starting}:
                plan = next(own for own in self._plan.hosts if own.name == host).node
                self._starts += 1
                self._starting[node] = number = self._starts
                after = 0 if plan is None else plan.ready_after
                self._runtime.call_at(self._runtime.now() + after, lambda: self._start(node, number))
            case Thaw() if node in self._frozen:
                self._bring_up(node)
            case _:
                pass

    def _take_down(self, node: int) -> None:
        """Have a node answer nobody and relay nothing."""
        self._starting.pop(node, None)
        if isinstance(self._blockchain.miners.at_work.get(node), Miner):
            self._blockchain.miners.stop(node)
        if node not in self._reachability.down:
            self._reachability.down.add(node)
            self._daemons[self._network.names[node]].state.is_down = True
            self._update(self._of[node], down=[node])

    def _start(self, node: int, number: int) -> None:
        if self._starting.get(node) == number:
            del self._starting[node]
            self._daemons[self._network.names[node]].state.ready_at = self._runtime.now()
            self._bring_up(node)

    def _bring_up(self, node: int) -> None:
        miner = self._frozen.pop(node, None)
        now = self._runtime.now()
        if miner is not None:
            self._blockchain.miners.start(node, miner.address, miner.keys, miner.threads, now)
        self._reachability.down.discard(node)
        self._daemons[self._network.names[node]].state.is_down = False
        self._alone_since[node] = now
        self._update(self._of[node], up=[node])

    def _silence(self, nodes: Sequence[int], what: str, *, silent: bool) -> None:
        kinds: dict[str, Silent] = {kind: kind for kind in KINDS}
        kept: Silent | bytes = kinds[what] if what in kinds else bytes.fromhex(what)
        self._blockchain.rewire(Rewiring(), lambda _at, _change: self._network.silence(nodes, kept, silent=silent))

    def _degrade(self, condition: Degrade) -> None:
        peers = self._nodes(condition.peer) if condition.peer else None
        nodes = self._nodes(condition.who)
        for node in nodes:
            others = None if peers is None else [peer for peer in peers if peer != node]
            self._reachability.degrade(node, others, int(condition.latency), condition.loss)
        found = self._discovered
        links = dict.fromkeys(link for node in nodes for link in (found.links(node) if found else self._of[node]))
        there = [link for link in links if self._network.connections.has(*link[:2])]
        altered = [self._reachability.link(link) for link in there]
        self._blockchain.rewire(Rewiring(alter=altered), self._network.rewire)

    def _move_wallet(self, host: str, node: str) -> None:
        (found, *_) = [name for name in hosts_of(self._plan, node) if name in self._daemons] or [""]
        if not found or host not in self._wallets:
            raise ConditionError(f"{node} has no node" if not found else f"{host} has no wallet")
        self._wallets[host].session.node = self._daemons[found].state

    def _update(self, links: Iterable[Link], *, down: Sequence[int] = (), up: Sequence[int] = ()) -> None:
        """Close the connections that cannot be any more, and have those dialled that can be again."""
        if self._discovered is not None:
            self._note_alone(self._discovered.reconsider(self._reachability.connects, down=down, up=up))
            return
        has, connects = self._network.connections.has, self._reachability.connects
        close, wanted = [], []
        for link in links:
            there, can = has(*link[:2]), connects(*link[:2])
            if there and not can:
                close.append(link[:2])
            elif can and not there:
                wanted.append(link)
        if close or down or up:
            self._blockchain.rewire(Rewiring(close=close, down=down, up=up), self._network.rewire)
        for dialer, listener in close:
            self._tell(dialer, PeerDisconnected(self._network.names[listener]))
        self._note_alone(close)
        self._plan_dials(wanted, up)

    def _note_alone(self, closed: Iterable[tuple[int, int]]) -> None:
        for node in (end for pair in closed for end in pair):
            if not self._network.links_from(node):
                self._alone_since.setdefault(node, self._runtime.now())

    def _plan_dials(self, links: Iterable[Link], up: Sequence[int]) -> None:
        """Have connections made when their dialers next try."""
        now = self._runtime.now()
        for link in links:
            # A daemon that has just started dials at once; one that runs, once a second.
            wait = 0 if link.dialer in up else _DIALS_EACH - (now - self._phases[link.dialer]) % _DIALS_EACH
            at = now + wait + 2 * link.latency
            if at not in self._due:
                self._due[at] = []
                self._runtime.call_at(at, partial(self._connect, at))
            self._due[at].append(link)

    def _connect(self, at: int) -> None:
        """Make the connections of a time that can be, and are not there yet."""
        links = self._due.pop(at)
        has, connects = self._network.connections.has, self._reachability.connects
        new = [link for link in dict.fromkeys(links) if connects(*link[:2]) and not has(*link[:2])]
        if new:
            opened = [self._reachability.link(link) for link in new]
            self._blockchain.rewire(Rewiring(open=opened), self._network.rewire)
            for link in new:
                self._tell(link.dialer, PeerConnected(self._network.names[link.listener]))

    def _on_caught_up(self, node: int, peer: int, height: int, at: int) -> None:
        since = self._alone_since.pop(node, at)
        event = NodeCaughtUp(height, at - since, self._network.names[peer])
        self._record(Record(at - self._plan.time_zero, self._network.names[node], "node", "", event))

    def _tell(self, node: int, event: PeerConnected | PeerDisconnected) -> None:
        at = self._runtime.now() - self._plan.time_zero
        self._record(Record(at, self._network.names[node], "node", "", event))
