"""``monerosim search``: the value of a key at which a measure crosses a target."""

from pathlib import Path

import click
from rich.table import Table

from monerosim.cli.commands.sweep import make_executor, show_progress, tell_failures, told_errors
from monerosim.cli.console import make_console
from monerosim.cli.exits import FAILED
from monerosim.cli.scenario import allow_options, permissions
from monerosim.ensemble.design import plain_value, read_range, read_seeds
from monerosim.ensemble.search import Threshold
from monerosim.ensemble.search import search as search_threshold


@click.command("search")
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--vary", "between", required=True, metavar="KEY=LOW..HIGH", help="The key, and where to search.")
@click.option("--measure", required=True, help="The measure, such as miners.pool-alpha.blocks.")
@click.option("--target", type=float, required=True, help="The value that it shall cross.")
@click.option("--seeds", default="1..20", show_default=True, metavar="A..B", help="The seeds of each value.")
@click.option("--steps", type=click.IntRange(min=1, max=40), default=8, show_default=True, help="The most halvings.")
@click.option("--set", "changes", multiple=True, metavar="KEY.PATH=VALUE", help="Change a value for all runs.")
@click.option("--engine", help="Replace the scenario's engine.")
@allow_options
@click.option("--jobs", type=click.IntRange(min=1), help="How many runs at once; one a core if left out.")
@click.option("--dask", metavar="ADDRESS", help="Play on the workers of a Dask cluster.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="The folder; ./sweeps/NAME if left out.")
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
@click.pass_context
def search(
    context: click.Context,
    scenario: Path,
    between: str,
    measure: str,
    target: float,
    seeds: str,
    steps: int,
    changes: tuple[str, ...],
    engine: str | None,
    jobs: int | None,
    dask: str | None,
    output: Path | None,
    quiet: bool,
) -> None:
    """Find the value of a key of SCENARIO at which a measure crosses a target.

    Halves the range as long as a 95 % interval says on which side of the target a value is. What is printed at the end
    is the range that is left: at its ends the measure is on different sides for certain.

    For example, `monerosim search my.toml --vary participants.pool-alpha.hashrate=10..160
    --measure miners.pool-alpha.blocks --target 15`.

    Exits with code 1 if a run failed.
    """
    if engine is not None:
        changes = (*changes, f"simulation.engine={engine}")
    with told_errors(scenario):
        key, ends = read_range(between)
        with show_progress(make_console(stderr=True), quiet=quiet) as show:
            found = search_threshold(
                scenario,
                output,
                key=key,
                between=ends,
                measure=measure,
                target=target,
                seeds=read_seeds(seeds),
                steps=steps,
                changes=changes,
                executor=make_executor(jobs, dask),
                on_progress=show,
                permissions=permissions(),
            )
    _print_steps(found, key)
    low, high = plain_value(found.low), plain_value(found.high)
    click.echo(f"{measure} crosses {target:g} between {key} = {low} and {high}")
    if found.undecided:
        click.echo("between the two, chance allows both sides: more seeds would narrow it")
    failures = [failure for step in found.steps for failure in step.failures]
    tell_failures(failures)
    if failures:
        context.exit(FAILED)


def _print_steps(found: Threshold, key: str) -> None:
    """Print a table of the values that were tried."""
    table = Table(box=None)
    for name in (key, "n", "mean", "95 % of the mean", "target"):
        table.add_column(name, justify="right")
    for step in found.steps:
        interval = step.interval
        side = {-1: "above", 0: "within", 1: "below"}[step.side]
        span = f"{interval.low:.6g} to {interval.high:.6g}"
        table.add_row(str(plain_value(step.value)), str(interval.n), f"{interval.mean:.6g}", span, side)
    make_console().print(table)
