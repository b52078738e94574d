"""The observer: records what its node sees."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from actors.host.node_proxy import (
    GetAlternateChains,
    GetBlockHeader,
    GetConnections,
    GetLastBlockHeader,
    GetTransactionPool,
)
from monerosim.agent.behaviour import Behaviour
from monerosim.config import POSITIVE, Config, Duration, duration
from monerosim.events import BranchSeen, Event, PeersChanged, TipSeen, TransactionSeen
from monerosim.rpc.errors import RpcError
from monerosim.rpc.node import BlockHeader

_LONGEST_WALK = 1000
"""Blocks between two polls that are followed one by one to find the fork point."""


class ObserverConfig(Config, frozen=True):
    """Settings of an observer."""

    interval: Annotated[
        Duration, Meta(extra=POSITIVE, description="How often it polls its node, and so the precision of its records.")
    ] = duration("5s")
    observe: Annotated[
        tuple[Literal["tips", "transactions", "peers", "branches"], ...], Meta(description="What it records.")
    ] = ("tips", "transactions", "peers", "branches")


class Observer(Behaviour[ObserverConfig]):
    """Records new tips, transactions new in the txpool, gained and lost peers, and alternative chains."""

    emits: ClassVar[tuple[type[Event], ...]] = (TipSeen, TransactionSeen, PeersChanged, BranchSeen)
    needs: ClassVar[frozenset[str]] = frozenset({"node"})
    default_node: ClassVar[bool] = True

    def begin(self) -> None:
        """Poll the node now and periodically."""
        self._tip: BlockHeader | None = None
        self._transactions: set[str] = set()
        self._peers: frozenset[str] = frozenset()
        self._branches: set[str] = set()
        self.look()
        self.every(lambda: self.config.interval.seconds, self.look)

    def look(self) -> None:
        """Poll the node for everything that is observed."""
        try:
            if "tips" in self.config.observe:
                self._look_at_tip()
            if "transactions" in self.config.observe:
                self._look_at_pool()
            if "peers" in self.config.observe:
                self._look_at_peers()
            if "branches" in self.config.observe:
                self._look_at_branches()
        except RpcError as error:
            self.log.warning("cannot ask its node: {}", error)

    def _look_at_tip(self) -> None:
        tip = self.ask(self.host.actor("node"), GetLastBlockHeader())
        before = self._tip
        if before is not None and before.hash == tip.hash:
            return
        blocks, depth = (0, 0) if before is None else self._compare(before, tip)
        self._tip = tip
        self.emit(TipSeen(tip.height, tip.hash, blocks, depth))
        self.log.debug("the tip is block {}", tip.height, block=tip.hash)

    def _compare(self, old: BlockHeader, new: BlockHeader) -> tuple[int, int]:
        """Return the numbers of blocks added and removed between two tips."""
        if new.height - old.height > _LONGEST_WALK:
            return new.height - old.height, 0
        node = self.host.actor("node")
        blocks = depth = 0
        while old.hash != new.hash:
            if new.height >= old.height:
                new = self.ask(node, GetBlockHeader(new.prev_hash))
                blocks += 1
            else:
                old = self.ask(node, GetBlockHeader(old.prev_hash))
                depth += 1
        return blocks, depth

    def _look_at_pool(self) -> None:
        for entry in self.ask(self.host.actor("node"), GetTransactionPool()):
            if entry.id_hash not in self._transactions:
                self._transactions.add(entry.id_hash)
                self.emit(TransactionSeen(entry.id_hash, entry.fee, entry.weight))
                self.log.trace("sees a transaction of weight {}", entry.weight, txid=entry.id_hash)

    def _look_at_peers(self) -> None:
        connections = self.ask(self.host.actor("node"), GetConnections())
        peers = frozenset(connection.address for connection in connections)
        if peers != self._peers:
            gained, lost = tuple(sorted(peers - self._peers)), tuple(sorted(self._peers - peers))
            incoming = sum(connection.incoming for connection in connections)
            self.emit(PeersChanged(gained, lost, incoming, len(connections) - incoming))
            self.log.debug("{} peers gained, {} lost", len(gained), len(lost))
            self._peers = peers

    def _look_at_branches(self) -> None:
        for chain in self.ask(self.host.actor("node"), GetAlternateChains()):
            if chain.block_hash not in self._branches:
                self._branches.add(chain.block_hash)
                self.emit(BranchSeen(chain.block_hash, chain.height, chain.length))
                self.log.debug("a branch of {} blocks up to {}", chain.length, chain.height, block=chain.block_hash)
