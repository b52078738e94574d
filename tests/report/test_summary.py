"""The summary is made from a plan and its events alone."""

import msgspec
import pytest
from small_runs import WHOLE, play
from small_world import make_host_plan, make_plan

from monerosim import events as ev
from monerosim.monero.emission import GENESIS_REWARD, base_reward
from monerosim.plan.plan import ActorPlan, PaymentRate
from monerosim.report.summary import Summary, summarise
from monerosim.units import SECOND

MINUTE = 60 * SECOND


def record(data, participant="alice", t=0):
    return ev.Record(t, participant, "actor", "cause", data)


def summary_of(*records, plan=None, end=None):
    plan = plan or make_plan(make_host_plan("alice"))
    return summarise(plan, records, end=plan.stop if end is None else end, wall_seconds=1.23456)


def host(name, role, **config):
    return make_host_plan(name, ActorPlan(name="acme-actor", use="acme-actor", start=0, role=role, config=config))


def test_nothing_happened():
    summary = summary_of()
    assert summary.completed
    assert (summary.participants, summary.height, summary.blocks, summary.reorgs) == (1, 0, 0, 0)
    assert summary.balances == {}
    assert summary.unaccounted == 0
    assert summary.wall_seconds == 1.235
    assert len(summary.digest) == 64


def test_payments_are_counted_but_not_the_funders():
    payment = ev.PaymentSent("aa", 5, 1, ("x",))
    summary = summary_of(
        record(payment, "bank"),
        record(payment),
        record(payment),
        record(ev.PaymentConfirmed("aa", 1, 2)),
        record(ev.PaymentReceived("aa", "x", 5, 1), "shop"),
        record(ev.PaymentFailed(1, "poor")),
        record(ev.PaymentDelayed(1)),
        plan=make_plan(host("alice", "payer"), host("bank", "funder")),
    )
    paid = summary.transactions
    assert (paid.sent, paid.confirmed, paid.received, paid.failed, paid.delayed) == (2, 1, 1, 1, 1)


def test_a_stale_block_earns_nothing():
    plan = make_plan(host("alice", "miner"), host("bob", "miner"))
    summary = summary_of(
        record(ev.BlockFound("alice", 1, "a1", 35, 0), t=1),
        record(ev.BlockFound("bob", 1, "b1", 36, 0), t=2),
        record(ev.BlockFound("alice", 2, "a2", 34, 0), t=3),
        record(ev.BlockStale("bob", 1, "b1"), t=4),
        record(ev.Reorganised("bob", 1, "b1", "a2"), "bob", t=3),
        plan=plan,
    )
    assert (summary.miners["alice"].blocks, summary.miners["alice"].reward) == (2, 69)
    bob = summary.miners["bob"]
    assert (bob.blocks, bob.reward, bob.stale) == (0, 0, 1)
    assert (summary.blocks, summary.reorgs) == (3, 1)


def test_a_stale_block_whose_finding_was_not_read_counts():
    summary = summary_of(record(ev.BlockStale("bob", 1, "b1")))
    assert (summary.miners["bob"].blocks, summary.miners["bob"].stale) == (0, 1)


def test_a_pool_without_blocks_is_listed():
    plan = make_plan(host("alice", "miner"), host("bob", "", hashrate=1.0))
    assert {name: miner.blocks for name, miner in summary_of(plan=plan).miners.items()} == {"alice": 0}


def test_coins_that_nobody_holds_are_told():
    made = base_reward(GENESIS_REWARD)
    closed = ev.WalletClosed(made - 7, 0, 0)
    summary = summary_of(record(ev.NodeClosed(1, "tip")), record(closed))
    assert (summary.height, summary.subsidies, summary.unaccounted) == (1, made, 7)
    assert summary.balances == {"alice": made - 7}


def test_nodes_that_end_at_different_tips_are_told():
    summary = summary_of(*(record(ev.NodeClosed(1, tip)) for tip in ("one", "other", "one")))
    assert summary.tips == 2


def test_failures_count_the_funders_too():
    summary = summary_of(
        record(ev.ActorFailed("wallet", "RuntimeError: x")),
        record(ev.ActorFailed("wallet", "RuntimeError: x"), "funder"),
        record(ev.ActorGivenUp("wallet", 3), "funder"),
        record(ev.BootstrapFailed("no coins"), "funder"),
    )
    assert summary.failures == 2
    assert summary.given_up == ["funder/wallet"]
    assert summary.bootstrap_failure == "no coins"


@pytest.mark.parametrize(("end", "simulated", "completed"), [(0, 0, False), (600, 300, False), (3900, 3600, True)])
def test_time_is_the_scenarios_own(end, simulated, completed):
    plan = make_plan(make_host_plan("alice"), time_zero=300 * SECOND)
    summary = summary_of(plan=plan, end=end * SECOND)
    assert (summary.simulated_seconds, summary.bootstrap_seconds) == (simulated, 300)
    assert summary.completed is completed


@pytest.mark.parametrize(("end", "requested"), [(0, 0), (30, 6), (60, 12), (90, 12)])
def test_payments_asked_for_are_those_until_the_end(end, requested):
    """Whoever the payers are: the plan says how often each means to pay, and when."""
    rates = (PaymentRate(0, 60 * MINUTE, 0.1 / 60),)
    payers = (ActorPlan(name=name, use=name, start=0, payments=rates) for name in ("acme-payer", "regular-user"))
    plan = make_plan(*(make_host_plan(name, payer) for name, payer in zip(("alice", "bob"), payers, strict=True)))
    assert summary_of(plan=plan, end=end * MINUTE).transactions.requested == requested


def test_the_order_in_which_hosts_wrote_does_not_matter():
    records = [
        record(ev.ActorFailed("x", str(number)), participant, number) for number in range(4) for participant in "ab"
    ]
    assert summary_of(*records).digest == summary_of(*records[::2], *records[1::2]).digest
    assert summary_of(*records).digest != summary_of(*records[1:]).digest


def test_a_summary_is_read_back_as_it_was(tmp_path):
    summary = play(WHOLE, tmp_path / "run").summary
    assert msgspec.json.decode(msgspec.json.encode(summary), type=Summary) == summary
    made_again = play(WHOLE, tmp_path / "again").summary
    assert msgspec.structs.replace(made_again, wall_seconds=0.0) == msgspec.structs.replace(summary, wall_seconds=0.0)
