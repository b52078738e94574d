"""The block controller: decides when a block comes and whose it is, and has the winner's node make it."""

from typing import Any, ClassVar

import pykka

from actors.mailbox import Post
from actors.node_proxy import GenerateBlocks, GetBlockHeader, GetBlockHeaders, GetLastBlockHeader, NodeProxy
from monerosim.config import Config
from monerosim.mailbox.discovery import BLOCKS_FOUND, MINERS, AgentDiscovery, Miner
from monerosim.observe.events import BlockFound, BlockOrphaned, WinnerPassedOver
from monerosim.rpc.errors import RpcError
from monerosim.runtime.actor import Behaviour
from monerosim.runtime.rng import Rng
from monerosim.units import SECOND

_ASK_PATIENCE = 600.0
_HEADERS_AT_ONCE = 500
_RECENT_BLOCKS = 100


class BlockControllerConfig(Config, frozen=True):
    """A block controller has nothing to set: block time and arrivals are the scenario's ``[consensus]``."""


class BlockController(Behaviour):
    """Chooses a miner by hashrate for each block; one that does not answer is passed over within the block.

    Block times and winners come from two random streams, so that a change of hashrates leaves the times as they are.
    """

    Config: ClassVar[type[Config]] = BlockControllerConfig

    def begin(self) -> None:
        """Plan the first block."""
        self._discovery = AgentDiscovery(self.host.shared, self.clock.now, lifetime=0)
        self._times = Rng(self.host.stream_seed(self.name, "times"))
        self._winners = Rng(self.host.stream_seed(self.name, "winners"))
        self._found: list[BlockFound] = []
        self._next_due = self.clock.now()
        self._plan_next()

    def end(self) -> None:
        """Record which of the blocks are off the main chain."""
        if not self._found:
            return
        node = self._node(self._found[-1].miner)
        low, high = self._found[0].height, self.ask(node, GetLastBlockHeader(), _ASK_PATIENCE).height
        main = set[str]()
        for start in range(low, high + 1, _HEADERS_AT_ONCE):
            headers = self.ask(node, GetBlockHeaders(start, min(high, start + _HEADERS_AT_ONCE - 1)), _ASK_PATIENCE)
            main.update(header.hash for header in headers)
        for block in self._found:
            if block.hash not in main:
                self.emit(BlockOrphaned(block.miner, block.height, block.hash))

    def find_block(self) -> None:
        """Have a winner make a block, and plan the next one."""
        if self.clock.microseconds() < self.host.plan.duration:
            self._plan_next()
            self._find_block()

    def _plan_next(self) -> None:
        consensus = self.host.plan.consensus
        mean = consensus.block_time / SECOND
        wait = self._times.exponential(mean) if consensus.arrivals == "poisson" else mean
        # Counted from when this block was due, so that the time a block takes to make does not add up.
        self._next_due += wait
        self.after(max(0.0, self._next_due - self.clock.now()), self.find_block)

    def _find_block(self) -> None:
        miners = self._discovery.get_miner_agents()
        if not miners:
            self.log.warning("no miner has registered: no block")
            return
        self.host.shared.replace(
            MINERS, {"miners": [{"id": one.id, "weight": one.hashrate, "address": one.address} for one in miners]}
        )
        while miners:
            winner = self._winners.weighted(miners, [miner.hashrate for miner in miners])
            try:
                self._give_block(winner)
            except (RpcError, pykka.Timeout, pykka.ActorDeadError) as error:
                self.log.warning("passes over {}: {}", winner.id, error)
                self.emit(WinnerPassedOver(winner.id, str(error)))
                miners.remove(winner)
            else:
                return

    def _give_block(self, winner: Miner) -> None:
        node = self._node(winner.id)
        made = self.ask(node, GenerateBlocks(1, winner.address), _ASK_PATIENCE)
        header = self.ask(node, GetBlockHeader(made.blocks[0]), _ASK_PATIENCE)
        found = BlockFound(winner.id, header.height, header.hash, header.reward, header.num_txes)
        self._found.append(found)
        self.emit(found)
        self.log.info("{} found block {} with {} transactions", *_told(found), block=found.hash)
        self.host.shared.replace(
            BLOCKS_FOUND,
            {
                "blocks": [
                    {"miner": block.miner, "height": block.height, "hash": block.hash}
                    for block in self._found[-_RECENT_BLOCKS:]
                ]
            },
        )
        self.ask(
            self.host.actor("mailbox"),
            Post(winner.id, "mining-pool", "block-found", {"height": found.height, "hash": found.hash}),
        )

    def _node(self, miner: str) -> pykka.ActorRef[Any]:
        """Find or start the proxy of a miner's node."""
        node = self._discovery.get_agent(miner).node or miner
        name = f"node-of-{node}"
        proxy = self.host.actors.get(name)
        return proxy if proxy is not None and proxy.is_alive() else self.host.start(NodeProxy, name, node)


def _told(found: BlockFound) -> tuple[str, int, int]:
    return found.miner, found.height, found.transactions
