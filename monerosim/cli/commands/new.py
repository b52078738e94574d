"""``monerosim new``: a commented scenario to start from."""

from pathlib import Path

import click

from monerosim.scenario.template import template


@click.command("new")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default="scenario.toml")
@click.option("--force", "-f", is_flag=True, help="Replace an existing file.")
def new(file: Path, force: bool) -> None:
    """Write a commented scenario to FILE (scenario.toml if left out)."""
    try:
        with file.open("wb" if force else "xb") as out:
            out.write(template())
    except FileExistsError as error:
        raise click.ClickException(f"{file} already exists; --force replaces it") from error
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"{file}: written. Change it, then: monerosim run {file}")
