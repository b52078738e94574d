"""``monerosim report``: the summary of a run, as its figures show themselves, and its page."""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monerosim.cli.console import make_console
from monerosim.cli.paths import FolderPath
from monerosim.cli.times import TimePoint
from monerosim.report.cells import headings, written
from monerosim.report.figure import Line, Phrase, Rows
from monerosim.report.figures import all_figures
from monerosim.report.show import early_end, run_lines
from monerosim.results.report import FORMATS, PAGE, Format, write_report
from monerosim.runs import Run, RunError
from monerosim.tables.window import Window

_STYLES = {"plain": "", "warning": "yellow", "error": "red"}


@click.command("report")
@click.argument("runs", nargs=-1, required=True, type=FolderPath())
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="The page's file.")
@click.option("--figures", type=click.Path(file_okay=False, path_type=Path), help="Write the figures here, too.")
@click.option(
    "--format",
    "formats",
    type=click.Choice(FORMATS),
    multiple=True,
    default=("svg",),
    show_default=True,
    help="Of the figures; can be repeated.",
)
@click.option("--since", type=TimePoint(), help='Figures from this time on alone, as "90s", "1h" or "1:30:00".')
@click.option("--until", type=TimePoint(), help="Figures before this time alone.")
@click.option("--open", "opened", is_flag=True, help="Show the page in a browser.")
@click.option("--summary", "summary_only", is_flag=True, help="Show the summary only, write no page.")
def report(
    runs: tuple[Path, ...],
    output: Path | None,
    figures: Path | None,
    formats: tuple[Format, ...],
    since: int | None,
    until: int | None,
    opened: bool,
    summary_only: bool,
) -> None:
    """Show the summary of each of RUNS, and write a page with its figures.

    The page of one run is RUN/report.html, that of several report.html. It is a single file that needs nothing else.

    With --since or --until the page, report-WINDOW.html, has the figures of what happened in that window of the
    scenario's time: blocks found, payments sent, items first seen in it. The summary is of the whole run, and left out.

    A run that has no summary, because plain `shadow` played it or its launcher was killed, is read back first.
    """
    console = make_console()
    window = Window(since, until) if since is not None or until is not None else None
    if window is not None and summary_only:
        raise click.UsageError("--summary is of the whole run: it goes with neither --since nor --until")
    try:
        found = [Run(path) for path in runs]
        for played in found:
            played.read_back()
            if window is None:
                print_summary(played, console)
        if summary_only:
            return
        path = output or (found[0].directory if len(found) == 1 else Path()) / _page_name(window)
        write_report(found, path, figures=figures, formats=formats, window=window)
    except RunError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"report     {path}")
    if opened:
        click.launch(str(path))


def _page_name(window: Window | None) -> str:
    """Return what a page is called: that of a window does not replace that of the whole run."""
    if window is None:
        return PAGE
    page = Path(PAGE)
    return f"{page.stem}-{str(window).replace(' ', '-')}{page.suffix}"


def print_summary(played: Run, console: Console) -> None:
    """Print a run's figures: their lines, then their tables, then what went wrong."""
    summary = played.summary
    shown = [(kind, summary[kind]) for kind in all_figures()]
    lines = (line for figure, result in shown for line in figure.lines(result))
    console.print(_overview([*run_lines(summary), *lines]))
    for figure, result in shown:
        rows = figure.rows(result)
        if rows is not None and rows.rows:
            console.print(_table(rows))
    notices = [
        *early_end(summary, may_go_on=played.may_go_on),
        *(notice for figure, result in shown for notice in figure.notices(result)),
    ]
    for notice in notices:
        console.print(_styled(notice), soft_wrap=True)
    console.print(f"{played.directory}  digest {summary.digest}", soft_wrap=True)


def _overview(lines: list[Line]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for line in lines:
        table.add_row(Text(line.name, style="bold"), Text(", ").join(map(_styled, line.phrases)))
    return table


def _styled(phrase: Phrase) -> Text:
    return Text(phrase.text, style=_STYLES[phrase.tone])


def _table(rows: Rows) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for number, heading in enumerate(headings(rows.columns)):
        table.add_column(Text(heading), justify="right" if number else "left")
    for row in rows.rows:
        table.add_row(*(Text(written(cell, column)) for cell, column in zip(row, rows.columns, strict=True)))
    return table
