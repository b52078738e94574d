"""A small program written with PyPI's ``monero``: chain, pool, peers, mining, and a wallet restored from its words."""

from decimal import Decimal

import pytest
from monero.backends.jsonrpc import JSONRPCDaemon, JSONRPCWallet
from monero.daemon import Daemon
from monero.seed import Seed
from monero.wallet import Wallet
from simulated import Pair, Simulated, ask

from monerosim.model.server import ModelServer
from monerosim.units import SECOND


@pytest.fixture
def served():
    net = Simulated(make=Pair)
    net.mine(0, 90)
    net.pass_time(120 * SECOND)
    net.refresh()
    server = ModelServer([(0, net.daemons[0]), *((0, wallet) for wallet in net.wallets)])
    yield net, *server.ports
    server.close()


def test_a_program_plays(served):
    net, node_port, *wallet_ports = served
    rpc = JSONRPCDaemon(port=node_port)
    daemon = Daemon(rpc)
    mine, other = (Wallet(JSONRPCWallet(port=port)) for port in wallet_ports)

    # The chain as it is, the keys as the words say them.
    assert daemon.height() == 91
    assert daemon.block(height=90).hash == daemon.headers(90)[0]["hash"]
    seed = Seed(mine.seed().phrase)
    assert (seed.public_address(), seed.secret_spend_key()) == (str(mine.address()), mine.spend_key())

    # A payment: in the pool, then in a block that this program submits.
    (paid,) = mine.transfer(other.address(), Decimal(2))
    assert [transaction.hash for transaction in daemon.mempool()] == [paid.hash]
    template = rpc.get_block_template(str(mine.address()), 8)
    blob, place = template["blocktemplate_blob"], 2 * template["reserved_offset"]
    assert rpc.submit_block(blob[:place] + "0123456789abcdef" + blob[place + 16 :])["status"] == "OK"
    assert daemon.mempool() == []
    assert daemon.transactions([paid.hash])[0].height == 91
    net.pass_time()
    ask(net.wallets[1], "refresh")
    assert [payment.amount for payment in other.incoming()] == [Decimal(2)]

    # Peers, bans and limits.
    assert [peer["host"] for peer in rpc.get_peer_list()["white_list"]] == ["10.0.0.1"]
    rpc.set_bans(["10.9.9.9", "10.8.8.8"], [True, True], [1000, 50])
    rpc.set_bans("10.8.8.8", False)
    assert [ban["host"] for ban in rpc.get_bans()["bans"]] == ["10.9.9.9"]
    assert rpc.out_peers(5)["out_peers"] == 5
    assert rpc.set_limit(100, 200)["limit_up"] == 200

    # A miner at work.
    assert not rpc.mining_status()["active"]
    rpc.start_mining(False, True, str(other.address()), 2)
    net.pass_time(3600 * SECOND)
    status = rpc.mining_status()
    assert (status["active"], status["threads_count"], status["address"]) == (True, 2, str(other.address()))
    assert 92 + 30 < daemon.height() < 92 + 100
    rpc.stop_mining()
    height = daemon.height()
    net.pass_time(3600 * SECOND)
    assert daemon.height() == height
    ask(net.wallets[1], "refresh")
    assert other.balance() > 2 * (height - 100)


def test_another_wallet_of_the_same_words_has_the_same_coins(served):
    net, _, first, second = served
    mine = Wallet(JSONRPCWallet(port=first))
    ask(net.wallets[1], "restore_deterministic_wallet", filename="again", seed=mine.seed().phrase)
    ask(net.wallets[1], "refresh")
    restored = Wallet(JSONRPCWallet(port=second))
    assert (restored.address(), restored.balance()) == (mine.address(), mine.balance())
