"""``monerosim run``: a scenario from file to summary."""

from pathlib import Path

import click

from monerosim.build.again import build_again
from monerosim.build.binaries import BinaryError
from monerosim.build.build import build_plan
from monerosim.build.rundir import RunDirectoryError, write_run_directory
from monerosim.cli.commands.report import print_summary
from monerosim.cli.console import make_console
from monerosim.cli.control import control_options, prepare_control
from monerosim.cli.exits import FAILED, REFUSED
from monerosim.cli.progress import show_progress
from monerosim.cli.scenario import (
    load_or_exit,
    note_sweep,
    output_options,
    permissions,
    refuse,
    scenario_options,
    tell_binaries,
)
from monerosim.cli.serving import serve_beside, serve_options
from monerosim.cli.signals import stop_on_signal, unwind_on_signal
from monerosim.engine import EngineError, load_engine
from monerosim.events.traces import LEVELS, USUAL_LEVEL
from monerosim.plan.plan import Plan
from monerosim.plan.scripts import has_scripts
from monerosim.report.figures import alerts, probes
from monerosim.report.summary import Summary
from monerosim.results.report import PAGE, write_report
from monerosim.runs import SUMMARY, Run, RunError, name_latest, new_directory, play, unplayed
from monerosim.scenario import ScenarioError
from monerosim.scenario.permissions import Permissions
from monerosim.units import format_count, format_duration


@click.command("run")
@scenario_options
@output_options
@click.option(
    "--trace-level",
    type=click.Choice(LEVELS, case_sensitive=False),
    default=USUAL_LEVEL,
    show_default=True,
    help="The least important level of traces to keep.",
)
@click.option("--quiet", "-q", is_flag=True, help="Show the summary only, no progress.")
@click.option(
    "--no-report",
    is_flag=True,
    envvar="MONEROSIM_NO_REPORT",
    help="Write no page; `monerosim report` does it later. The variable MONEROSIM_NO_REPORT=1 says the same.",
)
@click.option("--replay", is_flag=True, help="Play the run directory SCENARIO again, commands from outside included.")
@control_options
@serve_options
@click.pass_context
def run(
    context: click.Context,
    scenario: Path,
    output: Path | None,
    force: bool,
    engine: str | None,
    seed: int | None,
    changes: tuple[str, ...],
    trace_level: str,
    quiet: bool,
    no_report: bool,
    replay: bool,
    speed: str | None,
    control: bool,
    serve: bool,
    port: int,
) -> None:
    """Run SCENARIO and show its summary.

    SCENARIO can also be a run directory that `monerosim build` has written and that has not been run yet, or with
    --replay one that has been.

    The run directory keeps everything: plan.json, events.jsonl, summary.json, and the traces of all actors in hosts/,
    which `monerosim trace` shows, and report.html. Ctrl-C stops a run early and keeps its results so far.

    A probe that has fail_run = true and finds something wrong makes the exit code 3.
    """
    console = make_console(stderr=True)
    directory = scenario
    try:
        if scenario.is_dir():
            scripts = permissions().programs and has_scripts(Run(scenario).plan)
            if engine is not None or seed is not None or changes or permissions() != Permissions(programs=scripts):
                raise click.UsageError(f"{scenario} is a run directory, which is run as it was built")
            plan, directory = _again(scenario, output, force=force) if replay else _built(scenario, output, force=force)
        elif replay:
            raise click.UsageError(f"--replay: {scenario} is no run directory")
        else:
            plan, directory = _build(scenario, output, engine, seed, changes, force=force)
        prepare_control(plan, directory, control=control or serve, speed=speed)
        server = serve_beside(context, directory, port) if serve else None
        if not quiet:
            console.print(
                f"{plan.name}: {format_count(len(plan.hosts), 'participant')}, "
                f"bootstrap {format_duration(plan.time_zero)}, then {format_duration(plan.duration)}; "
                f"seed {plan.seed}, engine {plan.engine}; {directory}",
                soft_wrap=True,
            )
        with stop_on_signal() as stopped, show_progress(plan, console, quiet=quiet) as show:
            played = play(
                directory,
                trace_level=trace_level.upper(),
                on_progress=lambda now: show(now) and not stopped(),
                permissions=permissions(),
            )
    except ScenarioError as error:
        refuse(scenario, error.problems)
    except EngineError as error:
        told = (
            f"\n`monerosim report {directory}` shows the results up to there" if (directory / SUMMARY).exists() else ""
        )
        raise click.ClickException(f"{error}{told}") from error
    except (BinaryError, RunDirectoryError, RunError) as error:
        raise click.ClickException(str(error)) from error
    print_summary(played, make_console())
    if not no_report:
        _report(played)
    if server is not None:
        server.wait()
    context.exit(_exit_code(played.summary))


def _exit_code(summary: Summary) -> int:
    if summary.outcome.reason or not summary.completed:
        return FAILED
    failed = alerts.fails_run(summary.alerts) or probes.fails_run(summary.probes)
    return REFUSED if failed else 0


def _build(
    scenario: Path, output: Path | None, engine: str | None, seed: int | None, changes: tuple[str, ...], *, force: bool
) -> tuple[Plan, Path]:
    """Build the run directory of a scenario."""
    loaded, text = load_or_exit(scenario, engine, seed, changes)
    note_sweep(loaded)
    plan = build_plan(loaded, scenario.parent)
    tell_binaries(plan)
    load_engine(plan.engine).check(plan)
    directory = output or new_directory(plan.name)
    with unwind_on_signal():
        write_run_directory(plan, text, directory, force=force, plugins=loaded.files.sources, at_once=True)
    if output is None:
        name_latest(directory)
    return plan, directory


def _built(run: Path, output: Path | None, *, force: bool) -> tuple[Plan, Path]:
    """Take a run directory as it was built."""
    if output or force:
        raise click.UsageError(f"{run} is a run directory, which is run as it was built")
    return unplayed(run).plan, run


def _again(run: Path, output: Path | None, *, force: bool) -> tuple[Plan, Path]:
    """Build the run directory of a run once more."""
    plan = Run(run).plan
    directory = output or new_directory(plan.name)
    with unwind_on_signal():
        build_again(plan, run, directory, force=force)
    if output is None:
        name_latest(directory)
    return plan, directory


def _report(played: Run) -> None:
    """Write the page, and name it; a run whose page cannot be made has not failed."""
    try:
        write_report([played], played.directory / PAGE)
    except RunError as error:
        click.echo(f"no report: {error}", err=True)
    else:
        click.echo(f"report     {played.directory / PAGE}")
