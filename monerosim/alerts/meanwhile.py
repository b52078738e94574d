"""Alerts of a run with real programs while it is played, from what agents and daemons have told so far.

They are for whoever is told meanwhile, and move nothing: when the run has ended its alerts are decided again from all
its events (:mod:`monerosim.alerts.afterwards`), and these are the run's own.
"""

from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, Self, TypeVar

from monerosim.alerts.watch import INTERVAL, AlertWatch, Heights
from monerosim.events import Record, RecordReader
from monerosim.events.feed import ALERTS_SO_FAR, Feed
from monerosim.events.log import EventLog
from monerosim.plan.plan import Plan
from monerosim.units import SECOND

_LAG = 5 * SECOND
"""Of the run's time: by then an agent has written what happened."""


class _HasTime(Protocol):
    @property
    def now(self) -> int: ...


_P = TypeVar("_P", bound=_HasTime)


class AlertsSoFar:
    """Decides the alerts of a run whose agents write a log each, and writes them into a log of their own.

    To be used in a ``with`` statement.

    Args:
        plan: The plan.
        run: The run directory.
        heights: What nodes have.
    """

    def __init__(self, plan: Plan, run: Path, heights: Heights) -> None:
        self._time_zero = plan.time_zero
        self._path = run / ALERTS_SO_FAR
        self._log: EventLog | None = None
        self._feed = Feed(run, [host.name for host in plan.hosts])
        self._position = ""
        self._read = RecordReader().read
        self._pending: list[Record] = []
        self._watch = AlertWatch(plan, heights, self._record)
        self._at = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._log is not None:
            self._log.close()

    def passing(self, on_progress: Callable[[_P], bool]) -> Callable[[_P], bool]:
        """Return a callback that passes progress on, and decides what can be decided by then."""

        def pass_on(progress: _P) -> bool:
            self.look(progress.now)
            return on_progress(progress)

        return pass_on

    def look(self, now: int) -> None:
        """Decide at all instants that have come.

        Args:
            now: Microseconds since the run's start.

        Raises:
            OSError: The events cannot be read, or the alerts not be written.
        """
        self._read_new()
        while self._at <= now - self._time_zero - _LAG:
            count = bisect_right(self._pending, self._at, key=lambda record: record.t)
            for record in self._pending[:count]:
                self._watch.take(record)
            del self._pending[:count]
            self._watch.look(self._at)
            self._at += INTERVAL
        if self._log is not None:
            self._log.flush()

    def _read_new(self) -> None:
        more = not self._feed.put_together(self._position)
        while more:
            batch = self._feed.read(self._position)
            for line in batch.lines:
                try:
                    self._pending.append(self._read(line.text))
                except (ValueError, RecursionError):
                    # Reading the run back reports it.
                    continue
            self._position, more = batch.position, batch.more
        self._pending.sort(key=lambda record: record.t)

    def _record(self, record: Record) -> None:
        if self._log is None:
            self._log = EventLog(self._path)
        self._log.append(record)
