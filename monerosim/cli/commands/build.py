"""``monerosim build``: the run directory of a scenario."""

from pathlib import Path

import click

from monerosim.build.binaries import BinaryError
from monerosim.build.build import build_plan
from monerosim.build.rundir import RunDirectoryError, write_run_directory
from monerosim.cli.scenario import load_or_exit, note_sweep, output_options, refuse, scenario_options, tell_binaries
from monerosim.cli.signals import unwind_on_signal
from monerosim.engine import EngineError, load_engine
from monerosim.engines.shadow.preparation import prepare
from monerosim.plan.plan import Plan
from monerosim.runs import new_directory
from monerosim.scenario import ScenarioError
from monerosim.units import format_count, format_duration


@click.command("build")
@scenario_options
@output_options
def build(
    scenario: Path, engine: str | None, seed: int | None, changes: tuple[str, ...], output: Path | None, force: bool
) -> None:
    """Write the run directory of SCENARIO: the plan, and what Shadow needs (shadow.yaml, topology.gml).

    If its engine runs real programs, those of Monero are looked up and asked which flags they know. For others
    shadow.yaml names them as the scenario does, so it can be built where they are not installed.
    """
    loaded, text = load_or_exit(scenario, engine, seed, changes)
    note_sweep(loaded)
    try:
        plan = build_plan(loaded, scenario.parent)
        path = output or new_directory(plan.name)
        with unwind_on_signal():
            write_run_directory(plan, text, path, force=force, plugins=loaded.files.sources)
    except ScenarioError as error:
        refuse(scenario, error.problems)
    except (BinaryError, RunDirectoryError) as error:
        raise click.ClickException(str(error)) from error
    if not load_engine(plan.engine).real_programs:
        _prepare_for_shadow(plan, path)
    tell_binaries(plan)
    click.echo(
        f"{path}: {format_count(len(plan.hosts), 'participant')}, {format_duration(plan.time_zero)} of bootstrap, "
        f"then {format_duration(plan.duration)}; engine {plan.engine}"
    )


def _prepare_for_shadow(plan: Plan, path: Path) -> None:
    """Let `shadow` play the run directory too, where that is possible; its own engine does not need it."""
    try:
        prepare(plan, path.resolve(), path.resolve())
    except (EngineError, OSError) as error:
        click.echo(f"Shadow could not play {path}: {error}", err=True)
