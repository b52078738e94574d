"""How the run ended, and what failed in it."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from monerosim.events import (
    ActorFailed,
    ActorGivenUp,
    ActorRestarted,
    BootstrapFailed,
    ProcessDied,
    ProcessGivenUp,
    ProcessRestarted,
    Record,
    RunEnded,
)
from monerosim.plan.plan import Plan
from monerosim.report.charts import Chart, nominal, quantitative
from monerosim.report.figure import Figure, Line, Phrase

_MOST_NAMED = 5
"""Actors and processes that have failed and are named in the overview."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How the run ended."""

    reason: str = ""
    """Why the run ended itself before its time; empty if it did not."""
    bootstrap_failure: str = ""
    """Why the initial balances could not be paid, or not in time; empty if they were."""
    failures: int = 0
    """Times an actor raised an exception and was stopped, or a daemon, a wallet or an agent died."""
    failed: dict[str, int] = {}
    """Who failed (``PARTICIPANT/NAME``), and how often: actors, daemons, wallets, agents; in the order of the first."""
    restarted: dict[str, int] = {}
    """Who was started again after that, and how often."""
    given_up: list[str] = []
    """Actors and daemons (``PARTICIPANT/NAME``) that failed too often, in the order in which they were given up."""


class OutcomeFigure(Figure[Outcome]):
    """Counts failures, and keeps the reasons."""

    name = "outcome"
    title = "How did the run end?"
    section = "Faults"
    position = 60

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._failed: list[tuple[tuple[int, str], str]] = []
        self._restarted: list[tuple[tuple[int, str], str]] = []
        self._given_up: list[tuple[tuple[int, str], str]] = []
        self._reasons: list[tuple[tuple[int, str], str]] = []
        self._bootstrap_failures: list[tuple[tuple[int, str], str]] = []

    def take(self, record: Record) -> None:
        """Count a failure, or keep a reason."""
        match record.data:
            case ActorFailed(name=name) | ProcessDied(process=name):
                self._failed.append((record.sort_key(), f"{record.participant}/{name}"))
            case ActorRestarted(name=name) | ProcessRestarted(process=name):
                self._restarted.append((record.sort_key(), f"{record.participant}/{name}"))
            case ActorGivenUp(name=name) | ProcessGivenUp(process=name):
                self._given_up.append((record.sort_key(), f"{record.participant}/{name}"))
            case RunEnded(reason=reason):
                self._reasons.append((record.sort_key(), reason))
            case BootstrapFailed(reason=reason):
                self._bootstrap_failures.append((record.sort_key(), reason))
            case _:
                pass

    def result(self) -> Outcome:
        """Return the outcome, with the first of several reasons."""
        return Outcome(
            reason=next(iter(_in_time_order(self._reasons)), ""),
            bootstrap_failure=next(iter(_in_time_order(self._bootstrap_failures)), ""),
            failures=len(self._failed),
            failed=dict(Counter(_in_time_order(self._failed))),
            restarted=dict(Counter(_in_time_order(self._restarted))),
            given_up=list(dict.fromkeys(_in_time_order(self._given_up))),
        )

    @staticmethod
    def lines(result: Outcome) -> Iterable[Line]:
        """Return the number of failures, if there were any, and whose they were."""
        if not result.failures:
            return
        told = [f"{result.failures} of actors, daemons or wallets"]
        for name, times in list(result.failed.items())[:_MOST_NAMED]:
            again = result.restarted.get(name, 0)
            told.append(f"{name} {times} time{'s' * (times > 1)}" + f" (started again {again})" * bool(again))
        if len(result.failed) > _MOST_NAMED:
            told.append(f"and {len(result.failed) - _MOST_NAMED} more, in summary.json")
        yield Line("failures", tuple(Phrase(text, "error") for text in told))

    @staticmethod
    def verdicts(result: Outcome) -> Iterable[Phrase]:
        """Return whether anything failed."""
        if result.failures or result.given_up:
            yield Phrase(f"faults: {result.failures} failures, {len(result.given_up)} given up", "error")
        else:
            yield Phrase("no actor and no process failed")

    @staticmethod
    def notices(result: Outcome) -> Iterable[Phrase]:
        """Return the reasons, and what was given up."""
        if result.reason:
            yield Phrase(f"the run ended early: {result.reason}", "error")
        if result.bootstrap_failure and result.bootstrap_failure not in result.reason:
            yield Phrase(f"the bootstrap failed: {result.bootstrap_failure}", "error")
        for name in result.given_up[:_MOST_NAMED]:
            yield Phrase(f"{name} failed too often and was not restarted again; see `monerosim trace`", "error")
        if len(result.given_up) > _MOST_NAMED:
            yield Phrase(f"and {len(result.given_up) - _MOST_NAMED} more; summary.json lists them", "error")


def _in_time_order(found: list[tuple[tuple[int, str], str]]) -> list[str]:
    return [text for _, text in sorted(found, key=lambda one: one[0])]


CHARTS = (
    Chart(
        name="faults",
        title="What went wrong, and when?",
        section="Faults",
        note="Dots: each failure, restart and refusal; `monerosim query` shows them in the table faults.",
        sql="select run, t_us / 6e7 as minute, what, participant, reason from faults order by run, t_us limit 2000",
        count="select count(*) from faults",
        of="faults",
        absent="No actor, process or command failed.",
        drawing={
            "mark": {"type": "point", "opacity": 0.8},
            "encoding": {"x": quantitative("minute", "minutes"), "y": nominal("what", None)},
        },
    ),
)
