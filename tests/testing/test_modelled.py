"""A network for tests, by its verbs: what nodes and wallets say afterwards, over HTTP."""

import socket
import threading
import time

import pytest
import requests

from monerosim.rpc.errors import RpcCallError, RpcError
from monerosim.testing import ModelledMonero, NotPossibleError, TestingError
from monerosim.units import XMR

CONFIRMED = 10


def received(wallet, txid):
    """Confirmations of a payment as its recipient sees it; None where the wallet knows nothing of it."""
    try:
        return wallet.rpc.get_transfer_by_txid(txid).confirmations
    except RpcCallError:
        return None


@pytest.fixture
def pair():
    with ModelledMonero(nodes=2) as monero:
        yield monero


def test_wallets_are_funded_and_can_pay_at_once(pair):
    for wallet in pair.wallets:
        assert wallet.balance == wallet.unlocked_balance == 100 * XMR
    alice, shop = pair.wallets
    paid = [alice.pay(shop, "20 XMR") for _ in range(4)]
    assert len(set(paid)) == 4
    assert [sorted(node.pool) for node in pair.nodes] == [sorted(paid)] * 2


def test_blocks_come_when_they_are_mined_and_wallets_have_seen_them(pair):
    alice, shop = pair.wallets
    before = pair.height
    txid = alice.pay(shop, "1.5 XMR")
    assert received(shop, txid) == 0
    blocks = pair.mine(CONFIRMED)
    assert [node.tip for node in pair.nodes] == [blocks[-1]] * 2
    assert pair.height == before + CONFIRMED
    assert received(shop, txid) == CONFIRMED
    assert shop.balance == 101.5 * XMR


def test_blocks_are_mined_to_an_address(pair):
    shop = pair.wallets[1]
    (block,) = pair.mine(to=shop.address)
    reward = pair.nodes[0].rpc.get_block_header_by_hash(block).reward
    assert shop.balance == 100 * XMR + reward
    subaddress = shop.rpc.create_address("pool")
    with pytest.raises(TestingError, match="subaddress"):
        pair.mine(to=subaddress)
    with pytest.raises(TestingError, match="no address"):
        pair.mine(to="4shop")


def test_a_reorganisation_takes_a_payment_back_and_the_next_block_has_it_again(pair):
    alice, shop = pair.wallets
    txid = alice.pay(shop, "1 XMR")
    assert received(shop, txid) == 0
    old = pair.mine(CONFIRMED)
    new = pair.reorg(CONFIRMED + 1)
    assert len(new) == CONFIRMED + 2
    assert [node.tip for node in pair.nodes] == [new[-1]] * 2
    assert pair.nodes[1].rpc.get_block_header_by_hash(old[-1]).orphan_status
    assert received(shop, txid) is None
    assert (shop.balance, alice.balance) == (100 * XMR, 100 * XMR)
    assert [node.pool for node in pair.nodes] == [[txid]] * 2
    pair.mine()
    assert received(shop, txid) == 1


def test_a_branch_leaves_out_what_waits_in_the_pool(pair):
    alice, shop = pair.wallets
    pair.mine(3)
    txid = alice.pay(shop, "1 XMR")
    for block in pair.reorg(3):
        assert pair.nodes[0].rpc.get_block_header_by_hash(block).num_txes == 0
    assert pair.nodes[0].pool == [txid]


def test_a_reorganisation_does_not_take_back_what_funds_the_wallets(pair):
    pair.reorg(9)
    # Ten new blocks replaced nine, so there is one more above the payments.
    with pytest.raises(TestingError, match="mine 2 more blocks first"):
        pair.reorg(12)
    pair.mine(2)
    pair.reorg(12)
    assert [wallet.balance for wallet in pair.wallets] == [100 * XMR] * 2
    with pytest.raises(TestingError, match="at least one block"):
        pair.reorg(0)


def test_a_payment_that_is_dropped_is_gone_until_somebody_sends_it_again(pair):
    alice, shop = pair.wallets
    kept = alice.call("transfer", destinations=[{"address": shop.address, "amount": XMR}], get_tx_hex=True)
    txid, blob = kept["tx_hash"], kept["tx_blob"]
    pair.drop(txid)
    assert [node.pool for node in pair.nodes] == [[], []]
    assert received(shop, txid) is None
    with pair.lag(1):
        pair.mine(2)
    assert received(shop, txid) is None
    for gone in (txid, "0" * 64, "payment"):
        with pytest.raises(TestingError, match="in no node's pool"):
            pair.drop(gone)
    assert pair.nodes[1].post("/send_raw_transaction", tx_as_hex=blob)["status"] == "OK"
    pair.mine()
    assert received(shop, txid) == 1
    with pytest.raises(TestingError, match="in no node's pool"):
        pair.drop(txid)


def test_a_dropped_payment_fails_after_500_seconds_and_its_coins_come_back(pair):
    alice, shop = pair.wallets
    txid = alice.pay(shop, "99 XMR")
    pair.drop(txid)
    pair.advance("470s")
    assert alice.rpc.get_transfer_by_txid(txid).type == "pending"
    assert alice.balance < 1 * XMR
    pair.advance("30s")
    assert alice.rpc.get_transfer_by_txid(txid).type == "failed"
    assert alice.unlocked_balance == 100 * XMR
    again = alice.pay(shop, "99 XMR")
    pair.mine()
    assert (received(shop, again), received(shop, txid)) == (1, None)
    waiting = shop.pay(alice, "1 XMR")
    pair.advance("10m")
    assert shop.rpc.get_transfer_by_txid(waiting).type == "pending"


def test_the_coins_of_a_payment_that_was_reorganised_and_dropped_can_be_spent_again(pair):
    alice, shop = pair.wallets
    txid = alice.pay(shop, "99 XMR")
    pair.mine(CONFIRMED)
    assert received(shop, txid) == CONFIRMED
    pair.reorg(CONFIRMED + 1)
    pair.drop(txid)
    again = alice.pay(alice, "99 XMR")
    pair.mine(CONFIRMED)
    assert received(shop, txid) is None
    assert (shop.balance, again in pair.nodes[0].pool) == (100 * XMR, False)
    assert 99 * XMR < alice.unlocked_balance < 100 * XMR


def test_time_passes_when_it_is_moved_on(pair):
    before = pair.time
    height = pair.height
    assert pair.time == before
    pair.advance("1h")
    assert pair.time == before + 3600
    assert pair.height == height
    pair.mine(3)
    assert pair.time == before + 3600 + 3 * 120
    with pytest.raises(ValueError, match="expected a duration"):
        pair.advance("soon")


def test_blocks_are_found_by_themselves_while_time_passes():
    with ModelledMonero(block_time="2m") as monero:
        height = monero.height
        monero.advance("1h")
        assert monero.height == height + 30
        monero.mine()
        monero.advance("119s")
        assert monero.height == height + 31
        monero.advance("1s")
        assert monero.height == height + 32
        with pytest.raises(TestingError, match="more than 10000 blocks"):
            monero.advance("30d")


def test_on_the_real_clock_time_passes_and_blocks_are_found():
    with ModelledMonero(clock="real", block_time="50ms") as monero:
        assert abs(monero.time - time.time()) <= 2
        header = monero.nodes[0].rpc.get_last_block_header()
        assert 0 <= time.time() - header.timestamp <= 200
        height = monero.height
        while monero.height < height + 3:
            time.sleep(monero.tick())


def test_a_node_lags_and_catches_up(pair):
    alice, shop = pair.wallets
    with pair.lag(1) as behind:
        here, there = alice.pay(shop, "1 XMR"), shop.pay(alice, "2 XMR")
        assert [node.pool for node in pair.nodes] == [[here], [there]]
        height = behind.height
        tip = pair.mine(12)[-1]
        assert (behind.height, pair.nodes[0].height) == (height, height + 12)
        assert received(shop, here) is None
    assert behind.tip == tip
    assert received(shop, here) == 12
    assert [node.pool for node in pair.nodes] == [[there]] * 2
    pair.mine()
    assert received(alice, there) == 1


@pytest.mark.parametrize("scheme", ["", "http://"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_wallet_goes_over_to_another_node(pair, scheme, host):
    alice = pair.wallets[0]

    def set_daemon(address):
        body = {"jsonrpc": "2.0", "id": "0", "method": "set_daemon", "params": {"address": address}}
        assert "result" in requests.post(f"{alice.url}/json_rpc", json=body, timeout=60).json()

    set_daemon(f"{scheme}{host}:{pair.nodes[1].url.rpartition(':')[2]}")
    with pair.lag(1):
        pair.mine(3)
        alice.rpc.refresh()
        assert alice.rpc.get_height() == pair.height - 3
    set_daemon("127.0.0.1:1")
    with pytest.raises(RpcCallError, match="no connection to daemon"):
        alice.rpc.refresh()


def test_a_node_that_lags_for_hours_gets_everything(pair):
    alice, shop = pair.wallets
    pair.lag(1)
    txid = alice.pay(shop, "1 XMR")
    for _ in range(3):
        pair.mine(40)
        pair.advance("1h")
    tip = pair.reorg(5)[-1]
    pair.catch_up(1)
    assert pair.nodes[1].tip == tip
    assert received(shop, txid) == 121
    (newest,) = pair.mine(node=1)
    assert pair.nodes[0].tip == newest


@pytest.mark.parametrize(("behind", "ahead"), [(2, 3), (3, 2)])
def test_a_node_that_mines_while_it_lags_is_reorganised_or_reorganises_the_others(pair, behind, ahead):
    alice, shop = pair.wallets
    lag = pair.lag(1)
    lost = shop.pay(alice, "1 XMR")
    assert received(alice, lost) is None
    own = pair.mine(behind, node=1)
    others = pair.mine(ahead, node=0)
    with lag:
        assert [node.tip for node in pair.nodes] == [others[-1], own[-1]]
    assert [node.tip for node in pair.nodes] == [(own if behind > ahead else others)[-1]] * 2
    assert received(alice, lost) == (behind if behind > ahead else 0)
    pair.mine()
    assert received(alice, lost) == (behind + 1 if behind > ahead else 1)


def test_the_same_seed_gives_the_same_network():
    def play(seed):
        with ModelledMonero(seed=seed) as monero:
            alice, shop = monero.wallets
            return [alice.address, alice.pay(shop, "1 XMR"), *monero.mine(3), *monero.reorg(2), str(monero.time)]

    assert play(1) == play(1)
    assert not set(play(1)) & set(play(2)[:-1])


def test_what_cannot_be_is_refused():
    for wrong in ({"nodes": 0}, {"nodes": 101}, {"wallets": 101}, {"funded": "2001 XMR"}, {"funded": 1e-12}):
        with pytest.raises(TestingError):
            ModelledMonero(**wrong)
    with pytest.raises(ValueError, match="expected an amount"):
        ModelledMonero(funded="much")
    with ModelledMonero(nodes=1, wallets=0) as monero:
        for verb in (monero.lag, monero.catch_up, lambda node: monero.mine(node=node)):
            with pytest.raises(TestingError, match="no node 1"):
                verb(1)
        with pytest.raises(TestingError, match="at most"):
            monero.mine(10_001)
    assert not issubclass(TestingError, NotPossibleError)


def test_a_taken_port_is_named_and_nothing_stays_open():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        before = set(threading.enumerate())
        with pytest.raises(OSError, match=f"port {taken} of 127.0.0.1: .*in use"):
            ModelledMonero(ports=lambda kind, number: taken if (kind, number) == ("wallet", 1) else 0)
        assert set(threading.enumerate()) <= before


def test_nothing_answers_any_more_after_the_end():
    before = set(threading.enumerate())
    with ModelledMonero() as monero:
        assert monero.height == 91
    with pytest.raises(RpcError):
        monero.nodes[0].call("get_info")
    monero.nodes[0].close()
    assert {thread for thread in threading.enumerate() if thread.is_alive()} <= before
