"""A sweep: every run of a design, those that are not there yet played, and what they show together."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from monerosim.ensemble.design import Design, DesignError, Point, design_of, grid, plain_column, variation_of
from monerosim.ensemble.executors import Executor, Processes
from monerosim.ensemble.measures import Interval, interval_of, measures_of
from monerosim.ensemble.member import Keep
from monerosim.ensemble.player import Goal, Player, Progress, read_goal
from monerosim.ensemble.source import Source
from monerosim.ensemble.store import Index, Status, Store, code_version
from monerosim.runs import EXTRA, Run, RunError, query
from monerosim.scenario.permissions import NOTHING, Permissions
from monerosim.scenario.tables import SweepTable

if TYPE_CHECKING:
    import pyarrow as pa

    from monerosim.report.answers import Drawn


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A run of the design and what became of it."""

    key: str
    seed: int
    values: dict[str, str]
    status: Status
    measures: dict[str, float]
    """Empty for one that failed."""


class Sweep:
    """A sweep's folder, with what there is in it.

        from monerosim import sweep

        swept = sweep("my.toml", seeds=range(1, 31), vary={"participants.pool-alpha.hashrate": [30, 60, 90]})
        for point, interval in swept.intervals("miners.pool-alpha.blocks"):
            print(point.values, interval.mean, interval.low, interval.high)

    Args:
        directory: The folder.

    Raises:
        StoreError: It is no sweep's.
    """

    def __init__(self, directory: Path | str) -> None:
        self.store = Store(Path(directory))
        self.index = self.store.read_index()

    @property
    def directory(self) -> Path:
        """The folder."""
        return self.store.directory

    def results(self) -> Iterator[Result]:
        """Return the runs that had ended when they were first asked for, in the order of the design."""
        return iter(self._results)

    @cached_property
    def _results(self) -> tuple[Result, ...]:
        """Their files, read once: tables, charts and intervals each go through all of them."""
        found = []
        for entry in self.index.runs:
            status, summary = self.store.ending(entry.key)
            if status is not None:
                measures = measures_of(summary) if summary is not None else {}
                found.append(
                    Result(key=entry.key, seed=entry.seed, values=entry.values, status=status, measures=measures)
                )
        return tuple(found)

    def runs(self) -> Iterator[tuple[Result, Run]]:
        """Return the runs of which tables are kept, as ``--keep tables`` and ``--keep all`` do."""
        for result in self.results():
            if result.status.state == "done" and self.store.keeps(result.key, "tables"):
                yield result, Run(self.store.folder(result.key))

    def kept_runs(self) -> list[Run]:
        """Return the runs of :meth:`runs` for queries.

        Raises:
            RunError: There are none.
        """
        found = [played for _, played in self.runs()]
        if not found:
            raise RunError(f"{self.directory} has no tables of its runs: sweep with --keep tables")
        return found

    def failures(self) -> Iterator[Result]:
        """Return the runs that failed, each with the command that plays it alone."""
        return (result for result in self.results() if result.status.state == "failed")

    def measures(self) -> tuple[str, ...]:
        """Return the names of all measures that some run has."""
        return tuple(sorted({name for result in self.results() for name in result.measures}))

    def points(self) -> "pa.Table":
        """Return the design as a table: ``run``, ``seed``, and a column for each key that varies.

        Raises:
            RunError: pyarrow is not installed.
        """
        try:
            import pyarrow as pa  # noqa: PLC0415  (an extra)
        except ModuleNotFoundError as error:
            raise RunError(f"tables need {error.name}: {EXTRA}") from error
        columns: dict[str, list[object]] = {
            "run": [entry.key for entry in self.index.runs],
            "seed": [entry.seed for entry in self.index.runs],
        }
        for key in self.index.keys:
            columns[key] = plain_column([entry.values.get(key, "") for entry in self.index.runs])
        return pa.table(columns)

    def query(self, sql: str) -> "pa.Table":
        """Ask the tables of all runs together by SQL; the table ``points`` has what varies, by ``run``.

        Raises:
            RunError: The question cannot be answered, or no tables were kept.
        """
        return query(self.kept_runs(), sql, {"points": self.points()})

    def figure(self, measure: str, x: str | None = None) -> "Drawn":
        """Draw a measure against a key that varies: a dot for each run, means with their intervals.

        Args:
            measure: Its name.
            x: The key; the first one that varies if left out.

        Raises:
            DesignError: No run has the measure, or the key does not vary.
            RunError: The libraries that draw are not installed.
        """
        try:
            from monerosim.ensemble.figure import draw  # noqa: PLC0415  (an extra)
        except ModuleNotFoundError as error:
            raise RunError(f"figures need {error.name}: {EXTRA}") from error
        return draw(measure, self.values(measure), x if x is not None else next(iter(self.index.keys), ""))

    def intervals(self, measure: str) -> list[tuple[Point, Interval]]:
        """Return what the runs of each point say of a measure.

        Raises:
            DesignError: No run has it.
        """
        values = self.values(measure)
        return [(point, interval_of(list(known.values()))) for point, known in values]

    def values(self, measure: str) -> list[tuple[Point, dict[int, float]]]:
        """Return a measure's values by point and seed; a run that does not have it is left out.

        Raises:
            DesignError: No run has it.
        """
        found: dict[tuple[str, ...], tuple[Point, dict[int, float]]] = {}
        for result in self.results():
            if measure in result.measures:
                point = Point(result.values)
                found.setdefault(point.changes, (point, {}))[1][result.seed] = result.measures[measure]
        if not found:
            near = get_close_matches(measure, self.measures(), 1)
            raise DesignError(f"no run has a measure {measure}" + (f'; did you mean "{near[0]}"?' if near else ""))
        return list(found.values())

    def differences(self, measure: str) -> list[tuple[Point, Interval]]:
        """Return by how much each point differs from the first one, paired by seed.

        The same seeds were played at every point, so what chance does to all of them cancels.

        Raises:
            DesignError: No run has it.
        """
        (_, base), *others = self.values(measure)
        paired = [(point, [known[seed] - base[seed] for seed in known if seed in base]) for point, known in others]
        return [(point, interval_of(differences)) for point, differences in paired if differences]


def sweep(  # noqa: PLR0913  (all but two by keyword)
    scenario: Path | str,
    directory: Path | str | None = None,
    *,
    seeds: Iterable[int] | str | None = None,
    vary: Mapping[str, Sequence[object]] | Sequence[Point] | None = None,
    changes: Sequence[str] = (),
    executor: Executor | None = None,
    keep: Keep = "summary",
    until: str | Goal | None = None,
    common_seeds: bool = True,
    on_progress: Callable[[Progress], None] = lambda _: None,
    permissions: Permissions = NOTHING,
) -> Sweep:
    """Play a scenario with every seed at every combination of values, on all cores.

    What the folder has already is not played again: a run counts as the same one if scenario, values, seed and code
    are.

    Args:
        scenario: Its file.
        directory: The sweep's folder; ``sweeps/NAME`` if left out.
        seeds: As numbers, or ``"1..30"``; those of the scenario's table ``[sweep]`` if left out, or the first ten.
        vary: Values by key: every combination is a point. Or the points themselves (:func:`paired`,
            :func:`latin_hypercube`). Those of the table if left out. Common random numbers: all points
            have the same seeds.
        changes: ``KEY.PATH=VALUE``, made at every point.
        executor: Where runs are played; all cores of this machine, if left out.
        keep: ``"summary"``; ``"tables"``, for queries and charts; or ``"all"``, the whole run directory.
        until: ``"MEASURE +- WIDTH"`` or ``"MEASURE +- 2 %"``: no further seed is begun once the 95 % interval of the
            mean is as narrow at every point. (What decides when to end is also what is judged, so that such an interval
            covers a little less than 95 %.)
        common_seeds: Whether all points have the same seeds (common random numbers), so that they can be compared in
            pairs; else each has seeds of its own, so that all of them can be judged together.
        on_progress: Called after each run.
        permissions: What you allow the scenario, as for :func:`monerosim.run`.

    Raises:
        ScenarioError: The scenario has errors, or has at one of the points.
        DesignError: What shall vary cannot be understood.
        StoreError: The folder cannot be written.
        ClusterError: The cluster that shall play is gone.
    """
    source = Source(Path(scenario), tuple(changes), permissions)
    design = msgspec.structs.replace(_design(source.table, seeds, vary), common=common_seeds)
    goal = until if until is not None else source.table.until or None
    goal = read_goal(goal) if isinstance(goal, str) else goal
    entries = source.entries(design)
    store = Store(Path(directory) if directory is not None else Path("sweeps") / source.name)
    with store.hold():
        keys = tuple(dict.fromkeys(key for point in design.points for key in point.values))
        index = Index(name=source.name, version=code_version(), scenario=str(scenario), keys=keys, runs=entries)
        store.write_index(index)
        counted = Player(store, source, executor or Processes(), keep, goal, on_progress).play(entries)
        store.write_index(msgspec.structs.replace(index, runs=counted))
    return Sweep(store.directory)


def _design(
    table: SweepTable,
    seeds: Iterable[int] | str | None,
    vary: Mapping[str, Sequence[object]] | Sequence[Point] | None,
) -> Design:
    """Return the design of a table, with what was given instead."""
    if isinstance(vary, Mapping):
        points: tuple[Point, ...] | None = grid([variation_of(key, values) for key, values in vary.items()])
    else:
        points = None if vary is None else tuple(vary) or (Point({}),)
    if points is not None:
        table = msgspec.structs.replace(table, vary={}, zip=False, sample={}, points=0)
    if seeds is not None:
        text = seeds if isinstance(seeds, str) else ",".join(map(str, dict.fromkeys(seeds)))
        table = msgspec.structs.replace(table, seeds=text)
    design = design_of(table)
    return design if points is None else msgspec.structs.replace(design, points=points)
