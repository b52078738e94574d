"""Pykka actors on threads; the clock is the process's: wall time, or Shadow's simulated time."""

import threading
import time
from collections.abc import Callable
from functools import lru_cache
from heapq import heappop, heappush
from itertools import count
from typing import TypeVar, cast

import pykka
from loguru import logger

from monerosim.runtime.waits import WatchedActor
from monerosim.units import SECOND

A = TypeVar("A", bound=pykka.Actor)


class ThreadTimer:
    """A call scheduled on the timer thread."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[], None]) -> None:
        self.function: Callable[[], None] | None = function

    def cancel(self) -> None:
        """Cancel the call; no effect once it was made."""
        self.function = None


class ThreadsRuntime:
    """One thread per actor, and one for the timers of all.

    Args:
        epoch: The run's start in seconds of :func:`time.time`; now, if left out.
    """

    def __init__(self, epoch: float | None = None) -> None:
        self.epoch = time.time() if epoch is None else epoch
        self._timers: list[tuple[int, int, ThreadTimer]] = []
        self._sequence = count()
        self._changed = threading.Condition()
        self._closed = False
        self._bound = lru_cache(maxsize=None)(self._bind)
        self._thread = threading.Thread(target=self._run_timers, name="timers", daemon=True)
        self._thread.start()

    def now(self) -> int:
        """Return the time in microseconds since the run's start."""
        return round((time.time() - self.epoch) * SECOND)

    def sleep(self, seconds: float) -> None:
        """Suspend the calling actor; others go on."""
        time.sleep(seconds)

    def call_at(self, when: int, function: Callable[[], None]) -> ThreadTimer:
        """Call ``function`` on the timer thread at ``when``; it must not block."""
        timer = ThreadTimer(function)
        with self._changed:
            heappush(self._timers, (when, next(self._sequence), timer))
            if self._timers[0][2] is timer:
                self._changed.notify()
        return timer

    def start(self, actor_class: type[A], *args: object) -> pykka.ActorRef[A]:
        """Start an actor of this class on a thread of its own."""
        return cast("type[A]", self._bound(actor_class)).start(*args)

    def close(self) -> None:
        """Stop the timer thread; timers that are not due yet are dropped."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run_timers(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                wait = self._timers[0][0] - self.now() if self._timers else None
                if wait is None or wait > 0:
                    self._changed.wait(None if wait is None else wait / SECOND)
                    continue
                timer = heappop(self._timers)[2]
                function, timer.function = timer.function, None
            if function is not None:
                self._call(function)

    @staticmethod
    def _call(function: Callable[[], None]) -> None:
        try:
            function()
        except Exception as error:  # noqa: BLE001  (one failing call must not end all timers)
            logger.opt(exception=error).error("a timer's call failed: {}", error)

    @staticmethod
    def _bind(actor_class: type[pykka.Actor]) -> type[pykka.Actor]:
        """Return a subclass whose instances run on threads."""
        return type(actor_class.__name__, (actor_class, WatchedActor), {})
