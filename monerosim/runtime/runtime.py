"""What every runtime offers: a clock, timers, and a way to start actors on it."""

from collections.abc import Callable
from typing import Protocol, TypeVar

import pykka

A = TypeVar("A", bound=pykka.Actor)


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Take the call back; nothing happens if it is over."""


class Runtime(Protocol):
    """Actors' time and threads. Times are microseconds since the run's start."""

    @property
    def epoch(self) -> float:
        """The run's start in Unix time, seconds, as daemons have it in their answers."""

    def now(self) -> int:
        """Tell the time."""

    def sleep(self, seconds: float) -> None:
        """Let the calling actor wait; others go on."""

    def call_at(self, when: int, function: Callable[[], None]) -> Timer:
        """Call ``function`` at ``when`` (now, if that is past). It must not block: it tells an actor something."""

    def start(self, actor_class: type[A], *args: object) -> pykka.ActorRef[A]:
        """Start an actor of this class on the runtime."""
