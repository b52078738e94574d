"""How the run ended, and what failed in it."""

from collections.abc import Iterable

import msgspec

from monerosim.events import (
    ActorFailed,
    ActorGivenUp,
    BootstrapFailed,
    ProcessDied,
    ProcessGivenUp,
    Record,
    RunEnded,
)
from monerosim.plan.plan import Plan
from monerosim.report.figure import Figure, Line, Phrase


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How the run ended."""

    reason: str = ""
    """Why the run ended itself before its time; empty if it did not."""
    bootstrap_failure: str = ""
    """Why the initial balances could not be paid, or not in time; empty if they were."""
    failures: int = 0
    """Times an actor raised an exception and was stopped, or a daemon died."""
    given_up: list[str] = []
    """Actors and daemons (``PARTICIPANT/NAME``) that failed too often, in the order in which they were given up."""


class OutcomeFigure(Figure[Outcome]):
    """Counts failures, and keeps the reasons."""

    name = "outcome"
    title = "How did the run end?"
    position = 60

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._failures = 0
        self._given_up: list[tuple[tuple[int, str], str]] = []
        self._reasons: list[tuple[tuple[int, str], str]] = []
        self._bootstrap_failures: list[tuple[tuple[int, str], str]] = []

    def take(self, record: Record) -> None:
        """Count a failure, or keep a reason."""
        match record.data:
            case ActorFailed() | ProcessDied():
                self._failures += 1
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
            failures=self._failures,
            given_up=list(dict.fromkeys(_in_time_order(self._given_up))),
        )

    @staticmethod
    def lines(result: Outcome) -> Iterable[Line]:
        """Return the number of failures, if there were any."""
        if result.failures:
            yield Line("failures", (Phrase(f"{result.failures} of actors, daemons or wallets", "error"),))

    @staticmethod
    def notices(result: Outcome) -> Iterable[Phrase]:
        """Return the reasons, and what was given up."""
        if result.reason:
            yield Phrase(f"the run ended early: {result.reason}", "error")
        if result.bootstrap_failure:
            yield Phrase(f"the bootstrap failed: {result.bootstrap_failure}", "error")
        for name in result.given_up:
            yield Phrase(f"{name} failed too often and was not restarted again; see `monerosim trace`", "error")


def _in_time_order(found: list[tuple[tuple[int, str], str]]) -> list[str]:
    return [text for _, text in sorted(found, key=lambda one: one[0])]
