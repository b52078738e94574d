"""``monerosim model`` as a program, talked to by a client library that nobody here wrote (PyPI's ``monero``)."""

import json
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
import requests
from click.testing import CliRunner
from monero.backends.jsonrpc import JSONRPCDaemon, JSONRPCWallet
from monero.daemon import Daemon
from monero.wallet import Wallet

from monerosim.cli import main
from monerosim.units import XMR


@contextmanager
def serving(*options):
    """The program, and the line it prints."""
    command = [sys.executable, "-m", "monerosim.cli", "model", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        try:
            assert line, process.stderr.read()
            yield process, json.loads(line)
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0


def port(url):
    return urlsplit(url).port


@pytest.fixture(scope="module")
def served():
    """The ports of a node and a wallet of the program as it is started without options."""
    with serving() as (_, where):
        yield port(where["nodes"][0]["rpc"]), port(where["wallets"][0]["rpc"])


def call(url, method, **params):
    answer = requests.post(f"{url}/json_rpc", json={"id": "0", "method": method, "params": params}, timeout=60).json()
    if "error" in answer:
        raise RefusedError(answer["error"]["message"])
    return answer["result"]


class RefusedError(Exception):
    pass


def test_a_foreign_client_reads_lists_and_pays(served):
    node_port, wallet_port = served
    backend = JSONRPCDaemon(port=node_port)
    daemon = Daemon(backend)
    keys = JSONRPCWallet(port=wallet_port)
    wallet = Wallet(keys)
    height = daemon.height()
    assert height == wallet.height() >= 91
    assert wallet.balance() == wallet.balance(unlocked=True) == 100

    recipient, _ = wallet.new_address(label="friend")
    (paid,) = wallet.transfer(recipient, Decimal("1.5"))
    assert paid.fee > 0
    assert paid.hash in {transaction.hash for transaction in daemon.mempool()}
    (outgoing,) = wallet.outgoing(unconfirmed=True)
    assert outgoing.amount == Decimal("1.5")
    assert wallet.outgoing() == []

    generated = backend.raw_jsonrpc_request(
        "generateblocks", {"amount_of_blocks": 1, "wallet_address": str(wallet.address())}
    )
    assert len(generated["blocks"]) == 1
    keys.raw_request("refresh")
    (confirmed,) = wallet.outgoing()
    assert confirmed.transaction.hash == paid.hash
    assert confirmed.transaction.height == height
    # Paid to itself and mined by itself: what it has is what it had and one subsidy.
    reward = daemon.headers(height)[0]["reward"]
    assert wallet.balance() == 100 - paid.fee + Decimal(reward) / 10**12


def test_one_line_says_where_everything_is():
    options = ("--nodes", "2", "--wallets", "3", "--funded", "5 XMR", "--control", "--zmq-pub", "--clock", "virtual")
    with serving(*options) as (_, where):
        nodes, wallets = where["nodes"], where["wallets"]
        assert [node["name"] for node in nodes] == ["node-0", "node-1"]
        assert [wallet["node"] for wallet in wallets] == ["node-0", "node-1", "node-0"]
        for node in nodes:
            assert call(node["rpc"], "get_info")["height"] == where["height"] == 91
            assert node["zmq"].startswith("tcp://127.0.0.1:")
        for wallet in wallets:
            assert call(wallet["rpc"], "get_address")["address"] == wallet["address"]
            assert call(wallet["rpc"], "get_balance")["unlocked_balance"] == 5 * XMR
        assert call(where["control"], "describe") == where


def test_the_verbs_can_be_called_from_anywhere():
    with serving("--nodes", "2", "--control", "--clock", "virtual", "--block-time", "60s") as (_, where):
        control, (here, there) = where["control"], where["nodes"]
        paying, paid = where["wallets"]
        destinations = [{"address": paid["address"], "amount": XMR}]
        txid = call(paying["rpc"], "transfer", destinations=destinations)["tx_hash"]
        assert len(call(control, "mine", blocks=3)["blocks"]) == 3
        assert call(paid["rpc"], "get_transfer_by_txid", txid=txid)["transfer"]["confirmations"] == 3
        assert len(call(control, "reorg", depth=3, node=1)["blocks"]) == 4
        assert call(paid["rpc"], "get_transfers", **{"in": True})["in"][0]["txid"] != txid
        call(control, "drop", txid=txid)
        assert requests.post(f"{there['rpc']}/get_transaction_pool", timeout=20).json().get("transactions", []) == []
        call(control, "lag", node=1)
        call(control, "advance", duration="10m")
        heights = [call(node["rpc"], "get_info")["height"] for node in (here, there)]
        assert heights == [where["height"] + 14, where["height"] + 4]
        call(control, "catch_up", node=1)
        assert call(there["rpc"], "get_info")["height"] == where["height"] + 14
        for method, params, told in (
            ("mine", {"node": 2}, "no node 2"),
            ("mine", {"blocks": 10_001}, "at most 10000"),
            ("reorg", {}, "at least one block"),
            ("advance", {"duration": "soon"}, "expected a duration"),
            ("drop", {"txid": txid}, "in no node's pool"),
            ("mine", {"blocks": "many"}, "Invalid params"),
            ("rewind", {}, "Method not found"),
        ):
            with pytest.raises(RefusedError, match=told):
                call(control, method, **params)
        assert requests.post(f"{control}/mine", timeout=20).status_code == 404


def test_blocks_are_found_while_time_passes():
    with serving("--block-time", "20ms", "--wallets", "0", "--funded", "0") as (_, where):
        url = where["nodes"][0]["rpc"]
        while call(url, "get_info")["height"] < 5:
            pass


def test_ports_can_be_chosen():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        base = probe.getsockname()[1]
    base = min(base, 60_000)
    with serving("--port-base", str(base), "--nodes", "2", "--control") as (_, where):
        ports = [port(one["rpc"]) for one in (*where["nodes"], *where["wallets"])]
        assert ports == [base + number for number in range(4)]
        assert port(where["control"]) == base + 4
        again = subprocess.run(
            [sys.executable, "-m", "monerosim.cli", "model", "--port-base", str(base)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert again.returncode == 1
        assert again.stderr == f"Error: cannot listen: port {base} of 127.0.0.1: Address already in use\n"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--port-base", "0"], 'expected a port up to 65235 or "monero"'),
        (["--port-base", "bitcoin"], 'expected a port up to 65235 or "monero"'),
        (["--block-time", "soon"], "expected a duration"),
        (["--funded", "much"], "Invalid value for --funded: expected an amount"),
        (["--nodes", "101"], "not in the range"),
        (["--regtest", "--seed", "2"], "--seed is for modelled nodes, not for --regtest"),
        (["--regtest", "--port-base", "monero"], "--port-base is for modelled nodes"),
    ],
)
def test_wrong_options_are_refused(options, told):
    refused = CliRunner().invoke(main, ["model", *options])
    assert refused.exit_code == 2
    assert told in refused.output


def test_more_coins_than_fit_are_refused():
    refused = CliRunner().invoke(main, ["model", "--funded", "2001"])
    assert (refused.exit_code, refused.output) == (1, "Error: a wallet can be funded with at most 2000 XMR\n")


def test_what_is_no_json_object_is_a_parse_error(served):
    for port in served:
        for body in (b"{", b"[1]", b'{"method": "\xff"}', b"[" * 100_000):
            answer = requests.post(f"http://127.0.0.1:{port}/json_rpc", data=body, timeout=20)
            assert (answer.status_code, answer.json()["error"]["code"]) == (200, -32700)


HEIGHT = b'{"jsonrpc":"2.0","id":"0","method":"get_block_count"}'


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "[::1]:18081"}, 200),
        ({"Origin": "http://127.0.0.1:8080"}, 200),
        ({"Host": "rebound.example"}, 403),
        ({"Host": "127.0.0.1.example:80"}, 403),
        ({"Origin": "https://wallet.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
    ],
)
def test_a_web_page_from_elsewhere_is_refused(served, headers, status):
    for port in served:
        answer = requests.post(f"http://127.0.0.1:{port}/json_rpc", data=HEIGHT, headers=headers, timeout=20)
        assert answer.status_code == status


def test_requests_that_never_end_keep_nobody_else_from_asking(served):
    port = served[0]
    height = requests.post(f"http://127.0.0.1:{port}/json_rpc", data=HEIGHT, timeout=20).json()["result"]["count"]
    with ExitStack() as open_connections:
        for _ in range(150):
            half = open_connections.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            half.sendall(b"POST /json_rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        answer = requests.post(f"http://127.0.0.1:{port}/json_rpc", data=HEIGHT, timeout=20)
        assert answer.json()["result"]["count"] == height


def test_more_blocks_than_can_be_made_at_once_are_refused(served):
    wallet = Wallet(JSONRPCWallet(port=served[1]))
    for count, answered in ((10_000, True), (10**9, False)):
        params = {"amount_of_blocks": count, "wallet_address": str(wallet.address())}
        body = {"jsonrpc": "2.0", "id": "0", "method": "generateblocks", "params": params}
        answer = requests.post(f"http://127.0.0.1:{served[0]}/json_rpc", json=body, timeout=60).json()
        assert ("result" in answer) == answered
    assert "at most 100000 blocks" in answer["error"]["message"]


def test_a_request_that_takes_long_can_be_interrupted():
    with serving() as (process, where), ThreadPoolExecutor(1) as pool:
        params = {"amount_of_blocks": 100_000, "wallet_address": where["miner"]}
        asked = pool.submit(call, where["nodes"][0]["rpc"], "generateblocks", **params)
        while not asked.running():
            pass
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert isinstance(asked.exception(timeout=20), requests.ConnectionError)


def test_requests_at_once_leave_the_terminal_alone():
    with serving() as (process, where), ThreadPoolExecutor(20) as pool:
        url = f"{where['nodes'][0]['rpc']}/json_rpc"
        answers = list(pool.map(lambda _: requests.post(url, data=HEIGHT, timeout=20), range(200)))
        assert all(answer.status_code == 200 for answer in answers)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20)[1] == ""
