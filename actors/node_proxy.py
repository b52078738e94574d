"""The node proxy: a host's way to a monerod."""

from monerosim.observe.events import NodeClosed, ServiceReady
from monerosim.rpc.client import RpcClient
from monerosim.rpc.node import (
    AlternateChain,
    BlockHeader,
    Connection,
    GeneratedBlocks,
    NodeInfo,
    NodeRpc,
    PoolTransaction,
)
from monerosim.runtime.actor import Actor, handles
from monerosim.runtime.host import Host
from monerosim.runtime.message import Message

START_PATIENCE = 600.0
"""Seconds a daemon may take to answer for the first time."""


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


class GetTransactionPool(Message[list[PoolTransaction]], frozen=True):
    """Ask for the txpool."""


class GetAlternateChains(Message[list[AlternateChain]], frozen=True):
    """Ask for the branches off the main chain."""


class GetConnections(Message[list[Connection]], frozen=True):
    """Ask for the connections to peers."""


class NodeProxy(Actor):
    """Answers for a node. Its handlers raise :class:`monerosim.rpc.errors.RpcError`.

    Args:
        host: The host that asks.
        name: The actor's name.
        node: The host whose monerod it is.
    """

    def __init__(self, host: Host, name: str, node: str) -> None:
        super().__init__(host, name)
        self._node = node
        self._rpc = NodeRpc(RpcClient(host.world.node(node), self.clock))

    def begin(self) -> None:
        """Wait until the daemon answers."""
        service = f"monerod of {self._node}"
        info, attempts = self._rpc.client.wait_until_up(self._rpc.get_info, name=service, patience=START_PATIENCE)
        self.log.info("{} is up at height {}, after {} tries", service, info.height, attempts)
        self.emit(ServiceReady(service, attempts))

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
