"""The mining pool: registers with a hashrate and gets the blocks that the block controller gives it."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from actors.mailbox import Mail, Post
from actors.miner import NO_BLOCK, BaseMiner, MinerConfig
from monerosim.config import Config
from monerosim.runtime.actor import handles


class MiningPoolConfig(MinerConfig, frozen=True):
    """What a scenario may say about a mining pool."""

    hashrate: Annotated[
        float, Meta(gt=0, description="Its weight; the chance to find a block is this over the sum of all hashrates.")
    ]


class MiningSignal(msgspec.Struct, frozen=True):
    """A ``mine`` letter of a block controller: the next block is the pool's."""

    round: int
    """Which block of the controller's it is."""
    deadline: float
    """When it is somebody else's, seconds since the scenario's time zero."""


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

    @handles(Mail)
    def on_mail(self, mail: Mail) -> None:
        """Take note of a block found, or make one."""
        if mail.kind == "block-found":
            self._blocks += 1
            self.log.info("found block {}, its {}.", mail.data.get("height"), self._blocks, block=mail.data.get("hash"))
        elif mail.kind == "mine":
            try:
                signal = msgspec.convert(mail.data, MiningSignal)
            except msgspec.ValidationError as error:
                self.log.warning("{} sent no signal to mine: {}", mail.sender, error)
            else:
                self._on_signal(mail.sender, signal)

    def _on_signal(self, controller: str, signal: MiningSignal) -> None:
        # A letter that has waited for an agent to come back is not obeyed: the block was given to another.
        if self.clock.now() > signal.deadline:
            self.log.info("the signal for block {} of {} comes too late", signal.round, controller)
            return
        if not self.registration.active:
            self._answer(controller, "refused", {"round": signal.round, "reason": "it has left"})
            return
        try:
            found = self.mine()
        except NO_BLOCK as error:
            self.log.warning("could not make a block: {}", error)
            self._answer(controller, "refused", {"round": signal.round, "reason": str(error)})
        else:
            self._blocks += 1
            self._answer(controller, "found", {"round": signal.round, "height": found.height, "hash": found.hash})

    def _answer(self, controller: str, kind: str, data: dict[str, object]) -> None:
        self.ask(self.host.actor("mailbox"), Post(controller, "block-controller", kind, data))
