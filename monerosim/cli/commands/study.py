"""``monerosim study``: questions whose answers are known."""

from pathlib import Path

import click
from rich.table import Table

from monerosim.cli.commands.sweep import make_executor, show_progress, tell_failures, told_errors
from monerosim.cli.console import make_console
from monerosim.cli.exits import FAILED, REFUSED, InputError
from monerosim.ensemble.design import read_seeds
from monerosim.runs import EXTRA
from monerosim.studies.conduct import SCENARIO, Finding, conduct
from monerosim.studies.judgement import markdown, table
from monerosim.studies.registry import all_studies
from monerosim.studies.study import Study

TABLE = "table.md"
FIGURE = "figure.svg"


@click.command("study")
@click.argument("name", required=False)
@click.option(
    "--size",
    type=click.FloatRange(min=0.001, max=100),
    default=1.0,
    show_default=True,
    help="How long runs are: a tenth of the study's own length with 0.1.",
)
@click.option("--seeds", metavar="A..B", help="The seeds, such as 1..30; the study's own if left out.")
@click.option("--jobs", type=click.IntRange(min=1), help="How many runs at once; one a core if left out.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="The study's folder; ./studies/NAME if left out.")
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
@click.pass_context
def study(
    context: click.Context,
    name: str | None,
    size: float,
    seeds: str | None,
    jobs: int | None,
    output: Path | None,
    quiet: bool,
) -> None:
    """Play the study NAME, and judge what comes of it by what is known; without NAME, list all studies.

    A study is a scenario over parameters and seeds. The table has what was measured, its standard error and interval,
    and beside it the closed form or published value. All points are judged together (chi-square): the study is refused
    if chance makes deviations as large less often than once in a thousand.

    The folder has the scenario, the table, the drawing, and the sweep: the same command goes on where it was
    interrupted.

    Exits with code 3 if the study is refused, and with 1 if a run failed.
    """
    console = make_console()
    known = all_studies()
    if name is None:
        for one in known.values():
            click.echo(f"{one.name:<20} {one.question}")
        return
    if name not in known:
        raise InputError(f'there is no study "{name}"; there is {", ".join(known)}')
    chosen = known[name]
    folder = output if output is not None else Path("studies") / name
    with told_errors(folder / SCENARIO), show_progress(make_console(stderr=True), quiet=quiet) as show:
        finding = conduct(
            chosen,
            folder,
            size=size,
            seeds=read_seeds(seeds) if seeds is not None else None,
            executor=make_executor(jobs, None),
            on_progress=show,
        )
    head, *lines = table(finding.rows, chosen.measure_name)
    shown = Table(title=chosen.question, title_justify="left", box=None)
    for heading in head:
        shown.add_column(heading, justify="right")
    for line in lines:
        shown.add_row(*line)
    console.print(shown)
    console.print(f"expected: {chosen.source}", markup=False)
    click.echo(_verdict(finding))
    concluded = chosen.conclusion([(row.labels, row.measured) for row in finding.rows])
    if concluded:
        click.echo(concluded)
    (folder / TABLE).write_text(markdown(finding.rows, chosen.measure_name) + "\n", encoding="utf-8")
    _draw(chosen, finding, folder / FIGURE)
    tell_failures(finding.failures)
    if finding.failures:
        context.exit(FAILED)
    if finding.verdict.points and not finding.verdict.holds:
        context.exit(REFUSED)


def _verdict(finding: Finding) -> str:
    verdict = finding.verdict
    if not verdict.points:
        return "nothing to judge by"
    said = "as expected" if verdict.holds else "not as expected"
    luck = "" if verdict.degrees == verdict.points else " and of their luck"
    return f"{said}: chi-square {verdict.chi_square:.1f} of {verdict.points} points{luck}, p = {verdict.p:.3g}"


def _draw(chosen: Study, finding: Finding, path: Path) -> None:
    try:
        from monerosim.studies.drawing import draw  # noqa: PLC0415  (an extra)
    except ModuleNotFoundError as error:
        click.echo(f"no drawing: it needs {error.name}: {EXTRA}", err=True)
    else:
        path.write_text(draw(chosen, finding.rows), encoding="utf-8")
        click.echo(f"{path.parent / TABLE}\n{path}")
