"""One scenario on several engines, side by side: heights, payments, confirmations, fees, balances, propagation.

    python tools/compare_engines.py -o DIRECTORY [SCENARIO] [--engines embedded,local,shadow]

Each engine's run is DIRECTORY/ENGINE; one that has been played is not played again. docs/engines.md explains what
differs.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import msgspec

from monerosim.observe.events import BlockSpread, PaymentConfirmed, PaymentSent, Record, TransactionSpread
from monerosim.plan.build import build_plan
from monerosim.plan.rundir import write_run_directory
from monerosim.runs import SUMMARY, Run, play
from monerosim.scenario import load
from monerosim.units import SECOND, format_amount

SMOKE = Path(__file__).resolve().parent.parent / "scenarios" / "smoke.toml"
ENGINES = ("embedded", "local", "shadow")


def play_on(engine: str, scenario: Path, directory: Path) -> Run:
    """Play a scenario on an engine, unless it has been."""
    if (directory / SUMMARY).exists():
        return Run(directory)
    loaded = load(scenario)
    simulation = msgspec.structs.replace(loaded.simulation, engine=engine)
    plan = build_plan(msgspec.structs.replace(loaded, simulation=simulation), scenario.parent)
    write_run_directory(plan, scenario.read_bytes(), directory, force=True)
    return play(directory)


def rows(run: Run) -> dict[str, str]:
    """Take from a run what is to be compared."""
    summary = run.summary
    records = list(run.events())
    own = [record for record in records if record.participant != "funder"]
    sent = [record.data for record in own if isinstance(record.data, PaymentSent)]
    waited = [record.data.waited / SECOND for record in own if isinstance(record.data, PaymentConfirmed)]
    transactions = summary.transactions
    table = {
        "height": f"{summary.height}",
        "blocks found": f"{summary.blocks}",
        "reorganisations": f"{summary.reorgs}",
        "payments sent": f"{transactions.sent}",
        "payments confirmed": f"{transactions.confirmed}",
        "payments received": f"{transactions.received}",
        "payments that waited for locked coins": f"{transactions.delayed}",
        "seconds until confirmed": _spread(waited, "{:.1f}"),
        "fee (XMR)": _spread([payment.fee / 1e12 for payment in sent], "{:.6f}"),
        "a block's way to the other nodes (ms)": _spread(_delays(records, BlockSpread), "{:.0f}"),
        "a transaction's way to the other nodes (s)": _spread(
            [delay / 1e3 for delay in _delays(records, TransactionSpread)], "{:.1f}"
        ),
    }
    table |= {f"balance of {name}": format_amount(held) for name, held in summary.balances.items()}
    table["coins that no wallet holds"] = format_amount(summary.unaccounted)
    table["real seconds"] = f"{summary.wall_seconds:.1f}"
    return table


def _delays(records: Iterable[Record], kind: type[BlockSpread | TransactionSpread]) -> list[float]:
    """List how long items of the scenario's own time took from the first node to each other, milliseconds."""
    spreads = [record.data for record in records if isinstance(record.data, kind)]
    return [
        after / 1e3
        for spread in spreads
        if spread.first >= 0
        for node, after in enumerate(spread.after)
        if after >= 0 and node != spread.after.index(0)
    ]


def _spread(values: list[float], form: str) -> str:
    if not values:
        return "-"
    least, middle, most = (form.format(value) for value in (min(values), median(values), max(values)))
    return f"{least} / {middle} / {most}"


def print_table(columns: dict[str, dict[str, str]]) -> None:
    """Print the engines side by side; three numbers are the least, the median and the most."""
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    widths = {engine: max(map(len, [engine, *column.values()])) for engine, column in columns.items()}
    first = max(map(len, names))
    print(" " * first + "".join(f"  {engine:>{widths[engine]}}" for engine in columns))
    for name in names:
        cells = "".join(f"  {column.get(name, '-'):>{widths[engine]}}" for engine, column in columns.items())
        print(f"{name:{first}}{cells}")


def main() -> None:
    """Compare what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="?", type=Path, default=SMOKE)
    parser.add_argument("-o", "--output", type=Path, required=True, help="where the runs are, or go")
    parser.add_argument("--engines", default=",".join(ENGINES), help="which engines, with commas between them")
    options = parser.parse_args()
    engines = options.engines.split(",")
    print_table({engine: rows(play_on(engine, options.scenario, options.output / engine)) for engine in engines})


if __name__ == "__main__":
    main()
