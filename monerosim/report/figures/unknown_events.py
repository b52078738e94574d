"""Events whose classes are not installed here."""

from collections import Counter
from collections.abc import Iterable

from monerosim.events import Record, UnknownEvent
from monerosim.plan.plan import Plan
from monerosim.report.figure import Figure, Phrase


class UnknownEventsFigure(Figure[dict[str, int]]):
    """Counts the events of kinds that nothing declares that is installed here, by what they are called."""

    name = "unknown_events"
    title = "Which events could not be read?"
    position = 70

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._counts = Counter[str]()

    def take(self, record: Record) -> None:
        """Count an unknown event."""
        if isinstance(record.data, UnknownEvent):
            self._counts[record.data.tag] += 1

    def result(self) -> dict[str, int]:
        """Return the counts by tag."""
        return dict(sorted(self._counts.items()))

    @staticmethod
    def notices(result: dict[str, int]) -> Iterable[Phrase]:
        """Return the counts, if there are any."""
        if result:
            counted = ", ".join(f"{count} {tag}" for tag, count in result.items())
            yield Phrase(f"events of kinds that nothing installed declares: {counted}", "warning")
