"""The greeter: an actor that writes to a neighbour."""

from typing import Annotated, ClassVar

from msgspec import Meta

from monerosim.agent.actor import handles, receives
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.messages import Letter, Message
from monerosim.config import Config, Duration, duration
from monerosim.events import Event


class Greeting(Letter, frozen=True):
    """A neighbour's greeting."""

    kind: ClassVar[str] = "greeting"
    text: str


class Greeted(Event, frozen=True):
    """A neighbour's greeting has come."""

    sender: str
    warmth: float
    """How friendly it was, from 0 to 10."""


class GetGreetings(Message[int], frozen=True):
    """Ask how many greetings have come."""


class GreeterConfig(Config, frozen=True):
    """What a scenario may say about a greeter."""

    neighbour: Annotated[str, Meta(min_length=1, description="The participant that is greeted.")]
    interval: Annotated[Duration, Meta(description="The time between two greetings.")] = duration("1m")


class Greeter(Behaviour[GreeterConfig]):
    """Greets a neighbour now and then, and counts the greetings that come."""

    emits: ClassVar[tuple[type[Event], ...]] = (Greeted,)

    def begin(self) -> None:
        """Set the timer."""
        self._greetings = 0
        self.on(Greeted, self.on_greeted, of=self.config.neighbour)
        self.every(self.config.interval.seconds, self.greet)

    def greet(self) -> None:
        """Write a letter."""
        self.send(self.config.neighbour, self.name, Greeting("hello"))

    @receives(Greeting)
    def on_greeting(self, greeting: Greeting, sender: str) -> None:
        """Count a greeting."""
        self._greetings += 1
        self.log.info("{} says {}", sender, greeting.text)
        self.emit(Greeted(sender, self._greetings % 10))

    def on_greeted(self, greeted: Greeted) -> None:
        """Take note that the neighbour was greeted."""
        self.log.info("{} was greeted by {}, warmth {}", self.origin, greeted.sender, greeted.warmth)

    @handles(GetGreetings)
    def on_get_greetings(self, _: GetGreetings) -> int:
        """Tell the count."""
        return self._greetings
