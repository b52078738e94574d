"""``monerosim runs``: what runs there are."""

from collections.abc import Iterator
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from monerosim.build.rundir import RunDirectoryError, hold, is_run_directory
from monerosim.cli.console import make_console
from monerosim.cli.exits import FAILED
from monerosim.cli.paths import FolderPath
from monerosim.events.log import EVENTS
from monerosim.runs import SUMMARY, Run, RunError
from monerosim.units import format_duration

_WIDTH_OF_FILES = 1000
"""Characters a line where nobody looks on: no path is cut."""

_DEPTH = 2
"""How far below a directory runs are looked for."""


@click.command("runs")
@click.argument("directory", default="runs", type=FolderPath())
@click.pass_context
def runs(context: click.Context, directory: Path) -> None:
    """List the runs below DIRECTORY, by default ./runs: what they are, whether they have ended, how large they are."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("run", "scenario", "engine", "seed", "hosts", "time", "state", "MB"):
        table.add_column(
            heading, justify="right" if heading in {"seed", "hosts", "time", "MB"} else "left", no_wrap=True
        )
    found = 0
    for path in find_runs(directory):
        found += 1
        table.add_row(*map(Text, _row(path)))
    if not found:
        click.echo(f"{directory}: no runs", err=True)
        context.exit(FAILED)
    console = make_console()
    if not console.is_terminal:
        console.width = _WIDTH_OF_FILES
    console.print(table)


def find_runs(directory: Path, depth: int = _DEPTH) -> Iterator[Path]:
    """Return a run directory itself, or those below a directory, by name."""
    if is_run_directory(directory):
        yield directory
    elif depth:
        for path in sorted(directory.iterdir()):
            if path.is_dir() and not path.is_symlink():
                yield from find_runs(path, depth - 1)


def _row(path: Path) -> Iterator[str]:
    size = f"{sum(file.stat().st_size for file in path.rglob('*') if file.is_file()) / 1e6:,.1f}"
    try:
        played = Run(path)
    except RunError as error:
        yield from (str(path), "", "", "", "", "", str(error).removeprefix(f"{path} is no run directory: "), size)
        return
    plan = played.plan
    yield from (str(path), plan.name, plan.engine, str(plan.seed), str(len(plan.hosts)), format_duration(plan.duration))
    yield _state(played)
    yield size


def _state(played: Run) -> str:
    if not (played.directory / SUMMARY).exists():
        try:
            with hold(played.directory):
                return "no summary" if (played.directory / EVENTS).exists() else "not played"
        except RunDirectoryError:
            return "being played"
    try:
        summary = played.summary
    except RunError:
        return "summary cannot be read"
    if summary.completed:
        return "done"
    return summary.failure or summary.outcome.reason or "stopped early"
