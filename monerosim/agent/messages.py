"""Messages between actors of a host."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from monerosim.config import Config as BaseConfig
from monerosim.events import Event, Record

R = TypeVar("R")


class Message(msgspec.Struct, Generic[R], frozen=True, forbid_unknown_fields=True):
    """Base of all messages; ``R`` is what the receiver's handler returns.

    Messages are passed by reference, so they are immutable.
    """

    deferrable: ClassVar[bool] = False
    """Whether a paused behaviour handles it only when it goes on; for messages that are told, never asked."""


class TracedMessage(msgspec.Struct, frozen=True):
    """A message on its way, with what a trace needs to follow it."""

    message: Message[Any]
    id: str
    """This message: its sender and a number."""
    cause: str
    """The message or timer that everything began with."""
    handling: Callable[[], AbstractContextManager[None]] = nullcontext
    """What the receiver handles it in; a letter is kept until that is over, well or not."""
    again: bool = False
    """Whether it is a letter that an earlier process of the host was handling when it was killed."""


class TimerFired(msgspec.Struct, frozen=True):
    """A timer of the receiving actor has come due."""

    method: str
    arguments: tuple[object, ...]
    cause: str
    """The cause to go on with; empty, if the timer begins something new."""
    again: bool = False
    """Whether it comes again and again, so that one of it waits for a behaviour that is paused."""


class End(Message[None], frozen=True):
    """The run is ending: act for the last time."""


class StopHost(Message[None], frozen=True):
    """To a supervisor: end all actors of the host."""


class EventNotice(Message[None], frozen=True):
    """Something happened that the receiver wants to know of."""

    deferrable: ClassVar[bool] = True
    record: Record


class Letter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a letter to an actor of another host says; a subclass for each kind of letter."""

    kind: ClassVar[str]
    """What letters of the class are called, such as ``order``."""


class EventLetter(Letter, frozen=True):
    """An event of another host; the actor gets it as it gets its own host's."""

    kind: ClassVar[str] = "event"
    record: Mapping[str, object]
    """As :meth:`monerosim.events.Record.plain` gives it."""


class IncomingLetter(Message[None], frozen=True):
    """A letter from another host has come."""

    deferrable: ClassVar[bool] = True
    sender: str
    """The host."""
    kind: str
    data: Mapping[str, object]


class SendLetter(Message[None], frozen=True):
    """To the mailbox: send a letter to an actor of another host.

    Raises:
        UnknownHostError: There is no such host.
    """

    recipient: str
    actor: str
    kind: str
    data: Mapping[str, object]


class ActorStarted(Message[None], frozen=True):
    """An actor of the host is ready to act, for the first time or again."""

    actor: str


class Watch(Message[None], frozen=True):
    """To an actor that can watch for events: somebody wants to know of these."""

    kind: type[Event]
    """The class of the events."""
    interval: float | None = None
    """Seconds between two looks; the actor's usual ones, if left out."""


class Subscribe(Message[None], frozen=True):
    """To a supervisor: an actor of its host wants to know of events of other hosts."""

    kind: str
    """The events' tag, such as ``block-found``."""
    of: str
    """The other host; ``*`` for all, which takes an orchestrator."""
    actor: str


class Command(Message[None], frozen=True):
    """To a supervisor: have behaviours of the host do something; what becomes of it is recorded."""

    do: str
    actor: str = ""
    """One behaviour's name; all that understand the command, if left out."""
    arguments: Mapping[str, Any] = {}


class Execute(Message[None], frozen=True):
    """To a behaviour from its supervisor: handle a message, and tell (:class:`Executed`) what became of it."""

    message: Message[Any]
    number: int


class Executed(Message[None], frozen=True):
    """To a supervisor: a behaviour has done what it was told, or failed to."""

    number: int
    answer: object = None
    error: str = ""
    """Why it was not done; it was, if empty."""


class Pause(Message[None], frozen=True):
    """To a behaviour: leave off; timers, letters and events wait until it goes on, messages are still answered."""


class Resume(Message[None], frozen=True):
    """To a behaviour: go on."""


class ProcessNext(Message[None], frozen=True):
    """To a behaviour from itself: handle the next of what has come while it was paused."""


class Configure(Message[None], frozen=True):
    """To a behaviour: go on with another configuration."""

    config: BaseConfig
