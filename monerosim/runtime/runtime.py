"""The interface of runtimes: a clock, timers, and starting actors."""

from collections.abc import Callable
from typing import Protocol, TypeVar

import pykka

A = TypeVar("A", bound=pykka.Actor)


class Timer(Protocol):
    """A scheduled call."""

    def cancel(self) -> None:
        """Cancel the call; no effect once it was made."""


class Runtime(Protocol):
    """A clock and a scheduler of actors. Times are microseconds since the run's start."""

    @property
    def epoch(self) -> float:
        """The run's start in Unix time, seconds: daemons' answers have Unix time."""

    def now(self) -> int:
        """Return the time."""

    def sleep(self, seconds: float) -> None:
        """Suspend the calling actor; others go on."""

    def call_at(self, when: int, function: Callable[[], None]) -> Timer:
        """Call ``function`` at ``when`` (now, if that is past). It must not block: it sends an actor a message."""

    def start(self, actor_class: type[A], *args: object) -> pykka.ActorRef[A]:
        """Start an actor of this class on the runtime."""
