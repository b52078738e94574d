"""``monerosim runs``: what runs there are."""

from collections.abc import Iterator
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from monerosim.cli.console import make_console
from monerosim.cli.exits import FAILED
from monerosim.cli.paths import FolderPath
from monerosim.results.listing import find_runs, state_of
from monerosim.runs import Run, RunError
from monerosim.units import format_duration

_WIDTH_OF_FILES = 1000
"""Characters a line where nobody looks on: no path is cut."""


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


def _row(path: Path) -> Iterator[str]:
    size = f"{sum(file.stat().st_size for file in path.rglob('*') if file.is_file()) / 1e6:,.1f}"
    try:
        played = Run(path)
    except RunError as error:
        yield from (str(path), "", "", "", "", "", str(error).removeprefix(f"{path} is no run directory: "), size)
        return
    plan = played.plan
    yield from (str(path), plan.name, plan.engine, str(plan.seed), str(len(plan.hosts)), format_duration(plan.duration))
    yield state_of(played)
    yield size
