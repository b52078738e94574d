"""What marketplaces sold."""

from collections import Counter
from collections.abc import Iterable
from typing import get_args

import msgspec

from monerosim.events import OrderState, Record, VendorTotals
from monerosim.plan.plan import Plan
from monerosim.report.charts import Chart, nominal, quantitative
from monerosim.report.figure import Figure, Line, Phrase


class Marketplace(msgspec.Struct, frozen=True, kw_only=True):
    """What a marketplace's vendors sold, of the whole run."""

    payments: int = 0
    """Received, with orders or without."""
    amount: int = 0
    """Atomic units."""
    orders: int = 0
    states: dict[str, int] = {}
    """How many orders were ever in each state (:data:`monerosim.events.OrderState`)."""


class MarketplacesFigure(Figure[dict[str, Marketplace]]):
    """Adds up the vendors of each marketplace that was paid or had orders."""

    name = "marketplaces"
    title = "What became of the orders?"
    section = "Participants"
    position = 50

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._vendors: dict[str, list[VendorTotals]] = {}

    def take(self, record: Record) -> None:
        """Keep a vendor's totals."""
        if isinstance(record.data, VendorTotals):
            self._vendors.setdefault(record.participant, []).append(record.data)

    def result(self) -> dict[str, Marketplace]:
        """Return the marketplaces by name."""
        return {
            name: Marketplace(
                payments=sum(vendor.payments for vendor in vendors),
                amount=sum(vendor.amount for vendor in vendors),
                orders=sum(vendor.orders for vendor in vendors),
                states=_total([vendor.states for vendor in vendors]),
            )
            for name, vendors in sorted(self._vendors.items())
        }

    @staticmethod
    def lines(result: dict[str, Marketplace]) -> Iterable[Line]:
        """Return the orders of all marketplaces, if there were any, and how many were ever in each state."""
        if placed := sum(market.orders for market in result.values()):
            states = _total([market.states for market in result.values()])
            phrases = (f"{placed} placed", *(f"{count} {state}" for state, count in states.items()))
            yield Line("orders", tuple(map(Phrase, phrases)))


def _total(counts: list[dict[str, int]]) -> dict[str, int]:
    """Return the sums by state, in the order in which orders get there."""
    total = Counter[str]()
    for one in counts:
        total.update(one)
    return {state: total[state] for state in get_args(OrderState) if state in total}


CHARTS = (
    Chart(
        name="orders",
        title="What became of the orders?",
        section="Participants",
        note="Bars: orders at all marketplaces by the last state they came to.",
        sql="select run, state, count(*) as orders from orders group by all order by run, state",
        count="select count(*) from orders",
        of="orders",
        absent="Nobody has ordered anything.",
        drawing={
            "mark": {"type": "bar", "opacity": 0.7},
            "encoding": {
                "x": quantitative("orders", "orders"),
                "y": nominal("state", None),
                "yOffset": {"field": "run"},
            },
        },
    ),
)
