"""The node proxy: the only actor of a host that calls its monerod."""

from typing import ClassVar

import pykka

from actors.host.watcher import Watcher
from monerosim.agent.actor import handles
from monerosim.agent.host import Host
from monerosim.agent.messages import Message, Watch
from monerosim.events import (
    TXPOOL_INTERVAL,
    BlockContents,
    Event,
    NewBlock,
    NodeClosed,
    PeerLost,
    Reorganised,
    ServiceReady,
    TxpoolRecorded,
)
from monerosim.rpc.client import RpcClient, ServiceNeverUpError
from monerosim.rpc.errors import RpcDoubtfulError, RpcError, RpcUnavailableError
from monerosim.rpc.node import (
    AlternateChain,
    BlockDetails,
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
"""Blocks between two polls that are notified one by one; of more, only the tip is."""


class GetInfo(Message[NodeInfo], frozen=True):
    """Return height, tip, txpool size and numbers of connections (``get_info``)."""


class GetLastBlockHeader(Message[BlockHeader], frozen=True):
    """Return the header of the tip (``get_last_block_header``)."""


class GetBlockHeader(Message[BlockHeader], frozen=True):
    """Return the header of a block, on the main chain or not (``get_block_header_by_hash``)."""

    hash: str


class GetBlockHeaders(Message[list[BlockHeader]], frozen=True):
    """Return headers of the main chain from ``start`` to ``end``, both included (``get_block_headers_range``)."""

    start: int
    end: int


class GenerateBlocks(Message[GeneratedBlocks], frozen=True):
    """Generate blocks (``generateblocks``); never retried.

    Raises:
        RpcUnavailableError: The deadline is over.
        RpcError: The node did not make them.
    """

    count: int
    address: str
    prev_block: str = ""
    miner: str = ""
    """The participant that they pay, if that is known."""
    deadline: float | None = None
    """When they are no longer wanted, seconds since the scenario's time zero: the asker may have timed out while the
    daemon started."""


class GetBlock(Message[BlockDetails], frozen=True):
    """Return a block, on the main chain or not (``get_block``)."""

    hash: str


class SubmitBlock(Message[None], frozen=True):
    """Hand the node a whole block (``submit_block``).

    Raises:
        RpcError: The node has something against it.
    """

    blob: str
    """Hexadecimal, as :class:`GetBlock` returns it."""


class SubmitTransaction(Message[None], frozen=True):
    """Hand the node a transaction (``send_raw_transaction``).

    Raises:
        TransactionRefusedError: The node rejects it.
    """

    blob: str
    """Hexadecimal, as :class:`actors.host.wallet_proxy.DraftSweep` returns it."""


class GetTransactionPool(Message[list[PoolTransaction]], frozen=True):
    """Return the transactions in the txpool (``get_transaction_pool``)."""


class GetAlternateChains(Message[list[AlternateChain]], frozen=True):
    """Return the alternative chains (``get_alternate_chains``)."""


class GetConnections(Message[list[Connection]], frozen=True):
    """Return the connections to peers (``get_connections``)."""


class NodeProxy(Watcher):
    """Calls a node's RPC for the other actors, and notifies them of blocks and lost peers.

    Its handlers raise :class:`monerosim.rpc.errors.RpcError`.

    Args:
        host: The proxy's host.
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
        self._told = False
        self._node = node
        self._rpc = NodeRpc(RpcClient(host.environment.node(node), self.clock, is_over=lambda: host.closing))
        self._is_own = name == "node" and node == host.name

    def begin(self) -> None:
        """Wait until the daemon answers."""
        service = f"monerod of {self._node}"
        try:
            info, attempts = self._rpc.client.wait_until_up(self._rpc.get_info, name=service, timeout=START_TIMEOUT)
        except ServiceNeverUpError as error:
            if not self.host.closing or self._is_own:
                raise
            # The node's own host tells of its failure; whoever asks here is told now.
            self.log.warning("{}", error)
            return
        self.log.info("{} is up at height {}, after {} tries", service, info.height, attempts)
        self.emit(ServiceReady(service, attempts))
        self.watch()
        if self._is_own and not self.host.environment.records_nodes and self._node in self.host.plan.record.txpool:
            self._plan_txpool()

    def wants(self, kind: type) -> None:
        """Record that a kind of events has a subscriber."""
        self._wanted.add(kind)

    @handles(Watch)
    def on_watch(self, watch: Watch) -> None:
        """Start polling; a host may have proxies of other nodes, but subscriptions are to its own."""
        if self.name == "node":
            super().on_watch(watch)

    def is_told(self, kind: type) -> bool:
        """Have the engine tell of new tips, if it can."""
        if kind not in (NewBlock, Reorganised):
            return False
        if not self._told:
            self._told = self.host.environment.watch_tip(self._node, self.soon(self.look_now))
            if self._told:
                self.look_now()
        return self._told

    def look(self) -> None:
        """Notify subscribers of new blocks, of a reorganisation, of lost peers."""
        if self._wanted & {NewBlock, Reorganised}:
            tip = self._rpc.get_last_block_header()
            if self._tip is not None and self._tip.hash != tip.hash:
                self._notify_of_blocks(self._tip, tip)
            self._tip = tip
        if PeerLost in self._wanted:
            peers = frozenset(connection.address for connection in self._rpc.get_connections())
            for address in sorted((self._peers or frozenset()) - peers):
                self.host.notify(self.name, self.cause, PeerLost(self._node, address))
            self._peers = peers

    def _notify_of_blocks(self, old: BlockHeader, new: BlockHeader) -> None:
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
        """Record the tip of the host's own node, if that runs."""
        if self.name != "node" or self._node != self.host.name:
            return
        try:
            header = self._rpc.get_last_block_header()
            emitted = self._rpc.get_emission(1, header.height) if header.height else 0
        except (RpcUnavailableError, RpcDoubtfulError) as error:
            # The scenario may have it down; of one that has died by itself, the engine tells.
            self.log.warning("its last tip is not known: {}", error)
        else:
            self.emit(NodeClosed(header.height, header.hash, emitted))

    @handles(GetInfo)
    def on_get_info(self, _: GetInfo) -> NodeInfo:
        """Return height, tip, txpool size and numbers of connections."""
        return self._rpc.get_info()

    @handles(GetLastBlockHeader)
    def on_get_last_block_header(self, _: GetLastBlockHeader) -> BlockHeader:
        """Return the header of the tip."""
        return self._rpc.get_last_block_header()

    @handles(GetBlockHeader)
    def on_get_block_header(self, message: GetBlockHeader) -> BlockHeader:
        """Return the header of a block."""
        return self._rpc.get_block_header_by_hash(message.hash)

    @handles(GetBlockHeaders)
    def on_get_block_headers(self, message: GetBlockHeaders) -> list[BlockHeader]:
        """Return headers of the main chain."""
        return self._rpc.get_block_headers_range(message.start, message.end)

    @handles(GenerateBlocks)
    def on_generate_blocks(self, message: GenerateBlocks) -> GeneratedBlocks:
        """Generate blocks."""
        if message.deadline is not None and self.clock.now() > message.deadline:
            raise RpcUnavailableError(f"the monerod of {self._node} could not be asked in time")
        made = self._rpc.generateblocks(message.count, message.address, prev_block=message.prev_block)
        self.log.debug("generated {} blocks up to height {}", message.count, made.height, block=made.blocks[-1])
        if not self.host.environment.records_nodes:
            for block in made.blocks:
                self._record_contents(block, message.miner)
        return made

    def _record_contents(self, block: str, miner: str) -> None:
        """Record what a block contains; that it was made does not depend on it."""
        try:
            found = self._rpc.get_block(block)
            header, main = found.block_header, not found.block_header.orphan_status
            fees = self._rpc.get_fees(header.height, 1) if main and found.tx_hashes else 0
        except RpcError as error:
            self.log.warning("what a block contains is not recorded: {}", error, block=block)
            return
        self.emit(
            BlockContents(
                hash=block,
                height=header.height,
                previous=header.prev_hash,
                node=self._node,
                miner=miner,
                transactions=tuple(found.tx_hashes),
                reward=header.reward,
                timestamp=header.timestamp,
                weight=header.block_weight if main else 0,
                long_term_weight=header.long_term_weight if main else 0,
                fees=fees,
                difficulty=header.difficulty if main else 0,
                cumulative_difficulty=header.cumulative_difficulty if main else 0,
            )
        )

    def _record_txpool(self) -> None:
        try:
            pool = self._rpc.get_transaction_pool_stats()
        except RpcError as error:
            self.log.debug("cannot look into the txpool: {}", error)
        else:
            self.emit(TxpoolRecorded(pool.txs_total, pool.bytes_total))
        self._plan_txpool()

    def _plan_txpool(self) -> None:
        """Look into the txpool at the next whole minute of the scenario's time."""
        self.after(TXPOOL_INTERVAL - self.clock.now() % TXPOOL_INTERVAL, self._record_txpool)

    @handles(GetBlock)
    def on_get_block(self, message: GetBlock) -> BlockDetails:
        """Return a block."""
        return self._rpc.get_block(message.hash)

    @handles(SubmitBlock)
    def on_submit_block(self, message: SubmitBlock) -> None:
        """Hand the node a block."""
        self._rpc.submit_block(message.blob)

    @handles(SubmitTransaction)
    def on_submit_transaction(self, message: SubmitTransaction) -> None:
        """Hand the node a transaction."""
        self._rpc.send_raw_transaction(message.blob)

    @handles(GetTransactionPool)
    def on_get_transaction_pool(self, _: GetTransactionPool) -> list[PoolTransaction]:
        """Return the transactions in the txpool."""
        return self._rpc.get_transaction_pool()

    @handles(GetAlternateChains)
    def on_get_alternate_chains(self, _: GetAlternateChains) -> list[AlternateChain]:
        """Return the alternative chains."""
        return self._rpc.get_alternate_chains()

    @handles(GetConnections)
    def on_get_connections(self, _: GetConnections) -> list[Connection]:
        """Return the connections to peers."""
        return self._rpc.get_connections()


def proxy_of(host: Host, node: str) -> pykka.ActorRef[NodeProxy]:
    """Return a host's proxy of another host's node, started if necessary."""
    name = f"node-of-{node}"
    proxy = host.actors.get(name)
    return proxy if proxy is not None and proxy.is_alive() else host.start(NodeProxy, name, node)
