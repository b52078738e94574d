"""``monerosim check``: a scenario's errors."""

from pathlib import Path

import click

from monerosim.cli.scenario import compile_or_exit, load_or_exit, refuse, scenario_options
from monerosim.engine import load_engine
from monerosim.plan.plan import Plan
from monerosim.scenario.problems import Problem
from monerosim.scenario.tables import SweepTable
from monerosim.units import SECOND, format_bytes, format_count, format_duration


@click.command("check")
@scenario_options
def check(scenario: Path, engine: str | None, seed: int | None, changes: tuple[str, ...]) -> None:
    """Validate SCENARIO and report every error, or what it is composed of if there is none.

    Exits with code 2 if there are errors. A scenario with warnings can be run, unless simulation.strict is true.
    `monerosim doctor SCENARIO` checks the programs that it needs.
    """
    loaded, _ = load_or_exit(scenario, engine, seed, changes)
    plan = compile_or_exit(loaded, scenario)
    sweep = _describe_sweep(scenario, loaded.scenario.sweep)
    nodes = sum(host.node is not None for host in plan.hosts)
    wallets = sum(len(host.wallets) for host in plan.hosts)
    click.echo(
        f"{scenario}: valid. {format_count(len(plan.hosts), 'participant')}, {format_count(nodes, 'node')}, "
        f"{format_count(wallets, 'wallet')}; "
        f"{format_duration(plan.time_zero)} of bootstrap, then {format_duration(plan.duration)}"
        f"{sweep}"
    )
    estimate = _estimate(plan)
    if estimate:
        click.echo(f"A run takes about {estimate} (estimated, for the engine {plan.engine}).")


def _estimate(plan: Plan) -> str:
    """Return what a run takes, as far as its engine can tell."""
    engine = load_engine(plan.engine)
    seconds, memory, disk = engine.seconds(plan), engine.memory(plan), engine.disk(plan)
    parts = {
        "": None if seconds is None else format_duration(max(1, round(seconds)) * SECOND),
        " of memory": None if memory is None else format_bytes(memory.total),
        " on disk": None if disk is None else format_bytes(disk),
    }
    return ", ".join(f"{found}{what}" for what, found in parts.items() if found is not None)


def _describe_sweep(path: Path, table: SweepTable) -> str:
    """Return what a sweep of the scenario comes to; nothing where it has no such table."""
    if table == SweepTable():
        return ""
    from monerosim.ensemble.design import DesignError, design_of  # noqa: PLC0415  (few scenarios have the table)

    try:
        design = design_of(table)
    except DesignError as error:
        refuse(path, [Problem(place="", message=str(error))])
    return f"; sweep: {format_count(len(design.points), 'point')}, {format_count(len(design.seeds), 'seed')}"
