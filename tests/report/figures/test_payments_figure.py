"""Payments, counted and followed."""

import pytest
from figure_records import host, lines, record, taken
from small_world import make_plan

from monerosim import events as ev
from monerosim.plan.plan import PaymentRate
from monerosim.report.figures.payments import PaymentsFigure
from monerosim.units import SECOND

MINUTE = 60 * SECOND


def test_payments_are_counted_but_not_the_funders():
    payment = ev.PaymentSent("aa", 5, 1, ("x",))
    paid = taken(
        PaymentsFigure,
        record(payment, "bank"),
        record(payment),
        record(payment),
        record(ev.PaymentConfirmed("aa", 1, 2)),
        record(ev.PaymentReceived("aa", "x", 5, 1), "shop"),
        record(ev.PaymentFailed(1, "poor")),
        record(ev.PaymentDelayed(1)),
        record(ev.PaymentDoubtful(1, "no answer")),
        plan=make_plan(host("alice", role="payer"), host("bank", role="funder")),
    )
    assert (paid.sent, paid.confirmed, paid.received, paid.failed, paid.delayed, paid.doubtful) == (2, 1, 1, 1, 1, 1)
    assert lines(PaymentsFigure, paid) == {
        "payments": "2 sent, 1 confirmed, 1 received, 1 failed",
        "": "0 requested, 1 delayed by locked outputs",
    }


@pytest.mark.parametrize(("end", "requested"), [(0, 0), (10, 0), (30, 40), (60, 110), (70, 120), (90, 120)])
def test_payments_requested_are_those_until_the_end(end, requested):
    rates = (PaymentRate(10 * MINUTE, 50 * MINUTE, 1 / 60), PaymentRate(40 * MINUTE, 200 * MINUTE, 1 / 60))
    other = (PaymentRate(10 * MINUTE, 60 * MINUTE, 1 / 60),)
    plan = make_plan(host("alice", payments=rates), host("bob", payments=other), time_zero=10 * MINUTE)
    assert taken(PaymentsFigure, plan=plan, end=end * MINUTE).requested == requested


def test_the_vanished_are_named_in_the_order_of_time():
    gone = [record(ev.PaymentVanished(txid, 1, "gone"), name, t) for txid, name, t in (("b", "x", 2), ("a", "y", 1))]
    result = taken(PaymentsFigure, *gone)
    assert result.vanished == ["a", "b"]
    assert [notice.text.split()[:3] for notice in PaymentsFigure.notices(result)] == [
        ["payment", "a", "vanished;"],
        ["payment", "b", "vanished;"],
    ]
