"""One run of a sweep, played where it is sent: everything it needs travels with it, and its results travel back."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeAlias

import msgspec

from monerosim.build.binaries import BinaryError
from monerosim.build.build import build_plan
from monerosim.build.processes import PLAN
from monerosim.build.rundir import RunDirectoryError, write_run_directory
from monerosim.engine import EngineError, load_engine
from monerosim.events.traces import USUAL_LEVEL
from monerosim.plugins import PluginFiles
from monerosim.runs import SUMMARY, RunError, play
from monerosim.scenario import Permissions, ScenarioError, examine

Keep: TypeAlias = Literal["summary", "tables", "all"]
"""What is kept of a run: its summary, its plan and tables too, or the whole run directory."""

QUIET = "WARNING"
"""The level of traces that nobody will read. On real programs lines cost simulated time: then it is the usual one."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A run to play."""

    key: str
    """Its content's hash; also its name in the store."""
    scenario: bytes
    """The file, unchanged."""
    changes: tuple[str, ...]
    seed: int
    files: dict[str, bytes]
    """The Python files that it names, by path."""
    base: str
    """The scenario's directory, which relative paths of programs start at."""
    permissions: Permissions
    """What the user allows the scenario."""
    tables: bool
    """Whether its plan and tables are wanted."""
    directory: str = ""
    """Where the run directory is kept; it is not, if empty."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    key: str
    error: str = ""
    """Why it failed; empty if it did not."""
    summary: bytes = b""
    """Of a run that has one, JSON."""
    files: dict[str, bytes] = {}
    """What else is kept of it, by path below its directory."""


def play_member(member: Member) -> Outcome:
    """Play a run from beginning to end. Whatever goes wrong is its outcome."""
    try:
        with ExitStack() as stack:
            scratch = Path(stack.enter_context(TemporaryDirectory(prefix="monerosim-")))
            directory = Path(member.directory) if member.directory else scratch / "run"
            return _play(member, scratch, directory)
    except ScenarioError as error:
        return Outcome(key=member.key, error="; ".join(map(str, error.problems)))
    except (BinaryError, RunDirectoryError, EngineError, RunError) as error:
        return Outcome(key=member.key, error=str(error))
    except (Exception, SystemExit) as error:  # noqa: BLE001  (one that crashes must not stop the others)
        return Outcome(key=member.key, error=f"{type(error).__name__}: {error}")


def _play(member: Member, scratch: Path, directory: Path) -> Outcome:
    files = _write_files(scratch / "files", member.files)
    examination = examine(member.scenario, member.seed, member.changes, files, member.permissions)
    examination.require()
    plan = build_plan(examination, Path(member.base))
    sources = examination.files.sources
    write_run_directory(plan, member.scenario, directory, force=True, plugins=sources, at_once=True)
    unread = not member.directory and not load_engine(plan.engine).real_programs
    level = QUIET if unread else USUAL_LEVEL
    played = play(directory, trace_level=level, permissions=member.permissions)
    summary = played.summary
    error = "" if summary.completed and not summary.outcome.reason else f"ended early: {summary.outcome.reason}"
    kept: dict[str, bytes] = {}
    if member.tables and not member.directory:
        paths = [directory / PLAN, *(played.tables[name].path for name in played.tables)]
        kept = {path.relative_to(directory).as_posix(): path.read_bytes() for path in paths}
    return Outcome(key=member.key, error=error, summary=(directory / SUMMARY).read_bytes(), files=kept)


def _write_files(root: Path, files: Mapping[str, bytes]) -> PluginFiles:
    for name, source in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source)
    return PluginFiles(root)


def warm_up() -> None:
    """Import what every run needs, so that the first one of a process is not slower than the others."""
    from monerosim.agent.registry import behaviour_names, load_behaviour  # noqa: PLC0415

    for name in behaviour_names():
        load_behaviour(name)
