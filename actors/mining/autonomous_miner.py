"""The autonomous miner: finds blocks by a clock of its own, so that miners may find blocks at once."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors.host.node_proxy import GetInfo
from actors.mining.miner import MAX_HASHRATE, NO_BLOCK, BaseMiner, MinerConfig
from monerosim.config import Config
from monerosim.units import SECOND

_WHOLE = 100.0


class AutonomousMinerConfig(MinerConfig, frozen=True):
    """What a scenario may say about an autonomous miner."""

    hashrate: Annotated[
        float,
        Meta(
            gt=0,
            le=MAX_HASHRATE,
            description="Percent of the hashrate at which blocks come every block_time at the scenario's difficulty.",
        ),
    ]


class AutonomousMiner(BaseMiner):
    """Finds blocks at its own node's tip, without a block controller and without knowing of the others.

    The wait for a block is exponential, with a mean of ``block_time * 100 / hashrate``, times the node's difficulty
    over the scenario's. Such a wait has no memory: it is drawn again at least every block time and with each change of
    the hashrate, from the difficulty there is then, and blocks come just as often as if it had not been.
    """

    Config: ClassVar[type[Config]] = AutonomousMinerConfig
    autonomous: ClassVar[bool] = True
    config: AutonomousMinerConfig

    def begin(self) -> None:
        """Register, and begin to mine."""
        self._draws = 0
        super().begin()

    def changed(self) -> None:
        """Wait anew: the hashrate is another, or it has joined or left."""
        self._draws += 1
        if self.registration.active:
            self.schedule_next(self._draws, block=False)

    def schedule_next(self, draw: int, block: bool) -> None:
        """Make a block if that is what was waited for, and wait for the next.

        Args:
            draw: The wait that is over; one that was broken off in the meantime is of no account.
            block: Whether a block is found, or only the difficulty looked at.
        """
        if draw != self._draws or self.clock.microseconds() >= self.host.plan.duration:
            return
        try:
            if block:
                self.mine()
            mean = self._mean_wait(self.ask(self.host.actor("node"), GetInfo()).difficulty)
        except NO_BLOCK as error:
            self.log.warning("cannot mine: {}", error)
            mean = None
        self._draws += 1
        longest = self.host.plan.consensus.block_time / SECOND
        wait = self.rng.exponential(mean) if mean is not None else longest
        self.after(min(wait, longest), self.schedule_next, self._draws, wait < longest)

    def _mean_wait(self, difficulty: int) -> float:
        consensus = self.host.plan.consensus
        usual = consensus.block_time / SECOND * _WHOLE / self.registration.hashrate
        return usual * difficulty / consensus.difficulty
