"""Messages between actors of a host."""

from typing import Any, Generic, TypeVar

import msgspec

R = TypeVar("R")


class Message(msgspec.Struct, Generic[R], frozen=True):
    """Base of all messages; ``R`` is what the receiver's handler returns.

    Messages are passed by reference, so they are immutable.
    """


class Delivery(msgspec.Struct, frozen=True):
    """A message on its way, with what a trace needs to follow it."""

    message: Message[Any]
    id: str
    """This message: its sender and a number."""
    cause: str
    """The message or timer that everything began with."""


class Due(msgspec.Struct, frozen=True):
    """A timer of the receiving actor has come due."""

    method: str
    arguments: tuple[object, ...]
    cause: str
    """The cause to go on with; empty, if the timer begins something new."""


class End(Message[None], frozen=True):
    """The run is ending: act for the last time."""


class EndHost(Message[None], frozen=True):
    """To a supervisor: end all actors of the host."""
