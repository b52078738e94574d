"""What fills tables: a class that takes every record of a run once."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from monerosim.events import Record
from monerosim.plan.plan import Plan
from monerosim.tables.schema import Table

Cell: TypeAlias = str | int | float | bool | None


class Rows(Protocol):
    """Where the rows of a table go."""

    def add(self, *cells: Cell) -> None:
        """Add a row, a cell for each column in the table's order."""

    def extend(self, *columns: Sequence[Cell]) -> None:
        """Add rows, as many cells for each column in the table's order."""


class Sightings(Protocol):
    """Where the rows of a table of sightings go."""

    def add(self, item: str, nodes: NDArray[np.int32], times: NDArray[np.int64]) -> None:
        """Add a row for each node that had an item: nodes by their index among the plan's, times in microseconds."""


class Maker(ABC):
    """Fills one or more tables from the records of a run.

    Args:
        plan: The run's plan.
        rows: Where the rows of its tables go, by the tables' names.
        sightings: Where sightings go, likewise.
    """

    tables: ClassVar[tuple[Table, ...]]

    def __init__(self, plan: Plan, rows: Mapping[str, Rows], sightings: Mapping[str, Sightings]) -> None:
        self.plan = plan
        self.rows = rows
        self.sightings = sightings

    @abstractmethod
    def take(self, record: Record) -> None:
        """Take the next record; those of one participant come in the order in which they were written."""

    def end(self) -> None:
        """Add what is known only when there are no more records."""
        return
