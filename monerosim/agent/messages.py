"""Messages between actors of a host."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Generic, Literal, TypeVar

import msgspec

from monerosim.config import Config as BaseConfig
from monerosim.events import Event, Record
from monerosim.units import SECOND

R = TypeVar("R")


class Message(msgspec.Struct, Generic[R], frozen=True, forbid_unknown_fields=True):
    """Base of all messages; ``R`` is what the receiver's handler returns.

    Messages are passed by reference, so they are immutable.
    """

    deferrable: ClassVar[bool] = False
    """Whether a paused behaviour handles it only when it is resumed; for messages that are told, never asked."""


class TracedMessage(msgspec.Struct, frozen=True):
    """A message in transit, with what a trace needs to follow it."""

    message: Message[Any]
    id: str
    """The message's id: its sender and a number."""
    cause: str
    """The id of the message or timer that started this chain."""
    handling: Callable[[], AbstractContextManager[None]] | None = None
    """Context in which the receiver handles it, if it takes one; a letter is kept until the context is left."""
    redelivered: bool = False
    """Whether it is a letter that an earlier process of the host was handling when it was killed."""


class TimerFired(msgspec.Struct, frozen=True):
    """A timer of the receiving actor has fired."""

    method: str
    arguments: tuple[object, ...]
    cause: str
    """The cause to continue; empty, if the timer starts a new chain."""


class End(Message[None], frozen=True):
    """The run ends: act for the last time."""


class StopHost(Message[None], frozen=True):
    """To a supervisor: end all actors of the host."""


class EventNotice(Message[None], frozen=True):
    """An event happened to which the receiver has subscribed."""

    deferrable: ClassVar[bool] = True
    record: Record


class Letter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of a letter to an actor of another host; a subclass for each kind of letter."""

    kind: ClassVar[str]
    """Name of this kind of letter, such as ``order``."""


class EventLetter(Letter, frozen=True):
    """An event of another host; the actor handles it like one of its own host."""

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
    """An actor of the host is ready, for the first time or after a restart."""

    actor: str


class Watch(Message[None], frozen=True):
    """To an actor that can watch for events: these have a subscriber."""

    kind: type[Event]
    """The class of the events."""
    interval: float | None = None
    """Seconds between two polls; the actor's default, if left out."""


class AwaitChange(Message[None], frozen=True):
    """To a wallet proxy: send :class:`WalletChanged` once, when its wallet has changed."""

    actor: str
    """Who waits; what it waited for before is forgotten."""
    of: Literal["losses", "blocks", "pool", "coins"] = "blocks"
    """What counts: that a block with transactions of the wallet is off its chain; that, or that there is a new one;
    either, or another payment in the txpool; or that more coins are unlocked, worth :attr:`amount` together."""
    amount: int = 0
    """Atomic units."""
    height: int | None = None
    """Or that the wallet has scanned the block of this height."""
    until: int | None = None
    """Or that it is this time, microseconds since the run's start."""
    interval: int = 60 * SECOND
    """Microseconds between two looks, where the engine does not know."""
    looks: bool = False
    """Look also where the engine would tell at once."""


class WalletChanged(Message[None], frozen=True):
    """From a wallet proxy: what was waited for may have come."""

    deferrable: ClassVar[bool] = True


class Subscribe(Message[None], frozen=True):
    """To a supervisor: subscribe an actor of its host to events of other hosts."""

    kind: str
    """The events' tag, such as ``block-found``."""
    of: str
    """The other host; ``*`` for all, which takes an orchestrator."""
    actor: str
    interval: float | None = None
    """Seconds between two polls there, for events that are polled for."""


class Command(Message[None], frozen=True):
    """To a supervisor: have behaviours of the host carry out a command; the outcome is recorded."""

    do: str
    actor: str = ""
    """One behaviour's name; all that understand the command, if left out."""
    arguments: Mapping[str, Any] = {}


class Execute(Message[None], frozen=True):
    """To a behaviour from its supervisor: handle a message, and answer with :class:`Executed`."""

    message: Message[Any]
    number: int


class Executed(Message[None], frozen=True):
    """To a supervisor: a behaviour has handled the message of an :class:`Execute`, or failed to."""

    number: int
    answer: object = None
    error: str = ""
    """Why it failed; empty, if it did not."""


class Pause(Message[None], frozen=True):
    """To a behaviour: timers, letters and events wait until :class:`Resume`, asked messages are still answered."""


class Resume(Message[None], frozen=True):
    """To a behaviour: continue after :class:`Pause`."""


class ProcessNext(Message[None], frozen=True):
    """To a behaviour from itself: handle the next message that has waited during a pause."""


class Configure(Message[None], frozen=True):
    """To a behaviour: use another configuration from now on."""

    config: BaseConfig
