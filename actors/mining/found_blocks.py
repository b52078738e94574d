"""Blocks that an actor has nodes generate: a record of each, and at the end those off the main chain."""

from typing import Any

import pykka

from actors.host.node_proxy import GenerateBlocks, GetBlockHeader, GetBlockHeaders, GetLastBlockHeader
from actors.host.registrar import BlockNote, note
from monerosim.agent.actor import Actor
from monerosim.events import BlockFound, BlockStale
from monerosim.rpc.errors import RpcError

NO_BLOCK = (RpcError, pykka.Timeout, pykka.ActorDeadError)
"""Errors of a node that does not generate a block, or does not tell of one."""

_HEADERS_AT_ONCE = 500


class _Made(list[BlockFound]):
    """The blocks of all lives of an actor."""


class FoundBlocks:
    """The blocks that an actor has nodes generate.

    Args:
        actor: The actor, which records them.
        timeout: Seconds that a node may take to answer.
    """

    def __init__(self, actor: Actor, timeout: float) -> None:
        self._actor = actor
        self.timeout = timeout
        self._made = actor.host.retained(actor.name, _Made)

    def miners(self) -> list[str]:
        """Return the miners that found blocks, that of the last block first."""
        return list(dict.fromkeys(block.miner for block in reversed(self._made)))

    def make(
        self,
        node: pykka.ActorRef[Any],
        miner: str,
        address: str,
        *,
        parent: str = "",
        deadline: float | None = None,
    ) -> BlockFound:
        """Have a node generate a block.

        Args:
            node: The node's proxy.
            miner: The participant whose block it is.
            address: The address of its reward.
            parent: The hash of the block it follows; the node's tip, if left out.
            deadline: When it is no longer wanted, seconds since the scenario's time zero, if that may be before the
                timeout.

        Raises:
            RpcError: The node did not generate it.
            pykka.Timeout: It did not answer in time, and does not generate the block later.
            pykka.ActorDeadError: The proxy has stopped.
        """
        now = self._actor.clock.now()
        timeout = self.timeout if deadline is None else min(self.timeout, deadline - now)
        wanted = GenerateBlocks(1, address, prev_block=parent, miner=miner, deadline=now + timeout)
        made = self._actor.ask(node, wanted, timeout)
        header = self._actor.ask(node, GetBlockHeader(made.blocks[0]), self.timeout)
        found = BlockFound(miner, header.height, header.hash, header.reward, header.num_txes)
        self._made.append(found)
        self._actor.emit(found)
        note(self._actor, BlockNote(miner, found.height, found.hash))
        return found

    def record_stale_blocks(self, node: pykka.ActorRef[Any]) -> None:
        """Record the blocks that are off a node's main chain.

        Raises:
            RpcError: The node does not answer.
            pykka.Timeout: It does not answer in time.
            pykka.ActorDeadError: The proxy has stopped.
        """
        if not self._made:
            return
        low = min(block.height for block in self._made)
        high = self._actor.ask(node, GetLastBlockHeader(), self.timeout).height
        main = set[str]()
        for start in range(low, high + 1, _HEADERS_AT_ONCE):
            span = GetBlockHeaders(start, min(high, start + _HEADERS_AT_ONCE - 1))
            main.update(header.hash for header in self._actor.ask(node, span, self.timeout))
        for block in self._made:
            if block.hash not in main:
                self._actor.emit(BlockStale(block.miner, block.height, block.hash))

    def close(self, node: pykka.ActorRef[Any]) -> None:
        """Record the blocks that are off a node's main chain when the run ends, if the node still answers."""
        try:
            self.record_stale_blocks(node)
        except NO_BLOCK as error:
            self._actor.log.warning("cannot find out which of its blocks are off the main chain: {}", error)
