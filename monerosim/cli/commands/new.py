"""``monerosim new``: a commented scenario to start from."""

from pathlib import Path

import click

from monerosim.scenario.template import TEMPLATES, USUAL, template


@click.command("new")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default="scenario.toml")
@click.option(
    "--template",
    "-t",
    "name",
    type=click.Choice(list(TEMPLATES)),
    default=USUAL,
    show_default=True,
    help="Which scenario; see below.",
)
@click.option("--force", "-f", is_flag=True, help="Replace an existing file.")
def new(file: Path, name: str, force: bool) -> None:
    """Write a commented scenario to FILE (scenario.toml if left out).

    quickstart: pools, users and a marketplace, with every table explained. market: customers order items and pay
    invoices. attack: a selfish miner. unreachable: most nodes can be dialled by nobody. shadow: small enough for the
    real programs under Shadow.
    """
    try:
        with file.open("wb" if force else "xb") as out:
            out.write(template(name))
    except FileExistsError as error:
        raise click.ClickException(f"{file} already exists; --force replaces it") from error
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"{file}: written ({TEMPLATES[name]}). Change it, then: monerosim run {file}")
