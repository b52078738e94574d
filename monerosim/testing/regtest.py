"""A network of Monero's own programs on regtest."""

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import msgspec

from monerosim.build.binaries import BinaryError, resolve_binaries
from monerosim.build.processes import AGENT, host_processes
from monerosim.engines.local.process import SupervisedProcess
from monerosim.model.server import LOOPBACK, ModelServer
from monerosim.plan.flags import flag_name
from monerosim.plan.plan import PLAN_VERSION, ConsensusPlan, HostPlan, NodePlan, Plan, TopologyPlan, WalletPlan
from monerosim.rpc.errors import RpcCallError, RpcError
from monerosim.rpc.node import TransactionRefusedError
from monerosim.testing.clock import unix_now
from monerosim.testing.control import Control
from monerosim.testing.monero import Lag, Monero, NotPossibleError, TestingError, checked_size
from monerosim.testing.services import Node, Wallet
from monerosim.units import SECOND

_PATIENCE = 120.0
"""Seconds to wait for programs to start, for blocks to reach all nodes, and so on."""

_INTERVAL = 0.05
"""Seconds between two looks."""

_ENDING = 30.0
"""Seconds that the programs have to end."""

_FOR_EVER = 2**31 - 1
"""Seconds of a ban that is lifted by :meth:`RegtestMonero.catch_up`."""

_TRIES = 3
"""How often a branch is begun before it is given up."""

_PUB = "--zmq-pub"

_ENVIRONMENT = frozenset({"HOME", "PATH", "TMPDIR", "LANG", "LD_PRELOAD"})
"""What the programs get of the environment."""


class _PoolEntry(msgspec.Struct, frozen=True):
    id_hash: str
    tx_blob: str
    do_not_relay: bool = False


class RegtestMonero(Monero):
    """monerod and monero-wallet-rpc on loopback, on a chain of their own.

    A block takes a tenth of a second and more, so funding takes about 15 seconds. Time is the machine's.

    Args:
        nodes: The number of nodes, all connected.
        wallets: The number of wallets; they are spread over the nodes.
        funded: What each wallet can spend at the start.
        zmq: The nodes publish blocks and transactions.
        control: Serve the verbs as a JSON-RPC on a port of its own.
        monerod: The program: a name on PATH, or a file.
        wallet_rpc: The wallet's program.

    Raises:
        TestingError: A program is missing or does not start, or too many nodes, wallets or coins.
        ValueError: An amount cannot be read.
    """

    def __init__(
        self,
        *,
        nodes: int = 1,
        wallets: int = 2,
        funded: str | float = "100 XMR",
        zmq: bool = False,
        control: bool = False,
        monerod: str = "monerod",
        wallet_rpc: str = "monero-wallet-rpc",
    ) -> None:
        super().__init__()
        amount = checked_size(nodes, wallets, funded)
        self._directory = Path(tempfile.mkdtemp(prefix="monerosim-testing-"))
        self._processes: list[SupervisedProcess] = []
        self._lagging: set[int] = set()
        self._ending = ExitStack()
        try:
            hosts = _hosts(nodes, wallets, zmq=zmq, monerod=monerod, wallet_rpc=wallet_rpc)
            self._start(_plan(hosts))
            self._meet(hosts, nodes)
            self._fund(amount)
            if control:
                server = ModelServer([(0, Control(self))])
                self._ending.callback(server.close)
                self.control = f"http://{LOOPBACK}:{server.ports[0]}"
        except BaseException:
            self.close()
            raise

    def _start(self, plan: Plan) -> None:
        environment = {name: value for name, value in os.environ.items() if name in _ENVIRONMENT}
        for host in plan.hosts:
            here = self._directory / "hosts" / host.name
            here.mkdir(parents=True)
            for wallet in host.wallets:
                (here / wallet.name).mkdir()
            for process in host.processes:
                supervised = SupervisedProcess(host.name, process, self._directory, environment)
                self._processes.append(supervised)
                supervised.start(process.start)

    def _meet(self, hosts: list[HostPlan], nodes: int) -> None:
        """Wait until nodes and wallets answer, and the nodes are connected with each other."""
        for host in hosts:
            if host.node is not None:
                zmq = "".join(flag.partition("=")[2] for flag in host.node.flags if flag_name(flag) == _PUB)
                self.nodes.append(Node(host.name, f"http://{LOOPBACK}:{host.node.rpc_port}", zmq))
        for host in hosts:
            for plan in host.wallets:
                node = next(node for node in self.nodes if node.name == plan.node)
                self.wallets.append(Wallet(host.name, f"http://{LOOPBACK}:{plan.rpc_port}", node))
        self.miner = self.wallets.pop()
        for node in self.nodes:
            self._await(partial(_is_connected, node, nodes - 1), f"{node.name} is not connected")
        for wallet in (*self.wallets, self.miner):
            self._await(partial(_answers, wallet), f"{wallet.name} does not answer")

    def _await(self, condition: Callable[[], bool], failing: str) -> None:
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                if condition():
                    return
            except RpcError as error:
                failing = f"{failing}: {error}"
            for process in self._processes:
                if process.reap() is not None:
                    raise TestingError(f"{process.plan.name} of {process.host} has ended:\n{process.output_tail()}")
            if time.monotonic() > end:
                raise TestingError(failing)
            time.sleep(_INTERVAL)

    def mine(self, blocks: int = 1, *, node: int = 0, to: str | None = None) -> list[str]:
        """Mine blocks, which contain what is in any node's pool."""
        finder = self.nodes[self._known(node)]
        self._share_pools()
        found = finder.rpc.generateblocks(blocks, to or self.miner.address).blocks if blocks else []
        self._spread(node)
        return found

    def reorg(self, depth: int, *, node: int = 0) -> list[str]:
        """Replace the last blocks by one more (``generateblocks`` with ``prev_block``)."""
        finder = self.nodes[self._known(node)]
        parent = finder.rpc.on_get_block_hash(self._fork(depth, finder.height))
        self._share_pools()
        waiting = _pool(finder)
        found: list[str] = []
        for left in reversed(range(_TRIES)):
            try:
                found = self._branch(finder, parent, depth + 1)
                break
            except RpcCallError:
                # A peer has sent a transaction again, and a block has it that must not.
                if not left:
                    raise
        for entry in waiting:
            _submit(finder, entry)
        self._spread(node)
        return found

    def _branch(self, finder: Node, parent: str, length: int) -> list[str]:
        """Have a node make blocks without transactions one on the other, and return their hashes.

        monerod would put the pool's transactions into each of them, and then refuse the branch; and peers that have one
        of them queued send it again meanwhile.
        """
        found: list[str] = []
        for _ in range(length):
            finder.call("flush_txpool")
            made = finder.rpc.generateblocks(1, self.miner.address, prev_block=found[-1] if found else parent)
            found += made.blocks
        return found

    def advance(self, duration: str) -> None:
        """Refuse: the nodes follow the machine's clock."""
        raise NotPossibleError(f"real daemons follow the machine's clock: advance({duration!r}) needs modelled ones")

    def drop(self, txid: str) -> None:
        """Remove a transaction from all pools (``flush_txpool``)."""
        self._share_pools()
        if not any(entry.id_hash == txid for node in self.nodes for entry in _pool(node)):
            raise TestingError(f"{txid} is in no node's pool")

        def gone() -> bool:
            having = [node for node in self.nodes if any(entry.id_hash == txid for entry in _pool(node))]
            for node in having:
                node.call("flush_txpool", txids=[txid])
            return not having

        # What a node has queued for a peer (Dandelion++ keeps it for seconds) would bring it back. The queue goes with
        # the connection.
        together = [node for node in range(1, len(self.nodes)) if node not in self._lagging]
        for node in together:
            self.lag(node)
        self._await(gone, f"{txid} comes back")
        for node in together:
            self.catch_up(node)
        self._refresh()

    def lag(self, node: int) -> Lag:
        """Have a node ban the address that all nodes share, which ends its connections and refuses new ones."""
        banning = self.nodes[self._known(node)]
        self._share_pools()
        self._lagging.add(node)
        banning.rpc.set_bans({LOOPBACK: True}, seconds=_FOR_EVER)
        self._await(partial(_is_alone, banning), f"{banning.name} keeps its connections")
        return Lag(self, node)

    def catch_up(self, node: int) -> None:
        """Lift the ban, and wait until the nodes are connected and have caught up with the longest chain."""
        banning = self.nodes[self._known(node)]
        if node not in self._lagging:
            return
        self._lagging.discard(node)
        banning.rpc.set_bans({LOOPBACK: False}, seconds=0)
        together = self._hearing(node)
        for one in together:
            self._await(partial(_is_connected, one, len(together) - 1), f"{one.name} is not connected")
        # Of blocks of one difficulty the longest chain has most work; where two are as long, each node keeps its own.
        self._await(lambda: len({one.height for one in together}) == 1, f"{banning.name} does not catch up")
        self._share_pools()
        self._refresh()

    @property
    def time(self) -> int:
        """The machine's time, Unix seconds."""
        return unix_now()

    def close(self) -> None:
        """End the programs and remove their files."""
        super().close()
        self._ending.close()
        for process in reversed(self._processes):
            process.terminate()
        end = time.monotonic() + _ENDING
        while any(process.runs for process in self._processes) and time.monotonic() < end:
            time.sleep(_INTERVAL)
        for process in self._processes:
            process.kill()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _hearing(self, node: int) -> list[Node]:
        """List the nodes that hear of each other and of a node, itself included."""
        if node in self._lagging:
            return [self.nodes[node]]
        return [one for number, one in enumerate(self.nodes) if number not in self._lagging]

    def _share_pools(self) -> None:
        """Hand each node the transactions of the others' pools, which by themselves would take up to a minute."""
        together = [node for number, node in enumerate(self.nodes) if number not in self._lagging]
        pools = [{entry.id_hash: entry for entry in _pool(node)} for node in together]
        for node, pool in zip(together, pools, strict=True):
            for other in pools:
                for txid, entry in other.items():
                    if txid not in pool:
                        pool[txid] = entry
                        _submit(node, entry)

    def _spread(self, finder: int) -> None:
        """Wait until all nodes that hear of a node have its newest block, and have the wallets scan it."""
        for node in self._hearing(finder):
            self._await(partial(_agree, node, self.nodes[finder]), f"{node.name} does not get the newest block")
        self._refresh()


def _pool(node: Node) -> list[_PoolEntry]:
    return msgspec.convert(node.post("/get_transaction_pool").get("transactions", []), list[_PoolEntry])


def _submit(node: Node, entry: _PoolEntry) -> None:
    """Hand a transaction to a node; one that it refuses, because its coins are not there any more, is left out."""
    try:
        node.post("/send_raw_transaction", tx_as_hex=entry.tx_blob, do_not_relay=entry.do_not_relay)
    except TransactionRefusedError:
        return


def _is_connected(node: Node, peers: int) -> bool:
    info = node.rpc.get_info()
    return info.synchronized and info.outgoing_connections_count == peers


def _is_alone(node: Node) -> bool:
    info = node.rpc.get_info()
    return info.outgoing_connections_count + info.incoming_connections_count == 0


def _answers(wallet: Wallet) -> bool:
    return wallet.rpc.get_version() > 0


def _agree(one: Node, other: Node) -> bool:
    return one.tip == other.tip


def _hosts(nodes: int, wallets: int, *, zmq: bool, monerod: str, wallet_rpc: str) -> list[HostPlan]:
    names = [f"node-{number}" for number in range(nodes)]
    ports = _free_ports(4 * nodes + wallets + 1)
    hosts = []
    for number, name in enumerate(names):
        p2p, rpc, publishing, zmq_rpc = ports[4 * number : 4 * number + 4]
        node = NodePlan(
            p2p_port=p2p,
            rpc_port=rpc,
            start=0,
            ready_after=0,
            # All dial each other: a node that dials none is started offline, and does not listen.
            peers=tuple(name_ for name_ in names if name_ != name),
            binary=monerod,
            # Its other ZMQ server cannot be left out, and would take the same port at each node.
            flags=(
                f"--max-connections-per-ip={2 * nodes}",
                *((f"{_PUB}=tcp://{LOOPBACK}:{publishing}", f"--zmq-rpc-bind-port={zmq_rpc}") if zmq else ()),
            ),
        )
        hosts.append(HostPlan(name=name, group=name, address=LOOPBACK, uses_node=name, node=node, agent_start=0))
    for number, port in enumerate(ports[4 * nodes :]):
        name = f"wallet-{number}" if number < wallets else "miner"
        wallet = WalletPlan(
            name="wallet",
            rpc_port=port,
            start=0,
            ready_after=0,
            node=names[number % nodes if number < wallets else 0],
            binary=wallet_rpc,
        )
        hosts.append(HostPlan(name=name, group=name, address=LOOPBACK, wallets=(wallet,), agent_start=0))
    return hosts


def _plan(hosts: list[HostPlan]) -> Plan:
    """Return the plan of the programs, fitted to the flags that they know.

    Raises:
        TestingError: A program is missing, or not one of Monero's.
    """
    consensus = ConsensusPlan(block_time=120 * SECOND, difficulty=1, block_arrivals="fixed")
    by_name = {host.name: host for host in hosts}
    whole = Plan(
        version=PLAN_VERSION,
        name="testing",
        seed=0,
        engine="local",
        time_zero=0,
        duration=0,
        stop=0,
        consensus=consensus,
        topology=TopologyPlan(bandwidth=(), links=(), places={}),
        bootstrap=None,
        hosts=tuple(
            msgspec.structs.replace(
                host,
                processes=tuple(one for one in host_processes(host, consensus, by_name) if one.name != AGENT),
            )
            for host in hosts
        ),
    )
    try:
        return resolve_binaries(whole)
    except BinaryError as error:
        raise TestingError(str(error)) from error


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        ports = []
        for _ in range(count):
            listener = held.enter_context(socket.socket())
            listener.bind((LOOPBACK, 0))
            ports.append(listener.getsockname()[1])
        return ports
