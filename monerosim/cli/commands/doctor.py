"""``monerosim doctor``: the programs that engines need, and how to install them."""

from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from monerosim.cli.console import make_console
from monerosim.cli.exits import REFUSED
from monerosim.cli.scenario import change_options, compile_or_exit, load_or_exit
from monerosim.doctor.checks import MEMORY, Check, Diagnosis, diagnose
from monerosim.doctor.probe import ENGINE, NAME, probe
from monerosim.engine import engine_names
from monerosim.plan.plan import Plan
from monerosim.scenario import Examination, Node, Participant, Scenario, Simulation, Wallet, examine_scenario

_COLOURS = {"good": "green", "warning": "yellow", "missing": "red"}


@click.command("doctor")
@click.argument("scenario", type=click.Path(path_type=Path), required=False)
@change_options
@click.option("--probe", "probing", is_flag=True, help="Also run two hosts under Shadow for some seconds.")
@click.pass_context
def doctor(
    context: click.Context,
    scenario: Path | None,
    engine: str | None,
    seed: int | None,
    changes: tuple[str, ...],
    probing: bool,
) -> None:
    """Check that the programs each engine needs are installed, and how to install those that are missing.

    With SCENARIO, also check its own programs and flags, and the memory that it needs. With --probe, also run two hosts
    with the real programs (more, if participants of SCENARIO have programs of their own) under Shadow for some seconds;
    the run is kept if it fails. Exits with code 0 if the engine of SCENARIO (or --engine, or else embedded) is ready,
    and with --probe Shadow too; with 3 if not.
    """
    base = None
    if scenario is not None:
        examination, _ = load_or_exit(scenario, engine, seed, changes)
        base = scenario.parent
    elif seed is not None or changes:
        raise click.UsageError("--seed and --set change a scenario, and none is given")
    else:
        if engine is not None and engine not in engine_names():
            raise click.BadParameter(f"there are {', '.join(engine_names())}", param_hint="--engine")
        examination = examine_scenario(_two_nodes(engine or "embedded"))
    loaded = examination.scenario
    plan = compile_or_exit(examination, scenario)
    for_all = (*loaded.binaries.monerod_flags, *loaded.binaries.wallet_flags)
    diagnosis = diagnose(plan, base, own=scenario is not None, flags_for_all=for_all)
    if probing:
        check = _probe(diagnosis, examination, plan, base)
        diagnosis = Diagnosis(checks=(*diagnosis.checks, check))
    _print(diagnosis, make_console())
    wanted = [plan.engine, *([ENGINE] if probing else [])]
    context.exit(REFUSED if any(diagnosis.lacking(one) for one in wanted) else 0)


def _probe(diagnosis: Diagnosis, examination: Examination, plan: Plan, base: Path | None) -> Check:
    lacking = [name for name in diagnosis.lacking(ENGINE) if name != MEMORY]
    if lacking:
        return Check(name=NAME, state="warning", found=f"not played for want of {', '.join(lacking)}")
    try:
        return probe(examination, plan, base)
    except OSError as error:
        raise click.ClickException(f"the probe has no place for its files: {error}") from error


def _two_nodes(engine: str) -> Scenario:
    """Compose the smallest scenario that uses all that the engines give real programs."""
    return Scenario(
        simulation=Simulation(engine=engine), participants={"user": Participant(count=2, node=Node(), wallet=Wallet())}
    )


def _print(diagnosis: Diagnosis, console: Console) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in diagnosis.checks:
        table.add_row(check.name, _state(check), escape(check.found))
    console.print(table)
    for remedy in diagnosis.remedies:
        console.print(f"\n{remedy}", markup=False, soft_wrap=True)
    console.print()
    for engine in engine_names():
        lacking = diagnosis.lacking(engine)
        state = f"[red]lacks {escape(', '.join(lacking))}[/red]" if lacking else "[green]ready[/green]"
        console.print(f"{engine}: {state}", soft_wrap=True)


def _state(check: Check) -> str:
    return f"[{_COLOURS[check.state]}]{check.state}[/{_COLOURS[check.state]}]"
