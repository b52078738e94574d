"""The mining pool: registers with a hashrate, and mines when the block controller chooses it."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors.mining.found_blocks import NO_BLOCK
from actors.mining.miner import MAX_HASHRATE, BaseMiner, MinerConfig
from monerosim.agent.actor import error_text, receives
from monerosim.agent.messages import Letter


class MiningPoolConfig(MinerConfig, frozen=True):
    """Settings of a mining pool."""

    hashrate: Annotated[
        float,
        Meta(
            gt=0,
            le=MAX_HASHRATE,
            description="Its weight: it finds a block with the probability hashrate / sum of all hashrates.",
        ),
    ]


class MiningSignal(Letter, frozen=True):
    """From a block controller: the pool is chosen to mine the next block."""

    kind: ClassVar[str] = "mine"
    round: int
    """The controller's number of the block."""
    deadline: float
    """When another miner is chosen instead, seconds since the scenario's time zero."""
    reply: str
    """The controller's actor that gets the answer."""


class BlockGiven(Letter, frozen=True):
    """From a block controller: the pool's node has generated a block."""

    kind: ClassVar[str] = "block-found"
    height: int
    hash: str


class Found(Letter, frozen=True):
    """From a pool: it has mined the block that it was signalled to mine."""

    kind: ClassVar[str] = "found"
    round: int
    height: int
    hash: str


class Refused(Letter, frozen=True):
    """From a pool: its node did not generate the block."""

    kind: ClassVar[str] = "refused"
    round: int
    reason: str


class MiningPool(BaseMiner[MiningPoolConfig]):
    """Registers as a miner; mines a block whenever the block controller chooses it.

    The controller has the pool's node generate a block and sends the pool the letter ``block-found``; or it sends the
    letter ``mine``, and the pool has its node generate the block and answers ``found`` or ``refused``.
    """

    def begin(self) -> None:
        """Register with the wallet's primary address."""
        self._blocks = 0
        super().begin()

    @receives(BlockGiven)
    def on_block_given(self, given: BlockGiven, _: str) -> None:
        """Count a block that the controller had its node generate."""
        self._blocks += 1
        self.log.info("found block {}, {} so far", given.height, self._blocks, block=given.hash)

    @receives(MiningSignal)
    def on_signal(self, signal: MiningSignal, controller: str) -> None:
        """Mine a block, and answer the controller."""
        # A letter that waited for the agent to come back is ignored: another miner was chosen.
        if self.redelivered or self.clock.now() > signal.deadline:
            self.log.info("the signal for block {} of {} comes too late", signal.round, controller)
            return
        if not self.registration.active:
            self.send(controller, signal.reply, Refused(signal.round, "it has left"))
            return
        try:
            found = self.mine(signal.deadline)
        except NO_BLOCK as error:
            self.log.warning("could not mine a block: {}", error)
            self.send(controller, signal.reply, Refused(signal.round, error_text(error)))
        else:
            self._blocks += 1
            self.send(controller, signal.reply, Found(signal.round, found.height, found.hash))
