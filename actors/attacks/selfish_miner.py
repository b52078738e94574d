"""The selfish miner of Eyal and Sirer, and its stubborn and conservative variants."""

from typing import Annotated

from msgspec import Meta

from actors.attacks.withholding import Move, Race, WithholdingConfig, WithholdingMiner


class SelfishMinerConfig(WithholdingConfig, frozen=True):
    """Settings of a selfish miner; the defaults are the strategy of Eyal and Sirer."""

    lead_stubborn: Annotated[
        bool,
        Meta(
            description="Whether it only matches the public branch when its lead falls to one block, instead of "
            "publishing all."
        ),
    ] = False
    equal_fork_stubborn: Annotated[bool, Meta(description="Whether it keeps a block back that would win it a tie.")] = (
        False
    )
    trail: Annotated[
        int, Meta(ge=0, le=100, description="By how many blocks it may be behind before it gives its branch up.")
    ] = 0
    release_at: Annotated[
        Annotated[int, Meta(ge=1, le=100)] | None,
        Meta(
            description="Publishes everything as soon as it leads by so many blocks, as a cautious miner may; if left "
            "out, it leads by as many as it finds."
        ),
    ] = None


class SelfishMiner(WithholdingMiner[SelfishMinerConfig]):
    """Keeps its blocks back so that others work in vain (Eyal and Sirer, doi 10.1007/978-3-662-45472-5_28).

    The stubborn variants are those of Nayak, Kumar, Miller and Shi (doi 10.1109/EuroSP.2016.32).
    """

    def decide(self, race: Race, *, found: bool) -> Move:
        """Decide by the lead over the public branch."""
        return choose_move(self.config, race, found=found)


def choose_move(strategy: SelfishMinerConfig, race: Race, *, found: bool) -> Move:
    """Return what a strategy does after a block, as :meth:`actors.attacks.withholding.WithholdingMiner.decide`."""
    if not found:
        if race.lead < 0:
            return Move.WAIT if -race.lead <= strategy.trail else Move.ADOPT
        return Move.OVERRIDE if race.lead == 1 and not strategy.lead_stubborn else Move.MATCH
    if strategy.release_at is not None and race.lead >= strategy.release_at:
        return Move.PUBLISH
    wins = race.public > 0 and race.lead == 1
    return Move.OVERRIDE if wins and not (race.tied and strategy.equal_fork_stubborn) else Move.WAIT
