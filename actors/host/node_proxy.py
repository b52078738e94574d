"""The node proxy: a host's way to a monerod."""

from typing import ClassVar

from actors.host.watcher import Watcher
from monerosim.agent.actor import handles
from monerosim.agent.host import Host
from monerosim.agent.messages import Message
from monerosim.events import Event, NewBlock, NodeClosed, PeerLost, Reorganised, ServiceReady
from monerosim.rpc.client import RpcClient
from monerosim.rpc.errors import RpcUnavailableError
from monerosim.rpc.node import (
    AlternateChain,
    BlockHeader,
    Connection,
    GeneratedBlocks,
    NodeInfo,
    NodeRpc,
    PoolTransaction,
)

START_TIMEOUT = 600.0
"""Seconds a daemon may take to answer for the first time."""

_LONGEST_WALK = 100
"""Blocks that came between two looks and are told one by one; of more, after a long silence, only the tip is."""


class GetInfo(Message[NodeInfo], frozen=True):
    """Ask for height, tip, pool and connections."""


class GetLastBlockHeader(Message[BlockHeader], frozen=True):
    """Ask for the tip's header."""


class GetBlockHeader(Message[BlockHeader], frozen=True):
    """Ask for a block's header, main chain or not."""

    hash: str


class GetBlockHeaders(Message[list[BlockHeader]], frozen=True):
    """Ask for the main chain's headers, from height to height, both included."""

    start: int
    end: int


class GenerateBlocks(Message[GeneratedBlocks], frozen=True):
    """Have blocks made; not repeated by itself."""

    count: int
    address: str
    prev_block: str = ""
    deadline: float | None = None
    """When they are no longer wanted, seconds since the scenario's time zero: whoever asked may have waited in vain for
    the daemon to start, and gone on."""


class GetTransactionPool(Message[list[PoolTransaction]], frozen=True):
    """Ask for the txpool."""


class GetAlternateChains(Message[list[AlternateChain]], frozen=True):
    """Ask for the branches off the main chain."""


class GetConnections(Message[list[Connection]], frozen=True):
    """Ask for the connections to peers."""


class NodeProxy(Watcher):
    """Answers for a node, and watches it for those who want to know.

    Its handlers raise :class:`monerosim.rpc.errors.RpcError`.

    Args:
        host: The host that asks.
        name: The actor's name.
        node: The host whose monerod it is.
    """

    watches: ClassVar[frozenset[type[Event]]] = frozenset({NewBlock, Reorganised, PeerLost})
    usual_interval: ClassVar[float] = 5.0

    def __init__(self, host: Host, name: str, node: str) -> None:
        super().__init__(host, name)
        self._tip: BlockHeader | None = None
        self._peers: frozenset[str] | None = None
        self._wanted: set[type] = set()
        self._node = node
        self._rpc = NodeRpc(RpcClient(host.environment.node(node), self.clock))

    def begin(self) -> None:
        """Wait until the daemon answers."""
        service = f"monerod of {self._node}"
        info, attempts = self._rpc.client.wait_until_up(self._rpc.get_info, name=service, timeout=START_TIMEOUT)
        self.log.info("{} is up at height {}, after {} tries", service, info.height, attempts)
        self.emit(ServiceReady(service, attempts))
        self.watch()

    def wants(self, kind: type) -> None:
        """Take note that somebody wants to know of a kind of events."""
        self._wanted.add(kind)

    def look(self) -> None:
        """Tell of new blocks, of a reorganisation, of lost peers."""
        # A host may have proxies of other nodes; its own is the one it has subscribed to.
        if self.name != "node":
            return
        if self._wanted & {NewBlock, Reorganised}:
            tip = self._rpc.get_last_block_header()
            if self._tip is not None and self._tip.hash != tip.hash:
                self._tell_blocks(self._tip, tip)
            self._tip = tip
        if PeerLost in self._wanted:
            peers = frozenset(connection.address for connection in self._rpc.get_connections())
            for address in sorted((self._peers or frozenset()) - peers):
                self.host.notify(self.name, self.cause, PeerLost(self._node, address))
            self._peers = peers

    def _tell_blocks(self, old: BlockHeader, new: BlockHeader) -> None:
        came: list[BlockHeader] = []
        left, reached = old, new
        while left.hash != reached.hash and new.height - reached.height < _LONGEST_WALK:
            if reached.height >= left.height:
                came.append(reached)
                reached = self._rpc.get_block_header_by_hash(reached.prev_hash)
            else:
                left = self._rpc.get_block_header_by_hash(left.prev_hash)
        if left.hash != reached.hash:
            came = [new]
        elif left.hash != old.hash:
            depth = old.height - left.height
            self.host.notify(self.name, self.cause, Reorganised(self._node, depth, old.hash, new.hash))
        for header in reversed(came):
            self.host.notify(self.name, self.cause, NewBlock(self._node, header.height, header.hash))

    def end(self) -> None:
        """Record where a node of this host's own stands."""
        if self.name == "node" and self._node == self.host.name:
            header = self._rpc.get_last_block_header()
            self.emit(NodeClosed(header.height, header.hash))

    @handles(GetInfo)
    def on_get_info(self, _: GetInfo) -> NodeInfo:
        """Ask for height, tip, pool and connections."""
        return self._rpc.get_info()

    @handles(GetLastBlockHeader)
    def on_get_last_block_header(self, _: GetLastBlockHeader) -> BlockHeader:
        """Ask for the tip's header."""
        return self._rpc.get_last_block_header()

    @handles(GetBlockHeader)
    def on_get_block_header(self, message: GetBlockHeader) -> BlockHeader:
        """Ask for a block's header."""
        return self._rpc.get_block_header_by_hash(message.hash)

    @handles(GetBlockHeaders)
    def on_get_block_headers(self, message: GetBlockHeaders) -> list[BlockHeader]:
        """Ask for the main chain's headers."""
        return self._rpc.get_block_headers_range(message.start, message.end)

    @handles(GenerateBlocks)
    def on_generate_blocks(self, message: GenerateBlocks) -> GeneratedBlocks:
        """Have blocks made."""
        if message.deadline is not None and self.clock.now() > message.deadline:
            raise RpcUnavailableError(f"the monerod of {self._node} could not be asked in time")
        made = self._rpc.generateblocks(message.count, message.address, prev_block=message.prev_block)
        self.log.debug("made {} blocks up to height {}", message.count, made.height, block=made.blocks[-1])
        return made

    @handles(GetTransactionPool)
    def on_get_transaction_pool(self, _: GetTransactionPool) -> list[PoolTransaction]:
        """Ask for the txpool."""
        return self._rpc.get_transaction_pool()

    @handles(GetAlternateChains)
    def on_get_alternate_chains(self, _: GetAlternateChains) -> list[AlternateChain]:
        """Ask for the branches off the main chain."""
        return self._rpc.get_alternate_chains()

    @handles(GetConnections)
    def on_get_connections(self, _: GetConnections) -> list[Connection]:
        """Ask for the connections to peers."""
        return self._rpc.get_connections()
