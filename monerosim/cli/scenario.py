"""What the commands that take a scenario have in common: its options, and telling what is wrong with it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from monerosim.build.binaries import describe_binary
from monerosim.build.compile import compile_plan
from monerosim.cli.exits import USAGE
from monerosim.plan.plan import Plan
from monerosim.plugins import PluginFiles
from monerosim.scenario import Examination, Permissions, Problem, ScenarioError, examine, read_file
from monerosim.scenario.tables import SweepTable

F = TypeVar("F", bound=Callable[..., Any])


def scenario_options(command: F) -> F:
    """Add the argument SCENARIO and the options that change it."""
    return click.argument("scenario", type=click.Path(path_type=Path))(change_options(command))


def change_options(command: F) -> F:
    """Add the options that change a scenario."""
    command = click.option(
        "--set",
        "changes",
        multiple=True,
        metavar="KEY.PATH=VALUE",
        help="Change a value of the scenario, such as participants.user.count=10; can be repeated.",
    )(command)
    command = click.option("--engine", help="Replace the scenario's engine; `monerosim plugins` lists them.")(
        allow_options(command)
    )
    return click.option("--seed", type=click.IntRange(min=0), help="Replace the scenario's seed.")(command)


def allow_options(command: F) -> F:
    """Add the options by which a user allows a scenario more than any may do; :func:`permissions` returns it."""
    command = click.option(
        "--allow-flag",
        multiple=True,
        metavar="FLAG",
        expose_value=False,
        callback=_allow,
        help="Let the scenario set this flag of monerod or monero-wallet-rpc, such as --add-peer; can be repeated.",
    )(command)
    return click.option(
        "--allow-programs",
        is_flag=True,
        expose_value=False,
        callback=_allow,
        help="Let the scenario start programs other than monerod and monero-wallet-rpc on PATH.",
    )(command)


def _allow(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Keep what the user allows the scenario, for :func:`permissions`."""
    context.meta[f"{__name__}.{parameter.name}"] = value


def permissions() -> Permissions:
    """Return what the command line allows the scenario."""
    meta = click.get_current_context().meta
    flags = (f"--{name.lstrip('-').partition('=')[0]}" for name in meta[f"{__name__}.allow_flag"])
    return Permissions(programs=meta[f"{__name__}.allow_programs"], flags=tuple(flags))


def output_options(command: F) -> F:
    """Add the options that say where the run directory is."""
    command = click.option("--force", "-f", is_flag=True, help="Replace an existing run and all its results.")(command)
    return click.option(
        "--output",
        "-o",
        type=click.Path(path_type=Path),
        help="The run directory; by default a new one in ./runs, named after the scenario.",
    )(command)


def load_or_exit(path: Path, engine: str | None, seed: int | None, changes: Sequence[str]) -> tuple[Examination, bytes]:
    """Read a scenario; tell all its problems on standard error, and exit with code 2 if there are errors.

    Returns:
        What there is to say about the scenario, and its file with the changes noted, for the run directory.
    """
    if engine is not None:
        changes = (*changes, f"simulation.engine={engine}")
    try:
        raw = read_file(path)
        examination = examine(raw, seed, changes, PluginFiles(path.parent), permissions())
    except ScenarioError as error:
        refuse(path, error.problems)
    if examination.errors:
        refuse(path, examination.problems)
    for problem in examination.warnings:
        click.echo(describe(path, problem), err=True)
    return examination, _note_changes(raw, seed, changes)


def note_sweep(examination: Examination) -> None:
    """Tell on standard error that a single run has nothing of a scenario's table ``[sweep]``."""
    if examination.scenario.sweep != SweepTable():
        click.echo("a single run: the table [sweep] is for `monerosim sweep`", err=True)


def compile_or_exit(examination: Examination, path: Path | None = None) -> Plan:
    """Compile a scenario that has been examined; tell what is wrong with it, and exit with code 2."""
    try:
        return compile_plan(examination)
    except ScenarioError as error:
        refuse(path or Path(), error.problems)


def tell_binaries(plan: Plan) -> None:
    """Tell on standard error what is peculiar about a plan's programs."""
    for binary in plan.binaries:
        name, *peculiar = describe_binary(binary)
        for line in peculiar:
            click.echo(f"{name}: {line}", err=True)


def refuse(path: Path, problems: Sequence[Problem]) -> NoReturn:
    """Tell what is wrong with a scenario and exit."""
    for problem in problems:
        click.echo(describe(path, problem), err=True)
    count = sum(problem.severity == "error" for problem in problems)
    click.echo(f"{path}: {count} error{'s' if count != 1 else ''}", err=True)
    raise SystemExit(USAGE)


def describe(path: Path, problem: Problem) -> str:
    """Write a problem the way compilers do, so that editors find the line."""
    place = f"{path}:{problem.line}" if problem.line is not None else str(path)
    severity = click.style(problem.severity, fg="red" if problem.severity == "error" else "yellow", bold=True)
    where = f"{problem.place}: " if problem.place and problem.place != str(path) else ""
    hint = f"\n    {problem.hint}" if problem.hint else ""
    return f"{place}: {severity}: {where}{problem.message}{hint}"


def _note_changes(raw: bytes, seed: int | None, changes: Sequence[str]) -> bytes:
    """Head the copy of a scenario with the options that changed it, or it would not be what was run."""
    options = ([f"--seed {seed}"] if seed is not None else []) + [f"--set {change!r}" for change in changes]
    if not options:
        return raw
    note = f"# Built with: {' '.join(options)}\n".encode("ascii", "backslashreplace")
    mark = b"\xef\xbb\xbf"
    return note + raw.removeprefix(mark)
