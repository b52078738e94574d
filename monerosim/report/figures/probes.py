"""What probes found."""

from collections.abc import Iterable

import msgspec

from monerosim.events import ProbeFailed, ProbePassed, Record
from monerosim.plan.plan import Plan
from monerosim.report.figure import Column, Figure, Line, Phrase, Rows
from monerosim.units import SECOND, format_clock

_MOST_TOLD = 3
"""Sentences of evidence of each probe that are shown; the event log has more."""


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What a probe found in the whole run."""

    passed: int = 0
    """How often it looked and found everything as it should be."""
    failed: int = 0
    """How often it found something wrong."""
    fails_run: bool = False
    """Whether the run counts as failed by that."""
    failed_at: float | None = None
    """When it did so first, seconds since the scenario's time zero."""
    evidence: list[str] = []
    """What it found then."""
    measured: dict[str, float] = {}
    """What it measured when it looked for the last time."""


class ProbesFigure(Figure[dict[str, Probe]]):
    """Counts how often each probe passed and failed, and keeps the evidence of its first failure."""

    name = "probes"
    title = "What did the probes find?"
    section = "Faults"
    position = 55

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._probes: dict[str, Probe] = {}

    def take(self, record: Record) -> None:
        """Count what a probe found; its own records come in order."""
        if not isinstance(record.data, ProbePassed | ProbeFailed):
            return
        name = f"{record.participant}/{record.actor}"
        probe = msgspec.structs.replace(self._probes.get(name, Probe()), measured=record.data.measured)
        if isinstance(record.data, ProbePassed):
            probe = msgspec.structs.replace(probe, passed=probe.passed + 1)
        else:
            if not probe.failed:
                evidence = list(record.data.evidence)
                probe = msgspec.structs.replace(probe, failed_at=record.t / SECOND, evidence=evidence)
            fails_run = probe.fails_run or record.data.fails_run
            probe = msgspec.structs.replace(probe, failed=probe.failed + 1, fails_run=fails_run)
        self._probes[name] = probe

    def result(self) -> dict[str, Probe]:
        """Return the probes that looked, by participant and actor."""
        return dict(sorted(self._probes.items()))

    @staticmethod
    def lines(result: dict[str, Probe]) -> Iterable[Line]:
        """Return how many probes there are, and how many found something wrong."""
        if result:
            failed = sum(bool(probe.failed) for probe in result.values())
            told = (Phrase(f"{failed} found something wrong", "error"),) if failed else ()
            yield Line("probes", (Phrase(f"{len(result) - failed} of {len(result)} passed"), *told))

    @staticmethod
    def rows(result: dict[str, Probe]) -> Rows:
        """Return a row for each probe."""
        columns = (Column("probe"), Column("passed"), Column("failed"), Column("first failed", "min", ".1f"))
        return Rows(
            columns,
            tuple(
                (name, it.passed, it.failed, None if it.failed_at is None else it.failed_at / 60)
                for name, it in result.items()
            ),
        )

    @staticmethod
    def verdicts(result: dict[str, Probe]) -> Iterable[Phrase]:
        """Return that all probes passed; :meth:`notices` has those that did not."""
        if result and not any(probe.failed for probe in result.values()):
            yield Phrase(f"all {len(result)} probes passed")

    @staticmethod
    def notices(result: dict[str, Probe]) -> Iterable[Phrase]:
        """Return the evidence of each probe that found something wrong."""
        for name, probe in result.items():
            if probe.failed_at is not None:
                told = "; ".join(probe.evidence[:_MOST_TOLD])
                more = "; ..." if len(probe.evidence) > _MOST_TOLD else ""
                yield Phrase(f"{name} failed at {format_clock(round(probe.failed_at * SECOND))}: {told}{more}", "error")


def fails_run(probes: dict[str, Probe]) -> bool:
    """Return whether a run counts as failed by what its probes found."""
    return any(probe.fails_run for probe in probes.values())
