"""What commands do when they are told to end: by Ctrl-C, a service manager, or a terminal that is closed."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_AGAIN = 1.0
"""Seconds after the first signal within which another is the same one."""

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""SIGHUP: the terminal was closed. It stays ignored where nohup has said so."""


class Stopped:
    """Whether one of these signals has come, and since when."""

    def __init__(self) -> None:
        self.since: float | None = None

    def __call__(self) -> bool:
        """Return whether one has come."""
        return self.since is not None


@contextmanager
def stop_on_signal() -> Iterator[Stopped]:
    """Let a run end in order at the first signal; one that comes a while later acts as always.

    A terminal, and a program that passes signals on, may both send the same one.
    """
    stopped = Stopped()
    previous = {number: signal.getsignal(number) for number in _heeded()}

    def stop(signum: int, frame: FrameType | None) -> None:
        del frame
        now = time.monotonic()
        if stopped.since is None:
            stopped.since = now
        elif now - stopped.since > _AGAIN:
            signal.signal(signum, previous[signal.Signals(signum)])
            signal.raise_signal(signum)

    with _handled_by(stop):
        yield stopped


@contextmanager
def unwind_on_signal() -> Iterator[None]:
    """Have each of these signals raise KeyboardInterrupt, so that what was begun is removed before the command ends."""

    def unwind(signum: int, frame: FrameType | None) -> None:
        del signum, frame
        raise KeyboardInterrupt

    with _handled_by(unwind):
        yield


@contextmanager
def _handled_by(handler: "signal._HANDLER") -> Iterator[None]:
    previous = {number: signal.getsignal(number) for number in _heeded()}
    for number in previous:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)


def _heeded() -> list[signal.Signals]:
    return [it for it in _ENDING if it is not signal.SIGHUP or signal.getsignal(it) != signal.SIG_IGN]
