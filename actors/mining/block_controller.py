"""The block controller: decides when a block is found and by whom, and has the winner's node generate it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import pykka
from msgspec import Meta

from actors.host.node_proxy import proxy_of
from actors.mining.found_blocks import NO_BLOCK, FoundBlocks
from actors.mining.mining_pool import BlockGiven, Found, MiningSignal, Refused
from monerosim.agent.actor import error_text, handles, receives
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.messages import Message
from monerosim.config import Config as BaseConfig
from monerosim.config import Duration, Key, duration
from monerosim.events import BlockFound, BlockStale, Event, MinerSkipped
from monerosim.mailbox.discovery import AgentDiscovery, AgentDiscoveryError, Miner
from monerosim.mailbox.post import UnknownHostError
from monerosim.plan.roles import BLOCK_CONTROLLER
from monerosim.units import SECOND

_SILENCE = 10
"""Block times during which a miner that did not answer is not chosen again."""


class NoBlockError(Exception):
    """No miner could generate a block; the message says why."""


class BlockControllerConfig(BaseConfig, frozen=True):
    """Settings of a block controller; block time and arrivals are in the scenario's ``[consensus]``."""

    mode: Annotated[
        Literal["rpc", "signal"],
        Meta(
            description="How a block is generated: the controller asks the winner's node (rpc), or sends it a letter, "
            "and the winner asks its node itself (signal)."
        ),
    ] = "rpc"
    timeout: Annotated[
        Duration, Meta(description="How long the winner may take; then it is skipped, and another chosen.")
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
        """Yield a timeout that is not above 0."""
        if self.timeout <= 0:
            yield ("timeout",), "timeout must be more than 0"


class _Round(msgspec.Struct, frozen=True):
    """A block that a pool has been signalled to mine."""

    winner: Miner
    others: list[Miner]
    """Miners to choose from if the winner does not answer."""


class _Silence(msgspec.Struct, frozen=True):
    """A miner that has not answered."""

    registration: Miner
    """Its registration at that time; a new one makes it eligible again."""
    until: float
    """When it is eligible again, seconds since the scenario's time zero."""


class Signalled(msgspec.Struct, frozen=True):
    """A miner has been signalled to mine a block; the outcome is in the event log."""

    miner: str


class FindBlock(Message[BlockFound | Signalled], frozen=True):
    """Have a miner find a block now, in addition to those that are scheduled.

    Raises:
        NoBlockError: No miner could generate it.
    """


class BlockController(Behaviour[BlockControllerConfig]):
    """Chooses a miner by hashrate for each block; skips one that does not answer.

    Block times and winners come from two random streams, so that a change of hashrates does not change the times.
    """

    role: ClassVar[str] = BLOCK_CONTROLLER
    unique: ClassVar[bool] = True
    solo_behaviour: ClassVar[str] = "regular-user"
    essential: ClassVar[bool] = True
    # Who is a solo miner is decided when the run is built.
    immutable_settings: ClassVar[frozenset[str]] = frozenset({"solo_miner_threshold"})
    emits: ClassVar[tuple[type[Event], ...]] = (BlockFound, BlockStale, MinerSkipped)
    commands: ClassVar[Mapping[str, type[Message[Any]]]] = {"mine-now": FindBlock}

    @classmethod
    def solo_below(cls, config: BlockControllerConfig, hashrates: Sequence[float]) -> float:
        """Return the configured percentage of all hashrates."""
        return math.fsum(hashrates) * config.solo_miner_threshold / 100

    def begin(self) -> None:
        """Schedule the first block."""
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

    def configured(self, before: BlockControllerConfig) -> None:
        """Apply the new timeout."""
        del before
        self._blocks.timeout = self.config.timeout.seconds

    def leave(self) -> None:
        """Stop finding blocks."""
        self._rests = True

    def rejoin(self) -> None:
        """Schedule the next block from now: none was found while it was paused."""
        if self._rests:
            self._rests = False
            self._next_due = self.clock.now()
            self._plan_next()

    def end(self) -> None:
        """Record the blocks that are off the main chain of the last block's miner."""
        for miner in self._blocks.miners():
            try:
                self._blocks.record_stale_blocks(self._node(miner))
            except NO_BLOCK as error:
                self.log.warning("cannot ask {} for the main chain: {}", miner, error)
            else:
                return

    def find_block(self, number: int) -> None:
        """Have a winner generate a block, and schedule the next one.

        Args:
            number: The number of the scheduled block; only the latest counts.
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
        """Record the answer of a miner that has mined its block; a late block counts too."""
        late = "" if self._open.pop(found.round, None) else ", too late for its signal"
        self._silent.pop(miner, None)
        self.log.info("{} found block {}{}", miner, found.height, late, block=found.hash)

    @receives(Refused)
    def on_refused(self, refused: Refused, miner: str) -> None:
        """Choose another miner for the block."""
        self._silent.pop(miner, None)
        if refused.round in self._open:
            self._choose_another(refused.round, refused.reason)
        else:
            self.log.info("{} refused too late: {}", miner, refused.reason)

    def overdue(self, number: int) -> None:
        """Skip a winner that has not answered its signal."""
        if number in self._open:
            self._note_silence(self._open[number].winner)
            self._choose_another(number, f"no answer to the signal within {self.config.timeout.seconds:g} s")

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
        # If no others are left, another try costs nothing.
        return self._choose([miner for miner in miners if self._may_answer(miner)] or miners)

    def _may_answer(self, miner: Miner) -> bool:
        silence = self._silent.get(miner.id)
        return silence is None or silence.registration != miner or self.clock.now() >= silence.until

    def _note_silence(self, miner: Miner) -> None:
        """Record that a miner has not answered: waiting for it again soon would delay the next blocks."""
        until = self.clock.now() + _SILENCE * self.host.plan.consensus.block_time / SECOND
        self._silent[miner.id] = _Silence(miner, until)

    def _choose(self, miners: list[Miner]) -> BlockFound | Signalled:
        """Choose a miner for the block by hashrate, and others in turn if that one fails.

        Raises:
            NoBlockError: None of them could generate it.
        """
        reasons = []
        while miners:
            winner = self._winners.weighted(miners, [miner.hashrate for miner in miners])
            miners = [miner for miner in miners if miner is not winner]
            try:
                return self._signal(winner, miners) if self.config.mode == "signal" else self._generate_block(winner)
            except pykka.Timeout:
                self._note_silence(winner)
                reason = f"no answer within {self.config.timeout.seconds:g} s"
            except (*NO_BLOCK, AgentDiscoveryError, UnknownHostError) as error:
                reason = error_text(error)
            self._skip(winner, reason)
            reasons.append(f"{winner.id}: {reason}")
        raise NoBlockError("; ".join(reasons) or "nobody is left")

    def _skip(self, winner: Miner, reason: str) -> None:
        self.log.warning("skips {}: {}", winner.id, reason)
        self.emit(MinerSkipped(winner.id, reason))

    def _generate_block(self, winner: Miner) -> BlockFound:
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

    def _choose_another(self, number: int, reason: str) -> None:
        """Skip the winner of a round, and choose another for the same block."""
        signalled = self._open.pop(number)
        self._skip(signalled.winner, reason)
        if not self._is_over():
            try:
                self._choose(signalled.others)
            except NoBlockError as error:
                self.log.warning("no block: {}", error)

    def _node(self, miner: str) -> pykka.ActorRef[Any]:
        """Return the proxy of a miner's node, started if necessary."""
        return proxy_of(self.host, self._discovery.get_agent(miner).node or miner)
