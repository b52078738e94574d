"""Compare the model with the real programs and write docs/fidelity.md.

    python tools/fidelity.py -o DIRECTORY [--runs 20] [--real-runs 4] [--blocks 2000] [--engine E] > docs/fidelity.md

The scenarios are tools/fidelity/*.toml. Runs that are in DIRECTORY already are not played again. Without --engine the
real programs run under Shadow where it is on PATH, else on the local engine, where nothing has a latency and computing
takes time: the model's nodes then verify as long as those of the real runs did. A short form: --runs 5 --real-runs 1
--blocks 200.
"""

import argparse
import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template

import numpy as np
from compare_engines import plan_for
from measure_relaying import MAINNET, single_share, stale_settings, stale_share
from scipy.optimize import brentq
from scipy.stats import t

from monerosim import (
    BlockContents,
    BlockSpread,
    ItemRelayed,
    PaymentSent,
    Run,
    TransactionSpread,
    TransactionStem,
    TxpoolRecorded,
)
from monerosim.build.rundir import write_run_directory
from monerosim.network.dandelion import Dandelion
from monerosim.report.spread import first_seen
from monerosim.runs import SUMMARY, play
from monerosim.units import SECOND, XMR, format_count

HERE = Path(__file__).resolve().parent / "fidelity"
LOCAL = "network.latency=1ms"
"""What the model's runs have other than the scenario where they stand beside runs on loopback."""

MAINNET_RATE = 1.45
"""Transactions a second in the sample of mainnet."""

FULL = 290_000
"""A block of this weight and more is full."""

FLOODED = 120
RACING = 4.0
"""The seconds between blocks of tools/fidelity/flood.toml and races.toml."""

_CROWD = 200
"""Nodes of the network in which messages are counted."""

Figures = dict[str, float]


def played(scenario: str, engine: str, seed: int, directory: Path, changes: Sequence[str] = ()) -> Run:
    """Return a run, which is played unless it was."""
    path = directory / f"{Path(scenario).stem}-{engine}-{seed}"
    if not (path / SUMMARY).exists():
        plan, sources = plan_for(engine, HERE / scenario, [f"simulation.seed={seed}", *changes])
        write_run_directory(plan, (HERE / scenario).read_bytes(), path, force=True, plugins=sources)
        play(path)
    return Run(path)


def arrivals(what: str, spreads: Iterable[BlockSpread | TransactionSpread]) -> Figures:
    """Return tenths and median of the seconds until the first other node, half the nodes and all have an item."""
    times = np.array([sorted(it.delays) for it in spreads if it.first >= 0 and it.reached_all]) / SECOND
    found = {}
    for name, place in {"first other node": 1, "half the nodes": 3, "all nodes": 6}.items():
        for form, share in {"10 %": 0.1, "median": 0.5, "90 %": 0.9}.items():
            found[f"{what}, {name}, {form} (s)"] = float(np.quantile(times[:, place], share)) if len(times) else np.nan
    return found


def figures(done: Run) -> Figures:
    """Return what is compared of one run."""
    records = list(done.events())
    spreads = [it.data for it in records if isinstance(it.data, TransactionSpread) and it.data.first >= 0]
    own = {it.txid for it in spreads}
    stems = {it.data.txid: it.data for it in records if isinstance(it.data, TransactionStem) and it.data.txid in own}
    stemmed = {txid for txid, stem in stems.items() if len(stem.nodes) > 1}
    found = arrivals("block", (it.data for it in records if isinstance(it.data, BlockSpread)))
    found |= arrivals("stemmed transaction", (it for it in spreads if it.txid in stemmed))
    found |= arrivals("transaction public at its sender", (it for it in spreads if it.txid not in stemmed))
    alone = [stem for txid, stem in stems.items() if txid not in stemmed]
    found["public at the sender, fluff epoch (%)"] = 100 * sum(it.end == "fluff" for it in alone) / len(stems)
    found["public at the sender, no stem (%)"] = 100 * sum(it.end == "no-stem" for it in alone) / len(stems)
    forwards = [len(stem.nodes) - 1 for stem in stems.values()]
    found["forwards, mean"] = float(np.mean(forwards))
    found["forwards of those stemmed, mean"] = float(np.mean([it for it in forwards if it]))
    ends = [stems[txid].end for txid in stemmed]
    for end in ("fluff", "no-stem", "loop", "embargo"):
        found[f"stems that end by {end} (%)"] = 100 * ends.count(end) / len(ends)
    messages = {
        (relay.t, relay.sender, relay.receiver): relay.message
        for it in records
        if isinstance(it.data, ItemRelayed) and it.data.kind in ("fluff", "embargo")
        for relay in it.data.relays()
        if relay.t >= 0
    }
    sizes = list(messages.values())
    found["public messages with one transaction (%)"] = 100 * sizes.count(1) / len(sizes)
    found["transactions a public message, mean"] = float(np.mean(sizes))
    found["public messages a transaction"] = sum(sizes) / len(own)
    return found


def verification(runs: Iterable[Run]) -> str:
    """Return a change of a scenario by which nodes take as long to verify as they did in runs of real programs.

    That is the time from the first message with an item until the node had it. Beyond that of the node that took the
    least it is uniform or exponential, whichever varies as much as these times do.
    """
    took: dict[str, list[int]] = {"block": [], "transaction": []}
    for done in runs:
        came: dict[tuple[str, str], int] = {}
        records = list(done.events())
        for relayed in (it.data for it in records if isinstance(it.data, ItemRelayed)):
            for relay in relayed.relays():
                place = relayed.item, relay.receiver
                came[place] = min(came.get(place, relay.t), relay.t)
        for spread in (it.data for it in records if isinstance(it.data, BlockSpread | TransactionSpread)):
            kind, item = ("block", spread.hash) if isinstance(spread, BlockSpread) else ("transaction", spread.txid)
            had = first_seen(spread, done.plan) if spread.first >= 0 else {}
            took[kind] += [at - came[item, node] for node, at in had.items() if came.get((item, node), at) < at]
    drawn = [
        f'{kind}_verification = {{ distribution = "{_distribution(all_)}", mean = "{round(np.mean(all_))}us", '
        f'least = "{min(all_)}us" }}'
        for kind, all_ in took.items()
    ]
    return f"network.relay={{ {', '.join(drawn)} }}"


def _distribution(times: Sequence[int]) -> str:
    beyond = np.mean(times) - min(times)
    deviations = {"exponential": beyond, "uniform": beyond / 3**0.5}
    return min(deviations, key=lambda name: abs(deviations[name] - np.std(times)))


def flooded(done: Run) -> Figures:
    """Return what is compared of a run in which more was paid than blocks hold."""
    records = [it for it in done.events() if it.t >= 0]
    # At the moment of a block the look may come just before it or just after.
    pool = [it.data for it in records if isinstance(it.data, TxpoolRecorded) and it.t // SECOND % FLOODED]
    blocks = [it.data for it in records if isinstance(it.data, BlockContents) and it.data.transactions]
    full = [it for it in blocks if it.weight > FULL]
    sent = {it.data.txid: it.t for it in records if isinstance(it.data, PaymentSent)}
    fees = [it.data.fee for it in records if isinstance(it.data, PaymentSent)]
    mined = {txid: it.t for it in records if isinstance(it.data, BlockContents) for txid in it.data.transactions}
    waits = [(mined[txid] - at) / SECOND for txid, at in sent.items() if txid in mined]
    return {
        "payments": len(sent),
        "fee of a payment, median (XMR)": float(np.median(fees)) / XMR,
        "transactions in the pool, at most": max(it.transactions for it in pool),
        "weight of the pool, at most": max(it.weight for it in pool),
        "full blocks": len(full),
        "transactions of a full block, mean": float(np.mean([len(it.transactions) for it in full])),
        "weight of a full block, mean": float(np.mean([it.weight for it in full])),
        "fees a byte of full blocks (piconero)": sum(it.fees for it in full) / sum(it.weight for it in full),
        "payments that blocks took": len(waits),
        "wait for a block, median (s)": float(np.median(waits)),
        "wait for a block, 90 % (s)": float(np.quantile(waits, 0.9)),
        "wait for a block, longest (s)": max(waits),
    }


def table(columns: dict[str, Figures], form: str) -> str:
    """Return figures of runs side by side."""
    lines = [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    lines += [
        f"| {name} | {' | '.join(format(it[name], form) for it in columns.values())} |"
        for name in next(iter(columns.values()))
    ]
    return "\n".join(lines)


def raced(done: Run, block_time: float) -> Figures:
    """Return the share of a run's blocks that lost a race, beside its closed form."""
    spreads = [it.data for it in done.events() if isinstance(it.data, BlockSpread)]
    delays = [[delay for delay in it.delays if delay > 0] for it in spreads if it.first >= 0 and it.reached_all]
    chain = done.summary.chain
    mean = float(np.mean([np.mean(delay) for delay in delays if delay])) / SECOND
    share, expected = chain.stale / chain.blocks, mean / (block_time + mean)
    error = (expected * (1 - expected) / chain.blocks) ** 0.5
    return {
        "blocks": chain.blocks,
        "seconds to another node (D)": mean,
        "stale (%)": 100 * share,
        "D/(T+D) (%)": 100 * expected,
        "standard errors apart": (share - expected) / error,
    }


def beside(model: Sequence[Figures], real: Sequence[Figures], engine: str) -> str:
    """Return a table of the model's means, what they let expect of the real runs' mean, and that mean."""
    lines = [f"| | model | expected of {format_count(len(real), 'run')} (95 %) | {engine} | |", "|---|---|---|---|---|"]
    for name in model[0]:
        ours, theirs = (np.array([it[name] for it in side]) for side in (model, real))
        ours, theirs = ours[~np.isnan(ours)], theirs[~np.isnan(theirs)]
        if not len(ours) or not len(theirs):
            continue
        reach = t.ppf(0.975, len(ours) - 1) * ours.std(ddof=1) * (1 / len(ours) + 1 / len(theirs)) ** 0.5
        low, high = ours.mean() - reach, ours.mean() + reach
        verdict = "" if low - 1e-3 <= theirs.mean() <= high + 1e-3 else "**outside**"
        cells = f"{ours.mean():.3f} | {low:.3f} to {high:.3f} | {theirs.mean():.3f} | {verdict}"
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


def relays(engine: str, runs: int, real_runs: int, output: Path) -> str:
    """Return how the model relays beside real programs on an engine."""
    real = [played("relaying.toml", engine, it, output) for it in range(1, real_runs + 1)]
    changes = (LOCAL, verification(real)) if engine == "local" else ()
    directory = output / f"beside-{engine}"
    model = [played("relaying.toml", "embedded", it, directory, changes) for it in range(1, runs + 1)]
    compared = beside([figures(it) for it in model], [figures(it) for it in real], engine)
    changed = f" `{changes[1]}`." if changes else ""
    return f"### Beside the engine `{engine}`\n\nRuns: {runs} of the model, {real_runs} real.{changed}\n\n{compared}"


def branches(runs: dict[str, Run]) -> str:
    """Return a table of when the peer had each block of the branch."""
    columns = defaultdict(list)
    for engine, done in runs.items():
        spreads = [it.data for it in done.events() if isinstance(it.data, BlockSpread)]
        columns[engine] = [f"{max(it.delays) / SECOND:.3f}" for it in sorted(spreads, key=lambda it: it.first)[-3:]]
    lines = [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, *cells in zip(("first", "second", "third, which overtakes"), *columns.values(), strict=True):
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def stale(blocks: int) -> str:
    """Return a table of stale shares beside their closed form."""
    lines = ["| latency, T | D (s) | stale | D/(T+D) | standard errors apart |", "|---|---|---|---|---|"]
    for setting in stale_settings():
        found = stale_share(*setting, blocks)
        name = f"{found.latency}, {found.block_time} s"
        cells = f"{found.delay:.3f} | {found.share:.2%} | {found.expected:.2%} | {found.apart:+.1f}"
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


def single(rate: float) -> tuple[float, float, float]:
    """Return the shares of messages with one transaction: of queues towards dialling and dialled peers, and of both."""
    alone, left = [], []
    for quarters in (20, 10):
        alone.append(np.exp(quarters * np.expm1(-rate / 4)))
        left.append(1 / (1 / rate + quarters / 4))
    return alone[0], alone[1], float(np.average(alone, weights=left))


def batches() -> str:
    """Return a table of messages with a single transaction, by what might decide their share."""
    lines = ["| 1.45 transactions a second | one transaction |", "|---|---|"]
    for connections in (4, 8, 12, 24):
        share = single_share(_CROWD, MAINNET_RATE, connections)
        lines.append(f"| each node dials {connections} | {share:.1%} |")
    for quarters in (10, 8, 6):
        own = Dandelion(flush_incoming=quarters, flush_outgoing=quarters // 2)
        share = single_share(_CROWD, MAINNET_RATE, dandelion=own)
        averages = f"{quarters / 4} and {quarters // 2 / 4} s"
        lines.append(f"| dials 12, queues flushed after {averages} on average | {share:.1%} |")
    return "\n".join(lines)


def main() -> None:
    """Play what has not been played, and print the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True, help="where the runs are, or go")
    parser.add_argument("--engine", action="append", choices=("shadow", "local"), help="may be given twice")
    parser.add_argument("--runs", type=int, default=20, help="runs of the model")
    parser.add_argument("--real-runs", type=int, default=4, help="runs under Shadow")
    parser.add_argument("--local-runs", type=int, default=1, help="runs of the local engine")
    parser.add_argument("--blocks", type=int, default=2_000, help="blocks of each setting of stale shares")
    given = parser.parse_args()
    engines = given.engine or ["shadow" if shutil.which("shadow") else "local"]
    counts = {"shadow": given.real_runs, "local": given.local_runs}
    relaying = "\n\n".join(relays(engine, given.runs, counts[engine], given.output) for engine in engines)
    first = {"model": "embedded", engines[0]: engines[0]}
    branch, races = (
        {it: played(f"{scenario}.toml", engine, 1, given.output) for it, engine in first.items()}
        for scenario in ("branch", "races")
    )
    flood = [flooded(played("flood.toml", "embedded", it, given.output)) for it in range(1, given.runs + 1)]
    flood_real = [flooded(played("flood.toml", engines[0], 1, given.output))]
    into, out, both = single(MAINNET_RATE)
    print(
        Template((HERE / "page.md").read_text(encoding="utf-8"))
        .substitute(
            options=" ".join(f"--engine {engine}" for engine in engines),
            runs=given.runs,
            real=given.real_runs,
            local=given.local_runs,
            blocks=given.blocks,
            single_in=f"{into:.1%}",
            single_out=f"{out:.1%}",
            single=f"{both:.1%}",
            rate=f"{brentq(lambda rate: single(rate)[2] - MAINNET, 0.01, MAINNET_RATE):.2f}",
            batches=batches(),
            relaying=relaying,
            branches=branches(branch),
            flood=beside(flood, flood_real, engines[0]),
            races=table({it: raced(done, RACING) for it, done in races.items()}, ".4g"),
            stale=stale(given.blocks),
        )
        .strip()
    )


if __name__ == "__main__":
    main()
