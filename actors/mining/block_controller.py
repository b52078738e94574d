"""The block controller: decides when a block comes and whose it is, and has the winner's node make it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import pykka
from msgspec import Meta

from actors.host.node_proxy import NodeProxy
from actors.mining.found_blocks import FoundBlocks
from actors.mining.miner import NO_BLOCK
from actors.mining.mining_pool import BlockGiven, Found, MiningSignal, Refused
from monerosim.agent.actor import error_text, handles, receives
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.messages import Message
from monerosim.config import Config as BaseConfig
from monerosim.config import Duration, Key, duration
from monerosim.events import BlockFound, BlockStale, Event, MinerSkipped
from monerosim.mailbox.discovery import AgentDiscovery, AgentDiscoveryError, Miner
from monerosim.mailbox.post import UnknownHostError
from monerosim.units import SECOND

_SILENCE = 10
"""Block times for which a miner that did not answer is not chosen again."""


class NoBlockError(Exception):
    """Nobody could be given a block; the message says why."""


class BlockControllerConfig(BaseConfig, frozen=True):
    """What a scenario may say about a block controller; block time and arrivals are its ``[consensus]``."""

    mode: Annotated[
        Literal["rpc", "signal"],
        Meta(
            description="How the winner comes to its block: the controller asks its node (rpc), or sends it a letter, "
            "so that it asks its node itself (signal)."
        ),
    ] = "rpc"
    timeout: Annotated[
        Duration, Meta(description="How long the winner may take; then it is passed over, and another chosen.")
    ] = duration("30s")
    solo_miner_threshold: Annotated[
        float,
        Meta(
            ge=0,
            le=100,
            description="Mining pools with less than this percentage of all pools' hashrate when the run is built are "
            "solo miners, who behave as regular users too.",
        ),
    ] = 2.0

    def problems(self) -> Iterator[tuple[Sequence[Key], str]]:
        """Check that there is time to answer."""
        if self.timeout <= 0:
            yield ("timeout",), "timeout must be more than 0"


class _Round(msgspec.Struct, frozen=True):
    """A block that a pool has been signalled to make."""

    winner: Miner
    others: list[Miner]
    """Who is left should it not answer."""


class _Silence(msgspec.Struct, frozen=True):
    """A miner has not answered."""

    registration: Miner
    """As it was registered then; when it registers anew, it is there again."""
    until: float
    """When it is worth another try."""


class Signalled(msgspec.Struct, frozen=True):
    """A miner has been signalled to make a block; what becomes of that is in the event log."""

    miner: str


class FindBlock(Message[BlockFound | Signalled], frozen=True):
    """Have a miner find a block now, beside those that are planned.

    Raises:
        NoBlockError: Nobody could be given it.
    """


class BlockController(Behaviour):
    """Chooses a miner by hashrate for each block; one that does not answer is passed over within the block.

    Block times and winners come from two random streams, so that a change of hashrates leaves the times as they are.
    """

    Config: ClassVar[type[BaseConfig]] = BlockControllerConfig
    role: ClassVar[str] = "block-controller"
    essential: ClassVar[bool] = True
    # Who is a solo miner is decided when the run is built.
    immutable_settings: ClassVar[frozenset[str]] = frozenset({"solo_miner_threshold"})
    emits: ClassVar[tuple[type[Event], ...]] = (BlockFound, BlockStale, MinerSkipped)
    commands: ClassVar[Mapping[str, type[Message[Any]]]] = {"mine-now": FindBlock}
    config: BlockControllerConfig

    def begin(self) -> None:
        """Plan the first block."""
        self._discovery = AgentDiscovery(self.host.shared, self.clock.now, lifetime=0, warn=self.log.warning)
        self._times = self.stream("times")
        self._winners = self.stream("winners")
        self._blocks = FoundBlocks(self, self.config.timeout.seconds)
        self._rounds = self.host.numbers(f"{self.name}'s rounds")
        self._open: dict[int, _Round] = {}
        self._silent: dict[str, _Silence] = {}
        self._next_due = self.clock.now()
        self._planned = 0
        self._rests = False
        self._plan_next()

    def configured(self, before: BaseConfig) -> None:
        """Use the new timeout."""
        del before
        self._blocks.timeout = self.config.timeout.seconds

    def leave(self) -> None:
        """Have no blocks found."""
        self._rests = True

    def rejoin(self) -> None:
        """Wait for a block anew: while it was paused, none was found."""
        if self._rests:
            self._rests = False
            self._next_due = self.clock.now()
            self._plan_next()

    def end(self) -> None:
        """Record which of the blocks are off the main chain, as the miner that found the last one has it."""
        for miner in self._blocks.miners():
            try:
                self._blocks.record_stale_blocks(self._node(miner))
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
            try:
                self._find_block()
            except NoBlockError as error:
                self.log.warning("no block: {}", error)

    @handles(FindBlock)
    def on_find_block(self, _: FindBlock) -> BlockFound | Signalled:
        """Have a miner find a block now."""
        return self._find_block()

    @receives(Found)
    def on_found(self, found: Found, miner: str) -> None:
        """Take note of a block that a miner was signalled to make; one that comes late was made all the same."""
        late = "" if self._open.pop(found.round, None) else ", too late for its signal"
        self._silent.pop(miner, None)
        self.log.info("{} found block {}{}", miner, found.height, late, block=found.hash)

    @receives(Refused)
    def on_refused(self, refused: Refused, miner: str) -> None:
        """Give the block to another."""
        self._silent.pop(miner, None)
        if refused.round in self._open:
            self._give_another(refused.round, refused.reason)
        else:
            self.log.info("{} refused too late: {}", miner, refused.reason)

    def overdue(self, number: int) -> None:
        """Pass over a winner that has not answered its signal."""
        if number in self._open:
            self._note_silence(self._open[number].winner)
            self._give_another(number, f"no answer to the signal within {self.config.timeout.seconds:g} s")

    def _is_over(self) -> bool:
        return self.clock.microseconds() >= self.host.plan.duration

    def _plan_next(self) -> None:
        consensus = self.host.plan.consensus
        mean = consensus.block_time / SECOND
        wait = self._times.exponential(mean) if consensus.block_arrivals == "poisson" else mean
        # Counted from when this block was due, so that the time a block takes to make does not add up.
        self._next_due += wait
        self._planned += 1
        self.after(max(0.0, self._next_due - self.clock.now()), self.find_block, self._planned)

    def _find_block(self) -> BlockFound | Signalled:
        registered = [miner for miner in self._discovery.get_registered_miners() if not miner.autonomous]
        miners = [miner for miner in registered if miner.active]
        if not miners:
            raise NoBlockError("no miner is active" if registered else "no miner has registered")
        # Where nobody else is left, another try costs nothing.
        return self._choose([miner for miner in miners if self._may_answer(miner)] or miners)

    def _may_answer(self, miner: Miner) -> bool:
        silence = self._silent.get(miner.id)
        return silence is None or silence.registration != miner or self.clock.now() >= silence.until

    def _note_silence(self, miner: Miner) -> None:
        """Take note that a miner has not answered: to wait for it again soon would cost the next blocks their time."""
        until = self.clock.now() + _SILENCE * self.host.plan.consensus.block_time / SECOND
        self._silent[miner.id] = _Silence(miner, until)

    def _choose(self, miners: list[Miner]) -> BlockFound | Signalled:
        """Give the block to one of the miners, by their hashrates, or to another where that one cannot have it.

        Raises:
            NoBlockError: None of them can.
        """
        reasons = []
        while miners:
            winner = self._winners.weighted(miners, [miner.hashrate for miner in miners])
            miners = [miner for miner in miners if miner is not winner]
            try:
                return self._signal(winner, miners) if self.config.mode == "signal" else self._give_block(winner)
            except pykka.Timeout:
                self._note_silence(winner)
                reason = f"no answer within {self.config.timeout.seconds:g} s"
            except (*NO_BLOCK, AgentDiscoveryError, UnknownHostError) as error:
                reason = error_text(error)
            self._pass_over(winner, reason)
            reasons.append(f"{winner.id}: {reason}")
        raise NoBlockError("; ".join(reasons) or "nobody is left")

    def _pass_over(self, winner: Miner, reason: str) -> None:
        self.log.warning("passes over {}: {}", winner.id, reason)
        self.emit(MinerSkipped(winner.id, reason))

    def _give_block(self, winner: Miner) -> BlockFound:
        found = self._blocks.make(self._node(winner.id), winner.id, winner.address)
        told = winner.id, found.height, found.transactions
        self.log.info("{} found block {} with {} transactions", *told, block=found.hash)
        if winner.actor:
            self.send(winner.id, winner.actor, BlockGiven(found.height, found.hash))
        return found

    def _signal(self, winner: Miner, others: list[Miner]) -> Signalled:
        number, timeout = next(self._rounds), self.config.timeout.seconds
        self.send(winner.id, winner.actor, MiningSignal(number, self.clock.now() + timeout, self.name))
        self._open[number] = _Round(winner, others)
        self.after(timeout, self.overdue, number, same_cause=True)
        return Signalled(winner.id)

    def _give_another(self, number: int, reason: str) -> None:
        """Pass over the winner of a round, and give the same block to another."""
        signalled = self._open.pop(number)
        self._pass_over(signalled.winner, reason)
        if not self._is_over():
            try:
                self._choose(signalled.others)
            except NoBlockError as error:
                self.log.warning("no block: {}", error)

    def _node(self, miner: str) -> pykka.ActorRef[Any]:
        """Find or start the proxy of a miner's node."""
        node = self._discovery.get_agent(miner).node or miner
        name = f"node-of-{node}"
        proxy = self.host.actors.get(name)
        return proxy if proxy is not None and proxy.is_alive() else self.host.start(NodeProxy, name, node)
