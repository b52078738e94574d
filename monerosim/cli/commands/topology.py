"""``monerosim topology``: the network of a scenario, in figures and drawn."""

from pathlib import Path

import click

from monerosim.cli.scenario import compile_or_exit, load_or_exit, scenario_options
from monerosim.files import replace_file
from monerosim.results.network_map import describe, draw, network_map
from monerosim.units import parse_duration


def _duration(_context: click.Context, _parameter: click.Parameter, value: str) -> int:
    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command("topology")
@scenario_options
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Draw the connections into this SVG file.")
@click.option(
    "--after",
    default="2h",
    callback=_duration,
    help="Where nodes find their peers: how long they have; 2h if left out.",
)
def topology(
    scenario: Path, engine: str | None, seed: int | None, changes: tuple[str, ...], output: Path | None, after: int
) -> None:
    """Print who is connected with whom in SCENARIO: degrees, diameter, latencies, who cannot be dialled."""
    loaded, _ = load_or_exit(scenario, engine, seed, changes)
    plan = compile_or_exit(loaded, scenario)
    found = network_map(plan, after)
    for name, value in describe(plan, found):
        click.echo(f"{name:20} {value}")
    if output is not None:
        try:
            replace_file(output, draw(plan, found).encode())
        except (ValueError, OSError) as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"drawn                {output}")
