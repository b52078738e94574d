"""Payments requested beside those delivered: each line adds up, whoever pays."""

import math

import pytest
from figure_records import host, record, taken
from small_runs import MARKET, NETWORK, happened, play
from small_world import make_plan

from monerosim import events as ev
from monerosim.plan.plan import PaymentRate
from monerosim.report.figures.requests import Requests, RequestsFigure
from monerosim.units import SECOND

MINUTE = 60 * SECOND


def requests(*records, plan=None):
    return taken(RequestsFigure, *records, plan=plan or make_plan(host("alice", role="payer")))["alice"]


def sent(txid, origin="drawn"):
    return ev.PaymentSent(txid, 5, 1, ("x",), origin)


def adds_up(it):
    return (
        it.drawn == it.sent - it.extra + it.skipped + it.failed + it.doubtful + it.waiting
        and it.sent == it.confirmed + it.unconfirmed + it.refused + it.vanished
    )


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([sent("a")], {"drawn": 1, "sent": 1, "unconfirmed": 1}),
        ([sent("a"), ev.PaymentConfirmed("a", 1, 2)], {"drawn": 1, "sent": 1, "confirmed": 1}),
        ([sent("a"), ev.PaymentFailed(5, "refused", "a")], {"drawn": 1, "sent": 1, "refused": 1}),
        ([sent("a"), ev.PaymentVanished("a", 1, "gone")], {"drawn": 1, "sent": 1, "vanished": 1}),
        (
            [sent("a"), ev.PaymentVanished("a", 1, "gone"), ev.PaymentMined("a", 3)],
            {"drawn": 1, "sent": 1, "unconfirmed": 1},
        ),
        ([sent("a", "commanded"), sent("b", "repeated")], {"sent": 2, "extra": 2, "unconfirmed": 2}),
        ([ev.PaymentDelayed(5)], {"drawn": 1, "waiting": 1, "delayed": 1}),
        ([ev.PaymentDelayed(5), sent("a")], {"drawn": 1, "sent": 1, "unconfirmed": 1, "delayed": 1}),
        (
            [ev.PaymentDelayed(5), sent("a", "commanded")],
            {"drawn": 1, "waiting": 1, "sent": 1, "extra": 1, "unconfirmed": 1, "delayed": 1},
        ),
        ([ev.PaymentDelayed(5), ev.PaymentFailed(5, "late")], {"drawn": 1, "failed": 1, "delayed": 1}),
        ([sent("a"), ev.PaymentDelayed(5, "repeated")], {"drawn": 1, "sent": 1, "unconfirmed": 1, "delayed": 1}),
        ([ev.PaymentSkipped(3, "busy")], {"drawn": 3, "skipped": 3}),
        ([ev.PaymentDoubtful(5, "no answer")], {"drawn": 1, "doubtful": 1}),
        ([ev.PaymentDoubtful(5, "no answer"), sent("a")], {"drawn": 1, "sent": 1, "unconfirmed": 1}),
        ([ev.PaymentDoubtful(5, "no answer"), ev.PaymentFailed(5, "not made")], {"drawn": 1, "failed": 1}),
        ([ev.PaymentDoubtful(5, "?", "commanded"), ev.PaymentFailed(5, "not made")], {}),
    ],
)
def test_a_payment_comes_to_one_end(events, expected):
    rate = (PaymentRate(0, 60 * MINUTE, 1 / 60),)
    it = requests(*events, plan=make_plan(host("alice", payments=rate)))
    assert it == Requests(requested=pytest.approx(60), **expected)
    assert adds_up(it)


def test_the_funders_are_left_out_and_groups_stand_in_the_plans_order():
    plan = make_plan(host("zoe"), host("alice"), host("bank", role="funder"))
    found = taken(RequestsFigure, *(record(sent(name), name) for name in ("alice", "zoe", "bank")), plan=plan)
    assert list(found) == ["zoe", "alice"]
    assert RequestsFigure.rows(found).columns[0].heading == "payer group"


def test_what_wallets_have_received_is_their_own_word():
    it = requests(record(ev.WalletClosed(9, 9, 0, 2, 7)))
    assert (it.received, it.received_amount, it.drawn) == (2, 7, 0)


BUSY = """
[participants.often]
kind = "regular-user"
count = 5
transaction_frequency = 0.5
wallet = { initial_balance = "40 XMR", outputs = 3 }

[participants.regular]
kind = "transaction-bot"
transaction_interval = "90s"
wallet = { initial_balance = "40 XMR" }

[participants.buyer]
kind = "regular-user"
count = 3
orders = true
double_pay_probability = 0.5
transaction_frequency = 0.3
max_amount = "1 XMR"
wallet = { initial_balance = "60 XMR" }

[participants.poor]
kind = "regular-user"
transaction_interval = "2m"
wallet = { initial_balance = "1 XMR" }

[participants.churner]
kind = "churner"
transaction_interval = "1m"
wallet = { initial_balance = "1 XMR" }

[[timeline]]
at = "5s"
do = "send-now"
who = "often-001"
[[timeline]]
at = "20m"
do = "pause"
who = "regular"
[[timeline]]
at = "40m"
do = "resume"
who = "regular"
"""


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    return play(NETWORK + MARKET + BUSY, tmp_path_factory.mktemp("busy") / "run", "simulation.duration=2h")


def test_every_line_adds_up_where_coins_are_locked_and_invoices_are_paid_twice(busy):
    groups = busy.summary.requests
    assert all(adds_up(it) for it in groups.values())
    assert groups["often"].skipped > 0
    assert groups["often"].extra == 1
    assert groups["buyer"].extra > 0
    assert groups["poor"].failed > 0
    assert groups["churner"].skipped > 0
    assert sum(it.sent for it in groups.values()) == busy.summary.payments.sent
    assert sum(it.extra for it in groups.values()) == busy.summary.payments.extra


def test_what_came_due_is_what_was_requested_but_for_chance(busy):
    """Five standard deviations of a binomial, and what is open at the beginning and at the end."""
    for name, it in busy.summary.requests.items():
        members = sum(other.group == name for other in busy.plan.hosts)
        assert abs(it.drawn - it.requested) <= 5 * math.sqrt(it.requested) + 2 * members


def test_what_wallets_received_is_what_was_paid_to_them(busy):
    """Of those who are paid by others only; a wallet does not show as received what it pays itself."""
    groups = busy.summary.requests
    to_shop = {address for vendor in shop_addresses(busy) for address in vendor}
    paid = [it.data for it in happened(busy, ev.PaymentSent) if set(it.data.recipients) <= to_shop]
    mined = {it.data.txid for it in happened(busy, ev.PaymentMined)}
    assert groups["marketplace"].received == sum(it.txid in mined for it in paid) > 0
    assert groups["marketplace"].received_amount == sum(it.amount for it in paid if it.txid in mined)


def shop_addresses(played):
    yield [it.data.address for it in happened(played, ev.OrderPlaced)]
    yield played.directory.joinpath("shared", "wallets", "marketplace.json").read_text().split('"')[3::2]
