"""What the commands that make a scenario of another tool's file have in common."""

from pathlib import Path

import click

from monerosim.cli.exits import USAGE
from monerosim.cli.scenario import describe, refuse
from monerosim.files import replace_file
from monerosim.importers.account import account_lines, write_scenario
from monerosim.importers.convert import convert
from monerosim.importers.yaml_file import MAX_BYTES
from monerosim.scenario import Permissions, ScenarioError, examine, read_file
from monerosim.units import format_count


def make_scenario(source: Path, output: Path, command: str, *, force: bool) -> None:
    """Make a scenario of a file, tell what became of each of its values, and check it.

    Args:
        source: The file.
        output: The scenario's file.
        command: What was called, for the comment at the scenario's head.
        force: Whether an existing file is replaced.
    """
    if not force and output.exists():
        raise click.ClickException(f"{output} already exists; --force replaces it")
    try:
        conversion = convert(read_file(source, MAX_BYTES))
    except ScenarioError as error:
        refuse(source, error.problems)
    text = write_scenario(conversion, source.name, command)
    try:
        replace_file(output, text.encode())
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from error
    click.echo("\n".join(account_lines(conversion)).strip("\n") + "\n")
    carried = format_count(len(conversion.carried), "value")
    click.echo(
        f"{output}: written from {source} ({conversion.kind}): {carried} carried over, {len(conversion.left)} left out"
    )
    scripts = conversion.has_scripts
    # What is allowed here is to be checked: nothing is started.
    try:
        problems = examine(text.encode(), permissions=Permissions(programs=scripts)).problems
    except ScenarioError as error:
        refuse(output, error.problems)
    for problem in problems:
        click.echo(describe(output, problem), err=True)
    if any(problem.severity == "error" for problem in problems):
        click.echo(f"{output}: has to be mended by hand before it runs", err=True)
        raise SystemExit(USAGE)
    click.echo(f"Next: monerosim run {'--allow-programs ' if scripts else ''}{output}")
