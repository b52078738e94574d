"""How long payments wait for a block, and what they pay for it."""

from figure_records import block, host, record, taken
from small_world import make_plan

from monerosim import events as ev
from monerosim.report.figures.waits import Waits, WaitsFigure
from monerosim.units import SECOND


def test_waits_and_fees_are_told_by_group():
    waits = taken(
        WaitsFigure,
        record(ev.PaymentSent("aa", 5, 10, ("x",)), "alice", 0),
        record(ev.PaymentSent("bb", 5, 30, ("x",)), "alice", 10 * SECOND),
        record(ev.PaymentSent("cc", 5, 90, ("x",)), "alice", 20 * SECOND),
        block("a", t=60 * SECOND, transactions=("aa", "bb")),
        block("b", t=90 * SECOND, transactions=("aa",)),
        plan=make_plan(host("alice", role="payer"), host("bob", role="payer")),
    )
    # What no block has does not count, nor does a later block with the same payment; bob has not paid.
    assert waits == {"alice": Waits(n=2, mean=55, median=55, max=60, mean_fee=20)}
