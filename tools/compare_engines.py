"""One scenario on several engines, side by side: heights, payments, confirmations, fees, balances, propagation.

    python tools/compare_engines.py -o DIRECTORY [SCENARIO] [--engines embedded,local,shadow]

Each engine's run is DIRECTORY/ENGINE; one that exists is not run again, and one of another scenario is left alone.
docs/engines.md explains what differs.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from monerosim.build.binaries import BinaryError
from monerosim.build.build import build_plan
from monerosim.build.rundir import RunDirectoryError, write_run_directory
from monerosim.engine import EngineError, engine_names, load_engine
from monerosim.events import BlockSpread, PaymentConfirmed, PaymentSent, TransactionSpread
from monerosim.plan.plan import Plan
from monerosim.plugins import PluginFiles
from monerosim.report.spread import first_seen, half_of_nodes
from monerosim.runs import SUMMARY, Run, RunError, play
from monerosim.scenario import ScenarioError, load
from monerosim.units import SECOND, format_amount

SMOKE = Path(__file__).resolve().parent.parent / "scenarios" / "smoke.toml"


def plan_for(engine: str, scenario: Path, changes: Sequence[str] = ()) -> tuple[Plan, Mapping[str, bytes]]:
    """Return a scenario's plan for an engine, changed as ``--set`` does, and the code of its own files.

    Raises:
        ScenarioError, BinaryError, EngineError: It cannot be run there.
    """
    files = PluginFiles(scenario.parent)
    plan = build_plan(load(scenario, changes=[f"simulation.engine={engine}", *changes]), scenario.parent, files)
    load_engine(plan.engine).check(plan)
    return plan, files.sources


def is_played(plan: Plan, directory: Path) -> bool:
    """Return whether a directory holds exactly this run.

    Raises:
        RunError: It holds another run, or something else.
    """
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return False
    there = Run(directory)
    if there.plan != plan:
        raise RunError(f"{directory} has a run of another scenario, or of other programs: choose another directory")
    return (directory / SUMMARY).exists()


def compare(scenario: Path, output: Path, engines: Sequence[str]) -> dict[str, Run]:
    """Run a scenario on engines unless that was done; all directories are checked before the first run."""
    plans = {engine: plan_for(engine, scenario) for engine in engines}
    played = {engine: is_played(plan, output / engine) for engine, (plan, _) in plans.items()}
    for engine, (plan, sources) in plans.items():
        if not played[engine]:
            directory = output / engine
            write_run_directory(plan, scenario.read_bytes(), directory, force=True, plugins=sources)
            play(directory)
    return {engine: Run(output / engine) for engine in engines}


def rows(run: Run) -> dict[str, str]:
    """Return the figures of a run that are compared."""
    summary = run.summary
    records = list(run.events())
    own = [record for record in records if record.participant != "funder"]
    sent = [record.data for record in own if isinstance(record.data, PaymentSent)]
    waited = [record.data.elapsed / SECOND for record in own if isinstance(record.data, PaymentConfirmed)]
    transactions = summary.payments
    table = {
        "height": f"{summary.chain.height}",
        "blocks found": f"{summary.chain.blocks}",
        "reorganisations": f"{summary.chain.reorganisations}",
        "payments sent": f"{transactions.sent}",
        "payments confirmed": f"{transactions.confirmed}",
        "payments received": f"{transactions.received}",
        "payments delayed by locked outputs": f"{transactions.delayed}",
        "seconds until confirmed": _spread(waited, "{:.1f}"),
        "fee (XMR)": _spread([payment.fee / 1e12 for payment in sent], "{:.6f}"),
        "a block's way to the other nodes (ms)": _way(run, BlockSpread, SECOND / 1000, "{:.0f}"),
        "a transaction's way to the other nodes (s)": _way(run, TransactionSpread, SECOND, "{:.1f}"),
    }
    table |= {f"balance of {name}": format_amount(held) for name, held in summary.coins.balances.items()}
    table["coins unaccounted for"] = format_amount(summary.coins.unaccounted)
    table["real seconds"] = f"{summary.wall_seconds:.1f}"
    return table


def _way(run: Run, kind: type[BlockSpread | TransactionSpread], scale: float, form: str) -> str:
    """Return how long items of the scenario's own time took from the first node to each other node that was recorded.

    Where quantiles were recorded no node's time is known: then it is how long they took to half the nodes.
    """
    spreads = [(record.participant, record.data) for record in run.events() if isinstance(record.data, kind)]
    own = [(origin, spread) for origin, spread in spreads if spread.first >= 0]
    if any(spread.quantiles for _, spread in own):
        half = [it.delay for it in (half_of_nodes(spread) for _, spread in own) if it is not None]
        return f"{_spread([delay / scale for delay in half], form)} to half"
    times = [
        (at - spread.first) / scale
        for origin, spread in own
        for node, at in first_seen(spread, run.plan).items()
        if node != origin
    ]
    return _spread(times, form)


def _spread(values: list[float], form: str) -> str:
    if not values:
        return "-"
    least, middle, most = (form.format(value) for value in (min(values), median(values), max(values)))
    return f"{least} / {middle} / {most}"


def print_table(columns: dict[str, dict[str, str]]) -> None:
    """Print the engines side by side; three numbers are minimum, median and maximum."""
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    widths = {engine: max(map(len, [engine, *column.values()])) for engine, column in columns.items()}
    first = max(map(len, names))
    print(" " * first + "".join(f"  {engine:>{widths[engine]}}" for engine in columns))
    for name in names:
        cells = "".join(f"  {column.get(name, '-'):>{widths[engine]}}" for engine, column in columns.items())
        print(f"{name:{first}}{cells}")


def main() -> None:
    """Compare the engines that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "scenario", nargs="?", type=Path, default=SMOKE, help="what is played; scenarios/smoke.toml if left out"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="where the runs are, or go")
    parser.add_argument("--engines", default=",".join(engine_names()), help="which engines, with commas between them")
    options = parser.parse_args()
    engines = [engine.strip() for engine in options.engines.split(",")]
    try:
        print_table({engine: rows(run) for engine, run in compare(options.scenario, options.output, engines).items()})
    except (ScenarioError, BinaryError, EngineError, RunDirectoryError, RunError) as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
