"""The regular user: how often it pays, whom, how much, and what it does when it cannot."""

import json

from scipy.stats import binomtest
from small_runs import NETWORK, USERS, WHOLE, happened, play

from monerosim.events import (
    BlockFound,
    PaymentConfirmed,
    PaymentDelayed,
    PaymentFailed,
    PaymentReceived,
    PaymentSent,
)
from monerosim.units import SECOND, XMR

MINUTE = 60 * SECOND

RICH = (
    "participants.user.count=8",
    'participants.user.wallet={initial_balance="40 XMR", outputs=8}',
    "participants.user.max_amount=0.2",
    'simulation.duration="1h"',
)
"""Users that never find their coins locked."""


def address_of(played, name):
    return json.loads((played.directory / "shared" / "wallets" / f"{name}.json").read_bytes())["addresses"][0]


def users_payments(played):
    return [record for record in happened(played, PaymentSent) if record.participant != "funder"]


def test_payments_come_as_often_as_the_scenario_says(tmp_path):
    """Each user decides once a minute; fails by chance one time in 10,000 if the code is changed, else never.

    A frequency wrong by a half is refused.
    """
    sent = decisions = 0
    for seed in range(3):
        played = play(WHOLE, tmp_path / str(seed), *RICH, "participants.user.transaction_frequency=0.1", seed=seed)
        assert not happened(played, PaymentDelayed)
        assert not happened(played, PaymentFailed)
        sent += len(users_payments(played))
        decisions += 8 * 59  # the sixtieth falls on the end of the scenario's time
    assert binomtest(sent, decisions, 0.1).pvalue > 1e-4
    assert binomtest(sent, decisions, 0.15).pvalue < 1e-4
    assert binomtest(sent, decisions, 0.05).pvalue < 1e-4


def test_decisions_fall_on_whole_minutes_of_each_user(tmp_path):
    played = play(WHOLE, tmp_path / "run", 'participants.user.start="30s"', 'participants.user.stagger="7s"')
    # What waits for coins is sent when they unlock.
    waited = {record.cause for record in happened(played, PaymentDelayed)}
    sent = [record for record in users_payments(played) if record.cause not in waited]
    assert len(sent) > 3
    for record in sent:
        begin = 30 * SECOND + 7 * SECOND * (int(record.participant[-3:]) - 1)
        assert record.t > begin
        assert (record.t - begin) % MINUTE == 0


def test_amounts_lie_between_the_least_and_the_most(tmp_path):
    changes = ("participants.user.min_amount=0.05", "participants.user.transaction_frequency=1.0")
    sent = users_payments(play(WHOLE, tmp_path / "run", *RICH, *changes))
    amounts = [record.data.amount for record in sent]
    assert len(amounts) > 100
    low, high = XMR // 20, XMR // 5
    assert all(low <= amount <= high for amount in amounts)
    assert min(amounts) < low + (high - low) // 10
    assert max(amounts) > high - (high - low) // 10


def test_least_and_most_may_be_the_same(tmp_path):
    same = ("participants.user.min_amount=0.5", "participants.user.max_amount=0.5")
    assert {record.data.amount for record in users_payments(play(WHOLE, tmp_path / "run", *same))} == {XMR // 2}


def test_a_payment_waits_for_locked_coins(tmp_path):
    played = play(WHOLE, tmp_path / "run", "participants.user.transaction_frequency=1.0")
    delayed, sent = happened(played, PaymentDelayed), users_payments(played)
    assert delayed
    assert not happened(played, PaymentFailed)
    kept = {(record.participant, record.cause): record for record in sent}
    for record in delayed:
        # One that began near the end has not been made: the coins unlock ten blocks after the last payment.
        paid = kept.pop((record.participant, record.cause), None)
        assert paid is None or (paid.data.amount == record.data.amount and paid.t > record.t)
        assert paid is not None or record.t > 10 * MINUTE


def test_a_payment_may_be_skipped_instead(tmp_path):
    changes = ("participants.user.transaction_frequency=1.0", 'participants.user.on_locked_funds="skip"')
    played = play(WHOLE, tmp_path / "run", *changes)
    failed = happened(played, PaymentFailed)
    assert not happened(played, PaymentDelayed)
    assert {record.data.reason for record in failed} == {"not enough unlocked money"}
    # Every minute is a payment or a failure, up to the end of the scenario's time and not beyond it.
    assert len(failed) + len(users_payments(played)) == 3 * 29


def test_who_has_too_little_money_says_so(tmp_path):
    poor = ("participants.user.wallet.initial_balance=0.05", "participants.user.min_amount=0.06")
    played = play(WHOLE, tmp_path / "run", *poor)
    failed = happened(played, PaymentFailed)
    assert failed
    assert not users_payments(played)
    assert {record.data.reason for record in failed} == {"not enough money"}
    assert played.summary.payments.failed == len(failed)
    assert all(60 * XMR // 1000 <= record.data.amount <= 2 * XMR for record in failed)
    warned = [line for line in played.traces(actors=("regular-user",)) if line.level == "WARNING"]
    assert len(warned) == len(failed)
    assert "could not pay" in warned[0].text


def test_users_pay_each_other_where_there_is_no_marketplace(tmp_path):
    played = play(NETWORK + USERS, tmp_path / "run")
    sent = users_payments(played)
    assert sent
    addresses = {name: address_of(played, name) for name in ("user-001", "user-002", "user-003")}
    for record in sent:
        (recipient,) = record.data.recipients
        assert recipient in addresses.values()
        assert recipient != addresses[record.participant]
    assert played.summary.coins.unaccounted == 0


def test_all_vendors_are_paid_where_there_is_a_marketplace(tmp_path):
    played = play(WHOLE, tmp_path / "run", *RICH, "participants.user.transaction_frequency=0.5")
    paid = {address for record in users_payments(played) for address in record.data.recipients}
    document = json.loads((played.directory / "shared" / "marketplace_addresses" / "marketplace.json").read_bytes())
    assert paid == {vendor["address"] for vendor in document["vendors"]}
    assert len(paid) == 3


def test_a_user_alone_goes_on_without_anybody_to_pay(tmp_path):
    played = play(NETWORK + USERS, tmp_path / "run", "participants.user.count=1")
    assert played.summary.completed
    assert played.summary.outcome.failures == 0
    assert not users_payments(played)
    lines = [line.text for line in played.traces(actors=("regular-user",))]
    assert "skips a payment: found nobody to pay: there is no marketplace and no other user" in lines


def test_confirmation_comes_after_as_many_blocks_as_wanted(tmp_path):
    waited = {}
    for wanted in (1, 10):
        played = play(WHOLE, tmp_path / str(wanted), f"participants.user.confirmations={wanted}")
        found = {record.data.height: record.t for record in happened(played, BlockFound)}
        sent = {record.data.txid: record for record in users_payments(played)}
        confirmed = happened(played, PaymentConfirmed)
        assert confirmed
        for record in confirmed:
            payment = sent.pop(record.data.txid)  # each once
            assert payment.participant == record.participant
            assert payment.cause == record.cause
            assert record.data.elapsed == record.t - payment.t > 0
            # A block has one confirmation when it is the tip.
            due = found[record.data.height + wanted - 1]
            assert due <= record.t <= due + 2 * MINUTE
        waited[wanted] = sum(record.data.elapsed for record in confirmed) / len(confirmed)
    assert waited[10] - waited[1] > 5 * MINUTE


def test_what_was_sent_is_confirmed_and_received_but_for_the_last(tmp_path):
    played = play(WHOLE, tmp_path / "run")
    sent = {record.data.txid for record in users_payments(played)}
    confirmed = {record.data.txid for record in happened(played, PaymentConfirmed)}
    received = {record.data.txid for record in happened(played, PaymentReceived)}
    assert confirmed <= sent
    assert received <= sent
    last = max(record.t for record in happened(played, BlockFound)) - 2 * MINUTE
    early = {record.data.txid for record in users_payments(played) if record.t < last - 10 * MINUTE}
    assert early
    assert early <= confirmed
    assert early <= received


def test_the_trace_tells_whom_a_user_pays(tmp_path):
    played = play(WHOLE, tmp_path / "run")
    paid = [line for line in played.traces(actors=("regular-user",)) if line.text.startswith("paid")]
    assert paid
    assert all(line.data["recipient"].startswith("marketplace/vendor-00") for line in paid)
