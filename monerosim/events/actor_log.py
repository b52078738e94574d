"""The log of an actor where all run in one thread: loguru's methods, without loguru's work.

Loguru looks up which line of the code logs, the time of day, the thread and the process; a trace has none of it. So the
methods that log write the line themselves, at a tenth of the cost. Whatever else a logger can do is done by loguru's,
and so is all logging while somebody else listens to it.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from loguru import Logger

LEVELS = ("TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL")
"""Loguru's levels, the least important first."""


class Write(Protocol):
    """Writes a line of an actor's trace."""

    def __call__(self, level: str, text: str, data: Mapping[str, object]) -> None:
        """Write it."""


def _method(level: str) -> Callable[..., None]:
    """Return the method that logs at a level."""
    importance = LEVELS.index(level)

    def method(self: "ActorLog", text: str, /, *args: object, **data: object) -> None:
        if not self._is_alone():
            self._logger.opt(depth=1).log(level, text, *args, **data)
        elif importance >= self._least:
            self._write(level, text.format(*args, **data) if args or data else str(text), data)

    return method


class ActorLog:
    """Stands in for the logger of an actor.

    Args:
        logger: Loguru's logger of the actor.
        write: Writes a line.
        level: The least important level that is kept.
        is_alone: Returns whether nobody but the traces listens to loguru.
    """

    __slots__ = ("_is_alone", "_least", "_logger", "_write")

    def __init__(self, logger: "Logger", write: Write, level: str, is_alone: Callable[[], bool]) -> None:
        self._logger = logger
        self._write = write
        self._least = LEVELS.index(level)
        self._is_alone = is_alone

    def __getattr__(self, name: str) -> Any:
        return getattr(self._logger, name)

    def log(self, level: str | int, text: str, /, *args: object, **data: object) -> None:
        """Log at a level, as loguru's does."""
        if level not in LEVELS or not self._is_alone():
            self._logger.opt(depth=1).log(level, text, *args, **data)
        elif LEVELS.index(level) >= self._least:
            self._write(level, text.format(*args, **data) if args or data else str(text), data)

    trace, debug, info, success, warning, error, critical = map(_method, LEVELS)
