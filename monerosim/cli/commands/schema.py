"""``monerosim schema``: the JSON Schema of scenarios."""

import click
import msgspec

from monerosim.catalogue.schema import scenario_schema


@click.command("schema")
def schema() -> None:
    """Print the JSON Schema of scenarios, with all installed actors and topologies.

    An editor completes and checks a scenario by it, for instance with the line `#:schema scenario.schema.json` at the
    file's top.
    """
    click.echo(msgspec.json.format(msgspec.json.encode(scenario_schema()), indent=2).decode())
