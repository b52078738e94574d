"""One scenario on several engines, side by side: heights, payments, confirmations, fees, balances, propagation.

    python tools/compare_engines.py -o DIRECTORY [SCENARIO] [--engines embedded,local,shadow]

Each engine's run is DIRECTORY/ENGINE; one that has been played is not played again. docs/engines.md explains what
differs.
"""

import argparse
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import msgspec

from monerosim.model.network import Network
from monerosim.observe.events import BlockFound, PaymentConfirmed, PaymentSent
from monerosim.plan.build import build_plan
from monerosim.plan.model import Plan
from monerosim.plan.rundir import write_run_directory
from monerosim.runs import SUMMARY, Run, play
from monerosim.scenario import load
from monerosim.units import SECOND, format_amount

SMOKE = Path(__file__).resolve().parent.parent / "scenarios" / "smoke.toml"
ENGINES = ("embedded", "local", "shadow")

COINBASE_WEIGHT = 90
TRANSACTION_WEIGHT = 1500
"""Bytes, about: events do not tell a block's weight, and at usual bandwidths it hardly matters."""

_ADDED = re.compile(r"(?P<time>[\d-]{10} [\d:.]{12})\t.*\+\+\+\+\+ BLOCK SUCCESSFULLY ADDED")
_ID = re.compile(r"\tid:\t<(?P<hash>[0-9a-f]{64})>")
"""monerod at log level blockchain:INFO (src/cryptonote_core/blockchain.cpp)."""


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
    summary, plan = run.summary, run.plan
    records = list(run.events())
    own = [record for record in records if record.participant != "funder"]
    sent = [record.data for record in own if isinstance(record.data, PaymentSent)]
    waited = [record.data.waited / SECOND for record in own if isinstance(record.data, PaymentConfirmed)]
    blocks = [(record.t, record.data) for record in records if isinstance(record.data, BlockFound)]
    delays = list(_modelled_delays(plan, blocks) if plan.engine == "embedded" else _logged_delays(run, blocks))
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
        "a block's way to the other nodes (ms)": _spread([delay / 1e3 for delay in delays], "{:.0f}"),
    }
    table |= {f"balance of {name}": format_amount(held) for name, held in summary.balances.items()}
    table["coins that no wallet holds"] = format_amount(summary.unaccounted)
    table["real seconds"] = f"{summary.wall_seconds:.1f}"
    return table


def _modelled_delays(plan: Plan, blocks: Iterable[tuple[int, BlockFound]]) -> Iterator[int]:
    """Ask the model again: its waits are a function of seed, item and link."""
    network = Network.from_plan(plan)
    index = {name: number for number, name in enumerate(host.name for host in plan.hosts if host.node is not None)}
    for time, found in blocks:
        weight = COINBASE_WEIGHT + TRANSACTION_WEIGHT * found.transactions
        released = time + plan.time_zero
        arrivals = network.block_arrivals(bytes.fromhex(found.hash), index[found.miner], released, weight)
        yield from (int(arrival) - released for node, arrival in enumerate(arrivals) if node != index[found.miner])


def _logged_delays(run: Run, blocks: Iterable[tuple[int, BlockFound]]) -> Iterator[int]:
    """Compare the times at which the nodes logged a block as added, in milliseconds as they are logged."""
    nodes = [host.name for host in run.plan.hosts if host.node is not None]
    added = {node: _added(run.directory / "hosts" / node / "monerod.log") for node in nodes}
    for _, found in blocks:
        times = {node: log[found.hash] for node, log in added.items() if found.hash in log}
        at_miner = times.pop(found.miner, None)
        if at_miner is not None:
            yield from (time - at_miner for time in times.values())


def _added(log: Path) -> dict[str, int]:
    text = log.read_text(encoding="utf-8", errors="replace")
    times = {}
    for found in _ADDED.finditer(text):
        block = _ID.search(text, found.end())
        moment = datetime.fromisoformat(found["time"]).replace(tzinfo=UTC)
        if block is not None:
            times[block["hash"]] = round(moment.timestamp() * SECOND)
    return times


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
