"""The autonomous miner: finds blocks independently of all others, so that chains can fork."""

from typing import Annotated, ClassVar, TypeVar

from msgspec import Meta

from actors.host.node_proxy import GetInfo
from actors.mining.found_blocks import NO_BLOCK
from actors.mining.miner import MAX_HASHRATE, BaseMiner, MinerConfig
from monerosim.units import SECOND

_WHOLE = 100.0


class AutonomousMinerConfig(MinerConfig, frozen=True):
    """Settings of an autonomous miner."""

    hashrate: Annotated[
        float,
        Meta(
            gt=0,
            le=MAX_HASHRATE,
            description="Percent of the hashrate at which blocks come every block_time at the scenario's difficulty.",
        ),
    ]


C = TypeVar("C", bound=AutonomousMinerConfig)


class IndependentMiner(BaseMiner[C]):
    """A miner that finds blocks at exponential waits, without a block controller; subclasses may keep them back.

    The wait for a block is exponential, with a mean of ``block_time * 100 / hashrate``, times the node's difficulty
    over the scenario's. The exponential distribution is memoryless: the wait is drawn again at least every block time
    and at each change of the hashrate, with the difficulty at that time, which leaves the rate of blocks correct.
    """

    autonomous: ClassVar[bool] = True

    def begin(self) -> None:
        """Register, and start mining."""
        self._draws = 0
        self._difficulty: int | None = None
        """The node's, for good where it is fixed."""
        super().begin()

    def changed(self) -> None:
        """Draw a new wait: the hashrate has changed, or the miner has joined or left."""
        self._draws += 1
        if self.registration.active:
            self.schedule_next(self._draws, block=False)

    def schedule_next(self, draw: int, block: bool) -> None:
        """Mine a block if one is due, and schedule the next.

        Args:
            draw: The number of the wait that is over; only the latest counts.
            block: Whether a block is due, or only the difficulty is read again.
        """
        if draw != self._draws or self.clock.microseconds() >= self.host.plan.duration:
            return
        try:
            if block:
                self.on_block_due()
            mean = self._mean_wait()
        except NO_BLOCK as error:
            self.log.warning("cannot mine: {}", error)
            mean = None
        self._draws += 1
        longest = self.host.plan.consensus.block_time / SECOND
        wait = self.rng.exponential(mean) if mean is not None else longest
        self.after(min(wait, longest), self.schedule_next, self._draws, wait < longest)

    def on_block_due(self) -> None:
        """Make the block that has been found: on the own node's tip, unless a subclass does otherwise.

        Raises:
            RpcError: The node did not generate it.
        """
        self.mine()

    def _mean_wait(self) -> float:
        consensus = self.host.plan.consensus
        if self._difficulty is None or consensus.dynamic:
            self._difficulty = self.ask(self.host.actor("node"), GetInfo()).difficulty
        usual = consensus.block_time / SECOND * _WHOLE / self.registration.hashrate
        return usual * self._difficulty / consensus.difficulty


class AutonomousMiner(IndependentMiner[AutonomousMinerConfig]):
    """Mines on its own node's tip with exponential waits, without a block controller."""
