"""The partition as an attack: whoever can cut cables splits the network for a while, once or again and again."""

from typing import Annotated, ClassVar

from msgspec import Meta

from monerosim.agent.behaviour import Behaviour
from monerosim.agent.conditions import Condition, Heal, Partition
from monerosim.config import PARTICIPANT, POSITIVE, Config, Duration, duration


class PartitionerConfig(Config, frozen=True):
    """Settings of a partitioner."""

    side: Annotated[
        tuple[str, ...],
        Meta(extra=PARTICIPANT, min_length=1, description="Participants and groups that it cuts off from all others."),
    ]
    after: Annotated[Duration, Meta(description="How long it waits before the first split, and between two.")] = (
        duration("1h")
    )
    lasting: Annotated[Duration, Meta(extra=POSITIVE, description="How long a split lasts.")] = duration("30m")
    times: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="How many splits; again and again if left out.")
    ] = 1


class Partitioner(Behaviour[PartitionerConfig]):
    """Splits the network in two, and heals it again."""

    changes: ClassVar[tuple[type[Condition], ...]] = (Partition, Heal)

    def begin(self) -> None:
        """Plan the first split."""
        self._made = 0
        self._is_split = False
        self.after(self.config.after.seconds, self.split)

    def split(self) -> None:
        """Split the network, and plan to heal it."""
        self._made += 1
        self._is_split = True
        self.change_network(Partition(sides={"side": self.config.side}))
        self.after(self.config.lasting.seconds, self.heal)

    def heal(self) -> None:
        """Heal the network, and plan the next split."""
        self.leave()
        if self.config.times is None or self._made < self.config.times:
            self.after(self.config.after.seconds, self.split)

    def leave(self) -> None:
        """Heal what it has split, also when it is paused."""
        if self._is_split:
            self._is_split = False
            self.change_network(Heal())
