"""The block controller: decides when a block comes and whose it is, and has the winner's node make it."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import pykka
from msgspec import Meta

from actors.found_blocks import FoundBlocks
from actors.miner import NO_BLOCK
from actors.mining_pool import BlockGiven, Found, MiningSignal, Refused
from actors.node_proxy import NodeProxy
from monerosim.config import Config as BaseConfig
from monerosim.config import Duration, Key, duration
from monerosim.mailbox.discovery import BLOCKS_FOUND, MINERS, AgentDiscovery, AgentDiscoveryError, Miner
from monerosim.mailbox.post import UnknownHostError
from monerosim.observe.events import WinnerPassedOver
from monerosim.rpc.transport import Json
from monerosim.runtime.actor import Behaviour, handles, receives
from monerosim.runtime.message import Message
from monerosim.units import SECOND

_RECENT_BLOCKS = 100


class BlockControllerConfig(BaseConfig, frozen=True):
    """What a scenario may say about a block controller; block time and arrivals are its ``[consensus]``."""

    ask: Annotated[
        Literal["rpc", "signal"],
        Meta(
            description="How the winner comes to its block: the controller asks its node (rpc), or sends it a letter, "
            "so that it asks its node itself (signal)."
        ),
    ] = "rpc"
    patience: Annotated[
        Duration, Meta(description="How long the winner may take; then it is passed over, and another chosen.")
    ] = duration("60s")
    solo_miner_threshold: Annotated[
        float,
        Meta(
            ge=0,
            le=100,
            description="Mining pools with less than this percentage of all the hashrate are solo miners, who behave "
            "as regular users too.",
        ),
    ] = 2.0

    def mistakes(self) -> Iterator[tuple[Sequence[Key], str]]:
        """Check that there is time to answer."""
        if self.patience <= 0:
            yield ("patience",), "patience must be more than 0"


class _Round(msgspec.Struct, frozen=True):
    """A block that a pool has been signalled to make."""

    winner: Miner
    others: list[Miner]
    """Who is left should it not answer."""


class _Recent(deque[Json]):
    """The last blocks that were found, in all lives of the controller."""

    def __init__(self) -> None:
        super().__init__(maxlen=_RECENT_BLOCKS)


class FindBlock(Message[None], frozen=True):
    """Have a miner find a block now, beside those that are planned."""


class BlockController(Behaviour):
    """Chooses a miner by hashrate for each block; one that does not answer is passed over within the block.

    Block times and winners come from two random streams, so that a change of hashrates leaves the times as they are.
    """

    Config: ClassVar[type[BaseConfig]] = BlockControllerConfig
    essential: ClassVar[bool] = True
    commands: ClassVar[Mapping[str, type[Message[Any]]]] = {"mine-now": FindBlock}
    config: BlockControllerConfig

    def begin(self) -> None:
        """Plan the first block."""
        self._discovery = AgentDiscovery(self.host.shared, self.clock.now, lifetime=0)
        self._times = self.stream("times")
        self._winners = self.stream("winners")
        self._blocks = FoundBlocks(self, self.config.patience.seconds)
        self._recent = self.host.keep(self.name, _Recent)
        self._published: Json = None
        self._rounds = self.host.numbers(f"{self.name}'s rounds")
        self._open: dict[int, _Round] = {}
        self._next_due = self.clock.now()
        self._planned = 0
        self._plan_next()

    def configured(self, before: BaseConfig) -> None:
        """Have another patience."""
        del before
        self._blocks.patience = self.config.patience.seconds

    def rejoin(self) -> None:
        """Wait for a block anew: while it was paused, none was found."""
        self._next_due = self.clock.now()
        self._plan_next()

    def end(self) -> None:
        """Record which of the blocks are off the main chain, as the miner that found the last one has it."""
        for miner in self._blocks.miners():
            try:
                self._blocks.record_orphans(self._node(miner))
            except NO_BLOCK as error:
                self.log.warning("cannot ask {} for the main chain: {}", miner, error)
            else:
                return

    def find_block(self, number: int) -> None:
        """Have a winner make a block, and plan the next one.

        Args:
            number: Which of the planned blocks it is; only the last that was planned counts.
        """
        if number == self._planned and not self._is_over():
            self._plan_next()
            self._find_block()

    @handles(FindBlock)
    def on_find_block(self, _: FindBlock) -> None:
        """Have a miner find a block now."""
        self._find_block()

    @receives(Found)
    def on_found(self, found: Found, miner: str) -> None:
        """Take note of a block that a miner was signalled to make; one that comes late was made all the same."""
        late = "" if self._open.pop(found.round, None) else ", too late for its signal"
        self.log.info("{} found block {}{}", miner, found.height, late, block=found.hash)
        self._publish_block(miner, found.height, found.hash)

    @receives(Refused)
    def on_refused(self, refused: Refused, miner: str) -> None:
        """Give the block to another."""
        if refused.round in self._open:
            self._give_another(refused.round, refused.reason)
        else:
            self.log.info("{} refused too late: {}", miner, refused.reason)

    def overdue(self, number: int) -> None:
        """Pass over a winner that has not answered its signal."""
        if number in self._open:
            self._give_another(number, f"no answer to the signal within {self.config.patience.seconds:g} s")

    def _is_over(self) -> bool:
        return self.clock.microseconds() >= self.host.plan.duration

    def _plan_next(self) -> None:
        consensus = self.host.plan.consensus
        mean = consensus.block_time / SECOND
        wait = self._times.exponential(mean) if consensus.arrivals == "poisson" else mean
        # Counted from when this block was due, so that the time a block takes to make does not add up.
        self._next_due += wait
        self._planned += 1
        self.after(max(0.0, self._next_due - self.clock.now()), self.find_block, self._planned)

    def _find_block(self) -> None:
        try:
            miners = [miner for miner in self._discovery.get_miner_agents() if not miner.autonomous]
        except AgentDiscoveryError as error:
            self.log.warning("no block: {}", error)
            return
        if not miners:
            self.log.warning("no miner has registered: no block")
            return
        self._publish_miners(miners)
        self._choose(miners)

    def _publish_miners(self, miners: list[Miner]) -> None:
        solo = {miner.id for miner in self._discovery.get_solo_miners(self.config.solo_miner_threshold)}
        document: Json = {
            "miners": [
                {"id": miner.id, "weight": miner.hashrate, "address": miner.address, "solo": miner.id in solo}
                for miner in miners
            ]
        }
        if document != self._published:
            self.host.shared.replace(MINERS, document)
            self._published = document

    def _choose(self, miners: list[Miner]) -> None:
        """Give the block to one of the miners, by their hashrates, or to another where that one cannot have it."""
        while miners:
            winner = self._winners.weighted(miners, [miner.hashrate for miner in miners])
            miners = [miner for miner in miners if miner is not winner]
            try:
                if self.config.ask == "signal":
                    self._signal(winner, miners)
                else:
                    self._give_block(winner)
            except (*NO_BLOCK, AgentDiscoveryError, UnknownHostError) as error:
                self._pass_over(winner, str(error))
            else:
                return

    def _pass_over(self, winner: Miner, reason: str) -> None:
        self.log.warning("passes over {}: {}", winner.id, reason)
        self.emit(WinnerPassedOver(winner.id, reason))

    def _give_block(self, winner: Miner) -> None:
        found = self._blocks.make(self._node(winner.id), winner.id, winner.address)
        told = winner.id, found.height, found.transactions
        self.log.info("{} found block {} with {} transactions", *told, block=found.hash)
        self._publish_block(winner.id, found.height, found.hash)
        self.send(winner.id, winner.actor, BlockGiven(found.height, found.hash))

    def _signal(self, winner: Miner, others: list[Miner]) -> None:
        number, patience = next(self._rounds), self.config.patience.seconds
        self.send(winner.id, winner.actor, MiningSignal(number, self.clock.now() + patience))
        self._open[number] = _Round(winner, others)
        self.after(patience, self.overdue, number, same_cause=True)

    def _give_another(self, number: int, reason: str) -> None:
        """Pass over the winner of a round, and give the same block to another."""
        signalled = self._open.pop(number)
        self._pass_over(signalled.winner, reason)
        if not self._is_over():
            self._choose(signalled.others)

    def _publish_block(self, miner: str, height: int, block: str) -> None:
        self._recent.append({"miner": miner, "height": height, "hash": block})
        self.host.shared.replace(BLOCKS_FOUND, {"blocks": list(self._recent)})

    def _node(self, miner: str) -> pykka.ActorRef[Any]:
        """Find or start the proxy of a miner's node."""
        node = self._discovery.get_agent(miner).node or miner
        name = f"node-of-{node}"
        proxy = self.host.actors.get(name)
        return proxy if proxy is not None and proxy.is_alive() else self.host.start(NodeProxy, name, node)
