"""``monerosim sweep``: one scenario with many seeds and values."""

import csv
import io
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import click
from rich.console import Console
from rich.table import Table

from monerosim.cli.console import make_console
from monerosim.cli.exits import FAILED, InputError
from monerosim.cli.scenario import allow_options, permissions, refuse
from monerosim.cli.signals import unwind_on_signal
from monerosim.ensemble.design import (
    DesignError,
    Point,
    grid,
    latin_hypercube,
    paired,
    plain_value,
    read_range,
    read_seeds,
    read_variation,
)
from monerosim.ensemble.executors import ClusterError, Executor, Processes
from monerosim.ensemble.measures import Interval
from monerosim.ensemble.member import Keep
from monerosim.ensemble.player import Progress, read_goal
from monerosim.ensemble.search import SearchError
from monerosim.ensemble.store import StoreError
from monerosim.ensemble.sweep import Result, Sweep
from monerosim.ensemble.sweep import sweep as play_sweep
from monerosim.files import replace_file
from monerosim.runs import EXTRA, RunError
from monerosim.scenario import ScenarioError, load
from monerosim.units import SECOND, format_duration

USUAL_MEASURES = ("payments.confirmed", "chain.stale", "propagation.blocks.half.median")
"""Shown where no measure is named."""

RESULTS = "results.csv"
PAGE = "report.html"

_MOST_FAILURES = 10

_LINE_INTERVAL = 5.0
"""Seconds between two lines of progress where there is no terminal."""


@click.command("sweep")
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--seeds", metavar="A..B", help="The seeds, such as 1..30 or 1,2,7; 1..10 if left out.")
@click.option(
    "--vary",
    "variations",
    multiple=True,
    metavar="KEY=V1,V2,...",
    help="Values of a key; with several of these, every combination is played.",
)
@click.option("--zip", "zipped", is_flag=True, help="Vary all keys together: their first values, then their second ...")
@click.option(
    "--sample",
    "ranges",
    multiple=True,
    metavar="KEY=LOW..HIGH",
    help="Draw the values of a key from a range, spread as a Latin hypercube; needs --points.",
)
@click.option("--points", type=click.IntRange(min=1), help="How many points are drawn from the ranges of --sample.")
@click.option("--set", "changes", multiple=True, metavar="KEY.PATH=VALUE", help="Change a value for all runs.")
@click.option("--engine", help="Replace the scenario's engine.")
@allow_options
@click.option("--jobs", type=click.IntRange(min=1), help="How many runs at once; one a core if left out.")
@click.option("--dask", metavar="ADDRESS", help="Play on the workers of a Dask cluster, such as tcp://10.0.0.5:8786.")
@click.option(
    "--resource",
    "resources",
    multiple=True,
    metavar="NAME=AMOUNT",
    help="With --dask: what each run takes of what workers were started with, such as memory=8e9.",
)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="The sweep's folder; ./sweeps/NAME if left out.")
@click.option(
    "--keep",
    type=click.Choice(["summary", "tables", "all"]),
    default="summary",
    show_default=True,
    help="What is kept of each run: its summary; its tables too, for queries; or its whole run directory.",
)
@click.option("--measure", "measures", multiple=True, help="A measure to show, such as miners.pool-alpha.blocks.")
@click.option(
    "--until",
    metavar='"MEASURE +- WIDTH"',
    help='End once the 95 % interval of a mean is as narrow at every point, such as "payments.confirmed +- 2 %".',
)
@click.option("--list-measures", is_flag=True, help="Show the names of all measures at the end.")
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
@click.option(
    "--no-report",
    is_flag=True,
    envvar="MONEROSIM_NO_REPORT",
    help="Write no page; MONEROSIM_NO_REPORT=1 says the same.",
)
@click.pass_context
def sweep(
    context: click.Context,
    scenario: Path,
    seeds: str | None,
    variations: tuple[str, ...],
    zipped: bool,
    ranges: tuple[str, ...],
    points: int | None,
    changes: tuple[str, ...],
    engine: str | None,
    jobs: int | None,
    dask: str | None,
    resources: tuple[str, ...],
    output: Path | None,
    keep: Keep,
    measures: tuple[str, ...],
    until: str | None,
    list_measures: bool,
    quiet: bool,
    no_report: bool,
) -> None:
    """Run SCENARIO with many seeds, and with each value of the keys that vary.

    All values are run with the same seeds. The folder keeps each run by what it was made of, so the same command goes
    on where it was interrupted, and a further seed or value plays only what is new. results.csv has every number of
    every run; report.html draws the measures that are shown. The options can stand in the scenario's table [sweep].

    For example, `monerosim sweep my.toml --seeds 1..30 --vary participants.pool-alpha.hashrate=30,60,90`.

    Exits with code 1 if a run failed.
    """
    if engine is not None:
        changes = (*changes, f"simulation.engine={engine}")
    with told_errors(scenario):
        chosen = read_points(variations, ranges, points, zipped=zipped)
        goal = read_goal(until) if until is not None else None
        with show_progress(make_console(stderr=True), quiet=quiet) as show:
            swept = play_sweep(
                scenario,
                output,
                seeds=read_seeds(seeds) if seeds is not None else None,
                vary=chosen,
                changes=changes,
                executor=make_executor(jobs, dask, resources),
                keep=keep,
                until=goal,
                on_progress=show,
                permissions=permissions(),
            )
        write_results(swept, swept.directory / RESULTS)
        shown = _shown(swept, measures or ((goal.measure,) if goal else ()) or _named(scenario, changes))
        show_intervals(swept, shown, make_console())
        if not no_report and shown:
            _report(swept, shown)
    if list_measures:
        click.echo("\n".join(swept.measures()))
    failures = list(swept.failures())
    tell_failures(failures)
    click.echo(f"{swept.directory / RESULTS}")
    if failures:
        context.exit(FAILED)


def _shown(swept: Sweep, measures: Sequence[str]) -> Sequence[str]:
    """Return the measures to show: those that were asked for, or the usual ones that there are."""
    known = set(swept.measures())
    return measures if measures and known else [name for name in USUAL_MEASURES if name in known]


def _report(swept: Sweep, measures: Sequence[str]) -> None:
    """Write the page, and name it; a sweep whose page cannot be made has not failed."""
    try:
        from monerosim.ensemble.page import write_page  # noqa: PLC0415  (an extra)

        write_page(swept, swept.directory / PAGE, measures)
    except ModuleNotFoundError as error:
        click.echo(f"no report: it needs {error.name}: {EXTRA}", err=True)
    except RunError as error:
        click.echo(f"no report: {error}", err=True)
    else:
        click.echo(f"{swept.directory / PAGE}")


def _named(scenario: Path, changes: Sequence[str]) -> tuple[str, ...]:
    """Return the measures that the scenario's table names."""
    return load(scenario, changes=changes, permissions=permissions()).sweep.measures


@contextmanager
def told_errors(scenario: Path) -> Iterator[None]:
    """Turn what goes wrong with a sweep into messages and exit codes."""
    try:
        with unwind_on_signal():
            yield
    except ScenarioError as error:
        refuse(scenario, error.problems)
    except DesignError as error:
        raise InputError(str(error)) from error
    except (StoreError, ClusterError, SearchError) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt as error:
        click.echo("interrupted; the same command goes on from here", err=True)
        raise SystemExit(FAILED) from error


def tell_failures(failures: Sequence[Result]) -> None:
    """List runs that failed on standard error, each with the command that plays it alone."""
    for result in failures[:_MOST_FAILURES]:
        click.echo(f"failed: {result.status.error}\n    {result.status.command}", err=True)
    if len(failures) > _MOST_FAILURES:
        click.echo(f"and {len(failures) - _MOST_FAILURES} more; status.json of each run has the reason", err=True)


def read_points(
    variations: Sequence[str], ranges: Sequence[str], count: int | None, *, zipped: bool
) -> tuple[Point, ...] | None:
    """Return the points that the options of a sweep come to; None if there are none of these options.

    Raises:
        DesignError: They cannot be understood, or do not go together.
    """
    if bool(ranges) != bool(count):
        raise DesignError("--sample and --points go together")
    if ranges and (zipped or variations):
        raise DesignError("--sample draws points of its own; --vary and --zip are for values that are named")
    if count:
        return latin_hypercube(dict(map(read_range, ranges)), count)
    found = [read_variation(text) for text in variations]
    if not found:
        return None
    return paired(found) if zipped else grid(found)


def make_executor(jobs: int | None, dask: str | None, resources: Sequence[str] = ()) -> Executor:
    """Return where runs are played.

    Raises:
        DesignError: The options do not go together.
    """
    if dask is None:
        if resources:
            raise DesignError("--resource is for --dask")
        return Processes(jobs)
    if jobs is not None:
        raise DesignError("--jobs is for this machine; how many runs a cluster plays at once is for its workers to say")
    try:
        from monerosim.ensemble.cluster import Cluster  # noqa: PLC0415  (an extra)
    except ImportError as error:
        raise click.ClickException("Dask is not installed: pip install 'monerosim[dask]'") from error
    return Cluster(dask, dict(map(_read_resource, resources)))


def _read_resource(text: str) -> tuple[str, float]:
    name, equals, amount = text.partition("=")
    try:
        value = float(amount)
    except ValueError:
        value = -1
    if not name or not equals or value < 0 or not math.isfinite(value):
        raise DesignError(f'expected NAME=AMOUNT, such as memory=8e9, got "{text}"')
    return name, value


@contextmanager
def show_progress(console: Console, *, quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """Show how far a sweep is: "37 of 120, 1 failed, 4m left"."""
    began = last = monotonic()
    status = console.status("") if console.is_terminal and not quiet else None

    def show(progress: Progress) -> None:
        nonlocal last
        text = f"{progress.done + progress.failed} of {progress.total}"
        text += f", {progress.failed} failed" if progress.failed else ""
        rest = progress.total - progress.done - progress.failed
        if progress.played and rest:
            seconds = (monotonic() - began) / progress.played * rest
            text += f", {format_duration(max(1, round(seconds)) * SECOND)} left"
        if status is not None:
            status.update(text)
        elif not quiet and monotonic() - last >= _LINE_INTERVAL:
            last = monotonic()
            console.print(text)

    if status is None:
        yield show
    else:
        with status:
            yield show


def show_intervals(swept: Sweep, measures: Sequence[str], console: Console) -> None:
    """Print a table of each measure: a line a point, with its mean and interval.

    Raises:
        DesignError: A measure that was asked for is in no run.
    """
    for measure in measures:
        table = Table(title=measure, title_justify="left", box=None)
        for key in swept.index.keys:
            table.add_column(key)
        for name in ("n", "median", "mean", "95 % of the mean"):
            table.add_column(name, justify="right")
        for point, interval in swept.intervals(measure):
            values = [str(plain_value(point.values.get(key, ""))) for key in swept.index.keys]
            table.add_row(*values, str(interval.n), f"{interval.median:g}", f"{interval.mean:.6g}", _range(interval))
        console.print(table)


def _range(interval: Interval) -> str:
    return f"{interval.low:.6g} to {interval.high:.6g}" if math.isfinite(interval.low) else "one run: cannot tell"


def write_results(swept: Sweep, path: Path) -> None:
    """Write a line for each run that has ended: its key, seed, varied values, state, and every measure.

    Raises:
        StoreError: It cannot be written.
    """
    results = list(swept.results())
    names = sorted({name for result in results for name in result.measures})
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["run", "seed", *swept.index.keys, "state", "error", *names])
    for result in results:
        varied = [plain_value(result.values.get(key, "")) for key in swept.index.keys]
        numbers = [_number(result.measures.get(name, "")) for name in names]
        writer.writerow([result.key, result.seed, *varied, result.status.state, result.status.error, *numbers])
    try:
        replace_file(path, file.getvalue().encode())
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error


def _number(value: float | str) -> float | str | int:
    return int(value) if isinstance(value, bool) else value
