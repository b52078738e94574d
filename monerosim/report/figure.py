"""What a figure of a run is, and what it is shown as."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Generic, Literal, TypeAlias, TypeVar, get_type_hints

import msgspec

from monerosim.events import Event, Record
from monerosim.plan.plan import Plan

R = TypeVar("R")
"""What a figure comes to: a msgspec Struct, or a dict of them by name."""

Tone: TypeAlias = Literal["plain", "warning", "error"]
Cell: TypeAlias = str | int | float | None


class Phrase(msgspec.Struct, frozen=True):
    """A few words with a number in them, or a sentence about something that is not as it should be."""

    text: str
    tone: Tone = "plain"


class Line(msgspec.Struct, frozen=True):
    """A line of the overview."""

    name: str
    """What it is about; empty for one that goes on from the line before."""
    phrases: tuple[Phrase, ...]


class Column(msgspec.Struct, frozen=True):
    """A column of a figure's table."""

    heading: str
    unit: str = ""
    """Of the column's numbers. In the first column, which names the rows, it is that of what the table measures."""
    form: str = ""
    """How Python's ``format`` writes a number for people."""


class Rows(msgspec.Struct, frozen=True):
    """A figure as a table."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """Numbers in their columns' units, not rounded; None where there is none."""


class Figure(ABC, Generic[R]):
    """A figure of a run: takes every record of it once, and gives a result.

    A class in a module of :mod:`monerosim.report.figures` is all that a new one takes: its result is in summary.json,
    in :class:`~monerosim.report.summary.Summary`, and in what the console shows::

        class LongestWait(msgspec.Struct, frozen=True):
            seconds: float


        class LongestWaitFigure(Figure[LongestWait]):
            name = "longest_wait"
            title = "How long did the slowest payment wait?"

            def __init__(self, plan: Plan, end: int) -> None:
                super().__init__(plan, end)
                self._longest = 0

            def take(self, record: Record) -> None:
                if isinstance(record.data, PaymentConfirmed):
                    self._longest = max(self._longest, record.data.elapsed)

            def result(self) -> LongestWait:
                return LongestWait(self._longest / SECOND)

            @staticmethod
            def lines(result: LongestWait) -> Iterable[Line]:
                yield Line("slowest", (Phrase(f"{result.seconds:.1f} s until confirmed"),))

    Args:
        plan: The run's plan.
        end: When the run ended, microseconds since its start.
    """

    name: ClassVar[str]
    """The key of its result in summary.json, and its attribute of a summary: an identifier in lower case."""
    title: ClassVar[str]
    """The question it answers."""
    section: ClassVar[str] = "Participants"
    """Where its table stands on the page, one of :data:`monerosim.report.charts.SECTIONS`."""
    position: ClassVar[int] = 1000
    """Where it stands among the others: the least comes first; those of the same position by their names."""

    def __init__(self, plan: Plan, end: int) -> None:
        self.plan = plan
        self.end = end

    @classmethod
    def optional(cls, plan: Plan) -> tuple[type[Event], ...]:
        """Return the kinds of events that it takes of those that are there only where ``[record]`` asks for them.

        Of these no others are read for a summary: messages with all their relays are most of what some runs write.
        """
        del plan
        return ()

    @abstractmethod
    def take(self, record: Record) -> None:
        """Take the next record; of an optional kind only if :meth:`optional` names it, or another figure does.

        Those of one participant come in the order in which they were written, those of several in any: the result must
        not depend on it. Records are not to be kept: those of a large run do not fit into memory.
        """

    @abstractmethod
    def result(self) -> R:
        """Return what all the records come to."""

    @staticmethod
    def lines(result: R) -> Iterable[Line]:
        """Return its lines of the overview; none unless a figure has some."""
        del result
        return ()

    @staticmethod
    def rows(result: R) -> Rows | None:
        """Return its table; None unless a figure has one."""
        del result
        return None

    @staticmethod
    def notices(result: R) -> Iterable[Phrase]:
        """Return what is to be said of things that went wrong; nothing unless a figure has something."""
        del result
        return ()

    @staticmethod
    def verdicts(result: R) -> Iterable[Phrase]:
        """Return whether what it checks is as it should be; nothing unless a figure checks something."""
        del result
        return ()

    @staticmethod
    def measures(result: R) -> Iterable[tuple[str, float | None]]:
        """Return the numbers by which runs are compared, each with its name and unit; None where there is none."""
        del result
        return ()

    @classmethod
    def result_type(cls) -> type[R]:
        """Return the type of its results, as its :meth:`result` is annotated."""
        found: type[R] = get_type_hints(cls.result)["return"]
        return found
