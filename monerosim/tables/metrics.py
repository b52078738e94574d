"""What is counted of a run, minute by minute."""

from collections.abc import Mapping

from monerosim.events import Record
from monerosim.plan.plan import Plan
from monerosim.tables.maker import Maker, Rows, Sightings
from monerosim.tables.measures import MEASURES, Counts
from monerosim.tables.schema import Column, Table
from monerosim.units import SECOND

METRICS = Table(
    "metrics",
    "What there was of everything that is counted, a row a minute of simulated time, from the first event to the last.",
    (
        Column("t_us", "time", "the end of the minute"),
        *(Column(measure.name, "integer", measure.text[0].lower() + measure.text[1:-1]) for measure in MEASURES),
    ),
)

_MINUTE = 60 * SECOND


class MetricsMaker(Maker):
    """Counts the events of each minute, and adds them up at the end: they come in no order of time."""

    tables = (METRICS,)

    def __init__(self, plan: Plan, rows: Mapping[str, Rows], sightings: Mapping[str, Sightings]) -> None:
        super().__init__(plan, rows, sightings)
        self._minutes: dict[int, Counts] = {}

    def take(self, record: Record) -> None:
        """Count the event in its minute."""
        minute = record.t // _MINUTE
        counts = self._minutes.get(minute)
        if counts is None:
            counts = self._minutes[minute] = Counts()
        counts.take(record)

    def end(self) -> None:
        """Add up the minutes."""
        total = Counts()
        for minute in range(min(self._minutes, default=0), max(self._minutes, default=-1) + 1):
            if minute in self._minutes:
                total.add(self._minutes[minute])
            self.rows["metrics"].add((minute + 1) * _MINUTE, *(total.values[measure.name] for measure in MEASURES))
