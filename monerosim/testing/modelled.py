"""A network of modelled nodes and wallets."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from math import inf
from typing import TYPE_CHECKING, Literal, TypeAlias

from monerosim.model import Blockchain, Daemon, WalletServer
from monerosim.model.daemon import introduce
from monerosim.model.jsonrpc import JSON_RPC
from monerosim.model.parameters import is_hash
from monerosim.model.server import LOOPBACK, ModelServer, Service
from monerosim.model.wallet_session import REFRESH_PERIOD
from monerosim.monero.address import SUBADDRESS, decode_address
from monerosim.monero.constants import SPENDABLE_AGE
from monerosim.network.propagation import NEVER
from monerosim.rpc.errors import RpcUnavailableError
from monerosim.testing.clock import AdjustableClock, unix_now
from monerosim.testing.control import Control
from monerosim.testing.monero import Lag, Monero, TestingError, checked_size, funding_blocks
from monerosim.testing.network import InstantNetwork
from monerosim.testing.services import Node, Wallet
from monerosim.units import SECOND, parse_duration

if TYPE_CHECKING:
    from monerosim.model.publisher import Publisher

BLOCK_TIME = 120 * SECOND
"""The time that passes with each block of :meth:`Monero.mine`, microseconds (``DIFFICULTY_TARGET_V2``)."""

START = 1_767_225_600
"""Unix time at which a network is handed over whose clock stands still: 2026-01-01."""

MOST_BLOCKS = 10_000
"""Blocks that one call may have found."""

_P2P_PORT = 18_080
"""The port of monerod for its peers, which the model only shows."""

Ports: TypeAlias = Callable[[Literal["node", "wallet", "zmq", "control"], int], int]
"""Returns the port of the service of a kind with a number; 0 to choose a free one."""


class ModelledMonero(Monero):
    """Modelled nodes and wallets in this process, served on loopback.

    Blocks and transactions are everywhere at once. With each block two minutes pass, so that wallets have refreshed
    themselves; otherwise time stands still, so that the same test sees the same every time.

    Args:
        nodes: The number of nodes, all connected.
        wallets: The number of wallets; they are spread over the nodes.
        funded: What each wallet can spend at the start.
        seed: Keys and hashes follow from it.
        clock: ``"virtual"``: time stands still unless a verb moves it. ``"real"``: it goes with the machine's clock as
            well.
        block_time: Blocks are found by themselves whenever so much time has passed; none if left out.
        ports: The ports; free ones if left out.
        zmq: The nodes publish blocks and transactions (needs pyzmq).
        control: Serve the verbs as a JSON-RPC on a port of its own.

    Raises:
        TestingError: Too many nodes, wallets or coins, or pyzmq is not installed.
        OSError: A port is taken.
        ValueError: An amount or a duration cannot be read.
    """

    def __init__(  # noqa: PLR0913  (all but the last are options of `monerosim model`)
        self,
        *,
        nodes: int = 1,
        wallets: int = 2,
        funded: str | float = "100 XMR",
        seed: int = 1,
        clock: Literal["virtual", "real"] = "virtual",
        block_time: str | None = None,
        ports: Ports = lambda _kind, _number: 0,
        zmq: bool = False,
        control: bool = False,
    ) -> None:
        super().__init__()
        amount = checked_size(nodes, wallets, funded)
        self._interval = parse_duration(block_time) if block_time is not None else 0
        self._due = NEVER
        self._clock = AdjustableClock()
        self._network = InstantNetwork(nodes)
        # The chain has a past, which ends when the network is handed over.
        past = (funding_blocks(wallets, amount) + SPENDABLE_AGE) * BLOCK_TIME // SECOND if amount else 0
        epoch = (unix_now() if clock == "real" else START) - past
        self._blockchain = Blockchain(seed=seed, now=self._clock.now, network=self._network, difficulty=1, epoch=epoch)
        self._ending = ExitStack()
        self._publishers: list[Publisher] = []
        try:
            self._serve(ports, seed=seed, wallets=wallets, zmq=zmq, control=control)
            self._fund(amount)
        except BaseException:
            self.close()
            raise
        if clock == "real":
            self._clock.start()
        self._postpone()

    def _serve(self, ports: Ports, *, seed: int, wallets: int, zmq: bool, control: bool) -> None:
        """Serve nodes, wallets and what else is wanted."""
        daemons = [
            Daemon(self._blockchain, node, ready_at=0, address=f"{LOOPBACK}:{_P2P_PORT + 10 * node}")
            for node in range(self._network.nodes)
        ]
        introduce(daemons)
        servers = [
            WalletServer(
                self._blockchain, daemons[number % len(daemons)], name=f"wallet-{number}", seed=seed, ready_at=0
            )
            for number in range(wallets)
        ]
        miner = WalletServer(self._blockchain, daemons[0], name="miner", seed=seed, ready_at=0)
        if zmq:
            for number in range(len(daemons)):
                publisher = _publisher(self._blockchain, number, ports("zmq", number))
                self._ending.callback(publisher.close)
                self._publishers.append(publisher)
        services: list[tuple[int, Service]] = [
            *((ports("node", number), daemon) for number, daemon in enumerate(daemons)),
            *((ports("wallet", number), server) for number, server in enumerate(servers)),
            (0, miner),
        ]
        if control:
            services.append((ports("control", 0), Control(self)))
        self._wallet_servers = [*servers, miner]
        self._server = ModelServer(services, self._publish)
        self._ending.callback(self._server.close)
        ends = list(zip(daemons, self._server.ports, strict=False))
        known = {f"{host}:{port}": daemon.state for daemon, port in ends for host in (LOOPBACK, "localhost")}
        for server in self._wallet_servers:
            server.know(known)
        urls = [f"http://{LOOPBACK}:{port}" for port in self._server.ports]
        published = [publisher.endpoint for publisher in self._publishers] or [""] * len(daemons)
        self.nodes = [Node(f"node-{number}", urls[number], end) for number, end in enumerate(published)]
        self.wallets = [
            Wallet(f"wallet-{number}", urls[len(daemons) + number], self.nodes[number % len(daemons)])
            for number in range(wallets)
        ]
        self.miner = Wallet("miner", urls[len(daemons) + wallets], self.nodes[0])
        if control:
            self.control = urls[-1]

    def mine(self, blocks: int = 1, *, node: int = 0, to: str | None = None) -> list[str]:
        """Mine blocks; two minutes pass with each."""
        with self._server.lock:
            self._known(node)
            keys = _miner_keys(self.miner.address if to is None else to)
            if not 0 <= blocks <= MOST_BLOCKS:
                raise TestingError(f"at most {MOST_BLOCKS} blocks are mined at once, not {blocks}")
            found = []
            for _ in range(blocks):
                found.append(self._find(node, keys))
                self._clock.move(BLOCK_TIME)
            self._postpone()
            self._settle()
        return found

    def _postpone(self) -> None:
        """Have the next block that comes by itself come a block time from now."""
        if self._interval:
            self._due = self._clock.now() + self._interval

    def _find(self, node: int, keys: bytes) -> str:
        parent = self._blockchain.view(node).tip
        block = self._blockchain.mine(node, parent, keys)
        self._publish()
        return block.id.hex()

    def reorg(self, depth: int, *, node: int = 0) -> list[str]:
        """Replace the last blocks by one more; two minutes pass."""
        with self._server.lock:
            self._settle()
            tip = self._blockchain.view(self._known(node)).tip
            block = self._blockchain.chain.at(tip, self._fork(depth, tip.height + 1))
            keys = _miner_keys(self.miner.address)
            found = []
            for _ in range(depth + 1):
                block = self._blockchain.mine(node, block, keys, empty=True)
                found.append(block.id.hex())
            self._clock.move(BLOCK_TIME)
            self._postpone()
            self._settle()
        return found

    def advance(self, duration: str) -> None:
        """Let time pass; blocks are found meanwhile if there is a block time."""
        microseconds = parse_duration(duration)
        with self._server.lock:
            if self._interval and microseconds // self._interval > MOST_BLOCKS:
                raise TestingError(f"more than {MOST_BLOCKS} blocks would be found in {duration}")
            self._pass(microseconds)
            self._settle()

    def tick(self) -> float:
        """Have the blocks found that are due; return the seconds until the next one, infinity if there is none."""
        with self._server.lock:
            self._pass(0)
            return max(self._due - self._clock.now(), 0) / SECOND if self._interval else inf

    def _pass(self, microseconds: int) -> None:
        end = self._clock.now() + microseconds
        while self._due <= end:
            self._clock.move(max(self._due - self._clock.now(), 0))
            self._find(0, _miner_keys(self.miner.address))
            self._due += self._interval
        self._clock.move(max(end - self._clock.now(), 0))

    def drop(self, txid: str) -> None:
        """Remove a transaction from all pools; twenty seconds pass, so that wallets have refreshed themselves."""
        with self._server.lock:
            txpool = self._blockchain.txpool
            transaction = txpool.transactions.get(bytes.fromhex(txid)) if is_hash(txid) else None
            views = [self._blockchain.view(node) for node in range(self._network.nodes)]
            if transaction is None or not any(txpool.contains(view, transaction) for view in views):
                raise TestingError(f"{txid} is in no node's pool")
            for view in views:
                txpool.flush(view, transaction)
            self._clock.move(REFRESH_PERIOD)
            self._settle()

    def lag(self, node: int) -> Lag:
        """Cut a node off from the others."""
        with self._server.lock:
            self._known(node)
            self._spread_transactions()
            self._network.cut_off.add(node)
        return Lag(self, node)

    def catch_up(self, node: int) -> None:
        """Connect a node with the others again; twenty seconds pass, so that wallets have refreshed themselves."""
        with self._server.lock:
            self._known(node)
            self._spread_transactions()
            self._network.cut_off.discard(node)
            self._blockchain.reconnect()
            self._clock.move(REFRESH_PERIOD)
            self._settle()

    def _spread_transactions(self) -> None:
        """Have the model work out where transactions have got to, before the connections change."""
        for _ in self._blockchain.txpool.contents(self._blockchain.view(0)):
            pass

    @property
    def height(self) -> int:
        """The number of blocks at the first node, the genesis block included."""
        with self._server.lock:
            return self._blockchain.view(0).tip.height + 1

    @property
    def time(self) -> int:
        """The nodes' time, Unix seconds."""
        return self._blockchain.unix(self._clock.now())

    def close(self) -> None:
        """Close all ports."""
        super().close()
        self._ending.close()

    def _settle(self) -> None:
        """Publish what there is, and have the wallets refresh themselves, which the model does when they are asked."""
        self._publish()
        for wallet in self._wallet_servers:
            with suppress(RpcUnavailableError):
                wallet.post(JSON_RPC, {"method": "get_height"})

    def _publish(self) -> None:
        for publisher in self._publishers:
            publisher.publish()


def _miner_keys(address: str) -> bytes:
    try:
        decoded = decode_address(address)
    except ValueError as error:
        raise TestingError(f"{address} is no address: {error}") from error
    if decoded.kind == SUBADDRESS:
        raise TestingError(f"{address} is a subaddress: blocks can be mined to primary addresses alone")
    return decoded.keys


def _publisher(blockchain: Blockchain, node: int, port: int) -> "Publisher":
    try:
        from monerosim.model.publisher import Publisher  # noqa: PLC0415  (needs a package that is optional)
    except ImportError as error:
        raise TestingError(
            f"nodes publish by ZMQ with the package pyzmq: pip install 'monerosim[zmq]' ({error})"
        ) from error
    return Publisher(blockchain, node, port)
