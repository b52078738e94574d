"""Blocks that somebody hands over, blocks that are taken off a chain, and pools that are emptied."""

import pytest
from simulated import Pair, RefusedError, Simulated, ask

from monerosim.monero.serial import block_blob, block_hash, parse_block
from monerosim.units import SECOND, XMR


def submit(net, node, blob):
    return net.daemons[node].post("/json_rpc", {"id": 0, "method": "submit_block", "params": [blob]})


def template(net, node, **more):
    return ask(net.daemons[node], "get_block_template", wallet_address=net.addresses[node], **more)


@pytest.fixture
def net():
    net = Simulated(make=Pair)
    net.mine(0, 90)
    net.pass_time(200 * SECOND)
    net.refresh()
    return net


def test_the_genesis_block_has_its_own_blob(net):
    genesis = ask(net.daemons[0], "get_block", height=0)
    parts = parse_block(bytes.fromhex(genesis["blob"]))
    assert block_hash(parts).hex() == genesis["block_header"]["hash"]
    assert block_blob(parts).hex() == genesis["blob"]


def test_a_submitted_block_is_the_one_that_was_found(net):
    made = template(net, 0, reserve_size=8)
    blob = made["blocktemplate_blob"]
    parts = parse_block(bytes.fromhex(blob))._replace(nonce=77)
    assert submit(net, 0, block_blob(parts).hex())["result"]["status"] == "OK"
    found = ask(net.daemons[0], "get_block", hash=block_hash(parts).hex())
    assert found["blob"] == block_blob(parts).hex()
    assert found["block_header"]["nonce"] == 77
    assert found["block_header"]["reward"] == made["expected_reward"]
    net.pass_time()
    assert [tip.id for tip in net.tips()] == [block_hash(parts)] * 2
    before = net.balance(0)[0]
    net.refresh()
    assert net.balance(0)[0] == before + made["expected_reward"]


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: parts._replace(major_version=15),
        lambda parts: parts._replace(timestamp=parts.timestamp + 7201),
        lambda parts: parts._replace(timestamp=1),
        lambda parts: parts._replace(hashes=(bytes(32),)),
        lambda parts: parts._replace(coinbase=parts.coinbase._replace(height=5)),
        lambda parts: parts._replace(
            coinbase=parts.coinbase._replace(outputs=(parts.coinbase.outputs[0]._replace(amount=XMR),))
        ),
    ],
)
def test_a_block_that_breaks_a_rule_is_refused(net, change):
    parts = parse_block(bytes.fromhex(template(net, 0)["blocktemplate_blob"]))
    answer = submit(net, 0, block_blob(change(parts)).hex())
    assert answer["error"]["code"] == -7
    assert net.tips()[0].height == 90


def test_an_orphan_is_dropped_without_a_word(net):
    parts = parse_block(bytes.fromhex(template(net, 0)["blocktemplate_blob"]))._replace(parent=bytes(32))
    assert submit(net, 0, block_blob(parts).hex())["result"]["status"] == "OK"
    assert net.tips()[0].height == 90


def test_a_tie_stays_where_it_is_handed_over(net):
    first, second = template(net, 0)["blocktemplate_blob"], template(net, 1)["blocktemplate_blob"]
    submit(net, 0, first)
    net.pass_time(5 * SECOND)
    assert submit(net, 0, second)["result"]["status"] == "OK"
    net.pass_time(200 * SECOND)
    known = [len(ask(daemon, "get_alternate_chains").get("chains", [])) for daemon in net.daemons]
    assert known == [1, 0]
    # Handed to the other node, too, it is an alternative there as well.
    submit(net, 1, second)
    assert len(ask(net.daemons[1], "get_alternate_chains")["chains"]) == 1


def test_a_node_that_loses_blocks_gets_them_back_from_its_peer(net):
    tip = net.tips()[0]
    assert net.daemons[0].post("/pop_blocks", {"nblocks": 5})["height"] == 86
    assert [tip.height for tip in net.tips()] == [85, 90]
    net.pass_time(70 * SECOND)
    assert net.tips() == [tip, tip]


def test_a_node_alone_builds_on_what_it_has_left():
    net = Simulated(nodes=1)
    net.mine(0, 100)
    net.pass_time(200 * SECOND)
    net.refresh()
    paid = net.pay(0, 0, XMR)["tx_hash"]
    net.mine(0, 3)
    assert net.daemons[0].post("/get_transaction_pool_hashes", {}).get("tx_hashes") is None
    assert net.daemons[0].post("/pop_blocks", {"nblocks": 3})["height"] == 101
    assert net.daemons[0].post("/get_transaction_pool_hashes", {})["tx_hashes"] == [paid]
    assert "chains" not in ask(net.daemons[0], "get_alternate_chains")
    (found,) = net.mine(0)
    assert ask(net.daemons[0], "get_block", hash=found)["tx_hashes"] == [paid]
    assert ask(net.daemons[0], "get_info")["height"] == 102
    assert net.daemons[0].post("/pop_blocks", {"nblocks": 10**9})["height"] == 1


def test_a_transaction_kept_back_and_handed_over_by_somebody_else_is_worth_its_fee(net):
    before = net.balance(0)[0]
    kept = net.pay(0, 1, XMR, do_not_relay=True, get_tx_hex=True)
    assert net.daemons[0].post("/send_raw_transaction", {"tx_as_hex": kept["tx_blob"]})["status"] == "OK"
    ask(net.wallets[0], "get_transfers", pool=True)
    assert net.balance(0)[0] == before
    net.mine(1)
    net.pass_time()
    net.mine(1)
    net.pass_time()
    net.refresh()
    assert net.balance(0)[0] == before - XMR - kept["fee"]


def test_blobs_are_as_long_as_they_say(net):
    for count in (1, 3, 15):
        destinations = [{"address": net.addresses[1], "amount": XMR // 100}] * count
        ask(net.wallets[0], "transfer", destinations=destinations)
    for entry in net.daemons[0].post("/get_transaction_pool", {})["transactions"]:
        assert len(entry["tx_blob"]) == 2 * entry["blob_size"]
        assert entry["blob_size"] <= entry["weight"]
        asked = {"txs_hashes": [entry["id_hash"]], "split": True}
        (split,) = net.daemons[0].post("/get_transactions", asked)["txs"]
        assert split["pruned_as_hex"] + split["prunable_as_hex"] == entry["tx_blob"]
    (found,) = net.mine(0)
    block = ask(net.daemons[0], "get_block", hash=found)
    coinbase = net.daemons[0].post("/get_transactions", {"txs_hashes": [block["miner_tx_hash"]]})["txs"][0]
    assert (
        len(coinbase["pruned_as_hex"]) // 2 + sum(_weights(net, block["tx_hashes"]))
        == block["block_header"]["block_weight"]
    )


def _weights(net, hashes):
    return [net.blockchain.find(bytes.fromhex(identity)).weight for identity in hashes]


def test_a_flushed_transaction_is_gone_from_one_pool_and_confirmed_by_the_other(net):
    paid = net.pay(0, 1, XMR)["tx_hash"]
    net.pass_time()
    ask(net.daemons[0], "flush_txpool", txids=[paid])
    pools = [daemon.post("/get_transaction_pool_hashes", {}).get("tx_hashes", []) for daemon in net.daemons]
    assert pools == [[], [paid]]
    with pytest.raises(RefusedError, match="not found in pool"):
        ask(net.daemons[0], "relay_tx", txids=[paid])
    (found,) = net.mine(1)
    net.pass_time()
    assert ask(net.daemons[0], "get_block", hash=found)["tx_hashes"] == [paid]
