"""``monerosim import``: a scenario from one of another tool."""

from pathlib import Path

import click

from monerosim.cli.importing import make_scenario


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The scenario to write; by default FILE's name with .toml, in the current directory.",
)
@click.option("--force", "-f", is_flag=True, help="Replace an existing file.")
def import_(file: Path, output: Path | None, force: bool) -> None:
    """Make a scenario of FILE: of the public monerosim (github.com/Fountain5405/monerosim), of Shadow or ethshadow.

    Of the public monerosim both forms are read, the shorthand with ranges and staggers and the expanded one. Each value
    is carried over or named with the reason why not, on the terminal and in comments of the new file;
    docs/importing.md says where the two differ.

    Exits with code 2 if FILE cannot be read, or if the new file has to be mended by hand.
    """
    name = file.name.removesuffix(".yaml").removesuffix(".yml").removesuffix(".scenario")
    make_scenario(file, output or Path(f"{name}.toml"), "monerosim import", force=force)
