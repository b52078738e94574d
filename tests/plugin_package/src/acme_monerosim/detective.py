"""Detective mining (Lee and Kim, eprint 2019/486): whoever gets a selfish pool's jobs mines on the block it hides."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors import AutonomousMinerConfig, IndependentMiner, Move, SelfishMiner, SelfishMinerConfig
from monerosim import PARTICIPANT, Letter, RpcError, receives


class Job(Letter, frozen=True):
    """What a pool's miners work on; a detective that has found a block sends it back."""

    kind: ClassVar[str] = "acme-job"
    hidden: int
    """The height of the hidden block that they mine on, 0 if none is hidden."""
    revealed: str = ""
    """The hash of what was hidden until the detective had found a block on it."""


class LeakyPoolConfig(SelfishMinerConfig, frozen=True):
    """Settings of a selfish pool with detectives among its miners."""

    detectives: Annotated[tuple[str, ...], Meta(extra=PARTICIPANT, description="Who gets its jobs.")] = ()


class LeakyPool(SelfishMiner):
    """A selfish miner whose jobs betray it; it publishes its branch when a detective has found a block on it."""

    Config = LeakyPoolConfig

    def carry_out(self, move: Move) -> None:
        """Tell its miners what they work on after each move."""
        super().carry_out(move)
        for name in self.config.detectives:
            self.send(name, "detective", Job(self._hidden()))

    @receives(Job)
    def on_found(self, job: Job, detective: str) -> None:
        """Publish what a detective's block stands on, which is lost otherwise."""
        if job.hidden == self._hidden():
            self.carry_out(Move.PUBLISH)
            self.send(detective, "detective", Job(0, self.race.root))

    def _hidden(self) -> int:
        return self.race.height + self.race.own if self.race.lead > 0 else 0


class Detective(IndependentMiner[AutonomousMinerConfig]):
    """Mines on the block that a pool hides while there is one, and on its node's tip otherwise."""

    _job, _pool = Job(0), ""

    @receives(Job)
    def on_job(self, job: Job, pool: str) -> None:
        """Work on the pool's newest block; make one that was found, in a second, when the own node has its parent."""
        self._job, self._pool = job, pool
        if job.revealed:
            self.after(1.0, self.extend, job.revealed)

    def on_block_due(self) -> None:
        """Make the block on the own node's tip, or have the pool publish what it stands on."""
        if self._job.hidden:
            self.send(self._pool, "leaky-pool", self._job)
        else:
            self.mine()

    def extend(self, parent: str) -> None:
        """Make the block after another."""
        try:
            self.found.make(self.host.actor("node"), self.host.name, self.registration.address, parent=parent)
        except RpcError as error:
            self.log.warning("its node does not have the pool's block: {}", error)
