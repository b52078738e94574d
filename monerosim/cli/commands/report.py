"""``monerosim report``: the summary of a run, as its figures show themselves."""

from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monerosim.cli.console import make_console
from monerosim.report.figure import Cell, Column, Line, Phrase, Rows
from monerosim.report.figures import all_figures
from monerosim.report.summary import Summary
from monerosim.runs import Run, RunError
from monerosim.units import SECOND, format_clock, format_duration

_STYLES = {"plain": "", "warning": "yellow", "error": "red"}


@click.command("report")
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
def report(run: Path) -> None:
    """Show the summary of RUN.

    A run that has none, because plain `shadow` played it or its launcher was killed, is read back first.
    """
    try:
        played = Run(run)
        played.read_back()
        print_summary(played, make_console())
    except RunError as error:
        raise click.ClickException(str(error)) from error


def print_summary(played: Run, console: Console) -> None:
    """Print a run's figures: their lines, then their tables, then what went wrong."""
    summary = played.summary
    shown = [(kind, summary[kind]) for kind in all_figures()]
    console.print(
        _overview([_simulated(summary), *(line for figure, result in shown for line in figure.lines(result))])
    )
    for figure, result in shown:
        rows = figure.rows(result)
        if rows is not None and rows.rows:
            console.print(_table(rows))
    notices = [*_notices(played), *(notice for figure, result in shown for notice in figure.notices(result))]
    for notice in notices:
        console.print(_styled(notice), soft_wrap=True)
    console.print(f"{played.directory}  digest {summary.digest}", soft_wrap=True)


def _simulated(summary: Summary) -> Line:
    took = ""
    if summary.wall_seconds:
        speed = (summary.simulated_seconds + summary.bootstrap_seconds) / summary.wall_seconds
        took = f" in {summary.wall_seconds:.1f} s ({speed:,.0f} times real time, bootstrap included)"
    return Line("simulated", (Phrase(f"{format_duration(round(summary.simulated_seconds) * SECOND)}{took}"),))


def _notices(played: Run) -> Iterator[Phrase]:
    """List what kept the run from being played to its end."""
    summary = played.summary
    if summary.failure:
        yield Phrase(f"the engine failed: {summary.failure}", "error")
    if played.may_go_on:
        told = "Shadow has not finished: it is still running, or was stopped"
    elif summary.record_ends is not None:
        told = f"the run was killed: its record ends at {format_clock(round(summary.record_ends * SECOND))}"
    elif not summary.completed and not summary.outcome.reason:
        told = "stopped early"
    else:
        return
    yield Phrase(f"{told}; the figures cover what was simulated", "warning")


def _overview(lines: list[Line]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for line in lines:
        table.add_row(Text(line.name, style="bold"), Text(", ").join(map(_styled, line.phrases)))
    return table


def _styled(phrase: Phrase) -> Text:
    return Text(phrase.text, style=_STYLES[phrase.tone])


def _table(rows: Rows) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for number, heading in enumerate(_headings(rows.columns)):
        table.add_column(Text(heading), justify="right" if number else "left")
    for row in rows.rows:
        table.add_row(*(Text(_written(cell, column)) for cell, column in zip(row, rows.columns, strict=True)))
    return table


def _headings(columns: tuple[Column, ...]) -> Iterator[str]:
    """Write the headings, a unit only where the one before it was another."""
    last = ""
    for column in columns:
        yield f"{column.heading} ({column.unit})" if column.unit not in ("", last) else column.heading
        last = column.unit or last


def _written(cell: Cell, column: Column) -> str:
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else format(cell, column.form)
