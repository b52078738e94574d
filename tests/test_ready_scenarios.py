"""The networks of the seed documents and the directed run are played, and 400 users are built and played."""

from collections import Counter
from pathlib import Path

import pytest
from directed_run import DIRECTED, ENDED, it_ended_early, it_was_as_directed
from small_runs import ended_well, happened, play

from monerosim import Participant, Scenario, run
from monerosim.build.compile import compile_plan
from monerosim.events import BlockFound, BootstrapFinished, PaymentSent, ServiceReady
from monerosim.plugins import PluginFiles
from monerosim.scenario import examine, load

SCENARIOS = Path(__file__).parents[1] / "scenarios"


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Both networks of the documents, each played once."""
    base = tmp_path_factory.mktemp("ready")
    names = ("architecture-v2", "mining-architecture")
    return {name: run(load(SCENARIOS / f"{name}.toml"), base / name) for name in names}


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.stem)
def test_a_ready_scenario_gives_no_warning(path):
    assert examine(path.read_bytes(), files=PluginFiles(path.parent)).problems == ()


def in_order(run_):
    """What holds for any run in which nothing is meant to go wrong."""
    summary = run_.summary
    ended_well(run_)
    assert summary.payments.failed == 0
    stale = sum(miner.stale for miner in summary.miners.values())
    (bootstrap,) = (record.data for record in happened(run_, BootstrapFinished))
    assert summary.chain.height == bootstrap.height + summary.chain.blocks - stale
    return True


def test_architecture_v2(played):
    run_ = played["architecture-v2"]
    assert in_order(run_)
    groups = Counter(host.group for host in run_.plan.hosts)
    assert (groups["user"], groups["marketplace"]) == (100, 5)
    assert {host.wallets[0].addresses for host in run_.plan.hosts if host.group == "marketplace"} == {20}
    assert run_.summary.simulated_seconds == 3600
    assert set(run_.summary.miners) == {"pool-alpha", "pool-beta", "pool-gamma"}
    assert run_.summary.chain.blocks == sum(it.blocks + it.stale for it in run_.summary.miners.values()) > 15
    # The pools found them themselves, as they were signalled to.
    assert all(record.participant == record.data.miner for record in happened(run_, BlockFound))
    paid = run_.summary.payments
    assert paid.sent > 200
    assert paid.received > 150


def test_daemons_and_agents_start_in_a_race(played):
    attempts = Counter(min(2, record.data.attempts) for record in happened(played["architecture-v2"], ServiceReady))
    # Most daemons are up when their agent comes, and some are not.
    assert attempts[1] > attempts[2] > 0


def test_the_mining_architecture(played):
    run_ = played["mining-architecture"]
    assert in_order(run_)
    hashrates = {
        host.name: actor.config["hashrate"]
        for host in run_.plan.hosts
        for actor in host.actors
        if actor.use == "mining-pool"
    }
    assert sorted(hashrates.values(), reverse=True) == [25, 25, 10, 10, 10, 9, 5, 5, 1]
    assert set(run_.summary.miners) == set(hashrates)
    assert {record.data.miner for record in happened(run_, BlockFound)} <= set(hashrates)
    # The miner below the threshold is a user too, and no other miner is.
    payers = {record.participant for record in happened(run_, PaymentSent)} - {"funder"}
    assert payers & set(hashrates) == {"solo-miner"}
    assert len(payers) == 11


def test_a_run_is_directed(tmp_path):
    it_was_as_directed(run(DIRECTED, tmp_path / "run"))


def test_a_run_that_loses_what_it_is_for_ends(tmp_path):
    it_ended_early(play(ENDED, tmp_path / "run"))


def test_400_users_are_built_and_play(tmp_path):
    scenario = Scenario(
        simulation={"duration": "5m"},
        participants={
            "user": Participant(kind="regular-user", count=400, wallet={"initial_balance": "10 XMR"}),
            "pool": Participant(kind="mining-pool", settings={"hashrate": 100}),
            "block-controller": Participant(kind="block-controller"),
        },
    )
    users = [host for host in compile_plan(scenario).hosts if host.group == "user"]
    processes = Counter(process.name for host in users for process in host.processes)
    assert processes == {"monerod": 400, "wallet": 400, "agent": 400}
    run_ = run(scenario, tmp_path / "run")
    assert in_order(run_)
    assert run_.summary.payments.sent > 100
