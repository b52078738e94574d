"""``monerosim migrate``: a scenario from a configuration of the old monerosim."""

from pathlib import Path

import click

from monerosim.cli.importing import make_scenario


@click.command("migrate")
@click.option(
    "--input", "-i", "source", type=click.Path(path_type=Path), required=True, help="The configuration, YAML."
)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The scenario to write."
)
@click.option("--force", "-f", is_flag=True, help="Replace an existing file.")
def migrate(source: Path, output: Path, force: bool) -> None:
    """Make a scenario of a configuration that the design documents of the old monerosim show.

    Each of its values is carried over or named with the reason why not, on the terminal and in comments of the new
    file. docs/migrating.md has a table of all keys.

    Exits with code 2 if the configuration cannot be read, or if the new file has to be mended by hand.
    """
    make_scenario(source, output, "monerosim migrate", force=force)
