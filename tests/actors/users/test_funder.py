"""The funder: initial balances are there when the scenario's own time begins, whatever they are."""

import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from small_runs import NETWORK, USERS, happened, play

from monerosim import Consensus, Participant, Scenario, Simulation, Wallet, run
from monerosim.build.build import build_plan
from monerosim.build.rundir import write_run_directory
from monerosim.cli import main
from monerosim.config import Amount
from monerosim.events import (
    BlockContents,
    BlockFound,
    BootstrapFailed,
    BootstrapFinished,
    PaymentSent,
    WalletClosed,
)
from monerosim.runs import play as play_run
from monerosim.scenario import examine_scenario, parse
from monerosim.scenario.bootstrap import SHARE_LIMIT
from monerosim.units import SECOND, XMR


def fund(directory, *groups, block_interval="2s", seed=1):
    """Play a bootstrap and a minute more; ``groups`` have a count, a balance in atomic units, and outputs."""
    participants = {
        f"group-{number}": Participant(
            count=members,
            node="miner",
            wallet=Wallet(initial_balance=Amount(balance), outputs=outputs),
        )
        for number, (members, balance, outputs) in enumerate(groups)
    }
    participants["miner"] = Participant(kind="mining-pool", settings={"hashrate": 100})
    simulation = Simulation(duration="1m", seed=seed, bootstrap_block_interval=block_interval)
    return run(Scenario(simulation=simulation, consensus=Consensus(), participants=participants), directory)


def check_funded(played, *groups):
    """Look that everybody has exactly the initial balance, unlocked, before time zero, in few transactions."""
    assert not happened(played, BootstrapFailed)
    (finished,) = happened(played, BootstrapFinished, "funder")
    assert finished.t <= 0
    closed = {record.participant: record.data for record in happened(played, WalletClosed)}
    for number, (members, balance, _) in enumerate(groups):
        for member in range(1, members + 1):
            name = f"group-{number}" if members == 1 else f"group-{number}-{member:03d}"
            assert (closed[name].balance, closed[name].unlocked) == (balance, balance)
    assert finished.data.paid == sum(members * balance for members, balance, _ in groups)
    payments = happened(played, PaymentSent, "funder")
    assert finished.data.transactions == len(payments) == played.plan.bootstrap.payments
    assert all(len(record.data.recipients) <= 15 for record in payments)
    assert played.summary.coins.unaccounted == 0
    assert played.summary.outcome.bootstrap_failure == ""


@pytest.mark.parametrize(("members", "transactions"), [(1, 1), (15, 1), (16, 2), (45, 3), (46, 4)])
def test_fifteen_are_paid_at_once(tmp_path, members, transactions):
    played = fund(tmp_path / "run", (members, 3 * XMR, 1))
    check_funded(played, (members, 3 * XMR, 1))
    payments = happened(played, PaymentSent, "funder")
    assert len(payments) == transactions
    assert sorted(len(record.data.recipients) for record in payments)[1:] == [15] * (transactions - 1)


def test_large_balances_are_paid_in_parts(tmp_path):
    balance = 2 * SHARE_LIMIT + 1
    check_funded(fund(tmp_path / "run", (2, balance, 1)), (2, balance, 1))


_GROUP = st.tuples(
    st.integers(1, 20),
    st.one_of(st.integers(1, 10**6), st.integers(1, 30 * XMR), st.integers(1, 450 * XMR)),
    st.integers(1, 4),
)


@settings(max_examples=8, deadline=None)
@given(
    groups=st.lists(_GROUP, min_size=1, max_size=3),
    interval=st.sampled_from(["50ms", "1s", "2s", "17s", "2m"]),
    seed=st.integers(0, 2**32),
)
def test_the_bootstrap_as_computed_is_always_long_enough(groups, interval, seed):
    groups = [(members, max(balance, outputs), outputs) for members, balance, outputs in groups]
    with tempfile.TemporaryDirectory() as directory:
        check_funded(fund(Path(directory) / "run", *groups, block_interval=interval, seed=seed), *groups)


def test_a_bootstrap_may_be_longer_than_needed(tmp_path):
    usual = play(NETWORK + USERS, tmp_path / "usual")
    longer = play(NETWORK + USERS, tmp_path / "longer", 'simulation.bootstrap="20m"')
    assert longer.summary.bootstrap_seconds == 1200 > usual.summary.bootstrap_seconds
    for played in (usual, longer):
        assert happened(played, BootstrapFinished)
        assert all(record.t > 0 for record in happened(played, BlockFound))


def test_without_initial_balances_there_is_no_funder(tmp_path):
    played = play(NETWORK, tmp_path / "run")
    assert played.plan.bootstrap is None
    assert "funder" not in played.summary.coins.balances
    assert not happened(played, BootstrapFinished)
    assert happened(played, BlockFound)[0].data.height == 1


def play_with_funder(directory, **config):
    """Play a plan of another hand: its funder has other settings than the bootstrap was computed for."""
    plan = build_plan(examine_scenario(parse(NETWORK + USERS)), None)
    (funder,) = (host for host in plan.hosts if host.name == "funder")
    (actor,) = funder.actors
    other = structs.replace(funder, actors=(structs.replace(actor, config={**actor.config, **config}),))
    hosts = tuple(other if host is funder else host for host in plan.hosts)
    write_run_directory(structs.replace(plan, hosts=hosts), b"", directory)
    return play_run(directory)


def test_a_bootstrap_that_fails_ends_the_run_at_once(tmp_path):
    """It is to pay more than its blocks bring."""
    played = play_with_funder(tmp_path / "run", payees=[{"participant": "user-001", "amount": "2000000 XMR"}])
    (failed,) = happened(played, BootstrapFailed)
    assert failed.t < 0
    assert played.summary.outcome.reason == f"the bootstrap failed: {failed.data.reason}"
    assert not played.summary.completed
    assert max(record.t for record in played.events()) < 0
    told = CliRunner().invoke(main, ["report", str(tmp_path / "run")])
    assert "the run ended early: the bootstrap failed: " in told.stdout


def test_a_late_bootstrap_ends_when_the_time_of_the_scenarios_miners_begins(tmp_path):
    played = play_with_funder(tmp_path / "run", block_interval="1m")
    (failed,) = happened(played, BootstrapFailed)
    assert 0 < failed.t <= 60 * SECOND
    assert "set a longer `bootstrap`" in played.summary.outcome.reason
    assert not played.summary.completed
    mined = happened(played, BlockContents)
    assert mined
    assert all(record.data.miner == "funder" and record.t <= 0 for record in mined)
