"""Finds the first event at which two runs part that should be equal."""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import zip_longest

import msgspec

from monerosim.events import Record
from monerosim.events.traces import TraceLine
from monerosim.runs import Run

BEFORE = 10
"""Events that are shown before the first difference."""

_MOST_CAUSES = 20


class Parting(msgspec.Struct, frozen=True, kw_only=True):
    """Where two runs part."""

    number: int
    """Of the event, from 1, in the order of time and participants."""
    before: Sequence[Record]
    """The last events that both have."""
    first: Record | None
    """None if the first run has no more events."""
    second: Record | None


def find_parting(first: Run, second: Run) -> Parting | None:
    """Return where two runs part; None if their events are the same.

    Raises:
        RunError: One has not been played.
        ValueError: A whole line of an event log is no event.
    """
    before: deque[Record] = deque(maxlen=BEFORE)
    for number, (one, other) in enumerate(zip_longest(_ordered(first), _ordered(second)), 1):
        if one is None or other is None or one.line != other.line:
            return Parting(number=number, before=list(before), first=one, second=other)
        before.append(one)
    return None


def causes_of(run: Run, record: Record) -> Iterator[TraceLine]:
    """Return what the actors logged of what an event began with, up to the event; the last lines of it."""
    if record.cause:
        lines = (line for line in run.traces() if line.concerns(record.cause) and line.t <= record.t)
        yield from deque(lines, maxlen=_MOST_CAUSES)


def _ordered(run: Run) -> list[Record]:
    """Return a run's events in the order that its digest takes them in."""
    return sorted(run.events(), key=Record.sort_key)
