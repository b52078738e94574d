"""What has happened in a run so far, counted from its events as they are written."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from monerosim.events import (
    ActorFailed,
    ActorGivenUp,
    ActorRestarted,
    AlertCleared,
    AlertRaised,
    ProcessDied,
    ProcessGivenUp,
    ProcessRestarted,
    Record,
    RecordReader,
)
from monerosim.events.feed import Feed
from monerosim.plan.plan import Plan
from monerosim.tables.measures import Counts

Health: TypeAlias = Literal["good", "failed", "given up"]


class Counted(msgspec.Struct, frozen=True):
    """What there was up to some event."""

    t: int
    """Of the latest event, microseconds since the scenario's time zero."""
    values: Mapping[str, int]
    """By the names of :data:`monerosim.tables.measures.MEASURES`."""
    health: Mapping[str, Health]
    """Of actors and programs (``PARTICIPANT/NAME``) that have ever failed."""
    alerts: Sequence[dict[str, Any]]
    """What alerts told, as the event log has it."""


class Counting:
    """Counts the events of a run, each once.

    Args:
        plan: Its plan.
        feed: Its events.
    """

    def __init__(self, plan: Plan, feed: Feed) -> None:
        self._feed = feed
        self._lock = threading.Lock()
        self._read = RecordReader().read
        self._begin = -plan.time_zero
        self._reset()

    def _reset(self) -> None:
        self._position = ""
        self._counts = Counts()
        self._health: dict[str, Health] = {}
        self._alerts: list[dict[str, Any]] = []
        self._t = self._begin

    def now(self) -> Counted:
        """Count what has been written since the last time.

        Raises:
            OSError: The events cannot be read.
        """
        with self._lock:
            if self._feed.put_together(self._position):
                self._reset()
            more = True
            while more:
                batch = self._feed.read(self._position)
                for line in batch.lines:
                    self._take(line.text)
                self._position, more = batch.position, batch.more
            return Counted(self._t, Counter(self._counts.values), dict(self._health), tuple(self._alerts))

    def _take(self, line: bytes) -> None:
        try:
            record = self._read(line)
        except (ValueError, RecursionError):
            # Reading the run back reports it; here it is only not counted.
            return
        self._t = max(self._t, record.t)
        self._counts.take(record)
        self._note(record)

    def _note(self, record: Record) -> None:
        match record.data:
            case ActorFailed(name=name) | ProcessDied(process=name):
                self._health[f"{record.participant}/{name}"] = "failed"
            case ActorRestarted(name=name) | ProcessRestarted(process=name):
                self._health[f"{record.participant}/{name}"] = "good"
            case ActorGivenUp(name=name) | ProcessGivenUp(process=name):
                self._health[f"{record.participant}/{name}"] = "given up"
            case AlertRaised() | AlertCleared():
                self._alerts.append(record.plain())
            case _:
                pass
