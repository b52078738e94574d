"""How the scripts of a run ended."""

from collections.abc import Iterable

import msgspec

from monerosim.events import Record, ScriptEnded
from monerosim.plan.plan import Plan
from monerosim.plan.scripts import scripts_of
from monerosim.report.figure import Figure, Line, Phrase


class ScriptResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a script."""

    status: int | None = None
    """Its exit status, the negative number of the signal that killed it; None if it is not known."""
    with_the_run: bool = False
    """Whether it ran until the end of the run, and so was told to end."""


class ScriptsFigure(Figure[dict[str, ScriptResult]]):
    """Lists scripts by ``PARTICIPANT/ACTOR``."""

    name = "scripts"
    title = "How did the scripts end?"
    section = "Faults"
    position = 45

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._results = {f"{host.name}/{script}": ScriptResult() for host in plan.hosts for script in scripts_of(host)}

    def take(self, record: Record) -> None:
        """Note the end of a script."""
        if isinstance(record.data, ScriptEnded):
            ended = ScriptResult(status=record.data.status, with_the_run=record.data.with_the_run)
            self._results[f"{record.participant}/{record.actor}"] = ended

    def result(self) -> dict[str, ScriptResult]:
        """Return what became of each, in the order of the participants' names."""
        return self._results

    @staticmethod
    def lines(result: dict[str, ScriptResult]) -> Iterable[Line]:
        """Return how many ended with status 0, and how each of the others did."""
        if not result:
            return
        good = sum(one.status == 0 or one.with_the_run for one in result.values())
        phrases = [Phrase(f"{good} of {len(result)} as they should")]
        for name, one in result.items():
            if one.status != 0 and not one.with_the_run:
                ended = "not known" if one.status is None else f"status {one.status}"
                phrases.append(Phrase(f"{name}: {ended}", "error"))
        yield Line("scripts", tuple(phrases))
