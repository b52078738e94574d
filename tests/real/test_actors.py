"""The actors, on threads and over HTTP, drive the real monerod and monero-wallet-rpc."""

from real_network import FUNDING_BLOCKS, PAID, wait_until

from actors.host.node_proxy import GenerateBlocks, GetBlockHeaders, GetConnections, GetInfo, GetLastBlockHeader
from actors.host.wallet_proxy import GetAddresses, GetBalance, GetTransfer, GetTransfers, Refresh
from monerosim.engines.daemon_log import BranchLeft, read_daemon_log
from monerosim.events import (
    ActorFailed,
    BootstrapFinished,
    PaymentReceived,
    PaymentSent,
    ServiceReady,
)


def test_actors_wait_for_both_daemons_to_come_up(network):
    for host in ("payer", "shop"):
        ready = wait_until(lambda host=host: two if len(two := network.events(host, ServiceReady)) == 2 else None)
        assert {told.service for told in ready} == {"monerod of payer", f"monero-wallet-rpc of {host}"}
        assert all(told.attempts > 1 for told in ready)


def test_they_mine_until_coins_are_spendable_and_pay_a_second_wallet(network):
    (finished,) = wait_until(lambda: network.events("payer", BootstrapFinished))
    (sent,) = network.events("payer", PaymentSent)
    assert finished.height >= FUNDING_BLOCKS + 1
    assert finished.paid == sent.amount == PAID
    assert sent.recipients == (network.ask("shop", "wallet", GetAddresses())[0],)
    assert sent.fee > 0


def test_they_see_the_payment_confirmed(network):
    (received,) = wait_until(lambda: network.events("shop", PaymentReceived))
    (sent,) = network.events("payer", PaymentSent)
    assert (received.txid, received.amount, received.address) == (sent.txid, PAID, sent.recipients[0])
    # By itself the wallet looks for new blocks every 20 seconds.
    network.ask("payer", "wallet", Refresh())
    entry = network.ask("payer", "wallet", GetTransfer(sent.txid))
    assert entry.height == received.height
    assert entry.confirmations >= 1
    assert [(to.address, to.amount) for to in entry.destinations] == [(sent.recipients[0], PAID)]


def test_no_coin_is_lost(network):
    wait_until(lambda: network.events("shop", PaymentReceived))
    for host in ("payer", "shop"):
        network.ask(host, "wallet", Refresh())
    height = network.ask("payer", "node", GetInfo()).height - 1
    headers = network.ask("payer", "node", GetBlockHeaders(1, height))
    fees = sum(sent.fee for sent in network.events("payer", PaymentSent))
    balances = sum(network.ask(host, "wallet", GetBalance()).balance for host in ("payer", "shop"))
    # Fees are part of the rewards, and left the wallet that the rewards came to.
    assert balances == sum(header.reward for header in headers) - fees


def test_a_wallet_that_dies_and_comes_back_goes_on(network):
    wait_until(lambda: network.events("shop", PaymentReceived))
    before = network.ask("shop", "wallet", GetTransfers(("in",))).incoming
    network.kill("shop", "wallet")
    network.start("shop", "wallet")

    def incoming():
        network.ask("shop", "wallet", Refresh())
        return network.ask("shop", "wallet", GetTransfers(("in",))).incoming

    assert [entry.txid for entry in incoming()] == [entry.txid for entry in before]
    assert network.events("shop", ActorFailed) == []


def test_a_node_alone_has_no_connections(network):
    assert network.ask("payer", "node", GetConnections()) == []


def test_a_reorganisation_is_in_the_nodes_log(network):
    wait_until(lambda: network.events("payer", BootstrapFinished))
    epoch = round(network.epoch * 1e6)
    log = network.directory / "hosts" / "payer" / "monerod.log"
    address = network.ask("shop", "wallet", GetAddresses())[0]
    tip = network.ask("payer", "node", GetLastBlockHeader()).hash
    old = network.ask("payer", "node", GenerateBlocks(2, address)).blocks
    before = network.hosts["payer"].now()
    for _ in range(3):
        (tip,) = network.ask("payer", "node", GenerateBlocks(1, address, prev_block=tip)).blocks
    assert network.ask("payer", "node", GetLastBlockHeader()).hash == tip
    (left,) = wait_until(lambda: [found for found in read_daemon_log(log) if isinstance(found, BranchLeft)])
    assert (left.depth, left.old) == (2, old[-1])
    assert left.new in ("", tip)
    assert before - 1_000_000 <= left.at - epoch <= network.hosts["payer"].now() + 1_000_000
