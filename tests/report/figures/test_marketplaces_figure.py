"""What marketplaces sold."""

from figure_records import lines, record, taken

from monerosim.events import VendorTotals
from monerosim.report.figures.marketplaces import Marketplace, MarketplacesFigure


def totals(payments, orders, **states):
    return VendorTotals(
        vendor="v",
        payments=payments,
        amount=10 * payments,
        orders=orders,
        states=states,
        mean_time_to_receive=0,
        mean_time_to_confirm=0,
    )


def test_vendors_are_added_up_and_states_stand_in_their_order():
    result = taken(
        MarketplacesFigure,
        record(totals(2, 3, unpaid=1, seen=2), "west"),
        record(totals(1, 1, received=1, seen=1), "west"),
        record(totals(4, 0), "east"),
    )
    assert list(result) == ["east", "west"]
    assert result["east"] == Marketplace(payments=4, amount=40)
    states = {"seen": 3, "received": 1, "unpaid": 1}
    assert result["west"] == Marketplace(payments=3, amount=30, orders=4, states=states)
    assert list(result["west"].states) == list(states)
    assert lines(MarketplacesFigure, result) == {"orders": "4 placed, 3 seen, 1 received, 1 unpaid"}
    assert lines(MarketplacesFigure, {"east": Marketplace(payments=4)}) == {}
