"""The marketplace: vendors with addresses, payments seen coming and received, each once."""

import json
from collections import Counter

import pytest
from monero.address import address
from monero.const import NET_MAIN
from small_runs import WHOLE, happened, play

from monerosim.events import BlockFound, OrderPlaced, PaymentReceived, PaymentSeen, PaymentSent
from monerosim.monero.address import decode_address
from monerosim.units import SECOND

BUSY = (
    'participants.user.wallet={initial_balance="20 XMR", outputs=5}',
    "participants.user.max_amount=0.5",
    'participants.marketplace.check_interval="10s"',
)


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    return play(WHOLE, tmp_path_factory.mktemp("busy") / "run", *BUSY, "participants.marketplace.count=2")


def vendors(played, name):
    path = played.directory / "shared" / "marketplace_addresses" / f"{name}.json"
    return {vendor["id"]: vendor["address"] for vendor in json.loads(path.read_bytes())["vendors"]}


def test_each_vendor_has_a_valid_address_of_its_own(busy):
    published = vendors(busy, "marketplace-001") | vendors(busy, "marketplace-002")
    assert list(published) == [f"marketplace-00{m}/vendor-00{v}" for m in (1, 2) for v in (1, 2, 3)]
    assert len(set(published.values())) == 6
    assert all(address(text).net == NET_MAIN for text in published.values())


def test_payments_are_received_once_each_by_whom_they_were_made_to(busy):
    sent = {
        (record.data.txid, recipient): record.data
        for record in happened(busy, PaymentSent)
        for recipient in record.data.recipients
        if record.participant != "funder"
    }
    received = happened(busy, PaymentReceived)
    assert len(received) > 15
    keys = [(record.data.txid, record.data.address) for record in received]
    assert len(keys) == len(set(keys))
    for key, record in zip(keys, received, strict=True):
        assert record.data.amount == sent[key].amount
        assert record.data.address in vendors(busy, record.participant).values()


def test_payments_are_seen_in_the_pool_before_they_are_received(busy):
    received = {(it.data.txid, it.data.address): it.t for it in happened(busy, PaymentReceived)}
    sent = {record.data.txid: record.t for record in happened(busy, PaymentSent)}
    seen = happened(busy, PaymentSeen)
    keys = [(it.data.txid, it.data.address) for it in seen]
    assert len(keys) == len(set(keys)) > 10
    for record in seen:
        assert sent[record.data.txid] <= record.t
        assert record.t < received.get((record.data.txid, record.data.address), record.t + 1)


@pytest.mark.parametrize("wanted", [1, 6])
def test_a_payment_counts_as_received_after_the_confirmations_wanted(tmp_path, wanted):
    played = play(WHOLE, tmp_path / "run", *BUSY, f"participants.marketplace.confirmations={wanted}")
    found = {record.data.height: record.t for record in happened(played, BlockFound)}
    received = happened(played, PaymentReceived)
    assert received
    for record in received:
        due = found[record.data.height + wanted - 1]
        assert due <= record.t <= due + 40 * SECOND  # the wallet looks every 20 s, the marketplace every 10 s


def test_the_wallet_holds_what_was_received(busy):
    for name in ("marketplace-001", "marketplace-002"):
        amounts = [record.data.amount for record in happened(busy, PaymentReceived, name)]
        assert busy.summary.coins.balances[name] == sum(amounts)


def test_integrated_addresses_are_the_first_one_with_a_payment_id_each(tmp_path):
    changes = ("participants.user.orders=true", "participants.user.double_pay_probability=1")
    changes += ("participants.marketplace.order_address=integrated", "participants.user.wallet.outputs=8")
    played = play(WHOLE, tmp_path / "run", *changes, "participants.user.max_amount=0.5")
    first = decode_address(vendors(played, "marketplace")["marketplace/vendor-001"])
    placed = [record.data for record in happened(played, OrderPlaced)]
    addresses = {order.address: decode_address(order.address) for order in placed}
    assert {it.keys for it in addresses.values()} == {first.keys}
    assert len({it.payment_id for it in addresses.values()}) == len(placed) > 5
    twice = Counter(record.data.address for record in happened(played, PaymentReceived))
    assert set(twice) <= set(addresses)
    assert 2 in twice.values()
