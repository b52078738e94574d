"""``monerosim model`` as a program, talked to by a client library that nobody here wrote (PyPI's ``monero``)."""

import re
import signal
import subprocess
import sys
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
