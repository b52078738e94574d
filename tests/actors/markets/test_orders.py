"""Orders at marketplaces: invoices, and what is made of payments in time, late, short and double."""

import json
from collections import Counter

import pytest
from scipy.stats import binomtest
from small_runs import MARKET, NETWORK, USERS, WHOLE, happened, play

from monerosim import ScenarioError
from monerosim.events import (
    OrderChanged,
    OrderPlaced,
    PaymentConfirmed,
    PaymentDelayed,
    PaymentFailed,
    PaymentReceived,
    PaymentSeen,
    PaymentSent,
    VendorTotals,
)
from monerosim.scenario import examine
from monerosim.units import SECOND, XMR

MINUTE = 60 * SECOND

ORDERING = (
    "participants.user.orders=true",
    'participants.user.wallet={initial_balance="20 XMR", outputs=8}',
    "participants.user.max_amount=0.5",
    'simulation.duration="1h"',
)

BUYER = """
from typing import ClassVar

import msgspec

from actors.markets.orders import Invoice, Order, Refusal
from actors.host.wallet_proxy import Transfer
from monerosim.config import Config
from monerosim.mailbox.discovery import AgentDiscovery
from monerosim.events import PaymentSent
from monerosim.rpc.wallet import Destination
from monerosim.agent.actor import receives
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.messages import SendLetter


class BuyerConfig(Config, frozen=True):
    shares: tuple[float, ...] = (1.0,)
    minutes: tuple[float, ...] = (0.0,)
    item: str = ""
    quantity: int = 1
    letter: dict[str, str] = {}


class Buyer(Behaviour[BuyerConfig]):
    needs: ClassVar[frozenset[str]] = frozenset({"wallet"})
    default_wallet: ClassVar[bool] = True

    def begin(self):
        vendor = AgentDiscovery(self.host.shared, self.clock.now).get_marketplace_addresses()[0]
        item = self.config.item or vendor.items[0].name
        order = Order(1, self.name, vendor.id, item, self.config.quantity)
        data = self.config.letter or msgspec.to_builtins(order)
        self.ask(self.host.actor("mailbox"), SendLetter(vendor.marketplace, vendor.actor, Order.kind, data))

    @receives(Refusal)
    def on_refusal(self, refusal, _):
        self.log.info("got a refusal: {}", refusal.reason)

    @receives(Invoice)
    def on_invoice(self, invoice, _):
        self.invoice = invoice
        for share, minutes in zip(self.config.shares, self.config.minutes, strict=True):
            self.after(minutes * 60, self.pay, int(self.invoice.amount * share))

    def pay(self, amount):
        sent = self.ask(self.host.actor("wallet"), Transfer((Destination(self.invoice.address, amount),)))
        self.emit(PaymentSent(sent.tx_hash, sent.amount, sent.fee, (self.invoice.address,)))
"""

SHOP = (
    NETWORK
    + MARKET
    + """
[participants.buyer]
kind = "buyer"
start = "1m"
node = "miner"
wallet = { initial_balance = "20 XMR", outputs = 5 }
"""
)
WINDOW = ("participants.marketplace.payment_window=10m", "participants.marketplace.check_interval=10s")


@pytest.fixture
def shop(tmp_path, install_blocks):
    install_blocks("strange-buyer".replace("-", "_"), BUYER, {"buyer": "strange_buyer:Buyer"})

    def visit(*changes):
        return play(SHOP, tmp_path / "run", *WINDOW, 'consensus.block_arrivals="fixed"', *changes)

    return visit


@pytest.fixture(scope="module", params=["subaddress", "integrated"])
def ordered(tmp_path_factory, request):
    changes = ("participants.marketplace.confirmations=3", f"participants.marketplace.order_address={request.param}")
    return play(WHOLE, tmp_path_factory.mktemp("ordered") / "run", *ORDERING, *changes)


def published(played):
    path = played.directory / "shared" / "marketplace_addresses" / "marketplace.json"
    return {vendor["id"]: vendor for vendor in json.loads(path.read_bytes())["vendors"]}


def states(played):
    return [record.data.state for record in happened(played, OrderChanged)]


def test_vendors_publish_items_that_follow_from_the_seed(tmp_path):
    changes = ("participants.marketplace.items=4", "participants.marketplace.max_price=0.2", "simulation.duration=1m")
    first, same, other = (
        published(play(NETWORK + MARKET, tmp_path / name, *changes, seed=seed))
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == same
    assert len(first) == 3
    for vendor, others in zip(first.values(), other.values(), strict=True):
        assert [item["name"] for item in vendor["items"]] == ["item-001", "item-002", "item-003", "item-004"]
        assert all(XMR // 10 <= item["price"] <= XMR // 5 for item in vendor["items"])
        assert vendor["items"] != others["items"]


def test_each_order_is_paid_at_an_address_of_its_own(ordered):
    placed = [record.data for record in happened(ordered, OrderPlaced)]
    assert len(placed) > 20
    assert len({order.address for order in placed}) == len({order.order for order in placed}) == len(placed)
    vendors = published(ordered)
    assert not {order.address for order in placed} & {vendor["address"] for vendor in vendors.values()}
    for order in placed:
        price = {item["name"]: item["price"] for item in vendors[order.vendor]["items"]}[order.item]
        assert order.amount == price * order.quantity
        assert order.amount <= max(price, XMR // 2)
    paid = {
        record.data.recipients[0]: record for record in happened(ordered, PaymentSent) if record.participant != "funder"
    }
    by_address = {order.address: order for order in placed}
    assert set(paid) <= set(by_address)
    for address, record in paid.items():
        assert record.data.amount == by_address[address].amount
        assert record.participant == by_address[address].buyer


def test_orders_are_seen_received_and_confirmed_in_turn(ordered):
    placed = {record.data.order: record for record in happened(ordered, OrderPlaced)}
    changes = {}
    assert len(placed) > 20
    for record in happened(ordered, OrderChanged):
        changes.setdefault(record.data.order, []).append(record)
        assert record.cause == placed[record.data.order].cause
        assert record.data.elapsed == record.t - placed[record.data.order].t
        assert record.data.paid == placed[record.data.order].data.amount
    whole = ["seen", "received", "confirmed"]
    assert {order for order, record in placed.items() if record.t < 40 * MINUTE} <= set(changes) != set()
    for order, records in changes.items():
        told = [record.data.state for record in records]
        assert told == whole[: len(told)]
        if placed[order].t < 40 * MINUTE:
            assert told == whole
        if len(told) == 3:
            assert records[2].t > records[1].t  # two more blocks


def test_one_cause_goes_from_order_to_payment(ordered):
    placed = {record.cause: record.data.address for record in happened(ordered, OrderPlaced)}
    paid = [record for record in happened(ordered, PaymentSent) if record.participant != "funder"]
    assert paid
    assert all(placed[record.cause] == record.data.recipients[0] for record in paid)


def test_totals_are_the_sums_of_what_was_received(ordered):
    totals = {record.data.vendor: record.data for record in happened(ordered, VendorTotals)}
    placed = {record.data.address: record.data for record in happened(ordered, OrderPlaced)}
    received = [record.data for record in happened(ordered, PaymentReceived)]
    assert set(totals) == {order.vendor for order in placed.values()} != set()
    for vendor, total in totals.items():
        own = [one for one in received if placed[one.address].vendor == vendor]
        assert (total.payments, total.amount) == (len(own), sum(one.amount for one in own))
        assert total.orders == sum(order.vendor == vendor for order in placed.values())
        assert 0 < total.mean_time_to_receive < 20 * MINUTE
        assert 0 < total.mean_time_to_confirm < 20 * MINUTE
    market = ordered.summary.marketplaces["marketplace"]
    assert market.orders == len(placed)
    assert market.amount == sum(one.amount for one in received)
    assert market.states["confirmed"] == states(ordered).count("confirmed")
    assert ordered.summary.coins.unaccounted == 0


@pytest.mark.parametrize(
    ("shares", "minutes", "expected"),
    [
        ([1.0], [0], ["seen", "received", "confirmed"]),
        ([0.5, 0.5], [0, 3], ["seen", "received", "confirmed"]),
        ([], [], ["unpaid"]),
        ([0.5], [0], ["seen", "short"]),
        ([1.0], [12], ["unpaid", "late", "received", "confirmed"]),
        ([0.5, 0.5], [0, 12], ["seen", "short", "late", "received", "confirmed"]),
        ([1.0, 1.0], [0, 5], ["seen", "received", "confirmed", "double"]),
        ([2.0], [0], ["seen", "received", "confirmed"]),
    ],
)
def test_payments_in_time_late_short_and_double(shop, shares, minutes, expected):
    played = shop(f"participants.buyer.shares={shares}", f"participants.buyer.minutes={minutes}")
    assert states(played) == expected
    (totals,) = happened(played, VendorTotals)
    assert totals.data.orders == 1
    assert totals.data.states == dict.fromkeys(sorted(expected), 1)
    (order,) = happened(played, OrderPlaced)
    assert totals.data.amount == sum(int(order.data.amount * share) for share in shares)
    for record in happened(played, OrderChanged):
        if record.data.state in {"unpaid", "short"}:
            assert record.t == order.data.due == order.t + 10 * MINUTE
    assert played.summary.outcome.failures == 0
    assert played.summary.coins.unaccounted == 0


def test_a_payment_in_the_last_second_is_in_time(shop):
    changes = ("participants.marketplace.check_interval=7m", "participants.buyer.shares=[1.0]")
    played = shop(*changes, "participants.buyer.minutes=[9.5]", 'network.latency="1ms"', "consensus.block_time=25m")
    assert states(played)[0] == "seen"
    (seen,) = happened(played, PaymentSeen)
    (order,) = happened(played, OrderPlaced)
    assert seen.t <= order.data.due


@pytest.mark.parametrize(
    "change",
    ["participants.buyer.item=gold", "participants.buyer.quantity=0", "participants.marketplace.items=1"],
)
def test_what_is_not_sold_is_refused(shop, change):
    extra = ("participants.buyer.item=item-002",) if "items=1" in change else ()
    played = shop(change, *extra)
    assert not happened(played, OrderPlaced)
    (answer,) = [line for line in played.traces(actors=("buyer",)) if line.text.startswith("got a refusal")]
    assert "does not sell" in answer.text
    assert played.summary.outcome.failures == 0


def test_a_letter_that_is_no_order_does_no_harm(shop):
    played = shop('participants.buyer.letter={vendor="x"}')
    assert played.summary.outcome.failures == 0
    assert any("sent no proper order" in line.text for line in played.traces(actors=("marketplace",)))


def test_a_buyer_whose_coins_are_locked_gives_the_order_up_or_pays_late(tmp_path):
    short = (*ORDERING, "participants.user.wallet.outputs=1", "participants.marketplace.payment_window=3m")
    busy = "participants.user.transaction_frequency=1.0"
    skipped = play(WHOLE, tmp_path / "skip", *short, busy)
    assert "the time for it is over" in {record.data.reason for record in happened(skipped, PaymentFailed)}
    assert "unpaid" in states(skipped)
    assert "late" not in states(skipped)
    paid = play(WHOLE, tmp_path / "pay", *short, busy, "participants.user.on_expired_invoice=pay")
    assert not happened(paid, PaymentFailed)
    assert "late" in states(paid)


def test_plain_payments_go_on_beside_orders(tmp_path):
    text = WHOLE + USERS.replace("participants.user", "participants.plain")
    played = play(text, tmp_path / "run", *ORDERING)
    orders = {record.data.address for record in happened(played, OrderPlaced)}
    received = {record.data.address for record in happened(played, PaymentReceived)}
    vendors = {vendor["address"] for vendor in published(played).values()}
    assert received & orders
    assert received & vendors
    assert received <= orders | vendors


def test_a_user_finds_no_marketplace_that_takes_orders(tmp_path):
    played = play(WHOLE, tmp_path / "run", *ORDERING, "participants.marketplace.items=0", "simulation.duration=20m")
    assert not happened(played, OrderPlaced)
    lines = [line.text for line in played.traces(actors=("regular-user",))]
    assert "skips a payment: found nobody to pay: no marketplace takes orders" in lines


def test_a_user_waits_for_an_invoice_only_so_long(tmp_path, install_blocks):
    deaf = """
from actors.markets.marketplace import Marketplace, MarketplaceConfig


class Deaf(Marketplace):
    def on_incoming_letter(self, mail):
        pass
"""
    install_blocks("deaf_market", deaf, {"deaf": "deaf_market:Deaf"})
    text = WHOLE.replace('kind = "marketplace"', 'kind = "deaf"')
    played = play(text, tmp_path / "run", *ORDERING, "participants.user.transaction_frequency=1.0")
    lines = [line.text for line in played.traces(actors=("regular-user",)) if "no invoice has come" in line.text]
    # Each gives up after five minutes and orders again a minute later.
    assert len(lines) == 3 * 10
    assert not happened(played, PaymentSeen)


def test_an_answer_that_is_no_invoice_does_no_harm(tmp_path, install_blocks):
    rude = """
from actors.markets.marketplace import Marketplace
from monerosim.agent.messages import SendLetter


class Rude(Marketplace):
    def on_order(self, order, buyer):
        for kind, data in (("invoice", {"number": "one"}), ("greeting", {})):
            self.ask(self.host.actor("mailbox"), SendLetter(buyer, order.actor, kind, data))
"""
    install_blocks("rude_market", rude, {"rude": "rude_market:Rude"})
    text = WHOLE.replace('kind = "marketplace"', 'kind = "rude"')
    played = play(text, tmp_path / "run", *ORDERING, "simulation.duration=20m")
    assert played.summary.outcome.failures == 0
    lines = [line.text for line in played.traces(actors=("regular-user",))]
    assert any("marketplace sent no proper invoice" in line for line in lines)


def orders_of(played):
    """What was ordered in the first half hour, in which no coins are locked."""
    placed = [record for record in happened(played, OrderPlaced) if record.t < 30 * MINUTE]
    return [(record.t, record.data.buyer, record.data.item, record.data.amount) for record in placed]


def test_users_may_pay_too_little_or_twice(tmp_path):
    window = "participants.marketplace.payment_window=20m"
    plenty = "participants.user.wallet.outputs=15"
    right, short, twice = (
        play(WHOLE, tmp_path / name, *ORDERING, window, plenty, "simulation.duration=50m", *changes)
        for name, changes in (
            ("right", ()),
            ("short", ("participants.user.underpay_probability=1",)),
            ("twice", ("participants.user.double_pay_probability=1",)),
        )
    )
    # It changes what is paid, and not what is ordered.
    assert len(orders_of(right)) > 20
    assert orders_of(right) == orders_of(short) == orders_of(twice)
    assert not {"short", "double"} & set(states(right))
    assert set(states(short)) == {"seen", "short"}
    for record in happened(short, OrderChanged):
        (order,) = (it.data for it in happened(short, OrderPlaced) if it.data.order == record.data.order)
        assert record.data.paid == order.amount // 2
    assert states(twice).count("double") > 20
    assert not {"short", "late", "unpaid"} & set(states(twice))
    paid = Counter(it.data.recipients[0] for it in happened(twice, PaymentSent) if it.participant != "funder")
    assert {paid[it.data.address] for it in happened(twice, OrderPlaced) if it.t < 30 * MINUTE} == {2}
    assert twice.summary.coins.unaccounted == 0


def test_how_often_users_pay_wrong_is_a_probability(tmp_path):
    """Error rate 1 in 10,000 for a change of code; that half as many or twice as many pay wrong is refused."""
    often = ("participants.user.count=20", "participants.user.wallet.outputs=15", "participants.user.max_amount=0.2")
    wrong = ("participants.user.underpay_probability=0.2", "participants.user.double_pay_probability=0.3")
    window = "participants.marketplace.payment_window=10m"
    played = play(WHOLE, tmp_path / "run", *ORDERING, *often, *wrong, window)
    ended = {it.data.order for it in happened(played, OrderPlaced) if it.t < 45 * MINUTE}
    found = Counter(it.data.state for it in happened(played, OrderChanged) if it.data.order in ended)
    assert len(ended) > 150
    for state, share in (("short", 0.2), ("double", 0.3)):
        assert binomtest(found[state], len(ended), share).pvalue > 1e-4
        assert binomtest(found[state], len(ended), share / 2).pvalue < 1e-2
        assert binomtest(found[state], len(ended), share * 2).pvalue < 1e-2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (("underpay_probability=0.1",), "need orders = true"),
        (("double_pay_probability=0.1",), "need orders = true"),
        (("orders=true", "underpay_probability=0.6", "double_pay_probability=0.6"), "must be at most 1 together"),
        (("orders=true", "underpay_probability=1.5"), "must be at most 1"),
        (("orders=true", "double_pay_probability=-0.5"), "must be at least 0"),
    ],
)
def test_shares_of_wrong_payments_are_probabilities_of_orders(tmp_path, changes, message):
    with pytest.raises(ScenarioError, match=message):
        play(WHOLE, tmp_path / "run", *(f"participants.user.{change}" for change in changes))


def test_prices_must_be_a_range(tmp_path):
    with pytest.raises(ScenarioError, match="min_price must be above 0"):
        play(WHOLE, tmp_path / "run", "participants.marketplace.min_price=3", "participants.marketplace.max_price=2")


FICKLE = """
from actors.markets.marketplace import Marketplace
from actors.users.regular_user import RegularUser


class Fickle:
    def begin(self):
        super().begin()
        self.every(600, self.die)

    def die(self):
        raise ArithmeticError("fails every ten minutes")


class FickleMarket(Fickle, Marketplace):
    pass


class FickleUser(Fickle, RegularUser):
    pass


class LazyMarket(Marketplace):
    def on_order(self, order, buyer):
        self.after(240, self.answer, order, buyer)

    def answer(self, order, buyer):
        super().on_order(order, buyer)
"""


def test_a_marketplace_or_a_user_that_fails_and_is_started_again_knows_what_it_knew(tmp_path, install_blocks):
    install_blocks("fickle", FICKLE, {"fickle-market": "fickle:FickleMarket", "fickle-user": "fickle:FickleUser"})
    market = WHOLE.replace('kind = "marketplace"', 'kind = "fickle-market"')
    restarts = "participants.marketplace.restarts.max_restarts=10"
    played = play(market, tmp_path / "market", *ORDERING, restarts, "participants.marketplace.confirmations=3")
    assert played.summary.outcome.failures >= 5
    received = [(it.data.txid, it.data.address) for it in happened(played, PaymentReceived)]
    assert len(set(received)) == len(received) > 5
    placed = {it.data.order for it in happened(played, OrderPlaced) if it.t < 30 * MINUTE}
    assert placed <= {it.data.order for it in happened(played, OrderChanged) if it.data.state == "confirmed"}
    assert sum(it.data.payments for it in happened(played, VendorTotals)) == len(received)
    users = WHOLE.replace('"regular-user"', '"fickle-user"')
    played = play(users, tmp_path / "users", "participants.user.restarts.max_restarts=10", 'simulation.duration="1h"')
    sent = {it.data.txid for it in happened(played, PaymentSent) if 0 <= it.t < 40 * MINUTE}
    assert len(sent) > 5
    assert sent <= {it.data.txid for it in happened(played, PaymentConfirmed)}


def test_a_user_that_fails_still_makes_the_payment_that_waits_for_locked_coins(tmp_path, install_blocks):
    install_blocks("fickle", FICKLE, {"fickle-user": "fickle:FickleUser"})
    users = WHOLE.replace('"regular-user"', '"fickle-user"')
    often = ("participants.user.restarts.max_restarts=10", "participants.user.transaction_frequency=1.0")
    played = play(users, tmp_path / "run", *often, 'simulation.duration="1h"')
    assert played.summary.outcome.failures >= 3 * 5
    waited = [(it.participant, it.data.amount) for it in happened(played, PaymentDelayed) if it.t < 40 * MINUTE]
    assert len(waited) >= 5
    assert set(waited) <= {(it.participant, it.data.amount) for it in happened(played, PaymentSent)}


def test_a_user_that_fails_still_pays_the_invoice_that_it_has_asked_for(tmp_path, install_blocks):
    install_blocks("fickle", FICKLE, {"fickle-user": "fickle:FickleUser", "lazy-market": "fickle:LazyMarket"})
    text = WHOLE.replace('"regular-user"', '"fickle-user"').replace('"marketplace"', '"lazy-market"')
    often = ("participants.user.restarts.max_restarts=10", "participants.user.transaction_frequency=1.0")
    changes = ('simulation.duration="1h"', "participants.user.wallet.outputs=10", "participants.user.max_amount=0.5")
    played = play(text, tmp_path / "run", *ORDERING, *often, *changes)
    assert played.summary.outcome.failures >= 3 * 5
    placed = [it.data.order for it in happened(played, OrderPlaced) if it.t < 50 * MINUTE]
    assert len(placed) >= 3 * 5
    assert set(placed) <= {it.data.order for it in happened(played, OrderChanged) if it.data.state == "received"}


def test_two_marketplaces_in_one_participant_are_an_error():
    text = WHOLE.replace('kind = "marketplace"', 'kind = "marketplace"\nactors = [{ use = "marketplace" }]')
    (problem,) = examine(text.encode()).problems
    assert problem.message == 'a participant is one marketplace at most, and is one by "marketplace" already'


@pytest.mark.parametrize("go_on", ["resume", "start"])
@pytest.mark.parametrize(
    ("shares", "minutes", "expected"),
    [
        ([1.0], [1], ["seen", "received", "confirmed"]),
        ([0.5, 0.5], [1, 3], ["seen", "received", "confirmed"]),
        ([], [], ["unpaid"]),
        ([0.5], [1], ["seen", "short"]),
        ([1.0], [12], ["unpaid", "late", "received", "confirmed"]),
        ([0.5, 0.5], [1, 12], ["seen", "short", "late", "received", "confirmed"]),
        ([1.0, 1.0], [1, 12], ["seen", "received", "confirmed", "double"]),
    ],
)
def test_payments_have_their_own_time_also_where_the_marketplace_was_away(shop, shares, minutes, expected, go_on):
    away = "pause" if go_on == "resume" else "stop"
    told = (("90s", away), ("25m", go_on))
    timeline = ", ".join(f'{{ at = "{at}", do = "{do}", who = "marketplace" }}' for at, do in told)
    played = shop(
        f"participants.buyer.shares={shares}",
        f"participants.buyer.minutes={minutes}",
        f"timeline=[{timeline}]",
        "simulation.duration=40m",
    )
    assert states(played) == expected
    assert all(record.t >= 25 * MINUTE for record in happened(played, OrderChanged))
    assert played.summary.outcome.failures == 0
