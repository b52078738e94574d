"""``monerosim run``: a scenario from file to summary."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from monerosim.build.binaries import BinaryError
from monerosim.build.build import build_plan
from monerosim.build.rundir import RunDirectoryError, write_run_directory
from monerosim.cli.commands.report import print_summary
from monerosim.cli.console import make_console
from monerosim.cli.progress import show_progress
from monerosim.cli.scenario import load_or_exit, output_options, refuse, scenario_options, tell_binaries
from monerosim.engine import EngineError, load_engine
from monerosim.events.traces import LEVELS, USUAL_LEVEL
from monerosim.runs import SUMMARY, Run, RunError, new_directory, play
from monerosim.scenario import ScenarioError
from monerosim.units import format_duration

_AGAIN = 1.0
"""Seconds after the first signal within which another is the same one."""

_INTERRUPTED = 130

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""SIGHUP: the terminal was closed. It stays ignored where nohup has said so."""


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
@click.option("--quiet", "-q", is_flag=True, help="No progress, only the summary.")
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
) -> None:
    """Play SCENARIO and show what happened.

    SCENARIO may also be a run directory that `monerosim build` has written and nobody has played yet.

    The run directory keeps everything: plan.json, events.jsonl, summary.json, and the traces of all actors in hosts/,
    which `monerosim trace` shows. Ctrl-C stops a run early; what it has done so far is kept.
    """
    console = make_console(stderr=True)
    directory = scenario
    try:
        if scenario.is_dir():
            if output or force or engine is not None or seed is not None or changes:
                raise click.UsageError(f"{scenario} is a run directory, which is played as it was built")
            plan = Run(scenario).plan
        else:
            loaded, text = load_or_exit(scenario, engine, seed, changes)
            plan = build_plan(loaded, scenario.parent)
            tell_binaries(plan)
            load_engine(plan.engine).check(plan)
            directory = output or new_directory(plan.name)
            write_run_directory(plan, text, directory, force=force, plugins=loaded.files.sources)
        if not quiet:
            console.print(
                f"{plan.name}: {len(plan.hosts)} participants, bootstrap {format_duration(plan.time_zero)}, "
                f"then {format_duration(plan.duration)}; seed {plan.seed}, engine {plan.engine}",
                soft_wrap=True,
            )
        with _stop_on_interrupt() as stopped, show_progress(plan, console, quiet=quiet) as show:
            played = play(
                directory, trace_level=trace_level.upper(), on_progress=lambda now: show(now) and not stopped()
            )
    except ScenarioError as error:
        refuse(scenario, error.problems)
    except EngineError as error:
        told = f"\n`monerosim report {directory}` tells of what was played" if (directory / SUMMARY).exists() else ""
        raise click.ClickException(f"{error}{told}") from error
    except (BinaryError, RunDirectoryError, RunError) as error:
        raise click.ClickException(str(error)) from error
    print_summary(played, make_console())
    if played.summary.reason:
        context.exit(1)
    if not played.summary.completed:
        context.exit(_INTERRUPTED)


class _Stopped:
    """Whether one of these signals has come, and since when."""

    def __init__(self) -> None:
        self.since: float | None = None

    def __call__(self) -> bool:
        return self.since is not None


@contextmanager
def _stop_on_interrupt() -> Iterator[_Stopped]:
    """Let the run end in order at the first signal; one that comes a while later acts as always.

    A terminal, and a program that passes signals on, may both send the same one.
    """
    stopped = _Stopped()
    previous = {number: signal.getsignal(number) for number in _ENDING}
    if previous[signal.SIGHUP] == signal.SIG_IGN:
        del previous[signal.SIGHUP]

    def stop(signum: int, frame: FrameType | None) -> None:
        del frame
        now = time.monotonic()
        if stopped.since is None:
            stopped.since = now
        elif now - stopped.since > _AGAIN:
            signal.signal(signum, previous[signal.Signals(signum)])
            signal.raise_signal(signum)

    for number in previous:
        signal.signal(number, stop)
    try:
        yield stopped
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
