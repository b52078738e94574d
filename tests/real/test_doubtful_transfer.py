"""A connection to the real wallet that breaks while a payment is made: the payment is neither lost nor made twice."""

import re
import socket
import threading
from contextlib import suppress

import msgspec
import pytest
from real_network import read_kind, wait_until

from actors.host.followed import Doubt, Terms
from actors.host.node_proxy import GenerateBlocks, NodeProxy
from actors.host.wallet_proxy import GetAddresses, GetTransfers, Refresh, Transfer, WalletProxy
from monerosim.agent.host import Host
from monerosim.build.rundir import write_run_directory
from monerosim.events import BootstrapFinished, PaymentSent
from monerosim.rpc.errors import RpcDoubtfulError
from monerosim.rpc.wallet import Destination
from monerosim.units import SECOND, XMR

PORT = 18_083
TRANSFER = b'"transfer"'
CHUNK = 65_536


def receive_message(connection):
    """Read an HTTP message with a body of stated length; empty at the connection's end."""
    data = b""
    while (head := data.find(b"\r\n\r\n")) < 0:
        if not (more := connection.recv(CHUNK)):
            return b""
        data += more
    length = re.search(rb"(?i)content-length: *(\d+)", data[:head])
    whole = head + 4 + (int(length[1]) if length else 0)
    while len(data) < whole:
        if not (more := connection.recv(CHUNK)):
            return b""
        data += more
    return data


def part(data, where):
    """Take the part of a message up to a point in it."""
    head = data.index(b"\r\n\r\n") + 4
    ends = {
        "nothing": 0,
        "a byte": 1,
        "its head": head,
        "half its body": (head + len(data)) // 2,
        "all but a byte": len(data) - 1,
    }
    return data[: ends[where]]


class Cutter:
    """Stands between an actor and its wallet, and breaks the connection of the next transfer at one point.

    Args:
        target: Where the wallet is.
        listen: Where the actor believes it is.
    """

    def __init__(self, target, listen):
        self._target = target
        self._listener = socket.create_server(listen)
        self._cut = None
        self._late = []
        self.transfers = 0
        self.kill = None
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, message, where):
        """Break the next transfer when this much of its ``request`` or ``answer`` has passed."""
        self.transfers = 0
        self._cut = message, where

    def close(self):
        self._listener.close()
        for thread in self._late:
            thread.join()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with suppress(OSError), client, socket.create_connection(self._target) as wallet:
            while request := receive_message(client):
                cut = None
                if TRANSFER in request:
                    self.transfers += 1
                    cut, self._cut = self._cut, None
                if not self._exchange(client, wallet, request, cut):
                    return

    def _exchange(self, client, wallet, request, cut):
        """Pass a request on and its answer back; returns False if the connection is broken."""
        match cut:
            case ("request", "late"):
                self._late.append(threading.Timer(0.5, self._send_late, (request,)))
                self._late[-1].start()
                return False
            case ("request", where):
                wallet.sendall(part(request, where))
                return False
            case ("answer", "unread"):
                wallet.sendall(request)
                return False
        wallet.sendall(request)
        answer = receive_message(wallet)
        if cut == ("answer", "killed"):
            self.kill()
            return False
        if cut is not None:
            client.sendall(part(answer, cut[1]))
            return False
        client.sendall(answer)
        return True

    def _send_late(self, request):
        with socket.create_connection(self._target) as wallet:
            wallet.sendall(request)
            receive_message(wallet)


class Payer:
    """An actor with the payer's wallet, on the far side of the cutter."""

    def __init__(self, network):
        own = network.hosts["payer"].own
        (wallet,) = own.wallets
        self.cutter = Cutter((own.address, wallet.rpc_port), (own.address, PORT))
        detour = msgspec.structs.replace(own, wallets=(msgspec.structs.replace(wallet, rpc_port=PORT),))
        plan = msgspec.structs.replace(network.plan, hosts=(detour, network.hosts["shop"].own))
        self._network = network
        self._directory = network.directory.with_name("detour")
        write_run_directory(plan, b"", self._directory)
        self._host = Host(plan, detour, network.world("payer", plan, self._directory))
        self._node = self._host.start(NodeProxy, "node", own.name)
        self._wallet = self._host.start(WalletProxy, "wallet", detour.wallets[0])
        self.recipient = network.ask("shop", "wallet", GetAddresses())[1]

    def pay(self, amount):
        return self._wallet.ask(Transfer((Destination(self.recipient, amount),)))

    def paid(self, amount):
        """Ask the wallet itself, past the cutter, for the transactions of an amount."""
        transfers = self._network.ask("payer", "wallet", GetTransfers(("out", "pending")))
        return [entry.txid for entry in (*transfers.pending, *transfers.outgoing) if entry.amount == amount]

    def told(self, amount):
        """Read the payments of an amount that its actors have recorded."""
        return [sent for sent in read_kind(self._directory, "payer", PaymentSent) if sent.amount == amount]

    def lose_the_wallet(self):
        """Kill the wallet in the next transfer, when it has sent the payment; it is soon there again."""

        def kill():
            self._network.kill("payer", "wallet")
            self._network.start("payer", "wallet")

        self.cutter.kill = kill
        self.cutter.cut("answer", "killed")

    def doubt(self, amount):
        """Have the wallet look for a payment of which it is not known whether it was made."""
        destinations = (Destination(self.recipient, amount),)
        self._wallet.tell(Doubt(destinations, Terms("buyer", self._host.now(), confirmations=1, interval=SECOND)))

    def close(self):
        self._host.closing = True
        self._wallet.stop()
        self._node.stop()
        self.cutter.close()


@pytest.fixture(scope="module")
def payer(network):
    wait_until(lambda: network.events("payer", BootstrapFinished))
    # Each payment locks the coins that it takes and its change.
    network.ask("payer", "node", GenerateBlocks(30, network.ask("payer", "wallet", GetAddresses())[0]))
    network.ask("payer", "wallet", Refresh())
    payer = Payer(network)
    yield payer
    payer.close()


@pytest.fixture(scope="module")
def amounts():
    """Amounts that were to be paid, and whether the actor was told that they were."""
    return {}


@pytest.fixture
def amount(amounts):
    """An amount that nobody else pays."""
    return XMR // 100 + len(amounts)


def test_an_undisturbed_payment_is_made_once(payer, amounts, amount):
    sent = payer.pay(amount)
    amounts[amount] = True
    assert payer.paid(amount) == [sent.tx_hash]


@pytest.mark.parametrize("where", ["nothing", "a byte", "its head", "half its body", "all but a byte"])
def test_a_request_that_does_not_arrive_whole_is_reported_and_not_paid(payer, amounts, amount, where):
    payer.cutter.cut("request", where)
    with pytest.raises(RpcDoubtfulError):
        payer.pay(amount)
    amounts[amount] = False
    assert payer.cutter.transfers == 1
    assert payer.paid(amount) == []


@pytest.mark.parametrize("where", ["unread", "nothing", "a byte", "its head", "half its body", "all but a byte"])
def test_a_payment_whose_answer_does_not_arrive_whole_is_found_and_made_once(payer, amounts, amount, where):
    payer.cutter.cut("answer", where)
    sent = payer.pay(amount)
    amounts[amount] = True
    assert payer.cutter.transfers == 1
    assert payer.paid(amount) == [sent.tx_hash]


def test_a_request_that_the_wallet_reads_late_is_found_and_made_once(payer, amounts, amount):
    payer.cutter.cut("request", "late")
    sent = payer.pay(amount)
    amounts[amount] = True
    assert payer.paid(amount) == [sent.tx_hash]


def test_a_payment_whose_wallet_dies_and_forgets_it_is_found_when_a_block_has_it(network, payer, amounts, amount):
    payer.lose_the_wallet()
    with pytest.raises(RpcDoubtfulError):
        payer.pay(amount)
    amounts[amount] = True
    payer.doubt(amount)
    network.ask("payer", "node", GenerateBlocks(1, network.ask("payer", "wallet", GetAddresses())[0]))
    sent = wait_until(lambda: payer.told(amount))
    assert [paid.txid for paid in sent] == payer.paid(amount)
    # What it holds is known to it again.
    after = payer.pay(amount + XMR // 10)
    amounts[amount + XMR // 10] = True
    assert payer.paid(amount + XMR // 10) == [after.tx_hash]


def test_equal_payments_are_not_taken_for_one_another(payer, amount):
    first = payer.pay(amount)
    payer.cutter.cut("answer", "nothing")
    second = payer.pay(amount)
    assert sorted(payer.paid(amount)) == sorted([first.tx_hash, second.tx_hash])
    payer.cutter.cut("request", "nothing")
    with pytest.raises(RpcDoubtfulError):
        payer.pay(amount)
    assert len(payer.paid(amount)) == 2


def test_the_shop_receives_what_was_reported_paid_once_and_nothing_else(network, payer, amounts):
    network.ask("payer", "node", GenerateBlocks(1, network.ask("payer", "wallet", GetAddresses())[0]))

    def received():
        network.ask("shop", "wallet", Refresh())
        entries = network.ask("shop", "wallet", GetTransfers(("in",))).incoming
        return sorted(entry.amount for entry in entries if entry.address == payer.recipient and entry.amount in amounts)

    expected = sorted(amount for amount, paid in amounts.items() if paid)
    assert len(expected) > 1
    wait_until(lambda: len(received()) >= len(expected))
    assert received() == expected
