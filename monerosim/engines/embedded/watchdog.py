"""A watchdog for actors that do not yield: they are named, and a run can be stopped nonetheless.

All of a run is one thread, so an actor that never comes back stops everything. The watchdog looks at real time, and so
changes nothing of a run that goes on: it ends one only where its user has asked for that.
"""

import ctypes
import threading
from collections.abc import Callable
from time import monotonic
from types import TracebackType

PATIENCE = 5.0
"""Seconds of real time that a step of a run may take before it is told of."""

_INTERVAL = 0.2


class RunStoppedError(BaseException):
    """The run is to stop in the middle of a step; no handler of an actor's takes it for an error of its own."""


class Watchdog:
    """Watches the thread that makes it, while it is entered.

    Args:
        steps: Returns how many steps the run has made.
        stuck: Called from the watchdog's thread while a step takes too long; returns False to have
            :class:`RunStoppedError` raised in that step.
    """

    def __init__(self, steps: Callable[[], int], stuck: Callable[[], bool]) -> None:
        self._steps = steps
        self._stuck = stuck
        self._watched = threading.get_ident()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop watching."""
        with self._lock:
            self._over.set()

    def _watch(self) -> None:
        seen, since = self._steps(), monotonic()
        while not self._over.wait(_INTERVAL):
            if (now := self._steps()) != seen:
                seen, since = now, monotonic()
            elif monotonic() - since >= PATIENCE and not self._stuck():
                with self._lock:
                    if not self._over.is_set() and self._steps() == seen:
                        _raise_in(self._watched)
                return


def _raise_in(thread: int) -> None:
    raised = ctypes.py_object(RunStoppedError)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)
