"""``monerosim report``: the summary of a run as tables."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import get_args

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from monerosim.cli.console import make_console
from monerosim.events import OrderState
from monerosim.plan.plan import Plan
from monerosim.report.summary import Summary
from monerosim.runs import Run, RunError
from monerosim.units import SECOND, XMR, format_amount, format_duration

_MOST_NAMED = 5
"""Payments that have vanished and are named one by one."""


@click.command("report")
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
def report(run: Path) -> None:
    """Show the summary of RUN again.

    A run that has none, because plain `shadow` played it or its launcher was killed, is read back first.
    """
    try:
        played = Run(run)
        played.read_back()
        print_summary(played, make_console())
    except RunError as error:
        raise click.ClickException(str(error)) from error


def print_summary(played: Run, console: Console) -> None:
    """Print what happened in a run as tables."""
    summary, plan = played.summary, played.plan
    console.print(_overview(summary))
    if summary.miners:
        console.print(_miners(summary, plan))
    if summary.propagation:
        console.print(_propagation(summary))
    if summary.balances:
        console.print(_balances(summary, plan))
    for line in _troubles(played):
        console.print(line, soft_wrap=True)
    console.print(f"{played.directory}  digest {summary.digest}", soft_wrap=True)


def _troubles(played: Run) -> Iterator[str]:
    """Tell what did not go as it should."""
    summary = played.summary
    if summary.reason:
        yield f"[red]the run ended early: {escape(summary.reason)}[/red]"
    elif played.may_go_on:
        yield (
            "[yellow]Shadow has not come to its end: it still plays, or was stopped[/yellow]; the figures are those of "
            "the time that was played"
        )
    elif not summary.completed:
        yield "[yellow]stopped early[/yellow]: the figures are those of the time that was played"
    if summary.failure:
        yield f"[red]the engine failed: {escape(summary.failure)}[/red]"
    vanished = summary.transactions.vanished
    for txid in vanished[:_MOST_NAMED]:
        yield f"[red]the payment {txid} has vanished[/red]; see `monerosim trace --follow`"
    if len(vanished) > _MOST_NAMED:
        yield f"[red]and {len(vanished) - _MOST_NAMED} others[/red]; summary.json names them"
    if summary.bootstrap_failure:
        yield f"[red]the bootstrap failed: {escape(summary.bootstrap_failure)}[/red]"
    for actor in summary.given_up:
        yield f"[red]{actor} failed too often and was given up[/red]; see `monerosim trace`"

    if summary.unknown_events:
        counted = ", ".join(f"{count} {escape(tag)}" for tag, count in summary.unknown_events.items())
        yield f"[yellow]events of kinds that nothing installed declares[/yellow]: {counted}"


def _overview(summary: Summary) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    paid = summary.transactions
    unaccounted = summary.unaccounted
    stale = sum(miner.stale for miner in summary.miners.values())
    told = "all accounted for" if unaccounted == 0 else f"[red]{format_amount(unaccounted)} not accounted for[/red]"
    if not summary.closed:
        told = "[yellow]no wallet told at the end what it holds[/yellow]"
    elif summary.tips > 1:
        told = f"[yellow]not to be compared: the nodes ended at {summary.tips} tips[/yellow]"
    # Vendors record what they receive; between users the confirmation is all that is told.
    received = f"{paid.received} received, " if summary.marketplaces else ""
    took = ""
    if summary.wall_seconds:
        speed = (summary.simulated_seconds + summary.bootstrap_seconds) / summary.wall_seconds
        took = f" in {summary.wall_seconds:.1f} s ({speed:,.0f} times real time, bootstrap included)"
    unconfirmed = f", {paid.unconfirmed} unconfirmed at the end" if paid.unconfirmed else ""
    rows = {
        "simulated": f"{format_duration(round(summary.simulated_seconds) * SECOND)}{took}",
        "chain": f"height {summary.height}, {summary.blocks} blocks found, {stale} of them stale, "
        f"{summary.reorgs} reorganisations of a node",
        "payments": f"{paid.sent} sent, {paid.confirmed} confirmed, {received}{paid.failed} failed{unconfirmed}",
        "": f"{paid.requested} asked for by the scenario; {paid.delayed} had to wait for locked coins",
        "coins": f"{format_amount(summary.subsidies)}, {told}",
    }
    if summary.commands or summary.commands_failed:
        failed = f", [red]{summary.commands_failed} failed[/red]" if summary.commands_failed else ""
        rows["commands"] = f"{summary.commands} executed{failed}"
    if ordered := sum(market.orders for market in summary.marketplaces.values()):
        rows["orders"] = f"{ordered} placed" + "".join(f", {count} {state}" for state, count in _states(summary))
    if summary.failures:
        rows["failures"] = f"[red]{summary.failures} times an actor, a daemon or a wallet failed[/red]"
    for name, value in rows.items():
        table.add_row(f"[bold]{name}[/bold]", value)
    return table


def _states(summary: Summary) -> list[tuple[str, int]]:
    """Count the marketplaces' orders that were ever in each state, in the order in which they get there."""
    counts = Counter[str]()
    for market in summary.marketplaces.values():
        counts.update(market.states)
    return [(state, counts[state]) for state in get_args(OrderState) if state in counts]


def _miners(summary: Summary, plan: Plan) -> Table:
    # As the scenario has them: a pool's is its weight among pools, an autonomous miner's is percent of a pace.
    hashrates: dict[str, float] = {}
    for host in plan.hosts:
        for actor in host.actors:
            if actor.hashrate:
                hashrates[host.name] = actor.hashrate
    total_blocks = sum(one.blocks for one in summary.miners.values())
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("miner")
    for name in ("hashrate", "blocks", "share", "stale", "reward (XMR)"):
        table.add_column(name, justify="right")
    for name, result in summary.miners.items():
        rate = hashrates.get(name)
        table.add_row(
            name,
            "" if rate is None else f"{rate:g}",
            str(result.blocks),
            f"{result.blocks / total_blocks:.1%}" if total_blocks else "",
            str(result.stale),
            f"{result.reward / XMR:,.3f}",
        )
    return table


def _propagation(summary: Summary) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("seconds until")
    for name in ("number", "least", "median", "90 %", "most"):
        table.add_column(name, justify="right")
    for kind, found in summary.propagation.items():
        for nodes, number, times in (("half the", found.items, found.half), ("all", found.everywhere, found.all)):
            if times is not None:
                figures = (times.least, times.median, times.nine_tenths, times.most)
                table.add_row(f"{nodes} nodes had {kind}", str(number), *(f"{figure:,.3f}" for figure in figures))
    return table


def _balances(summary: Summary, plan: Plan) -> Table:
    groups: dict[str, list[int]] = {}
    for host in plan.hosts:
        if host.name in summary.balances:
            groups.setdefault(host.group, []).append(summary.balances[host.name])
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("wallets of")
    for name in ("number", "least (XMR)", "median", "most", "together"):
        table.add_column(name, justify="right")
    for group, balances in groups.items():
        figures = (min(balances), median(balances), max(balances), sum(balances))
        table.add_row(group, str(len(balances)), *(f"{figure / XMR:,.3f}" for figure in figures))
    return table
