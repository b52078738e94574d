"""The commands that behaviours were given."""

from collections.abc import Iterable

import msgspec

from monerosim.events import CommandExecuted, CommandFailed, Record
from monerosim.plan.plan import Plan
from monerosim.report.figure import Figure, Line, Phrase


class Commands(msgspec.Struct, frozen=True, kw_only=True):
    """Commands from the timeline or from letters."""

    executed: int = 0
    failed: int = 0


class CommandsFigure(Figure[Commands]):
    """Counts commands."""

    name = "commands"
    title = "Were all commands executed?"
    section = "Faults"
    position = 40

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._executed = self._failed = 0

    def take(self, record: Record) -> None:
        """Count a command."""
        self._executed += isinstance(record.data, CommandExecuted)
        self._failed += isinstance(record.data, CommandFailed)

    def result(self) -> Commands:
        """Return the counts."""
        return Commands(executed=self._executed, failed=self._failed)

    @staticmethod
    def lines(result: Commands) -> Iterable[Line]:
        """Return the counts, if there were commands."""
        if result.executed or result.failed:
            failed = (Phrase(f"{result.failed} failed", "error"),) if result.failed else ()
            yield Line("commands", (Phrase(f"{result.executed} executed"), *failed))
