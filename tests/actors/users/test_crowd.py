"""Crowds: many users as one actor."""

from collections import Counter, defaultdict
from itertools import pairwise
from math import sqrt

import pytest
from small_runs import MARKET, NETWORK, USERS, ended_well, play

from monerosim.events import (
    BlockFound,
    CrowdClosed,
    PaymentConfirmed,
    PaymentDelayed,
    PaymentMined,
    PaymentSent,
    WalletClosed,
)
from monerosim.scenario import examine
from monerosim.units import SECOND, XMR

CROWD = """
[participants.people]
kind = "crowd"
users = 40
initial_balance = "20 XMR"
outputs = 4
transaction_frequency = 0.1
"""
WHOLE = NETWORK + CROWD


def events(played, kind, participant="people"):
    return [it for it in played.events() if isinstance(it.data, kind) and it.participant == participant]


def test_a_crowd_pays_what_is_asked_for_and_every_coin_is_somebodys(tmp_path):
    played = play(WHOLE, tmp_path / "run")
    ended_well(played)
    made = played.summary.requests["people"]
    assert made.requested == pytest.approx(40 * 0.1 * 30)
    # A payment in each of 1,200 minutes with probability 0.1: five standard deviations, once in two million runs.
    assert abs(made.drawn - made.requested) < 5 * sqrt(1200 * 0.1 * 0.9)
    assert made.drawn == made.sent + made.skipped + made.waiting
    assert made.confirmed > made.requested / 2
    confirmed = {it.data.txid for it in events(played, PaymentConfirmed)}
    sent = [it.data for it in events(played, PaymentSent)]
    (closed,), (each,) = events(played, WalletClosed), events(played, CrowdClosed)
    assert played.summary.coins.unaccounted == 0
    assert sum(each.data.balances) == closed.data.balance
    assert closed.data.balance == 40 * 20 * XMR - sum(it.fee for it in sent if it.txid in confirmed)
    assert closed.data.received == len(confirmed)
    assert closed.data.received_amount == sum(it.amount for it in sent if it.txid in confirmed)
    assert len(set(each.data.balances)) > 30
    held = played.summary.wallets["people"]
    assert (held.n, held.min, held.total) == (40, min(each.data.balances), closed.data.balance)


def test_a_user_with_one_output_pays_again_when_its_change_has_unlocked(tmp_path):
    """Only vendors are paid, so nobody has any other coins."""
    changes = ("outputs=1", "users=6", "transaction_frequency=0.5")
    played = play(WHOLE + MARKET, tmp_path / "run", *(f"participants.people.{it}" for it in changes))
    heights = {it.data.txid: it.data.height for it in events(played, PaymentMined)}
    found = [(it.t, it.data.height) for it in played.events() if isinstance(it.data, BlockFound)]
    payments = defaultdict(list)
    for it in events(played, PaymentSent):
        payments[it.actor].append(it)
    gaps = []
    for sent in payments.values():
        for before, after in pairwise(sent):
            there = max(height for at, height in found if at <= after.t)
            gaps.append(there + 1 - heights[before.data.txid])
    assert min(gaps) == 10
    assert len(gaps) > 5
    assert events(played, PaymentDelayed)


def test_at_an_interval_each_user_pays_exactly_so_often(tmp_path):
    changes = ["participants.people.transaction_interval=10m", "participants.people.outputs=8"]
    text = WHOLE.replace("transaction_frequency = 0.1\n", "").replace("users = 40", "users = 12")
    played = play(text, tmp_path / "run", *changes)
    assert Counter(Counter(it.actor for it in events(played, PaymentSent)).values()) == {3: 12}
    firsts = {}
    for it in events(played, PaymentSent):
        assert (it.t - firsts.setdefault(it.actor, it.t)) % (600 * SECOND) == 0
    assert len(set(firsts.values())) == 12


def test_a_crowd_pays_vendors_and_regular_users_and_its_nodes_share_it(tmp_path):
    beside = '[participants.relays]\nkind = "relay"\ncount = 2\n' + USERS
    text = WHOLE.replace("users = 40", 'users = 40\nnodes = ["relays"]\nrecipients = "any"')
    played = play(text + beside, tmp_path / "run")
    ended_well(played)
    assert played.summary.requests["user"].received > 3
    assert played.summary.coins.unaccounted == 0


def test_a_crowd_keeps_its_coins_through_reorganisations(tmp_path):
    racing = """
[simulation]
name = "racing"
duration = "10m"
[consensus]
block_time = "4s"
[network]
latency = "490ms"
connections = 2
[participants.miners]
kind = "autonomous-miner"
hashrate = 100
count = 6
"""
    crowd = CROWD.replace("users = 40", 'users = 40\nnodes = ["miners"]')
    played = play(racing + crowd, tmp_path / "run", "participants.people.transaction_frequency=0.5")
    assert played.summary.chain.reorganisations > 10
    made = played.summary.requests["people"]
    assert made.confirmed > 50
    assert made.sent == made.confirmed + made.unconfirmed + made.refused + made.vanished
    assert played.summary.chain.tips > 1 or played.summary.coins.unaccounted == 0


def test_a_paused_crowd_pays_nothing_and_nothing_comes_due(tmp_path):
    timeline = """
[[timeline]]
at = "5m"
do = "DO"
who = "people"
[[timeline]]
at = "25m"
do = "AGAIN"
who = "people"
"""
    for stop, again in (("pause", "resume"), ("stop", "start")):
        text = WHOLE + timeline.replace("DO", stop).replace("AGAIN", again)
        played = play(text, tmp_path / stop)
        times = [it.t // (60 * SECOND) for it in events(played, PaymentSent)]
        assert not [it for it in times if 6 < it < 25]
        assert [it for it in times if it >= 25]
        made = played.summary.requests["people"]
        assert made.requested == pytest.approx(40 * 0.1 * 10)
        assert made.drawn == made.sent + made.skipped + made.waiting
        assert made.drawn < 2 * made.requested
        assert len(events(played, WalletClosed)) == 1
        assert played.summary.coins.unaccounted == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "simulation.engine=local",
            'the actor "crowd" keeps wallets in the model, and the engine local runs real ones',
        ),
        ('participants.people.nodes=["block-controller"]', '"block-controller" has no node of its own'),
        ('participants.people.nodes=["nobody"]', 'no such participant: "nobody"'),
        ("participants.people.users=0", "at least 1"),
        ('participants.people.initial_balance="1000000 XMR"', "all users together begin with 40000000 XMR"),
    ],
)
def test_what_a_crowd_cannot_be_is_said(change, told):
    problems = [problem for problem in examine(WHOLE.encode(), changes=[change]).problems if told in problem.message]
    assert [problem.severity for problem in problems] == ["error"], examine(WHOLE.encode(), changes=[change]).problems


def test_a_crowd_on_a_chain_that_begins_elsewhere_holds_a_part_of_its_supply(tmp_path):
    changes = ('consensus.start="tail"', "simulation.duration=10m")
    played = play(WHOLE, tmp_path / "run", *changes)
    assert played.summary.requests["people"].sent > 10
    assert played.summary.coins.unaccounted == 0
