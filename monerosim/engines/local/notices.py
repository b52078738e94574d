"""Whom a process's death, hanging or restart is told: the event log, the trace, and the actors that have subscribed."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

from monerosim.agent.messages import EventLetter
from monerosim.agent.registry import ENGINE, SUPERVISOR
from monerosim.events import Event, ProcessDied, ProcessGivenUp, ProcessHung, ProcessRestarted, Record, RunEnded
from monerosim.events.feed import ENGINE_EVENTS
from monerosim.events.log import EventLog
from monerosim.events.traces import LEVELS, TraceLine
from monerosim.files import append_lines
from monerosim.mailbox.disk import MAILBOXES, post_letter
from monerosim.mailbox.post import Envelope
from monerosim.plan.plan import Plan
from monerosim.plan.roles import ORCHESTRATOR
from monerosim.units import SECOND, format_duration

_FIRST_NUMBER = 9_000_000_000
"""Of the letters that the engine sends in the name of a host, whose own agent numbers its letters from 1."""


class ProcessNotices:
    """Tells what happens to processes, at once.

    Args:
        plan: The plan.
        directory: The run directory.
        trace_level: The least important level of traces to keep.
    """

    def __init__(self, plan: Plan, directory: Path, trace_level: str) -> None:
        self._time_zero = plan.time_zero
        self._directory = directory
        self._least = LEVELS.index(trace_level)
        self._log = EventLog(directory / ENGINE_EVENTS)
        self._numbers = count(_FIRST_NUMBER)
        self._orchestrators = [
            (host.name, actor.name) for host in plan.hosts for actor in host.actors if actor.role == ORCHESTRATOR
        ]

    def tell(self, host: str, event: Event, now: int, *, of_agent: bool) -> None:
        """Record an event of a host's process, and tell those who have subscribed to it.

        Args:
            host: The participant.
            event: What has happened.
            now: Microseconds since the run's start.
            of_agent: Whether it is the host's agent, which passes on what happens to the others.
        """
        record = Record(now - self._time_zero, host, ENGINE, "", event)
        self._log.append(record)
        self._log.flush()
        self._trace(record)
        if isinstance(event, RunEnded):
            return  # the launcher reads it, and ends the run
        # Orchestrators hear of it at once, whether they have subscribed already or not.
        for recipient, actor in [*self._orchestrators, *([] if of_agent else [(host, SUPERVISOR)])]:
            letter = Envelope(
                sent=now,
                sender=host,
                number=next(self._numbers),
                recipient=recipient,
                actor=actor,
                kind=EventLetter.kind,
                data={"record": record.plain()},
                cause=ENGINE,
            )
            post_letter(self._directory / MAILBOXES, letter)

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def _trace(self, record: Record) -> None:
        for level, text in _words(record.data):
            if LEVELS.index(level) >= self._least:
                line = TraceLine(record.t, level, record.participant, ENGINE, ENGINE, ENGINE, text)
                path = self._directory / "hosts" / record.participant / f"{ENGINE}.jsonl"
                append_lines(path, f"{line.json()}\n".encode())


def how_it_ended(status: int) -> str:
    """Return how a process ended by its exit status, the negative number of a signal."""
    return f"ended with signal {-status}" if status < 0 else f"ended with status {status}"


def _words(event: Event) -> Iterator[tuple[str, str]]:
    match event:
        case ProcessDied(process=process, status=status):
            yield "ERROR", f"{process} {how_it_ended(status)}"
        case ProcessHung(process=process, elapsed=elapsed):
            yield "ERROR", f"{process} did not answer for {format_duration(elapsed // SECOND * SECOND)} and is killed"
        case ProcessRestarted(process=process, restarts=restarts):
            yield "WARNING", f"{process} is started again (restart {restarts})"
        case ProcessGivenUp(process=process, restarts=restarts):
            yield "ERROR", f"{process} is started no more, after {restarts} restarts"
        case RunEnded(reason=reason):
            yield "ERROR", f"the run ends: {reason}"
        case _:
            pass
