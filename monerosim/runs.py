"""A run from scenario to summary."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from monerosim.agent.registry import ACTORS
from monerosim.alerts.meanwhile import AlertsSoFar
from monerosim.alerts.notify import Notifier
from monerosim.build.build import build_plan
from monerosim.build.processes import PLAN
from monerosim.build.rundir import RunDirectoryError, hold, write_run_directory
from monerosim.control.steering import count_steering
from monerosim.engine import ENGINES, Engine, EngineError, Progress, ProgressCallback, load_engine
from monerosim.engines.heights import HeightsSoFar
from monerosim.engines.mailbox_control import steered_by_mail
from monerosim.engines.readback import read_back_again, read_so_far
from monerosim.engines.usage import UsageMeter
from monerosim.events import Record
from monerosim.events.log import EVENTS, read_events
from monerosim.events.traces import LEVELS, USUAL_LEVEL, TraceLine, read_traces
from monerosim.files import read_regular, replace_file
from monerosim.plan.plan import Plan, decode_plan
from monerosim.plan.scripts import has_scripts
from monerosim.plugins import PluginError, PluginFiles
from monerosim.report.figures import all_charts
from monerosim.report.summary import Summary, decode_summary, encode_summary, summarise, unread
from monerosim.scenario import Scenario, examine, examine_scenario, read_file
from monerosim.scenario.permissions import NOTHING, Permissions
from monerosim.tables.whole import RunEnd
from monerosim.units import SECOND

if TYPE_CHECKING:
    import pyarrow as pa

    from monerosim.report.answers import Drawn
    from monerosim.tables.store import RunTables

SUMMARY = "summary.json"

LATEST = "latest"
"""The link beside run directories that leads to the newest, of those whose names were not given."""

EXTRA = "pip install 'monerosim[report]'"
"""What brings the libraries of tables, queries and reports."""


class RunError(Exception):
    """A run directory is not what was expected; the message is for the user."""


class Run:
    """A run directory that has been played, or is being played.

        from monerosim import BlockFound, Run

        played = Run("runs/quickstart")
        print(played.plan.seed, played.summary.digest)
        print(played.summary.payments.confirmed)
        for record in played.events():
            if isinstance(record.data, BlockFound):
                print(record.t, record.data.miner, record.data.height)
        for line in played.traces(actors=("regular-user",)):
            print(line.t, line.participant, line.text)

    Args:
        directory: Where it is.

    Raises:
        RunError: There is no run.
    """

    def __init__(self, directory: Path | str) -> None:
        self.directory = Path(directory)
        try:
            self.plan: Plan = decode_plan(read_regular(self.directory / PLAN))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            # Not the link to the newest.
            inside = sorted(it.parent for it in self.directory.glob(f"*/{PLAN}") if not it.parent.is_symlink())
            hint = f'; it has runs in it, such as "{inside[0]}"' if inside else ""
            raise RunError(f"{directory} is no run directory: {reason}{hint}") from error
        self._so_far: Summary | None = None
        self._events_known = False

    @property
    def summary(self) -> Summary:
        """The run in numbers.

        Raises:
            RunError: The run has not ended, or it ended without one (see :meth:`read_back`), or the file is damaged.
        """
        path = self.directory / SUMMARY
        if self._so_far is not None and not path.exists():
            return self._so_far
        try:
            return decode_summary(read_regular(path))
        except FileNotFoundError as error:
            what = "its run has not ended in order" if (self.directory / EVENTS).exists() else "it has not been played"
            raise RunError(f"{self.directory} has no summary yet: {what}") from error
        except OSError as error:
            raise RunError(f"{path} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise RunError(f"{path} is no summary: {error}") from error

    @property
    def may_go_on(self) -> bool:
        """Whether Shadow, started by hand, may still play the run: what there is has been read back, and is not all."""
        return self._so_far is not None

    def read_back(self) -> None:
        """Make events and summary of a run that has none, because nobody watched it to its end.

        Such a run was played by plain ``shadow``, or its launcher was killed. Of one that has not come to its end under
        Shadow the summary is not kept, because more may come.

        Raises:
            RunError: The run is being played, or there is nothing to read, or it is damaged, or the directory cannot be
                written.
        """
        if self._has_summary():
            return
        try:
            with hold(self.directory):
                summary, whole = _read_back(self)
                self._so_far = None if whole else summary
                if whole:
                    _keep(summary, self.directory)
        except RunDirectoryError as error:
            raise RunError(f"{self.directory} has no summary yet: it is being played") from error
        except OSError as error:
            raise RunError(f"{self.directory} cannot be read back: {error.strerror}") from error
        except ValueError as error:
            raise RunError(f"{self.directory} cannot be read back: {error}") from error

    def _has_summary(self) -> bool:
        """Return whether there is a summary that can be read; one that cannot is made again from the events."""
        try:
            decode_summary(read_regular(self.directory / SUMMARY))
        except (OSError, ValueError):
            return False
        return True

    def events(self, *, without: frozenset[str] = frozenset()) -> Iterator[Record]:
        """Read what happened.

        Events of plugins are read as what their classes declare where these are at hand: of installed packages that the
        plan names, and of files that this process has loaded. No code of the run directory is run; what nothing
        declares comes as :class:`monerosim.events.UnknownEvent`.

        Args:
            without: What events are called that are passed over, such as ``item-relayed``.

        Raises:
            RunError: The run has not been played.
            ValueError: While reading: a whole line is no event.
        """
        path = self.directory / EVENTS
        if not path.is_file():
            raise RunError(f"{self.directory} has not been played")
        self._load_plugins()
        return read_events(path, without=without)

    def __repr__(self) -> str:
        return f"Run({str(self.directory)!r})"

    def _repr_html_(self) -> str:
        try:
            shown = self.summary._repr_html_()
        except RunError as error:
            shown = f"<p>{escape(str(error))}</p>"
        return f"<p><code>{escape(str(self.directory))}</code></p>{shown}"

    @property
    def tables(self) -> "RunTables":
        """The run as tables, made when they are first asked for: of what there is so far, if it goes on.

        ``run.tables.blocks.polars()``; ``run.tables`` lists their names.

        Raises:
            RunError: pyarrow is not installed, or they cannot be made.
        """
        try:
            from monerosim.tables.store import TablesError, keep_tables  # noqa: PLC0415  (an extra)
        except ModuleNotFoundError as error:
            raise RunError(f"tables need {error.name}: {EXTRA}") from error
        # One that is being played is not read back; its events so far are enough.
        with suppress(RunError):
            self.read_back()
        try:
            return keep_tables(self.plan, self.directory, self._source(), self.events_so_far, self.end())
        except (TablesError, ValueError) as error:
            raise RunError(str(error)) from error

    def kept_tables(self) -> "RunTables | None":
        """Return the tables that the run directory has; None if they are not made of all that there is.

        Raises:
            RunError: They cannot be read.
        """
        from monerosim.tables.store import DIRECTORY, RunTables, TablesError, made_from  # noqa: PLC0415  (an extra)

        directory = self.directory / DIRECTORY
        try:
            made = made_from(directory)
        except TablesError as error:
            raise RunError(str(error)) from error
        return RunTables(directory) if made and made == self._source() else None

    def end(self) -> RunEnd | None:
        """Return how it ended, for its tables; None while it has no summary.

        Raises:
            RunError: The summary is damaged.
        """
        return _run_end(self.summary) if (self.directory / SUMMARY).exists() else None

    def query(self, sql: str) -> "pa.Table":
        """Ask the run's tables by SQL, as DuckDB understands it; nothing but them can be read, and nothing written.

        Returns:
            A pyarrow Table, which has ``to_pandas`` and ``to_pylist``; ``polars.from_arrow`` takes it.

        Raises:
            RunError: The question cannot be answered.
        """
        return query([self], sql)

    def figure(self, name: str) -> "Drawn":
        """Draw one of the charts of the run's page, such as ``propagation``; Jupyter shows it.

        Raises:
            RunError: There is no such chart, or it cannot be drawn.
        """
        return figure([self], name)

    def _source(self) -> str:
        """Describe what tables are made from, as far as it can change."""
        summary = self.summary if (self.directory / SUMMARY).exists() else None
        logs = [self.directory / EVENTS]
        if not logs[0].is_file():
            logs = sorted(self.directory.glob(f"hosts/*/{EVENTS}"))
        if not logs:
            return ""
        size = sum(path.stat().st_size for path in logs if path.is_file())
        return f"{size} bytes of events, digest {summary.digest if summary else 'unknown'}"

    def events_so_far(self) -> Iterator[Record]:
        """Read what has happened up to now, of a run that is being played too; as :meth:`events` else.

        Raises:
            ValueError: While reading: a whole line is no event.
        """
        if (self.directory / EVENTS).is_file():
            return self.events()
        self._load_plugins()
        return iter(read_so_far(self.plan, self.directory))

    def _load_plugins(self) -> None:
        """Load the installed plugins of the plan, once, so that their events are known."""
        if not self._events_known:
            ACTORS.load_foreign(sorted({actor.use for host in self.plan.hosts for actor in host.actors}))
            ENGINES.load_foreign([self.plan.engine])
            self._events_known = True

    def traces(self, *, participants: tuple[str, ...] = (), actors: tuple[str, ...] = ()) -> Iterator[TraceLine]:
        """Read what the actors logged, in time order.

        Raises:
            RunError: A whole line is damaged, or a file cannot be read.
        """
        try:
            yield from read_traces(self.directory / "hosts", participants=participants, actors=actors)
        except OSError as error:
            raise RunError(f"{error.filename} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise RunError(str(error)) from error


def query(runs: Sequence[Run], sql: str, more: Mapping[str, "pa.Table"] | None = None) -> "pa.Table":
    """Ask the tables of several runs together; the column ``run`` of each says whose a row is.

    Args:
        runs: The runs.
        sql: The question.
        more: Further tables that it may ask, by name.

    Raises:
        RunError: The question cannot be answered.
    """
    try:
        from monerosim.tables.query import Database, QueryError  # noqa: PLC0415  (an extra)
    except ModuleNotFoundError as error:
        raise RunError(f"queries need {error.name}: {EXTRA}") from error
    try:
        with Database({name: played.tables.directory for name, played in named(runs).items()}, more or {}) as database:
            return database.ask(sql)
    except QueryError as error:
        raise RunError(str(error)) from error


def figure(runs: Sequence[Run], name: str) -> "Drawn":
    """Draw a chart of several runs together.

    Raises:
        RunError: There is no such chart, or it cannot be drawn.
    """
    chart = all_charts().get(name)
    if chart is None:
        raise RunError(f"there is no chart {name!r}; there are {', '.join(all_charts())}")
    try:
        from monerosim.report.answers import Drawn, answer  # noqa: PLC0415  (an extra)
        from monerosim.tables.query import Database, QueryError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise RunError(f"figures need {error.name}: {EXTRA}") from error
    try:
        with Database({name: played.tables.directory for name, played in named(runs).items()}) as database:
            return Drawn(answer(database, chart, len(runs)))
    except QueryError as error:
        raise RunError(str(error)) from error


def named(runs: Sequence[Run]) -> dict[str, Run]:
    """Return runs by the names of their directories, numbered where those are equal."""
    found: dict[str, Run] = {}
    for played in runs:
        base = name = played.directory.resolve().name
        number = 1
        while name in found:
            number += 1
            name = f"{base}-{number}"
        found[name] = played
    return found


def _run_end(summary: Summary) -> RunEnd:
    return RunEnd(
        end=round(summary.simulated_seconds * SECOND),
        digest=summary.digest,
        completed=summary.completed,
        reason=summary.failure or summary.outcome.reason,
        wall_seconds=summary.wall_seconds,
    )


def run(
    scenario: Scenario | Path | str,
    directory: Path | str | None = None,
    *,
    force: bool = False,
    trace_level: str = USUAL_LEVEL,
    on_progress: ProgressCallback = lambda _: True,
    permissions: Permissions = NOTHING,
) -> Run:
    """Build a scenario and play it.

    Args:
        scenario: The scenario or its file.
        directory: The run directory; a new one in ``runs``, if left out.
        force: Whether a run that is in the directory may be replaced.
        trace_level: The least important level of traces to keep.
        on_progress: Called with the progress now and then; returns False to stop the run.
        permissions: What the scenario may name besides Monero's programs on PATH and their harmless flags.

    Raises:
        ScenarioError: The scenario has errors.
        BinaryError: A program that it needs is missing, or does not know what the scenario wants of it.
        RunDirectoryError: The directory cannot be written.
        EngineError: The engine cannot play it.
    """
    text, base = b"", None
    if not isinstance(scenario, Scenario):
        file = Path(scenario)
        text, base = read_file(file), file.parent
        examination = examine(text, files=PluginFiles(base), permissions=permissions)
    else:
        examination = examine_scenario(scenario, permissions=permissions)
    plan = build_plan(examination, base)
    load_engine(plan.engine).check(plan)
    path = new_directory(plan.name) if directory is None else Path(directory)
    write_run_directory(plan, text, path, force=force, plugins=examination.files.sources, at_once=True)
    if directory is None:
        name_latest(path)
    return play(path, trace_level=trace_level, on_progress=on_progress, permissions=permissions)


def play(
    directory: Path,
    *,
    trace_level: str = USUAL_LEVEL,
    on_progress: ProgressCallback = lambda _: True,
    permissions: Permissions = NOTHING,
) -> Run:
    """Play a run directory that has been built.

    Args:
        directory: The run directory.
        trace_level: The least important level of traces to keep.
        on_progress: Called with the progress now and then; returns False to stop the run.
        permissions: Whether it may run scripts: who built it may have been somebody else.

    Raises:
        RunError: There is no run, or it has been played already, or it has scripts that are not allowed.
        RunDirectoryError: It is being played.
        EngineError: The engine cannot play it.
    """
    if trace_level not in LEVELS:
        raise RunError(f"{trace_level!r} is no level; there are {', '.join(LEVELS)}")
    played = Run(directory)
    if has_scripts(played.plan) and not permissions.programs:
        raise RunError(f"{directory} runs commands of its scenario: add --allow-programs if you trust it")
    with hold(directory):
        return _play(played, trace_level, on_progress)


def unplayed(directory: Path) -> Run:
    """Return a run directory that has been built and not been played.

    Raises:
        RunError: There is none, or it has been played already.
    """
    built = Run(directory)
    if (built.directory / EVENTS).exists():
        raise RunError(f"{directory} has been played already; build it again, or in another directory")
    return built


def _play(played: Run, trace_level: str, on_progress: ProgressCallback) -> Run:
    directory = played.directory
    unplayed(directory)
    try:
        PluginFiles.of_run(directory, played.plan.plugins).verify()
    except PluginError as error:
        raise RunError(f"{directory} cannot be played: {error}") from error
    engine = load_engine(played.plan.engine)
    engine.check(played.plan)
    meter = UsageMeter(played.plan, directory, programs=engine.real_programs)
    began = perf_counter()
    try:
        with (
            Notifier(played.plan, directory) as notifier,
            _alerts_found(played.plan, directory, engine, notifier.passing(on_progress)) as told,
            steered_by_mail(played.plan, directory, engine, meter.passing(told)) as follow,
        ):
            end = engine.play(played.plan, directory, trace_level=trace_level, on_progress=follow)
        meter.finish()
    except EngineError as error:
        if (directory / EVENTS).exists():
            summary, _ = _read_back(played, failure=str(error), wall_seconds=perf_counter() - began)
            _keep(summary, directory)
        raise
    except OSError as error:
        raise RunError(f"{directory} cannot be written: {error.strerror or error}") from error
    seconds, steered = perf_counter() - began, count_steering(directory)
    events = played.events(without=unread(played.plan))
    _keep(summarise(played.plan, events, end=end, wall_seconds=seconds, steered=steered), directory)
    return played


@contextmanager
def _alerts_found(
    plan: Plan, directory: Path, engine: Engine, on_progress: ProgressCallback
) -> Iterator[ProgressCallback]:
    """Have alerts be found while a run is played, where its engine does not do it."""
    if plan.alerts and engine.real_programs:
        with AlertsSoFar(plan, directory, HeightsSoFar(plan, directory)) as alerts:
            yield alerts.passing(on_progress)
    else:
        yield on_progress


def _read_back(played: Run, *, failure: str = "", wall_seconds: float = 0) -> tuple[Summary, bool]:
    """Make events and summary of what a run has left, and return whether that is all there will be."""
    whole = read_back_again(played.plan, played.directory)
    # Agents report at the run's stop what their wallets and nodes have.
    last = max((record.t for record in played.events()), default=-played.plan.time_zero) + played.plan.time_zero
    end = max(0, min(last, played.plan.stop))
    killed = whole and not failure
    summary = summarise(
        played.plan,
        played.events(without=unread(played.plan)),
        end=end,
        wall_seconds=wall_seconds,
        failure=failure,
        killed=killed,
        steered=count_steering(played.directory),
    )
    return summary, whole


def _keep(summary: Summary, directory: Path) -> None:
    """Write the summary, whole or not at all.

    Raises:
        RunError: It cannot be written.
    """
    try:
        replace_file(directory / SUMMARY, encode_summary(summary))
    except OSError as error:
        raise RunError(f"{directory / SUMMARY} cannot be written: {error.strerror or error}") from error


def name_latest(directory: Path) -> None:
    """Have the link ``latest`` beside a run directory lead to it, where that is possible."""
    link = directory.with_name(LATEST)
    fresh = directory.with_name(f".{LATEST}.{os.getpid()}")
    with suppress(OSError):
        fresh.symlink_to(directory.name)
        try:
            fresh.replace(link)
        except OSError:
            fresh.unlink()
            raise


def new_directory(name: str) -> Path:
    """Name a run directory below ``runs`` that does not exist yet."""
    path, number = Path("runs") / name, 1
    while os.path.lexists(path):
        number += 1
        path = path.with_name(f"{name}-{number}")
    return path


__all__ = ["Progress", "Run", "RunError", "new_directory", "play", "run"]
