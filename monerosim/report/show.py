"""What a report says of a run as a whole, on the console and on a page."""

from collections.abc import Iterator

from monerosim.report.figure import Line, Phrase
from monerosim.report.summary import Summary
from monerosim.units import SECOND, format_clock, format_duration

_NO_DIGEST = "no digest is promised"


def run_lines(summary: Summary) -> Iterator[Line]:
    """Return how much time was simulated and how long that took, and whether the run was steered."""
    took = ""
    if summary.wall_seconds:
        speed = (summary.simulated_seconds + summary.bootstrap_seconds) / summary.wall_seconds
        took = f" in {summary.wall_seconds:.1f} s ({speed:,.0f} times real time, bootstrap included)"
    yield Line("simulated", (Phrase(f"{format_duration(round(summary.simulated_seconds) * SECOND)}{took}"),))
    if summary.steered:
        commands = f"by {summary.steered} command{'s' * (summary.steered > 1)} from outside"
        # Elsewhere the instants at which commands reach actors are those of real time.
        promised = "`monerosim run RUN --replay` plays them again" if summary.engine == "embedded" else _NO_DIGEST
        yield Line("steered", (Phrase(commands), Phrase(promised)))


def early_end(summary: Summary, *, may_go_on: bool) -> Iterator[Phrase]:
    """Return what kept a run from being played to its end.

    Args:
        summary: The run's.
        may_go_on: Whether Shadow, started by hand, may still play it.
    """
    if summary.failure:
        yield Phrase(f"the engine failed: {summary.failure}", "error")
    if may_go_on:
        told = "Shadow has not finished: it is still running, or was stopped"
    elif summary.record_ends is not None:
        told = f"the run was killed: its record ends at {format_clock(round(summary.record_ends * SECOND))}"
    elif not summary.completed and not summary.outcome.reason:
        told = "stopped early"
    else:
        return
    yield Phrase(f"{told}; the figures cover what was simulated", "warning")
