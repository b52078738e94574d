"""``monerosim compare``: runs or sets of runs beside each other."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from monerosim.cli.console import make_console
from monerosim.cli.paths import FolderPath
from monerosim.ensemble.store import DESIGN
from monerosim.results.compare import LEVEL, Comparison
from monerosim.results.compare import compare as compare_runs
from monerosim.results.listing import find_runs
from monerosim.results.report import write_report
from monerosim.runs import Run, RunError

_DIGITS = ".6g"


@click.command("compare")
@click.argument("paths", nargs=-1, required=True, type=FolderPath())
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write their page here, too.")
def compare(paths: tuple[Path, ...], output: Path | None) -> None:
    """Compare the first of PATHS with each of the others; each is a run, or a directory with runs of several seeds.

    Shows the parameters that differ, and each measure with its difference, the 95 % interval of that, and how often
    chance alone makes so large a one: by permutation, paired where the seeds are the same, corrected for the number of
    measures (Holm). One run on a side cannot tell chance.
    """
    if len(paths) == 1:
        raise click.UsageError("give two runs, or two directories with runs")
    try:
        sides = [_runs(path) for path in paths]
        for path, side in zip(paths[1:], sides[1:], strict=True):
            _show(compare_runs(sides[0], side), (paths[0], path), (len(sides[0]), len(side)))
        if output is not None:
            write_report([run for side in sides for run in side], output)
            click.echo(f"report     {output}")
    except RunError as error:
        raise click.ClickException(str(error)) from error


def _runs(path: Path) -> list[Run]:
    found = [Run(each) for each in find_runs(path)]
    if not found:
        kept = "; its sweep kept none: sweep with --keep tables" if (path / DESIGN).is_file() else ""
        raise RunError(f"{path}: no runs{kept}")
    for run in found:
        run.read_back()
    return found


def _show(comparison: Comparison, paths: tuple[Path, Path], counts: tuple[int, int]) -> None:
    console = make_console()
    for path, values in comparison.parameters.items():
        console.print(f"{path}: {values[0]} and {values[1]}", soft_wrap=True, markup=False)
    if not comparison.parameters:
        console.print("the parameters are the same but for the seed")
    table = Table(box=None, padding=(0, 2, 0, 0))
    names = [
        path.name if count == 1 else f"{path.name} (mean of {count})" for path, count in zip(paths, counts, strict=True)
    ]
    for number, heading in enumerate(("measure", *names, "difference", "95 % interval", "chance", "")):
        table.add_column(Text(heading), justify="right" if 0 < number < len(names) + 4 else "left")
    for it in comparison.differences:
        interval = "" if it.low is None or it.high is None else f"{it.low:{_DIGITS}} to {it.high:{_DIGITS}}"
        table.add_row(
            it.measure,
            format(it.first, _DIGITS),
            format(it.second, _DIGITS),
            format(it.difference, f"+{_DIGITS}"),
            interval,
            "" if it.chance is None else f"{it.chance:.4f}",
            Text("differs" if it.differs else "", style="bold"),
        )
    console.print(table)
    console.print(_verdict(comparison, counts), soft_wrap=True)


def _verdict(comparison: Comparison, counts: Sequence[int]) -> str:
    if min(counts) == 1:
        return "one run on a side: cannot tell chance; give directories with runs of several seeds"
    if comparison.least is not None and comparison.least > LEVEL:
        return f"{min(counts)} runs on a side are too few for any difference to be told from chance: play more seeds"
    how = "paired by seed" if comparison.paired else "as independent runs, since their seeds differ"
    count = sum(it.differs for it in comparison.differences)
    told = f"{count} of {len(comparison.differences)} measures differ by more than chance"
    return f"{told} (at {LEVEL:.0%} for all together), {how}"
