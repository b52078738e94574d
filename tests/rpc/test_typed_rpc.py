"""monerod's and monero-wallet-rpc's methods: what is sent, and what is made of the answers."""

import pytest
from small_server import document, error, hang_up, result

from monerosim.rpc.errors import RpcCallError, RpcDoubtfulError, RpcProtocolError
from monerosim.rpc.node import NodeRpc, TransactionRefusedError
from monerosim.rpc.wallet import (
    NOT_ENOUGH_MONEY,
    Balance,
    Destination,
    IntegratedAddress,
    SubaddressIndex,
    Transferred,
    WalletRpc,
)

HEADER = {
    "block_size": 5500,
    "depth": 0,
    "difficulty": 1,
    "hash": "ab" * 32,
    "height": 90,
    "major_version": 16,
    "miner_tx_hash": "cd" * 32,
    "nonce": 1,
    "num_txes": 3,
    "orphan_status": False,
    "prev_hash": "ef" * 32,
    "reward": 600000000000,
    "timestamp": 946684800,
}
ENTRY = {
    "address": "4abc",
    "amount": 200,
    "amounts": [200],
    "confirmations": 3,
    "double_spend_seen": False,
    "fee": 21650200000,
    "height": 153624,
    "locked": False,
    "note": "",
    "payment_id": "0000000000000000",
    "subaddr_index": {"major": 0, "minor": 2},
    "timestamp": 1535918400,
    "txid": "c3" * 32,
    "type": "in",
    "unlock_time": 0,
}


@pytest.fixture
def node(client):
    return NodeRpc(client)


@pytest.fixture
def wallet(client):
    return WalletRpc(client)


def sent(server):
    path, body = server.requests[-1]
    return (body["method"], body["params"]) if path == "/json_rpc" else (path, body)


def test_get_info(server, node):
    info = {
        "height": 91,
        "top_block_hash": "ab" * 32,
        "difficulty": 1,
        "tx_pool_size": 2,
        "incoming_connections_count": 3,
        "outgoing_connections_count": 4,
        "status": "OK",
    }
    server.script = [result(info)]
    got = node.get_info()
    assert (got.height, got.tx_pool_size, got.outgoing_connections_count) == (91, 2, 4)
    assert sent(server) == ("get_info", {})


@pytest.mark.parametrize(
    ("call", "request_"),
    [
        (lambda node: node.get_last_block_header(), ("get_last_block_header", {})),
        (lambda node: node.get_block_header_by_height(90), ("get_block_header_by_height", {"height": 90})),
        (lambda node: node.get_block_header_by_hash("ab"), ("get_block_header_by_hash", {"hash": "ab"})),
    ],
)
def test_headers(server, node, call, request_):
    server.script = [result({"block_header": HEADER, "status": "OK"})]
    header = call(node)
    assert (header.height, header.hash, header.reward, header.num_txes) == (90, "ab" * 32, 600000000000, 3)
    assert sent(server) == request_


def test_header_ranges(server, node):
    server.script = [result({"headers": [HEADER, HEADER]}), result({"status": "OK"})]
    assert len(node.get_block_headers_range(5, 6)) == 2
    assert sent(server) == ("get_block_headers_range", {"start_height": 5, "end_height": 6})
    assert node.get_block_headers_range(5, 6) == []


def test_on_get_block_hash(server, node):
    server.script = [result("ab" * 32)]
    assert node.on_get_block_hash(7) == "ab" * 32
    assert sent(server) == ("on_get_block_hash", [7])


def test_generateblocks_is_sent_once(server, node):
    server.script = [result({"height": 5, "blocks": ["aa", "bb"]}), result({"height": 6}), hang_up]
    made = node.generateblocks(2, "4abc")
    assert (made.height, made.blocks) == (5, ["aa", "bb"])
    params = {"amount_of_blocks": 2, "wallet_address": "4abc", "starting_nonce": 0}
    assert sent(server) == ("generateblocks", params)
    node.generateblocks(1, "4abc", prev_block="cc")
    assert sent(server)[1]["prev_block"] == "cc"
    with pytest.raises(RpcDoubtfulError):
        node.generateblocks(1, "4abc")
    assert len(server.requests) == 3


def test_an_empty_pool_has_no_list(server, node):
    pool = {"id_hash": "ab", "fee": 1, "weight": 1500, "receive_time": 946684800, "blob_size": 1500}
    server.script = [document({"status": "OK"}), document({"status": "OK", "transactions": [pool]})]
    assert node.get_transaction_pool() == []
    assert [one.weight for one in node.get_transaction_pool()] == [1500]
    assert sent(server) == ("/get_transaction_pool", {})


def test_chains_connections_and_fees(server, node):
    chain = {"block_hash": "ab", "height": 90, "length": 2, "difficulty": 91, "block_hashes": []}
    peer = {"address": "10.0.0.2:18080", "incoming": True, "height": 90, "state": "normal", "live_time": 1}
    server.script = [
        result({"chains": [chain]}),
        result({"connections": [peer]}),
        result({"fee": 20000, "quantization_mask": 10000}),
        result({}),
        result({}),
    ]
    assert [one.length for one in node.get_alternate_chains()] == [2]
    assert [one.state for one in node.get_connections()] == ["normal"]
    assert node.get_fee_estimate() == 20000
    assert node.get_alternate_chains() == []
    assert node.get_connections() == []


def test_a_transaction_is_taken(server, node):
    server.script = [document({"status": "OK"})]
    node.send_raw_transaction("0102")
    assert sent(server) == ("/send_raw_transaction", {"tx_as_hex": "0102", "do_not_relay": False})


@pytest.mark.parametrize(
    ("answer", "message", "double_spend"),
    [
        ({"status": "Failed", "reason": "fee too low"}, "refused: fee too low", False),
        ({"status": "Failed", "reason": "", "double_spend": True}, "refused: double spend", True),
        ({"status": "Odd"}, "refused: Odd", False),
    ],
)
def test_a_transaction_is_refused(server, node, answer, message, double_spend):
    server.script = [document(answer)]
    with pytest.raises(TransactionRefusedError, match=message) as caught:
        node.send_raw_transaction("0102")
    assert caught.value.double_spend is double_spend
    assert len(server.requests) == 1


def test_wallets_are_created_opened_saved_and_closed(server, wallet):
    server.script = [result({}) for _ in range(5)] + [result({"version": 65562})]
    wallet.create_wallet("alice")
    assert sent(server) == ("create_wallet", {"filename": "alice", "password": "", "language": "English"})
    wallet.open_wallet("alice")
    assert sent(server) == ("open_wallet", {"filename": "alice", "password": ""})
    wallet.store()
    wallet.close_wallet()
    wallet.refresh()
    assert [body["method"] for _, body in server.requests[2:]] == ["store", "close_wallet", "refresh"]
    assert wallet.get_version() == 65562


def test_addresses_balance_and_height(server, wallet):
    server.script = [
        result({"address": "4a", "addresses": [{"address": "4a", "label": ""}, {"address": "8b", "label": "x"}]}),
        result({"address": "8c", "address_index": 2}),
        result({"integrated_address": "5d", "payment_id": "ab" * 8}),
        result({"balance": 5, "unlocked_balance": 3, "blocks_to_unlock": 7, "multisig_import_needed": False}),
        result({"height": 91}),
        hang_up,
    ]
    assert wallet.get_addresses() == ["4a", "8b"]
    assert wallet.create_address("till") == "8c"
    assert sent(server) == ("create_address", {"account_index": 0, "label": "till"})
    assert wallet.make_integrated_address() == IntegratedAddress("5d", "ab" * 8)
    assert sent(server) == ("make_integrated_address", {})
    assert wallet.get_balance() == Balance(5, 3, 7)
    assert wallet.get_height() == 91
    with pytest.raises(RpcDoubtfulError):  # another call would make another address
        wallet.create_address("till")
    assert len(server.requests) == 6


def test_a_transfer(server, wallet):
    server.script = [result({"tx_hash": "ab", "amount": 7, "fee": 2, "tx_key": "", "weight": 1500})]
    assert wallet.transfer([Destination("4a", 3), Destination("4b", 4)], priority=2) == Transferred("ab", 7, 2)
    method, params = sent(server)
    assert method == "transfer"
    assert params["destinations"] == [{"address": "4a", "amount": 3}, {"address": "4b", "amount": 4}]
    assert params["priority"] == 2


@pytest.mark.parametrize(
    "pay", [lambda wallet: wallet.transfer([Destination("4a", 3)]), lambda wallet: wallet.sweep_all("4a")]
)
def test_payments_are_never_repeated(server, wallet, slept, pay):
    server.script = [hang_up, result({"tx_hash": "ab", "amount": 7, "fee": 2})]
    with pytest.raises(RpcDoubtfulError):
        pay(wallet)
    assert (len(server.requests), slept) == (1, [])


def test_a_transfer_is_refused(server, wallet):
    server.script = [error(NOT_ENOUGH_MONEY, "not enough money")]
    with pytest.raises(RpcCallError) as caught:
        wallet.transfer([Destination("4a", 3)])
    assert caught.value.code == NOT_ENOUGH_MONEY


def test_sweeping(server, wallet):
    server.script = [
        result({"tx_hash_list": ["a", "b"], "amount_list": [1, 2], "fee_list": [3, 4]}),
        result({}),
        result({"tx_hash_list": ["a"], "amount_list": []}),
    ]
    assert wallet.sweep_all("4a") == [Transferred("a", 1, 3), Transferred("b", 2, 4)]
    assert wallet.sweep_all("4a") == []
    with pytest.raises(RpcProtocolError, match="sweep_all"):
        wallet.sweep_all("4a")


def test_transfers(server, wallet):
    server.script = [
        result({"in": [ENTRY], "out": [{**ENTRY, "type": "out", "destinations": [{"address": "4b", "amount": 9}]}]}),
        result({}),
        result({"transfer": ENTRY, "transfers": [ENTRY]}),
    ]
    got = wallet.get_transfers("in", "out", min_height=100)
    assert sent(server) == (
        "get_transfers",
        {"account_index": 0, "in": True, "out": True, "filter_by_height": True, "min_height": 100},
    )
    assert (got.incoming[0].amount, got.incoming[0].subaddr_index) == (200, SubaddressIndex(0, 2))
    assert got.outgoing[0].destinations == (Destination("4b", 9),)
    assert got.pool == got.pending == got.failed == []
    assert wallet.get_transfers("in").incoming == []
    assert sent(server)[1] == {"account_index": 0, "in": True}
    assert wallet.get_transfer_by_txid("c3" * 32).confirmations == 3
    assert sent(server) == ("get_transfer_by_txid", {"txid": "c3" * 32})
