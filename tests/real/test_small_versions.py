"""Ready scenarios on real daemons: the directed run, and the seed documents' networks with fewer nodes and users."""

import threading
from pathlib import Path

import pytest
from directed_run import DIRECTED, decided, it_was_as_directed
from real_network import running

from monerosim.observe.events import BlockFound, ProcessDied, WinnerPassedOver
from monerosim.plan.build import build_plan
from monerosim.plan.model import decode_plan, encode_plan
from monerosim.plan.rundir import write_run_directory
from monerosim.plugins import PluginFiles
from monerosim.runs import play
from monerosim.runs import run as build_and_play
from monerosim.scenario import load

pytestmark = pytest.mark.long

SCENARIOS = Path(__file__).parents[2] / "scenarios"
QUICK = (
    "simulation.engine='local'",
    "simulation.duration='24s'",
    "simulation.winding_down='5s'",
    "simulation.block_interval='300ms'",
    "consensus.block_time='4s'",
    "consensus.arrivals='fixed'",
    "consensus.difficulty=1",
)
SMALL = {
    "architecture-v2": (
        "participants.user={kind='regular-user', count=2, node='pool-alpha', transaction_interval='15s'}",
        "participants.user.wallet={initial_balance='10 XMR', outputs=2}",
        "participants.marketplace.count=1",
        "participants.marketplace.node='pool-beta'",
        "participants.marketplace.wallet.count=2",
    ),
    "mining-architecture": (
        "participants.miner-10.node='miner-25'",
        "participants.miner-5.node='miner-25'",
        "participants.solo-miner.node='miner-25'",
        "participants.user.count=2",
        "participants.user.node='miner-25'",
        "participants.user.transaction_interval='15s'",
        "participants.user.wallet={initial_balance='20 XMR', outputs=2}",
    ),
}
WHOLE = {"directed": ("simulation.engine='local'",)}
NETWORKS = {"architecture-v2": b"127.4.0.", "mining-architecture": b"127.5.0.", "directed": b"127.6.0."}


@pytest.fixture(scope="module")
def played(_programs, tmp_path_factory):
    """All of them, played side by side, because most of the time is waiting."""
    base = tmp_path_factory.mktemp("small")
    outcome = {}

    def play_one(name, directory):
        try:
            outcome[name] = play(directory)
        except BaseException as error:  # noqa: BLE001  (it is raised where the result is asked for)
            outcome[name] = error

    threads = []
    changed = {name: (*QUICK, *changes) for name, changes in SMALL.items()} | WHOLE
    for name, changes in changed.items():
        path, files = SCENARIOS / f"{name}.toml", PluginFiles(SCENARIOS)
        plan = encode_plan(build_plan(load(path, changes=changes), SCENARIOS, files))
        plan = decode_plan(plan.replace(b"127.1.0.", NETWORKS[name]))
        directory = base / name
        write_run_directory(plan, path.read_bytes(), directory, plugins=files.sources)
        threads.append(threading.Thread(target=play_one, args=(name, directory)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome


def told(run, kind):
    return [record for record in run.events() if isinstance(record.data, kind)]


def result(outcome):
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


@pytest.fixture(params=sorted(SMALL))
def run(request, played):
    return result(played[request.param])


def test_it_comes_to_its_end_with_every_coin_accounted_for(run):
    summary = run.summary
    assert summary.completed
    assert summary.failures == 0
    assert summary.given_up == []
    assert summary.unaccounted == 0
    assert told(run, ProcessDied) == []
    assert told(run, WinnerPassedOver) == []
    assert running(run.directory) == {}
    assert summary.transactions.sent > 0
    assert 3 <= summary.blocks <= 7


def test_the_winners_find_the_blocks_as_the_scenario_wants(run):
    found = told(run, BlockFound)
    by_signal = run.plan.name == "architecture-v2"
    finders = {record.participant for record in found}
    assert finders <= ({record.data.miner for record in found} if by_signal else {"block-controller"})
    kept = {name: result.reward for name, result in run.summary.miners.items()}
    others = {"solo-miner"}
    assert {name: run.summary.balances[name] for name in kept if name not in others} == {
        name: reward for name, reward in kept.items() if name not in others
    }


def test_a_run_is_directed_as_on_the_embedded_engine(played, tmp_path):
    run = result(played["directed"])
    it_was_as_directed(run)
    assert running(run.directory) == {}
    assert decided(run) == decided(build_and_play(DIRECTED, tmp_path / "embedded"))
