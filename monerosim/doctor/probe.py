"""A short run under Shadow that proves that the pieces work together: ``monerosim doctor --probe``.

Two hosts with a monerod each. One has a wallet too, and its agent makes blocks; the agent of the other watches them
arrive. Where a scenario has several programs, there is an observer more for each. The run is composed, built, played
and read back as any other.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter

from msgspec import structs

from monerosim.build.binaries import BinaryError
from monerosim.build.build import build_plan
from monerosim.build.rundir import RunDirectoryError, write_run_directory
from monerosim.config import Duration
from monerosim.doctor.checks import Check
from monerosim.engine import EngineError
from monerosim.events import BlockFound, NodeClosed, TipSeen, WalletClosed
from monerosim.plan.plan import Plan
from monerosim.runs import Run, play
from monerosim.scenario import Examination, Node, Participant, Scenario, ScenarioError, Simulation, Wallet
from monerosim.units import SECOND, format_amount, format_duration

NAME = "probe"

ENGINE = "shadow"
"""The engine that plays it: the one of which most pieces have to fit together."""

_TROUBLES = (ScenarioError, BinaryError, RunDirectoryError, EngineError)


def probe(examination: Examination, plan: Plan, base: Path | None = None) -> Check:
    """Play the probe in a temporary directory, which is kept if something is not as it should be.

    Args:
        examination: The scenario whose options for Shadow and flags for all programs are used.
        plan: Its plan, whose programs are used.
        base: What relative paths of programs are relative to.

    Returns:
        What was seen, or what was not.

    Raises:
        OSError: There is no place for temporary files.
    """
    began = perf_counter()
    with ExitStack() as leaving:
        home = Path(mkdtemp(prefix="monerosim-probe-"))
        leaving.callback(shutil.rmtree, home, ignore_errors=True)
        directory = home / NAME
        try:
            few = _few_hosts(examination.scenario, plan)
            write_run_directory(build_plan(few, base, permissions=examination.permissions), b"", directory)
            seen, trouble = _look_at(play(directory))
        except _TROUBLES as error:
            seen, trouble = "", str(error)
        if trouble and directory.exists():
            leaving.pop_all()
            trouble += f"\nThe run is kept in {directory}"
    found = trouble or f"{perf_counter() - began:.1f} s for {seen}"
    return Check(name=NAME, state="missing" if trouble else "good", found=found, engines=(ENGINE,))


def _few_hosts(scenario: Scenario, plan: Plan) -> Scenario:
    daemons = list(dict.fromkeys(host.node.binary for host in plan.hosts if host.node is not None))
    wallets = list(dict.fromkeys(wallet.binary for host in plan.hosts for wallet in host.wallets))
    daemons, wallets = daemons or [scenario.binaries.monerod], wallets or [scenario.binaries.wallet]
    observers = {
        f"observer-{number}": Participant(
            kind="observer",
            node=Node(binary=daemon or daemons[0]),
            wallet=Wallet(binary=wallet) if wallet is not None else None,
            settings={"interval": "1s"},
        )
        for number, (daemon, wallet) in enumerate(zip_longest(daemons[1:], wallets[1:]), 1)
    }
    miner = Participant(
        kind="constant-mining",
        node=Node(binary=daemons[0]),
        wallet=Wallet(binary=wallets[0]),
        settings={"interval": "10s", "until": "25s"},
    )
    usual = {"observer": Participant(kind="observer", node=Node(binary=daemons[0]), settings={"interval": "1s"})}
    return Scenario(
        simulation=Simulation(name=NAME, engine=ENGINE, duration=Duration(30 * SECOND)),
        binaries=scenario.binaries,
        shadow=structs.replace(scenario.shadow, host_options={}),
        participants={"miner": miner, **(observers or usual)},
    )


def _look_at(played: Run) -> tuple[str, str]:
    """Return what was seen, and what is not as it should be; one of the two is empty."""
    trouble = "; ".join(_unseen(played))
    return ("", trouble) if trouble else (_seen(played), "")


def _unseen(played: Run) -> Iterator[str]:
    """List what should have been seen and was not."""
    found, arrived = _blocks(played)
    if not found:
        yield "no block was made"
    if missing := found.keys() - arrived.keys():
        yield f"{len(missing)} of {len(found)} blocks did not arrive at the other host"
    tips = [record.data for record in played.events() if isinstance(record.data, NodeClosed)]
    if len(tips) != len(played.plan.hosts) or len({node.tip for node in tips}) != 1:
        yield f"the nodes do not end at the same block ({', '.join(str(node.height) for node in tips)})"
    rewards = sum(record.data.reward for record in played.events() if isinstance(record.data, BlockFound))
    if _balance(played) != rewards:
        yield f"the wallet has {format_amount(_balance(played))} of {format_amount(rewards)}"


def _seen(played: Run) -> str:
    found, arrived = _blocks(played)
    latest = max(arrived[block] - when for block, when in found.items()) / SECOND
    programs = sum(len(host.processes) for host in played.plan.hosts)
    return (
        f"{format_duration(played.plan.stop)} of {len(played.plan.hosts)} hosts with {programs} "
        f"programs: {len(found)} blocks made by one were seen at the other within {latest:.1f} s, "
        f"and the wallet has their {format_amount(_balance(played))}"
    )


def _blocks(played: Run) -> tuple[dict[str, int], dict[str, int]]:
    """Return when blocks were made, and when they were seen at the other host (microseconds), by their hashes."""
    records = list(played.events())
    found = {record.data.hash: record.t for record in records if isinstance(record.data, BlockFound)}
    return found, {record.data.hash: record.t for record in records if isinstance(record.data, TipSeen)}


def _balance(played: Run) -> int:
    return sum(record.data.balance for record in played.events() if isinstance(record.data, WalletClosed))
