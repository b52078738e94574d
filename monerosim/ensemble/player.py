"""Playing what is missing of a sweep, until all is there or enough is known."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing

import msgspec

from monerosim.ensemble.design import DesignError, Point
from monerosim.ensemble.executors import Executor
from monerosim.ensemble.measures import Interval, interval_of, measures_of
from monerosim.ensemble.member import Keep, Member
from monerosim.ensemble.source import Source
from monerosim.ensemble.store import Entry, Status, Store

_GOAL = re.compile(r"\s*(?P<measure>\S+)\s*(?:\+-|\+/-|±)\s*(?P<width>\d+(?:\.\d+)?)\s*(?P<percent>%?)\s*")

_LEAST = 3
"""Runs of a point before a sweep may end because its interval is narrow: of two it may be narrow by chance."""


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """How narrow the interval of a measure shall be at every point, for a sweep to end."""

    measure: str
    width: float
    """Half of it; a share of the mean if ``relative``."""
    relative: bool

    def reached(self, interval: Interval) -> bool:
        """Return whether an interval is narrow enough."""
        wanted = abs(interval.mean) * self.width if self.relative else self.width
        return interval.n >= _LEAST and interval.half_width <= wanted


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a sweep is."""

    done: int
    """Those that were there already included."""
    failed: int
    total: int
    played: int
    """By this call."""


def read_goal(text: str) -> Goal:
    """Read ``MEASURE +- WIDTH``, or with a width in per cent of the mean.

    Raises:
        DesignError: It has another form.
    """
    match = _GOAL.fullmatch(text)
    if match is None:
        raise DesignError(f'expected "MEASURE +- WIDTH", such as "payments.confirmed +- 2 %", got "{text[:60]}"')
    percent = bool(match["percent"])
    return Goal(measure=match["measure"], width=float(match["width"]) / (100 if percent else 1), relative=percent)


class Watch:
    """Looks, seed by seed, whether the goal of a sweep is reached.

    Only whole seeds count, in their order, so that it does not depend on which run ended first.

    Args:
        entries: The runs of the design.
        goal: What shall be reached.
    """

    def __init__(self, entries: Sequence[Entry], goal: Goal) -> None:
        self._goal = goal
        self._rows: dict[int, list[Entry]] = {}
        for entry in entries:
            self._rows.setdefault(entry.seed, []).append(entry)
        self._rest = list(reversed(self._rows))
        self._values: dict[tuple[str, ...], list[float]] = {}
        self.enough: tuple[int, ...] = ()
        """The seeds that were enough; empty as long as the goal is not reached."""

    def look(self, states: Mapping[str, Status], values: Mapping[str, float]) -> None:
        """Take the runs that have ended.

        Args:
            states: What became of runs, by key.
            values: The measure of those that have it, by key.
        """
        while self._rest and not self.enough and all(entry.key in states for entry in self._rows[self._rest[-1]]):
            seed = self._rest.pop()
            for entry in self._rows[seed]:
                known = self._values.setdefault(Point(entry.values).changes, [])
                known += [values[entry.key]] if entry.key in values else []
            if all(known and self._goal.reached(interval_of(known)) for known in self._values.values()):
                self.enough = tuple(self._rows)[: len(self._rows) - len(self._rest)]


class Player:
    """Plays what is missing of a sweep.

    Args:
        store: Its folder.
        source: Its scenario.
        executor: Where runs are played.
        keep: What is kept of each.
        goal: When to end before all seeds were played.
        on_progress: Called after each run.
    """

    def __init__(
        self,
        store: Store,
        source: Source,
        executor: Executor,
        keep: Keep,
        goal: Goal | None,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._store = store
        self._source = source
        self._executor = executor
        self._keep = keep
        self._goal = goal
        self._on_progress = on_progress
        self._states: dict[str, Status] = {}
        self._failed = 0
        self._values: dict[str, float] = {}

    def play(self, entries: Sequence[Entry]) -> tuple[Entry, ...]:
        """Play what is not there yet.

        Returns:
            The runs that count: all, or those of the seeds that were enough for the goal.

        Raises:
            StoreError: A result cannot be written.
            ClusterError: The cluster that plays is gone.
        """
        watch = Watch(entries, self._goal) if self._goal is not None else None
        by_key = {entry.key: entry for entry in entries}
        for key in by_key:
            status = self._store.status(key)
            if status is not None and (status.state == "failed" or self._store.keeps(key, self._keep)):
                self._take(key, status)
        self._tell(len(by_key), 0)
        # Closed at once when something is raised here, such as by Ctrl-C, so that no process goes on.
        with closing(self._executor.play(self._missing(entries, watch))) as outcomes:
            for played, outcome in enumerate(outcomes, 1):
                self._store.put(outcome, self._source.command(by_key[outcome.key]))
                self._take(outcome.key, Status(state="failed" if outcome.error else "done", error=outcome.error))
                self._tell(len(by_key), played)
        if watch is None:
            return tuple(entries)
        watch.look(self._states, self._values)
        return tuple(entry for entry in entries if not watch.enough or entry.seed in watch.enough)

    def _take(self, key: str, status: Status) -> None:
        self._states[key] = status
        self._failed += status.state == "failed"
        summary = self._store.summary(key) if self._goal is not None and status.state == "done" else None
        value = measures_of(summary).get(self._goal.measure) if summary is not None and self._goal is not None else None
        if value is not None:
            self._values[key] = value

    def _missing(self, entries: Sequence[Entry], watch: Watch | None) -> Iterator[Member]:
        """Return the runs to play, as they are wanted; none any more once the goal is reached."""
        asked = set(self._states)
        for entry in entries:
            if watch is not None:
                watch.look(self._states, self._values)
                if watch.enough:
                    return
            if entry.key not in asked:
                asked.add(entry.key)
                self._store.discard(entry.key)
                yield self._source.member(entry, self._keep, self._store.folder(entry.key))

    def _tell(self, total: int, played: int) -> None:
        done = len(self._states) - self._failed
        self._on_progress(Progress(done=done, failed=self._failed, total=total, played=played))
