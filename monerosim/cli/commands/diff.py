"""``monerosim diff``: where two runs part that should be equal."""

from pathlib import Path

import click

from monerosim.cli.exits import REFUSED
from monerosim.cli.paths import FolderPath
from monerosim.events import Record
from monerosim.results.compare import differing_parameters
from monerosim.results.difference import Parting, causes_of, find_parting
from monerosim.runs import Run, RunError
from monerosim.units import format_clock

_LONGEST = 400
"""Characters of an event that are shown: the spread of a large run has thousands of times."""


@click.command("diff")
@click.argument("first", type=FolderPath())
@click.argument("second", type=FolderPath())
@click.pass_context
def diff(context: click.Context, first: Path, second: Path) -> None:
    """Show the first event at which the runs FIRST and SECOND part, ten events before it, and what led to it.

    Exits with code 0 if all events are the same, with 3 if they are not.
    """
    try:
        runs = Run(first), Run(second)
        if runs[0].plan.seed != runs[1].plan.seed:
            click.echo(f"seed: {runs[0].plan.seed} and {runs[1].plan.seed}")
        for path, values in differing_parameters([runs[0]], [runs[1]]).items():
            click.echo(f"{path}: {values[0]} and {values[1]}")
        parting = find_parting(*runs)
        if parting is None:
            click.echo("all events are the same")
            return
        _show(parting, runs)
    except (RunError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    context.exit(REFUSED)


def _show(parting: Parting, runs: tuple[Run, Run]) -> None:
    for record in parting.before:
        click.echo(f"  {_line(record)}")
    click.echo(f"the runs part at event {parting.number}:")
    sides = (("-", runs[0], parting.first), ("+", runs[1], parting.second))
    for sign, _, side in sides:
        click.echo(f"{sign} {_line(side)}" if side else f"{sign} (no more events)")
    for sign, run, side in sides:
        lines = list(causes_of(run, side)) if side else []
        if side and lines:
            click.echo(f"{sign} what led to it, {side.cause}:")
            for line in lines:
                click.echo(f"{sign}   {format_clock(line.t)} {line.participant}/{line.actor}: {line.text}")


def _line(record: Record) -> str:
    text = record.line.decode().strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"
