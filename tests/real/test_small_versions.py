"""Ready scenarios on real daemons: the directed run, and the seed documents' networks with fewer nodes and users."""

import threading
from pathlib import Path

import pytest
from directed_run import DIRECTED, ENDED, decided, it_ended_early, it_was_as_directed
from real_network import running, wait_until
from small_runs import build, ended_well

from monerosim.events import (
    BalanceRecorded,
    BlockFound,
    BootstrapFinished,
    MinerSkipped,
    PaymentConfirmed,
    PaymentSent,
    ProcessDied,
)
from monerosim.events.log import read_events
from monerosim.runs import play
from monerosim.runs import run as build_and_play

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

SCENARIOS = Path(__file__).parents[2] / "scenarios"
QUICK = (
    "simulation.duration='80s'",
    "simulation.cooldown='10s'",
    "simulation.bootstrap_block_interval='200ms'",
    "consensus.block_time='8s'",
    "consensus.block_arrivals='fixed'",
    "consensus.difficulty=1",
)
"""Who pays stops at 20 s: until a node floods a payment, and a wallet looks for the block with it, takes a while."""

STRATEGIES = (
    "{use='transaction-bot', recipients=['user'], transaction_interval='8s', check_interval='3s', until='20s'}",
    "{use='churner', transaction_interval='10s', check_interval='3s', until='20s'}",
    "{use='hodler', interval='5s'}",
)
SMALL = {
    "architecture-v2": (
        "participants.user={kind='regular-user', count=2, node='pool-alpha', transaction_interval='15s', until='20s'}",
        "participants.user.wallet={initial_balance='10 XMR', outputs=2}",
        "participants.marketplace.count=1",
        "participants.marketplace.node='pool-beta'",
        "participants.marketplace.wallet.addresses=2",
    ),
    "mining-architecture": (
        "participants.miner-10.node='miner-25'",
        "participants.miner-5.node='miner-25'",
        "participants.miner-9.node='miner-25'",
        "participants.solo-miner.node='miner-25'",
        "participants.user.count=2",
        "participants.user.node='miner-25'",
        "participants.user.transaction_interval='15s'",
        "participants.user.until='20s'",
        "participants.user.wallet={initial_balance='20 XMR', outputs=2}",
        "participants.strategist={node='miner-25', wallet={initial_balance='12 XMR', outputs=6}}",
        f"participants.strategist.actors=[{', '.join(STRATEGIES)}]",
    ),
}
NETWORKS = {
    "architecture-v2": b"127.4.0.",
    "mining-architecture": b"127.5.0.",
    "directed": b"127.6.0.",
    "ended": b"127.7.0.",
}
LOCAL = "simulation.engine='local'"
PATIENT = "simulation.bootstrap='240s'"
"""Their programs all start at once, and the machine may be busy with others."""

SLACK = 5
"""Seconds: a busy machine's wallet takes its time to pay, and its daemon to begin with RandomX."""


@pytest.fixture(scope="module")
def played(_programs, tmp_path_factory):
    """All of them, played side by side once the longest has come to where most of its time is waiting."""
    base = tmp_path_factory.mktemp("small")
    (base / "ended.toml").write_text(ENDED)
    for name, changes in SMALL.items():
        build(SCENARIOS / f"{name}.toml", base / name, LOCAL, PATIENT, *QUICK, *changes, network=NETWORKS[name])
    build(DIRECTED, base / "directed", LOCAL, network=NETWORKS["directed"])
    build(base / "ended.toml", base / "ended", LOCAL, PATIENT, network=NETWORKS["ended"])
    outcome = {}

    def play_one(name):
        try:
            outcome[name] = play(base / name)
        except BaseException as error:  # noqa: BLE001  (it is raised where the result is asked for)
            outcome[name] = error

    threads = {name: threading.Thread(target=play_one, args=[name]) for name in NETWORKS}
    directed = threads.pop("directed")
    directed.start()
    funding = base / "directed" / "hosts" / "funder" / "events.jsonl"
    wait_until(lambda: not directed.is_alive() or has_finished(funding), within=600)
    for thread in threads.values():
        thread.start()
    for thread in (directed, *threads.values()):
        thread.join()
    return outcome


def has_finished(funding):
    return funding.exists() and any(isinstance(record.data, BootstrapFinished) for record in read_events(funding))


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
    ended_well(run)
    assert told(run, ProcessDied) == []
    assert told(run, MinerSkipped) == []
    assert running(run.directory) == {}
    assert summary.payments.sent > 0
    assert 8 <= summary.chain.blocks <= 10


def test_the_winners_find_the_blocks_as_the_scenario_wants(run):
    found = told(run, BlockFound)
    by_signal = run.plan.name == "architecture-v2"
    finders = {record.participant for record in found}
    assert finders <= ({record.data.miner for record in found} if by_signal else {"block-controller"})
    kept = {name: result.reward for name, result in run.summary.miners.items()}
    others = {"solo-miner"}
    assert {name: run.summary.coins.balances[name] for name in kept if name not in others} == {
        name: reward for name, reward in kept.items() if name not in others
    }


def test_a_run_is_directed_as_on_the_embedded_engine(played, tmp_path):
    run = result(played["directed"])
    it_was_as_directed(run, slack=SLACK)
    assert running(run.directory) == {}
    assert decided(run) == decided(build_and_play(DIRECTED, tmp_path / "embedded"))


def test_strategies_of_one_wallet_act_side_by_side(played):
    run = result(played["mining-architecture"])
    sent = {record.actor for record in told(run, PaymentSent)}
    assert sent >= {"transaction-bot", "churner", "regular-user"}
    assert {record.actor for record in told(run, PaymentConfirmed)} >= {"transaction-bot", "churner"}
    balances = [record.data.balance for record in told(run, BalanceRecorded) if record.actor == "hodler"]
    assert len(balances) >= 3
    assert balances[-1] < balances[0]


def test_a_run_of_autonomous_miners_ends_when_they_are_gone(played):
    run = result(played["ended"])
    it_ended_early(run, slack=SLACK)
    assert running(run.directory) == {}
