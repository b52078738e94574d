"""What a study is: a question, runs that answer it, and the answers that others have found."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, TypeAlias

import msgspec

from monerosim.scenario.toml import write_value

Label: TypeAlias = str | float
Measures: TypeAlias = Mapping[str, float]
"""The numbers of a run by their paths in its summary (:func:`monerosim.ensemble.measures.measures_of`)."""


class Case(msgspec.Struct, frozen=True):
    """A point of a study: what is varied, and how the scenario says it."""

    labels: dict[str, Label]
    """By the headings of the table."""
    changes: dict[str, str]
    """Values of keys, as TOML."""


def case(labels: Mapping[str, Label], changes: Mapping[str, object]) -> Case:
    """Make a case; the values of keys are plain data."""
    return Case(dict(labels), {key: write_value(value) for key, value in changes.items()})


def distinct(cases: Sequence[Case]) -> list[Case]:
    """Return the cases that have runs of their own: the first of those that change the same."""
    changes = [one.changes for one in cases]
    return [one for number, one in enumerate(cases) if one.changes not in changes[:number]]


class Study(ABC):
    """A study. A class in a module of :mod:`monerosim.studies.all` is all that a further one takes."""

    name: ClassVar[str]
    question: ClassVar[str]
    measure_name: ClassVar[str]
    """What is measured, for the table's heading."""
    source: ClassVar[str]
    """Where the expected values are from."""
    axis: ClassVar[str]
    """The heading whose values are the drawing's horizontal axis."""
    scenario: ClassVar[str]
    """The scenario that all cases change, TOML."""
    seeds: ClassVar[int] = 10
    """Seeds 1, 2 and so on are played."""

    @abstractmethod
    def cases(self, size: float) -> Sequence[Case]:
        """Return the points.

        Those with the same changes are of the same runs. All points with a known answer are judged together as
        independent ones, so those among them have to be independent in each run, or only one has a known answer.

        Args:
            size: The share of the whole length that runs have.
        """

    @abstractmethod
    def measure(self, point: Case, run: Measures) -> float:
        """Return what a run says of the question."""

    @abstractmethod
    def expected(self, point: Case, runs: Sequence[Measures]) -> float | None:
        """Return the known answer, for what the runs turned out to have of the parameters; None if there is none."""

    def luck(self, point: Case, run: Measures) -> float:
        """Return how far a run is, by chance, from what is known to be right on average, such as who found its blocks.

        Where :meth:`measure` leaves out what comes of it, means are as many times more exact; so that nothing that is
        wrong is left out with it, the mean of this is judged by 0 as well. 0 where a study does not do so.
        """
        del point, run
        return 0.0

    def observed(self, point: Case, runs: Sequence[Measures]) -> Mapping[str, float]:
        """Return further columns: parameters that are measured in the runs."""
        del point, runs
        return {}

    def conclusion(self, points: Sequence[tuple[Mapping[str, Label], float]]) -> str:
        """Return what all points say together beyond the table, a sentence; empty if nothing.

        Args:
            points: What was measured, with the labels of each point.
        """
        del points
        return ""


def mean(values: Sequence[float]) -> float:
    """Return the mean of values."""
    return sum(values) / len(values)
