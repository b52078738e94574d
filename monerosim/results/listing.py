"""What runs there are below a directory, and how far each is."""

from collections.abc import Iterator
from pathlib import Path

from monerosim.build.rundir import RunDirectoryError, hold, is_run_directory
from monerosim.control import read_state
from monerosim.events.feed import ENGINE_EVENTS
from monerosim.events.log import EVENTS
from monerosim.runs import SUMMARY, Run, RunError

_DEPTH = 2
"""How far below a directory runs are looked for."""

PLAYED = "being played"
NOT_PLAYED = "not played"
DONE = "done"


def find_runs(directory: Path, depth: int = _DEPTH) -> Iterator[Path]:
    """Return a run directory itself, or those below a directory, by name."""
    if is_run_directory(directory):
        yield directory
    elif depth:
        for path in sorted(directory.iterdir()):
            if path.is_dir() and not path.is_symlink():
                yield from find_runs(path, depth - 1)


def state_of(played: Run) -> str:
    """Return in a few words how far a run is: ``done``, ``being played``, ``not played``, or why it ended early."""
    if not (played.directory / SUMMARY).exists():
        if not has_begun(played):
            return NOT_PLAYED
        try:
            with hold(played.directory):
                return "no summary"
        except RunDirectoryError:
            return PLAYED
    try:
        summary = played.summary
    except RunError:
        return "summary cannot be read"
    if summary.completed:
        return DONE
    return summary.failure or summary.outcome.reason or "stopped early"


def has_begun(played: Run) -> bool:
    """Return whether anything of a run has happened, as far as its directory tells."""
    directory = played.directory
    logs = [directory / EVENTS, directory / ENGINE_EVENTS]
    logs += [directory / "hosts" / host.name / EVENTS for host in played.plan.hosts]
    # Under Shadow it takes a while until an agent tells something.
    return any(log.exists() for log in logs) or read_state(directory) is not None
