"""The mining pool: registers with a hashrate and gets the blocks that the block controller gives it."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors.mining.miner import MAX_HASHRATE, NO_BLOCK, BaseMiner, MinerConfig
from monerosim.agent.actor import error_text, receives
from monerosim.agent.messages import Letter
from monerosim.config import Config


class MiningPoolConfig(MinerConfig, frozen=True):
    """What a scenario may say about a mining pool."""

    hashrate: Annotated[
        float,
        Meta(
            gt=0,
            le=MAX_HASHRATE,
            description="Its weight; the chance to find a block is this over the sum of all hashrates.",
        ),
    ]


class MiningSignal(Letter, frozen=True):
    """A block controller's: the next block is the pool's, so it has its node make it."""

    kind: ClassVar[str] = "mine"
    round: int
    """Which block of the controller's it is."""
    deadline: float
    """When it is somebody else's, seconds since the scenario's time zero."""
    reply: str
    """The controller's actor that gets the answer."""


class BlockGiven(Letter, frozen=True):
    """A block controller's: it has had the pool's node make a block."""

    kind: ClassVar[str] = "block-found"
    height: int
    hash: str


class Found(Letter, frozen=True):
    """A pool's: it made the block that it was signalled to make."""

    kind: ClassVar[str] = "found"
    round: int
    height: int
    hash: str


class Refused(Letter, frozen=True):
    """A pool's: its node did not make the block."""

    kind: ClassVar[str] = "refused"
    round: int
    reason: str


class MiningPool(BaseMiner):
    """Registers as a miner, and finds the blocks that the block controller gives it.

    The controller has the pool's node make a block and tells the pool by a letter ``block-found``; or it sends the
    letter ``mine``, and the pool has its node make the block and answers ``found`` or ``refused``.
    """

    Config: ClassVar[type[Config]] = MiningPoolConfig
    config: MiningPoolConfig

    def begin(self) -> None:
        """Register with the wallet's primary address."""
        self._blocks = 0
        super().begin()

    @receives(BlockGiven)
    def on_block_given(self, given: BlockGiven, _: str) -> None:
        """Take note of a block found."""
        self._blocks += 1
        self.log.info("found block {}, {} so far", given.height, self._blocks, block=given.hash)

    @receives(MiningSignal)
    def on_signal(self, signal: MiningSignal, controller: str) -> None:
        """Make a block."""
        # A letter that has waited for an agent to come back is not obeyed: the block was given to another.
        if self.again or self.clock.now() > signal.deadline:
            self.log.info("the signal for block {} of {} comes too late", signal.round, controller)
            return
        if not self.registration.active:
            self.send(controller, signal.reply, Refused(signal.round, "it has left"))
            return
        try:
            found = self.mine(signal.deadline)
        except NO_BLOCK as error:
            self.log.warning("could not make a block: {}", error)
            self.send(controller, signal.reply, Refused(signal.round, error_text(error)))
        else:
            self._blocks += 1
            self.send(controller, signal.reply, Found(signal.round, found.height, found.hash))
