"""What the scenario's alerts found."""

from collections.abc import Iterable

import msgspec

from monerosim.events import AlertCleared, AlertRaised, Event, Record
from monerosim.plan.plan import Plan
from monerosim.report.figure import Column, Figure, Phrase, Rows, Tone
from monerosim.units import SECOND, format_clock


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert of the scenario."""

    when: str
    raised: int = 0
    """How often."""
    cleared: int = 0
    """How often what it had found was over."""
    first: float | None = None
    """When it was raised first, seconds since the scenario's time zero."""
    about: list[str] = []
    """The participants that it was raised about, in alphabetical order."""
    fails_run: bool = False
    """Whether the run counts as failed if it is raised."""


class AlertsFigure(Figure[dict[str, Alert]]):
    """Counts alerts."""

    name = "alerts"
    title = "Which alerts were raised?"
    section = "Faults"
    position = 62

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._raised: dict[str, list[tuple[int, str]]] = {alert.name: [] for alert in plan.alerts}
        self._cleared: dict[str, int] = {}

    @classmethod
    def optional(cls, plan: Plan) -> tuple[type[Event], ...]:
        """Return both kinds of events of alerts."""
        del plan
        return AlertRaised, AlertCleared

    def take(self, record: Record) -> None:
        """Count an alert."""
        match record.data:
            case AlertRaised(alert=name):
                self._raised.setdefault(name, []).append(record.sort_key())
            case AlertCleared(alert=name):
                self._cleared[name] = self._cleared.get(name, 0) + 1
            case _:
                pass

    def result(self) -> dict[str, Alert]:
        """Return the scenario's alerts by name, those that were not raised included."""
        return {
            alert.name: Alert(
                when=alert.when,
                raised=len(raised := self._raised[alert.name]),
                cleared=self._cleared.get(alert.name, 0),
                first=min(raised)[0] / SECOND if raised else None,
                about=sorted({about for _, about in raised if about}),
                fails_run=alert.fail_run,
            )
            for alert in self.plan.alerts
        }

    @staticmethod
    def rows(result: dict[str, Alert]) -> Rows | None:
        """Return a row an alert."""
        if not result:
            return None
        columns = (
            Column("alert"),
            Column("when"),
            Column("raised", form=",.0f"),
            Column("cleared", form=",.0f"),
            Column("first", "s", ",.0f"),
            Column("about", form=",.0f"),
        )
        rows = tuple((name, it.when, it.raised, it.cleared, it.first, len(it.about)) for name, it in result.items())
        return Rows(columns, rows)

    @staticmethod
    def notices(result: dict[str, Alert]) -> Iterable[Phrase]:
        """Return each alert that was raised."""
        for name, it in result.items():
            if it.first is not None:
                told = f", about {', '.join(it.about[:3])}" + " and others" * (len(it.about) > 3) if it.about else ""  # noqa: PLR2004
                first = format_clock(round(it.first * SECOND))
                tone: Tone = "error" if it.fails_run else "warning"
                yield Phrase(f"alert {name}: {it.raised} times, first at {first}{told}", tone)

    @staticmethod
    def verdicts(result: dict[str, Alert]) -> Iterable[Phrase]:
        """Return whether any was raised, if there are any."""
        raised = [name for name, it in result.items() if it.raised]
        if raised:
            yield Phrase(f"alerts: {', '.join(raised)}", "error")
        elif result:
            yield Phrase("no alert was raised")


def fails_run(result: dict[str, Alert]) -> bool:
    """Return whether an alert was raised that makes the run count as failed."""
    return any(it.fails_run and it.raised for it in result.values())
