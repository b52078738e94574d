"""How long payments wait for a block, and what they pay for it."""

from figure_records import host, record, taken
from small_world import make_plan

from monerosim import events as ev
from monerosim.report.figures.waits import Waits, WaitsFigure
from monerosim.units import SECOND


def contents(*txids):
    return ev.BlockContents(
        hash="h",
        height=1,
        previous="g",
        node="n",
        miner="m",
        transactions=txids,
        reward=0,
        timestamp=0,
        weight=0,
        long_term_weight=0,
        fees=0,
        difficulty=1,
        cumulative_difficulty=1,
    )


def test_waits_and_fees_are_told_by_group():
    waits = taken(
        WaitsFigure,
        record(ev.PaymentSent("aa", 5, 10, ("x",)), "alice", 0),
        record(ev.PaymentSent("bb", 5, 30, ("x",)), "alice", 10 * SECOND),
        record(ev.PaymentSent("cc", 5, 90, ("x",)), "alice", 20 * SECOND),
        record(contents("aa", "bb"), "n", 60 * SECOND),
        record(contents("aa"), "n", 90 * SECOND),
        plan=make_plan(host("alice", role="payer"), host("bob", role="payer")),
    )
    # What no block has does not count, nor does a later block with the same payment; bob has not paid.
    assert waits == {"alice": Waits(n=2, mean=55, median=55, max=60, mean_fee=20)}
