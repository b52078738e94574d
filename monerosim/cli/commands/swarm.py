"""``monerosim swarm``: tries made-up scenarios."""

import re
import textwrap
from collections.abc import Iterable

import click
from rich.console import Console
from rich.progress import track

from monerosim.cli.console import make_console
from monerosim.cli.exits import INTERRUPTED, REFUSED
from monerosim.cli.signals import stop_on_signal
from monerosim.swarm import ENOUGH, ENOUGH_PAIRS, PEERS, Case, Finding, Outcome, Swarm

_RANGE = re.compile(r"(\d{1,18})\.\.(\d{1,18})")
_MOST_SEEDS = 20
_WIDTH = 120
_TOLD = 500
"""Scenarios between two lines of progress where nobody looks on."""


class _Seeds(click.ParamType[range]):
    """A range of seeds, both ends included."""

    name = "A..B"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> range:
        """Read ``1..1000``."""
        if isinstance(value, range):
            return value
        match = _RANGE.fullmatch(str(value))
        if match is None or int(match[1]) > int(match[2]):
            self.fail(f"{value!r} is no range such as 1..1000", param, ctx)
        return range(int(match[1]), int(match[2]) + 1)


@click.command("swarm")
@click.option("--seeds", type=_Seeds(), default="1..2700", show_default=True, help="The seeds of the scenarios.")
@click.option("--seed", type=click.IntRange(min=0), help="Try the scenario of one seed, and print it.")
@click.option("--check-only", is_flag=True, help="Check the scenarios, and play none.")
@click.option("--workers", type=click.IntRange(min=1), help="How many are tried at once; one a core if left out.")
@click.option("--until-fault", is_flag=True, help="End at the first fault.")
@click.option("--no-shrink", is_flag=True, help="Print scenarios with faults as they are.")
@click.pass_context
def swarm(
    context: click.Context,
    seeds: range,
    seed: int | None,
    check_only: bool,
    workers: int | None,
    until_fault: bool,
    no_shrink: bool,
) -> None:
    """Try scenarios that are made up from seeds: valid, nearly valid and damaged ones.

    Each is checked, and played on the modelled daemons if it is valid. No command may crash, hang or run out of memory;
    after a run coins add up, payments are received once, the chain agrees with the miners' wallets, and the same run
    with other hashes has the same digest. A scenario that shows a fault is printed as small as it can be, with its
    seed.

    Exits with code 3 if there are faults. Ctrl-C prints what was reached so far, and exits with code 130.
    """
    console = make_console(stderr=True)
    workers = 1 if seed is not None else workers
    with stop_on_signal() as stopped, Swarm(play=not check_only, workers=workers) as tried:
        wanted: Iterable[int] = seeds if seed is None else [seed]
        outcomes = tried.run(wanted)
        total = len(seeds) if seed is None else 1
        progress = track(outcomes, "scenarios", total, console=console, disable=not console.is_terminal)
        for outcome in progress:
            if seed is not None:
                _print_case(outcome.case)
            _tell_progress(console, tried, outcome, total)
            if stopped() or (until_fault and tried.findings):
                break
        if tried.findings and not no_shrink and not stopped():
            tried.shrink()
    for finding in tried.findings.values():
        _print_finding(finding)
    if seed is None:
        _print_reached(tried)
    if stopped():
        context.exit(INTERRUPTED)
    if tried.findings:
        context.exit(REFUSED)


def _tell_progress(console: Console, tried: Swarm, outcome: Outcome, total: int) -> None:
    for fault in outcome.faults:
        if tried.findings[fault.kind].seeds == [outcome.case.seed]:
            console.print(f"seed {outcome.case.seed}: {fault.kind}", soft_wrap=True, markup=False)
    if not console.is_terminal and tried.tried % _TOLD == 0:
        console.print(f"{tried.tried} of {total}")


def _print_case(case: Case) -> None:
    click.echo(case.raw.decode(errors="replace"), nl=False)
    befalls = "" if case.mishap == "none" else f"; {case.mishap} at {case.size} bytes"
    click.echo(f"# seed {case.seed}: {case.sort}{befalls}")


def _print_finding(finding: Finding) -> None:
    shown = ", ".join(map(str, finding.seeds[:_MOST_SEEDS]))
    more = f" and {len(finding.seeds) - _MOST_SEEDS} more" if len(finding.seeds) > _MOST_SEEDS else ""
    click.echo(f"FAULT {finding.fault.kind}")
    click.echo(f"seeds {shown}{more}; again with: monerosim swarm --seed {finding.seeds[0]}")
    click.echo(finding.fault.detail.rstrip())
    click.echo("-" * 8)
    click.echo(finding.case.raw.decode(errors="backslashreplace").strip())
    if finding.case.mishap != "none":
        click.echo(f"# {finding.case.mishap} at {finding.case.size} bytes")
    if PEERS.encode() in finding.case.raw:
        click.echo(f"# {PEERS}: {'; '.join(finding.case.peers.decode().splitlines())}")
    click.echo("-" * 8)


def _print_reached(tried: Swarm) -> None:
    reached = tried.reached
    click.echo(
        f"{tried.tried} scenarios, {reached.valid} of them valid; {reached.played} played, {tried.early} ended early; "
        f"{tried.seconds:.0f} s of CPU"
    )
    if reached.played:
        shares = (f"{what} {100 * count / reached.played:.0f} %" for what, count in reached.shown.items())
        click.echo(f"runs with {', '.join(shares)}")
    enough = sum(count >= ENOUGH for count in reached.counts.values())
    pairs = sum(count >= ENOUGH_PAIRS for count in reached.pairs.values())
    click.echo(
        f"{enough} of {len(reached.counts)} keys, values, kinds, commands and faults {ENOUGH} times; "
        f"{pairs} of {len(reached.pairs)} pairs of kinds {ENOUGH_PAIRS} times"
    )
    missing = reached.missing()
    if missing:
        click.echo(textwrap.fill(f"not reached as often: {'; '.join(missing)}", width=_WIDTH, break_on_hyphens=False))
