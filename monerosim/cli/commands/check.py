"""``monerosim check``: everything that is wrong with a scenario."""

from pathlib import Path

import click

from monerosim.cli.scenario import compile_or_exit, load_or_exit, scenario_options
from monerosim.units import format_duration


@click.command("check")
@scenario_options
def check(scenario: Path, engine: str | None, seed: int | None, changes: tuple[str, ...]) -> None:
    """Say everything that is wrong with SCENARIO, and what it makes if nothing is.

    Exits with code 2 if there are errors. Warnings leave it usable, unless simulation.strict is true. The programs that
    it runs are not looked for: `monerosim doctor SCENARIO` does.
    """
    loaded, _ = load_or_exit(scenario, engine, seed, changes)
    plan = compile_or_exit(loaded, scenario)
    nodes = sum(host.node is not None for host in plan.hosts)
    wallets = sum(len(host.wallets) for host in plan.hosts)
    click.echo(
        f"{scenario}: good. {len(plan.hosts)} participants, {nodes} nodes, {wallets} wallets; "
        f"{format_duration(plan.time_zero)} of bootstrap, then {format_duration(plan.duration)}"
    )
