"""``monerosim build``: the run directory of a scenario."""

from pathlib import Path

import click

from monerosim.cli.scenario import load_or_exit, scenario_options
from monerosim.plan.compile import compile_plan
from monerosim.plan.rundir import RunDirectoryError, write_run_directory
from monerosim.units import format_duration


@click.command("build")
@scenario_options
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="The run directory; runs/NAME, after the scenario's name, if left out.",
)
@click.option("--force", "-f", is_flag=True, help="Replace a run that is there, with all its results.")
def build(scenario: Path, seed: int | None, changes: tuple[str, ...], output: Path | None, force: bool) -> None:
    """Write the run directory of SCENARIO: the plan, and what Shadow needs (shadow.yaml, topology.gml)."""
    loaded, text = load_or_exit(scenario, seed, changes)
    plan = compile_plan(loaded)
    path = output if output is not None else Path("runs") / plan.name
    try:
        write_run_directory(plan, text, path, force=force)
    except RunDirectoryError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{path}: {len(plan.hosts)} participants, {format_duration(plan.time_zero)} of bootstrap, "
        f"then {format_duration(plan.duration)}"
    )
