"""``monerosim model`` as a program, talked to by a client library that nobody here wrote (PyPI's ``monero``)."""

import re
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from decimal import Decimal

import pytest
import requests
from monero.backends.jsonrpc import JSONRPCDaemon, JSONRPCWallet
from monero.daemon import Daemon
from monero.wallet import Wallet


@pytest.fixture
def served():
    command = [sys.executable, "-m", "monerosim.cli", "model", "--node-port", "0", "--wallet-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline() for _ in range(3)]
        ports = [int(re.search(r"127\.0\.0\.1:(\d+)/json_rpc", line)[1]) for line in lines[:2]]
        try:
            yield ports
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0


def test_a_foreign_client_reads_lists_and_pays(served):
    node_port, wallet_port = served
    backend = JSONRPCDaemon(port=node_port)
    daemon = Daemon(backend)
    keys = JSONRPCWallet(port=wallet_port)
    wallet = Wallet(keys)
    assert daemon.height() == wallet.height() == 101
    assert len(wallet.incoming()) == 100
    before = wallet.balance()
    assert before > wallet.balance(unlocked=True) > 0

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
    assert confirmed.transaction.height == 101
    # Paid to itself and mined by itself: what it has is what it had and one subsidy.
    reward = daemon.headers(101)[0]["reward"]
    assert wallet.balance() == before - paid.fee + Decimal(reward) / 10**12


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
    with ExitStack() as open_connections:
        for _ in range(150):
            half = open_connections.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            half.sendall(b"POST /json_rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        answer = requests.post(f"http://127.0.0.1:{port}/json_rpc", data=HEIGHT, timeout=20)
        assert answer.json()["result"]["count"] == 101


def test_more_blocks_than_can_be_made_at_once_are_refused(served):
    wallet = Wallet(JSONRPCWallet(port=served[1]))
    for count, answered in ((10_000, True), (10**9, False)):
        params = {"amount_of_blocks": count, "wallet_address": str(wallet.address())}
        body = {"jsonrpc": "2.0", "id": "0", "method": "generateblocks", "params": params}
        answer = requests.post(f"http://127.0.0.1:{served[0]}/json_rpc", json=body, timeout=60).json()
        assert ("result" in answer) == answered
    assert "at most 100000 blocks" in answer["error"]["message"]


def test_requests_at_once_leave_the_terminal_alone():
    command = [sys.executable, "-m", "monerosim.cli", "model", "--node-port", "0", "--wallet-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        port = int(re.search(r"127\.0\.0\.1:(\d+)/json_rpc", process.stdout.readline())[1])
        with ThreadPoolExecutor(20) as pool:
            url = f"http://127.0.0.1:{port}/json_rpc"
            answers = list(pool.map(lambda _: requests.post(url, data=HEIGHT, timeout=20), range(200)))
        assert all(answer.status_code == 200 for answer in answers)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20)[1] == ""
