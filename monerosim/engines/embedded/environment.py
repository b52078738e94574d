"""The embedded engine's side of the hosts: modelled services, in-memory mail and shared state, event log, traces."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Protocol

import numpy as np

from monerosim.agent.conditions import Condition
from monerosim.agent.messages import AwaitChange
from monerosim.alerts.watch import INTERVAL, AlertWatch
from monerosim.build.agent_registry import agent_registry
from monerosim.engines.embedded.conditions import NetworkControl
from monerosim.engines.embedded.crowds import Crowds, closing
from monerosim.engines.embedded.discovered import DiscoveredPeers
from monerosim.engines.embedded.network import hard_forks_of, network_of, rules_of, versions_of
from monerosim.engines.embedded.recording import NodeRecorder
from monerosim.engines.embedded.relays import RelayRecorder
from monerosim.engines.spreads import SpreadRecorder
from monerosim.events import (
    BlockFound,
    BlockSpread,
    PaymentSent,
    PeerConnected,
    Record,
    Reorganised,
    RunEnded,
    TransactionSpread,
)
from monerosim.events.log import EVENTS, EventLog
from monerosim.events.traces import Traces
from monerosim.mailbox.post import MemoryPostOffice
from monerosim.mailbox.shared import MemoryState
from monerosim.model import Blockchain, Daemon, WalletServer
from monerosim.model.crowd import Crowd
from monerosim.model.daemon import introduce
from monerosim.model.lookout import Lookout
from monerosim.model.records import ArrivalTimes, Block, Transaction
from monerosim.model.rules import Rules
from monerosim.model.sightings import Reorganisation
from monerosim.model.start import Past, Start
from monerosim.model.wallet_lookout import WalletLookout, Wish
from monerosim.monero.emission import GENESIS_REWARD
from monerosim.monero.versions import parse_version
from monerosim.network.propagation import NEVER
from monerosim.plan.plan import HostPlan, Plan
from monerosim.plugins import PluginFiles
from monerosim.rpc.transport import Json, Transport
from monerosim.runtime.clock import EPOCH
from monerosim.runtime.rng import stable_seed
from monerosim.runtime.virtual import VirtualRuntime
from monerosim.units import SECOND

if TYPE_CHECKING:
    from loguru import Logger

    from monerosim.events.traces import Source


_LINES = 50_000
"""Lines of traces that are kept back at most."""

_MOST_TRACED_APART = 50
"""Hosts whose actors have a file of traces each; of more hosts all have one, for thousands of files take longer to make
than what is in them."""

_TRACES_SHARE = 20
"""Of the real time, writing traces takes one part in so many: an actor has a file of its own, so that many lines have
to come together before they are worth it."""


class _Service(Protocol):
    def post(self, path: str, body: Mapping[str, Json]) -> Json: ...


class ModelTransport:
    """A way to a modelled service. The answer comes at once: calls take no simulated time.

    Args:
        name: The service, for messages.
        service: The service.
    """

    def __init__(self, name: str, service: _Service) -> None:
        self._name = name
        self._service = service

    @property
    def address(self) -> str:
        """Where the service is, for messages."""
        return f"{self._name} (model)"

    def post(self, path: str, body: Mapping[str, Json], timeout: float) -> Json:
        """Ask the service."""
        del timeout
        return self._service.post(path, body)


def _start(plan: Plan, granted: tuple[tuple[bytes, int], ...]) -> Start:
    """Return where the chain of a plan begins.

    Args:
        plan: The plan.
        granted: What the users of crowds begin with: beyond the genesis block's coins, where nothing else is said.
    """
    begins = plan.consensus.start
    if begins is None:
        supply = GENESIS_REWARD + sum(amount for _, amount in granted)
        return Start(supply, granted=granted, until=plan.time_zero if plan.consensus.dynamic else 0)
    past = Past(begins.long_term_median, begins.short_term_median)
    endowment = plan.bootstrap.endowment if plan.bootstrap is not None else ()
    return Start(begins.supply, endowment, past, plan.time_zero, granted)


class EmbeddedEnvironment:
    """Everything around the hosts of an embedded run.

    Args:
        plan: The plan.
        directory: The run directory.
        trace_level: The least important level of traces to keep.
        files: The files that the plan names.
        outside: Who else may send letters and gets answers.

    Attributes:
        recorded: How many events have been recorded.
        blocks: How many of them are blocks that were found.
    """

    records_nodes = True

    def __init__(
        self, plan: Plan, directory: Path, trace_level: str, files: PluginFiles, outside: tuple[str, ...] = ()
    ) -> None:
        self.runtime = VirtualRuntime(EPOCH)
        hosts = (*(host.name for host in plan.hosts), *outside)
        self.post_office = MemoryPostOffice(self.runtime, hosts, plan.letters)
        self.shared = MemoryState()
        self.shared.replace(*agent_registry(plan))
        self.height = 0
        self.payments = 0
        self.recorded = 0
        self.blocks = 0
        self.ended = False
        self._directory = directory
        self._time_zero = plan.time_zero
        self._events = EventLog(directory / EVENTS)
        self._alerts = AlertWatch(plan, self._heights, self._events.append) if plan.alerts else None
        self._spreads = SpreadRecorder(plan)
        self._traces = Traces(
            directory / "hosts", trace_level, _LINES, one_thread=True, one_file=len(plan.hosts) > _MOST_TRACED_APART
        )
        self._traces_due = 0.0
        nodes = [host for host in plan.hosts if host.node is not None]
        network = network_of(plan)
        crowds = Crowds(plan)
        self._blockchain = Blockchain(
            seed=stable_seed(plan.seed, "ledger"),
            now=self.runtime.now,
            network=network,
            difficulty=plan.consensus.difficulty,
            target=plan.consensus.block_time // SECOND if plan.consensus.dynamic else None,
            start=_start(plan, crowds.granted),
            rules=Rules(
                versions_of(plan),
                plan.consensus.pool_lifetime,
                rules_of(plan, files),
                [host.name for host in nodes],
                hard_forks_of(plan, files),
                pool_weight=plan.consensus.pool_weight,
                stems_in_blocks=plan.consensus.stems_in_blocks,
            ),
        )
        self._node_names = [host.name for host in nodes]
        self._blockchain.sightings.on_reorganisation = self._record_reorganisation
        self._blockchain.sightings.on_block = self._record_block
        self._blockchain.sightings.on_transaction = self._record_transaction
        self._relays = RelayRecorder(self._blockchain, plan.record, self._node_names, self._time_zero, self.record)
        self._plan_connections(plan)
        self._plan_upgrades(nodes)
        self._daemons = {host.name: self._daemon(index, host) for index, host in enumerate(nodes)}
        introduce(self._daemons.values())
        peers = DiscoveredPeers(plan, self.runtime, self._blockchain, network, self.record) if plan.discovery else None
        for daemon in self._daemons.values():
            daemon.state.peering = peers
        self._wallets = {host.name: self._wallet(plan, host) for host in plan.hosts if host.wallets}
        states = {it.name: daemon.state for it, daemon in zip(nodes, self._daemons.values(), strict=True)}
        known = {f"{it.address}:{it.node.rpc_port}": states[it.name] for it in nodes if it.node is not None}
        for wallet in self._wallets.values():
            wallet.know(known)
        self._crowds = crowds.open(self._blockchain, states)
        self._lookout = Lookout(self._blockchain, self.runtime.call_at)
        self._wallet_lookout = WalletLookout(self._blockchain, self.runtime.call_at)
        self._control = NetworkControl(
            plan, self.runtime, self._blockchain, network, self._daemons, self._wallets, self.record, peers
        )
        NodeRecorder(plan, self._blockchain, self._wallets, self.record).watch(self.runtime)
        if self._alerts is not None:
            self.runtime.call_at(self._time_zero, partial(self._watch_alerts, self._alerts, self._time_zero))

    def node(self, host: str) -> Transport:
        """The way to the modelled monerod of ``host``."""
        return ModelTransport(f"monerod of {host}", self._daemons[host])

    def change(self, condition: Condition, *, scheduled: bool) -> None:
        """Change the network."""
        del scheduled
        self._control.change(condition)
        self._wallet_lookout.look_at_all()

    def wallet(self, host: str) -> Transport:
        """The way to the modelled monero-wallet-rpc of ``host``."""
        return ModelTransport(f"monero-wallet-rpc of {host}", self._wallets[host])

    def watch_tip(self, host: str, changed: Callable[[], None]) -> bool:
        """Call a function at each instant at which the tip of a host's node has changed."""
        self._lookout.watch(self._node_names.index(host), changed)
        return True

    def watch_wallet(self, host: str, wish: AwaitChange, changed: Callable[[], None]) -> bool:
        """Call a function once, when a host's wallet has changed."""
        session = self._wallets[host].session
        self._wallet_lookout.wait(Wish(wish.actor, wish.of, wish.amount, wish.height), session, changed)
        return True

    def crowd(self, host: str) -> Crowd | None:
        """Return the wallets of a host's crowd."""
        return self._crowds.get(host)

    def record(self, record: Record) -> None:
        """Write down an event."""
        self.recorded += 1
        if isinstance(record.data, PaymentSent):
            self.payments += 1
        elif isinstance(record.data, BlockFound):
            self.blocks += 1
            self.height = max(self.height, record.data.height)
        elif isinstance(record.data, RunEnded):
            self.ended = True
        self._events.append(record)
        if self._alerts is not None:
            self._alerts.take(record)

    def logger(self, source: "Source") -> "Logger":
        """Make the log of an actor."""
        return self._traces.logger(source)

    def settle(self) -> None:
        """Record what nodes have done up to now, and what the users of crowds have.

        Nodes: their last reorganisations, what they saw of items on the way. Crowds: their actors may have been stopped
        long before. Alerts are decided for the last time, as probes look when the run ends.
        """
        now = self.runtime.now()
        for host, crowd in self._crowds.items():
            for event in closing(crowd):
                self.record(Record(now - self._time_zero, host, "wallet", "", event))
        self._blockchain.finish(now)
        self._relays.finish(now)
        if self._alerts is not None:
            self._alerts.look(now - self._time_zero)

    def flush(self) -> None:
        """Bring what has happened to the run directory; traces only now and then.

        Raises:
            OSError: It cannot be written.
        """
        self._events.flush()
        began = monotonic()
        if began >= self._traces_due:
            self._traces.flush()
            self._traces_due = began + _TRACES_SHARE * (monotonic() - began)

    def close(self) -> None:
        """Write everything to the run directory, as far as that is possible.

        Raises:
            OSError: Something could not be written.
        """
        with ExitStack() as stack:
            stack.callback(self.shared.save, self._directory / "shared")
            stack.callback(self._traces.close)
            stack.callback(self._events.close)
            stack.callback(self.runtime.close)

    def _daemon(self, index: int, host: HostPlan) -> Daemon:
        node = host.node
        if node is None:
            raise ValueError(f"{host.name} has no node")
        address = f"{host.address}:{node.p2p_port}"
        return Daemon(self._blockchain, index, ready_at=node.start + node.ready_after, address=address)

    def _wallet(self, plan: Plan, host: HostPlan) -> WalletServer:
        wallet = host.wallets[0]
        return WalletServer(
            self._blockchain,
            self._daemons[wallet.node],
            name=host.name,
            seed=stable_seed(plan.seed, "wallet", host.name),
            ready_at=wallet.start + wallet.ready_after,
        )

    def _plan_connections(self, plan: Plan) -> None:
        """Record each connection when both its nodes are up."""
        ready = {host.name: host.node.start + host.node.ready_after for host in plan.hosts if host.node is not None}
        dialled: dict[int, list[tuple[str, str]]] = {}
        for host in plan.hosts:
            for peer in host.node.peers if host.node is not None else ():
                dialled.setdefault(max(ready[host.name], ready[peer]), []).append((host.name, peer))
        for at, pairs in dialled.items():
            self.runtime.call_at(at, partial(self._connect, at, pairs))

    def _plan_upgrades(self, nodes: Sequence[HostPlan]) -> None:
        for index, host in enumerate(nodes):
            if host.node is not None and host.node.upgrade is not None:
                upgrade, version = host.node.upgrade, parse_version(host.node.upgrade.version)
                self.runtime.call_at(upgrade.at, partial(self._blockchain.upgrade, index, version))

    def _watch_alerts(self, alerts: AlertWatch, at: int) -> None:
        alerts.look(at - self._time_zero)
        self.runtime.call_at(at + INTERVAL, partial(self._watch_alerts, alerts, at + INTERVAL))

    def _heights(self, now: int) -> Mapping[str, int]:
        views = self._blockchain.views
        return {
            name: views.view(index, now + self._time_zero).tip.height for index, name in enumerate(self._node_names)
        }

    def _connect(self, at: int, pairs: list[tuple[str, str]]) -> None:
        for node, peer in pairs:
            self.record(Record(at - self._time_zero, node, "node", "", PeerConnected(peer)))

    def _record_block(self, block: Block, seen: ArrivalTimes) -> None:
        self.height = max(self.height, block.height)
        self._record_spread(seen, partial(BlockSpread, block.id.hex(), block.height))

    def _record_transaction(self, transaction: Transaction, seen: ArrivalTimes) -> None:
        self._record_spread(seen, partial(TransactionSpread, transaction.id.hex()))

    def _record_spread(
        self, seen: ArrivalTimes, event: Callable[[int, tuple[int, ...]], BlockSpread | TransactionSpread]
    ) -> None:
        record = self._spreads.record(np.where(seen < NEVER, seen - self._time_zero, NEVER), event)
        # There is none where each node that was handed a transaction had one that spends the same.
        if record is not None:
            self.record(record)

    def _record_reorganisation(self, reorganisation: Reorganisation) -> None:
        node = self._node_names[reorganisation.node]
        event = Reorganised(node, reorganisation.depth, reorganisation.old.id.hex(), reorganisation.new.id.hex())
        self.record(Record(reorganisation.at - self._time_zero, node, "node", "", event))
