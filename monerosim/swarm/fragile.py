"""An actor that fails on purpose: a scenario of the swarm has this file beside it, as ``./fragile.py:Fragile``."""

from collections import Counter
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from monerosim.agent.actor import handles, receives
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.messages import Letter, Message
from monerosim.config import PARTICIPANT, POSITIVE, Config, Duration, duration
from monerosim.mailbox.post import UnknownHostError

ACTOR = "fragile"
"""What the actor is called."""

_MOST_BROKEN = 2
"""How often it breaks an actor of its host's; a third time within its limits would be one too many for that."""


class PlantedFaultError(Exception):
    """What it fails with."""


class LettersLostError(Exception):
    """A letter came twice, or one before it has not come."""


class FragileConfig(Config, frozen=True):
    """What a scenario may say about it."""

    fails: Annotated[
        Literal["on-time", "at-begin", "on-letter", "node", "wallet", "mailbox"],
        Meta(description="What fails: itself, at an interval, when it begins again or has a letter; or that actor."),
    ] = "on-time"
    interval: Annotated[Duration, Meta(extra=POSITIVE, description="How often it fails, or sends letters.")] = duration(
        "3m"
    )
    to: Annotated[str | None, Meta(extra=PARTICIPANT, description="Who gets its letters.")] = None
    letters: Annotated[
        Literal["numbered", "damaged"], Meta(description="Numbered ones for another of its kind, or what nobody reads.")
    ] = "numbered"


class Numbered(Letter, frozen=True):
    """One of a row of letters, none of which may get lost."""

    kind: ClassVar[str] = "numbered"
    number: int


class Damaged(Letter, frozen=True):
    """Named as an order is, without anything that an order has."""

    kind: ClassVar[str] = "order"
    quantity: str = "many"


class Break(Message[None], frozen=True):
    """Fail now."""


class _Seen:
    """What it remembers when it has failed."""

    def __init__(self) -> None:
        self.last: Counter[str] = Counter()
        self.broken = 0
        self.begun = 0


class Fragile(Behaviour[FragileConfig]):
    """Fails, has others fail, and sends letters."""

    commands: ClassVar[dict[str, type[Message[Any]]]] = {"break": Break}

    def begin(self) -> None:
        """Set out."""
        self._seen = self.host.retained(self.name, _Seen)
        self._numbers = self.host.numbers(f"{self.name}'s letters")
        self._seen.begun += 1
        if self.config.fails == "at-begin" and self._seen.begun == _MOST_BROKEN:
            raise PlantedFaultError("at its second begin")
        self.every(lambda: self.config.interval.seconds, self.act)

    @handles(Break)
    def on_break(self, _: Break) -> None:
        """Fail with the command."""
        raise PlantedFaultError("on command")

    @receives(Numbered)
    def on_numbered(self, letter: Numbered, sender: str) -> None:
        """Count a letter, and fail on it."""
        expected = self._seen.last[sender] + 1
        self._seen.last[sender] = letter.number
        if letter.number != expected:
            raise LettersLostError(f"letter {letter.number} of {sender} came where {expected} was to come")
        if self.config.fails == "on-letter" and letter.number % 3 == 0:
            raise PlantedFaultError("at a letter")

    def act(self) -> None:
        """Send a letter, and fail."""
        if self.clock.microseconds() >= self.host.plan.duration:
            return
        if self.config.to is not None:
            self._send(self.config.to)
        name = self.config.fails
        if name == "on-time" or (name == "at-begin" and self._seen.begun == 1):
            raise PlantedFaultError("at its time")
        reference = self.host.actors.get(name)
        if reference is not None and reference.is_alive() and self._seen.broken < _MOST_BROKEN:
            self._seen.broken += 1
            reference.tell(PlantedFaultError())

    def _send(self, to: str) -> None:
        # What is sent to a mailbox that has failed is not sent.
        mailbox = self.host.actors.get("mailbox")
        if mailbox is None or not mailbox.is_alive():
            return
        letter: Letter = Damaged()
        if self.config.letters == "numbered":
            letter = Numbered(next(self._numbers))
        try:
            self.send(to, ACTOR if self.config.letters == "numbered" else "marketplace", letter)
        except UnknownHostError as error:
            self.log.warning("{}", error)
