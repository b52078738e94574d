"""What an engine is, and finding one by name."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeAlias, cast

import msgspec

from monerosim.plan.plan import Plan
from monerosim.plugins import PluginError, Registry

GROUP = "monerosim.engines"
"""The entry point group in which a package names its engines."""


class EngineError(Exception):
    """An engine cannot be had, or cannot play a plan; the message is for the user."""


class Progress(msgspec.Struct, frozen=True):
    """How far a run is."""

    now: int
    """Microseconds since the run's start."""
    height: int
    payments: int


Watch: TypeAlias = Callable[[Progress], bool]
"""Told of a run's progress now and then; returns False to stop the run."""


class Engine(Protocol):
    """Plays the plan in a run directory: writes ``events.jsonl`` and ``hosts/*/*.jsonl``."""

    def __call__(self, plan: Plan, directory: Path, *, trace_level: str, watch: Watch) -> int:
        """Play a plan.

        Args:
            plan: What to play.
            directory: The run directory, already built.
            trace_level: The least important level of traces to keep.
            watch: Told of the progress.

        Returns:
            When the run stopped, microseconds since its start.

        Raises:
            EngineError: The plan cannot be played here.
        """


def engine_names() -> list[str]:
    """Name all engines that are installed."""
    return ENGINES.names()


def load_engine(name: str) -> Engine:
    """Load an engine.

    Raises:
        EngineError: There is none of this name, or it cannot be imported.
    """
    if name not in engine_names():
        raise EngineError(f"this monerosim cannot play the engine {name!r}; it has: {', '.join(engine_names())}")
    try:
        return ENGINES.load(name)
    except PluginError as error:
        raise EngineError(str(error)) from error


def _check(found: object) -> Engine:
    if not callable(found):
        raise PluginError("is nothing that can be called")
    return cast("Engine", found)


ENGINES: Registry[Engine] = Registry(GROUP, "engine", _check)
"""The engines that are installed."""
