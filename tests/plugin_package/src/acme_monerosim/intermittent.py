"""A strategy of somebody else's: selfish for a while, honest for a while."""

from typing import Annotated

from msgspec import Meta

from actors import Move, Race, WithholdingConfig, WithholdingMiner
from monerosim import POSITIVE, Duration, duration


class IntermittentConfig(WithholdingConfig, frozen=True):
    """Settings of an intermittent miner."""

    phase: Annotated[Duration, Meta(extra=POSITIVE, description="How long it is selfish, and how long honest.")] = (
        duration("12h")
    )


class Intermittent(WithholdingMiner[IntermittentConfig]):
    """Is selfish in the first phase, honest in the second, and so on: what the difficulty has lost is gained later."""

    def decide(self, race: Race, *, found: bool) -> Move:
        """Publish at once in an honest phase, and by the lead in a selfish one."""
        selfish = self.clock.now() // self.config.phase.seconds % 2 == 0
        if found:
            return Move.WAIT if selfish and not (race.public and race.lead == 1) else Move.PUBLISH
        if race.lead < 0 or (race.lead == 0 and not selfish):
            return Move.ADOPT
        if race.lead == 1 or not selfish:
            return Move.PUBLISH
        return Move.MATCH
