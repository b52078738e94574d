"""The regular user's options: intervals, kinds of recipients, several recipients, its end, several users in one."""

import json
from collections import Counter
from itertools import pairwise

import pytest
from scipy.stats import chisquare, kstest
from small_runs import MARKET, NETWORK, USERS, happened, play

from monerosim import ScenarioError
from monerosim.events import CommandFailed, PaymentConfirmed, PaymentDelayed, PaymentSent
from monerosim.units import SECOND

MINUTE = 60 * SECOND

CROWD = (
    NETWORK
    + """
[participants.user]
kind = "regular-user"
count = 12
node = "miner"
wallet = { initial_balance = "8 XMR", outputs = 8 }
max_amount = 0.12
"""
)
"""Users with outputs enough that no payment has to wait."""


def sent_by(played, *participants):
    return [record for record in happened(played, PaymentSent, *participants) if record.participant != "funder"]


def wallets(played):
    files = (played.directory / "shared" / "wallets").glob("*.json")
    return {address: path.stem for path in files for address in json.loads(path.read_bytes())["addresses"]}


@pytest.fixture(scope="module")
def paced(tmp_path_factory):
    return play(CROWD, tmp_path_factory.mktemp("paced") / "run", "participants.user.transaction_interval=7m", seed=3)


def test_payments_come_at_the_interval(paced):
    assert not happened(paced, PaymentDelayed)
    for number in range(1, 13):
        times = [record.t for record in sent_by(paced, f"user-{number:03d}")]
        assert 4 <= len(times) <= 5
        assert 0 <= times[0] < 7 * MINUTE
        assert all(after - before == 7 * MINUTE for before, after in pairwise(times))


def test_an_interval_set_in_mid_run_takes_the_place_of_the_probability(tmp_path):
    timeline = '[[timeline]]\nat = "4m"\ndo = "set"\nwho = "user"\ntransaction_interval = "3m"\n'
    changes = ("participants.user.transaction_frequency=1", "participants.user.wallet.outputs=15")
    played = play(CROWD + timeline, tmp_path / "run", *changes, seed=5)
    assert happened(played, CommandFailed) == []
    for number in range(1, 13):
        times = [record.t for record in sent_by(played, f"user-{number:03d}")]
        # What is planned already keeps its time; before, it pays every minute.
        gaps = [after - before for before, after in pairwise(times)]
        assert set(gaps[:2]) == {MINUTE}
        assert set(gaps[-5:]) == {3 * MINUTE}


def test_first_payments_are_spread_over_the_interval(paced, tmp_path):
    """Error rate 1 in 10,000 for a change of code; that all begin at once, or within half the interval, is refused."""
    firsts = []
    for played in (paced, play(CROWD, tmp_path / "b", "participants.user.transaction_interval=7m", seed=4)):
        begun = {}
        for record in sent_by(played):
            begun.setdefault(record.participant, record.t / (7 * MINUTE))
        firsts += begun.values()
    assert kstest(firsts, "uniform").pvalue > 1e-4
    assert kstest([first / 2 for first in firsts], "uniform").pvalue < 1e-4


def test_the_summary_tells_what_intervals_come_to(paced):
    assert paced.summary.transactions.requested == round(12 * 30 / 7)


def test_a_payment_that_waits_does_not_shift_the_next(tmp_path):
    changes = ("participants.user.count=2", "participants.user.wallet.outputs=1", "participants.user.node=miner")
    played = play(CROWD, tmp_path / "run", *changes, "participants.user.transaction_interval=4m")
    delayed = happened(played, PaymentDelayed)
    assert delayed
    # Decisions stay on each user's own grid, those that find the coins locked and those that do not.
    waited = {(record.participant, record.cause) for record in delayed}
    for name in ("user-001", "user-002"):
        decisions = [record.t for record in delayed if record.participant == name]
        decisions += [record.t for record in sent_by(played, name) if (name, record.cause) not in waited]
        assert len({t % (4 * MINUTE) for t in decisions}) == 1


def test_until_ends_the_payments_and_not_their_following(tmp_path):
    changes = ("participants.user.transaction_interval=2m", "participants.user.until=10m", "participants.user.count=4")
    played = play(CROWD, tmp_path / "run", *changes)
    sent = sent_by(played)
    assert len(sent) == 4 * 5
    assert max(record.t for record in sent) < 10 * MINUTE
    confirmed = {record.data.txid for record in happened(played, PaymentConfirmed)}
    assert confirmed == {record.data.txid for record in sent}
    assert played.summary.transactions.requested == 20


@pytest.mark.parametrize(("wanted", "kinds"), [("users", {"user"}), ("marketplaces", {"marketplace"})])
def test_recipients_may_be_of_one_kind(tmp_path, wanted, kinds):
    changes = (f"participants.user.recipients={wanted}", "participants.user.transaction_interval=5m")
    played = play(CROWD + MARKET, tmp_path / "run", *changes, "participants.user.count=4")
    names = wallets(played)
    sent = sent_by(played)
    assert len(sent) > 15
    assert {names[address].partition("-")[0] for record in sent for address in record.data.recipients} == kinds
    assert all(names[address] != record.participant for record in sent for address in record.data.recipients)


def test_any_recipient_is_as_likely_as_any_other(tmp_path):
    """Error rate 1 in 10,000 for a change of code; twice as many payments to vendors, or none to one, is refused."""
    changes = ("participants.user.recipients=any", "participants.user.transaction_interval=4m")
    paid = Counter()
    for seed in range(2):
        played = play(CROWD + MARKET, tmp_path / str(seed), *changes, seed=seed)
        paid.update(address[:12] for record in sent_by(played) for address in record.data.recipients)
        names = wallets(played)
    vendors = sum(paid[address[:12]] for address, name in names.items() if name == "marketplace")
    total = paid.total()
    # A user has 14 to choose from: 3 vendors and 11 others.
    assert total > 150
    assert chisquare([vendors, total - vendors], [total * 3 / 14, total * 11 / 14]).pvalue > 1e-4
    assert chisquare([vendors, total - vendors], [total * 6 / 17, total * 11 / 17]).pvalue < 1e-2


def test_a_payment_may_have_several_recipients(tmp_path):
    changes = ("participants.user.destinations=5", "participants.user.transaction_interval=6m")
    played = play(CROWD, tmp_path / "run", *changes)
    names = wallets(played)
    sent = sent_by(played)
    assert len(sent) > 30
    for record in sent:
        recipients = [names[address] for address in record.data.recipients]
        assert len(set(recipients)) == 5
        assert record.participant not in recipients
        assert 0.5e12 <= record.data.amount <= 0.6e12
    assert played.summary.unaccounted == 0


def test_no_more_recipients_than_there_are(tmp_path):
    changes = ("participants.user.destinations=15", "participants.user.transaction_interval=6m")
    played = play(CROWD, tmp_path / "run", *changes, "participants.user.count=4")
    sent = sent_by(played)
    assert sent
    assert {len(record.data.recipients) for record in sent} == {3}


def test_a_participant_may_be_two_users_of_different_habits(tmp_path):
    text = (
        CROWD
        + """
[participants.both]
node = "miner"
wallet = { initial_balance = "20 XMR", outputs = 15 }
actors = [
    { use = "regular-user", transaction_interval = "5m", max_amount = 0.11 },
    { use = "regular-user", transaction_interval = "3m", min_amount = 0.3, max_amount = 0.31, recipients = "users" },
    { use = "hodler", interval = "10m" },
]
"""
    )
    played = play(text, tmp_path / "run", "participants.user.count=2", "participants.user.until=1s")
    by_actor = {}
    for record in sent_by(played, "both"):
        by_actor.setdefault(record.actor, []).append(record)
    assert set(by_actor) == {"regular-user-1", "regular-user-2"}
    for actor, every, low, high in (("regular-user-1", 5, 0.1, 0.11), ("regular-user-2", 3, 0.3, 0.31)):
        times = [record.t for record in by_actor[actor]]
        assert len(times) == 30 // every
        assert all(after - before == every * MINUTE for before, after in pairwise(times))
        assert all(low * 1e12 <= record.data.amount <= high * 1e12 for record in by_actor[actor])
    # Each follows its own payments.
    own = {(record.actor, record.data.txid) for record in sent_by(played, "both")}
    confirmed = [(record.actor, record.data.txid) for record in happened(played, PaymentConfirmed, "both")]
    assert len(confirmed) == len(set(confirmed)) > 10
    assert set(confirmed) <= own
    assert played.summary.failures == 0
    assert played.summary.unaccounted == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (("transaction_frequency=0.1", "transaction_interval=1m"), "transaction_interval cannot be given beside"),
        (("transaction_interval=0s",), "must be more than 0"),
        (("transaction_frequency=1.5",), "must be at most 1"),
        (("destinations=16",), "must be at most 15"),
        (("orders=true", "destinations=2"), "destinations must be 1 with orders"),
        (("orders=true", "recipients=users"), 'recipients must be "marketplaces" or left out'),
        (("recipients=everybody",), 'expected "marketplaces" or "users" or "any"'),
        (("until=yesterday",), "yesterday"),
    ],
)
def test_what_does_not_go_together_is_an_error(tmp_path, changes, message):
    with pytest.raises(ScenarioError, match=message):
        play(
            NETWORK + USERS.replace("transaction_frequency = 0.3\n", ""),
            tmp_path / "run",
            *(f"participants.user.{change}" for change in changes),
        )


def test_a_payment_on_command_does_not_wait_for_locked_coins(tmp_path):
    timeline = "".join(f'[[timeline]]\nat = "{at}"\ndo = "send-now"\nwho = "user-001"\n' for at in ("1m", "2m"))
    changes = ("participants.user.count=2", "participants.user.wallet.outputs=1", "participants.user.until=1s")
    played = play(CROWD + timeline, tmp_path / "run", *changes)
    (sent,) = sent_by(played)
    (failed,) = happened(played, CommandFailed)
    assert (sent.t, failed.t) == (MINUTE, 2 * MINUTE)
    assert "not enough unlocked money" in failed.data.reason
    assert not happened(played, PaymentDelayed)
