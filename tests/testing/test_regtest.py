"""The same verbs on Debian's monerod and monero-wallet-rpc."""

import json
import re
from pathlib import Path

import pytest
import zmq

from monerosim.rpc.errors import RpcCallError
from monerosim.testing import NotPossibleError, RegtestMonero, TestingError
from monerosim.units import XMR

pytestmark = pytest.mark.real

DOCUMENT = Path(__file__).parents[2] / "docs" / "testing.md"
PUBLISHED = (Path(__file__).parent / "published.txt").read_text().splitlines()


@pytest.fixture(scope="module")
def monero(_real_programs):
    with RegtestMonero(nodes=2, funded="20 XMR", zmq=True) as network:
        yield network
        directory = network._directory
    assert not directory.exists()


@pytest.fixture(scope="module")
def shop(monero):
    """The better shop of the document, at the second wallet."""
    written = dict(re.findall(r"^```python\n# ([^\n]+)\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL))
    old = re.search(r"    def check.*?(?=\n    @property)", written["shop.py"], re.DOTALL)[0]
    names = {}
    exec(written["shop.py"].replace(old, written["shop.py, the method check"]), names)  # noqa: S102
    return names["Shop"](monero.wallets[1].url)


def test_wallets_are_funded(monero):
    assert [wallet.unlocked_balance for wallet in monero.wallets] == [20 * XMR] * 2


def test_a_payment_is_mined_reorganised_and_dropped(monero, shop):
    customer = monero.wallets[0]
    txid = customer.pay(shop.new_customer(), "1 XMR")
    blocks = monero.mine(9)
    shop.check()
    assert shop.credit == 0
    monero.mine()
    shop.check()
    assert shop.credit == 1 * XMR

    waiting = monero.wallets[1].pay(customer, "0.5 XMR")
    new = monero.reorg(11)
    assert [node.tip for node in monero.nodes] == [new[-1]] * 2
    assert monero.nodes[0].rpc.get_block_header_by_hash(blocks[0]).orphan_status
    for block in new:
        assert monero.nodes[1].rpc.get_block_header_by_hash(block).num_txes == 0
    assert set(monero.nodes[0].pool) == {txid, waiting}
    monero.drop(txid)
    with pytest.raises(TestingError, match="in no node's pool"):
        monero.drop(txid)
    monero.mine()
    shop.check()
    assert shop.credit == 0
    assert customer.rpc.get_transfer_by_txid(waiting).confirmations == 1
    with pytest.raises(RpcCallError):
        monero.wallets[1].rpc.get_transfer_by_txid(txid)


def test_what_real_daemons_cannot_do_is_said(monero):
    with pytest.raises(NotPossibleError, match="follow the machine's clock"):
        monero.advance("1h")


def test_a_node_that_lags_hears_nothing_until_it_catches_up(monero):
    # What an earlier test dropped may have come back by a message under way, and its coins would be spent twice.
    monero.mine()
    with monero.lag(1) as behind:
        height = behind.height
        txid = monero.wallets[0].pay(monero.wallets[1], "0.1 XMR")
        monero.mine(2)
        assert (behind.height, monero.height) == (height, height + 2)
        late = monero.wallets[1].pay(monero.wallets[0], "0.1 XMR")
        # Its own block loses against the two of the other.
        (lost,) = monero.mine(node=1)
        assert behind.tip == lost
        assert late not in monero.nodes[0].pool
    assert behind.tip == monero.nodes[0].tip
    assert [node.pool for node in monero.nodes] == [[late]] * 2
    monero.mine()
    assert [wallet.rpc.get_transfer_by_txid(late).confirmations for wallet in monero.wallets] == [1, 1]
    assert monero.wallets[1].rpc.get_transfer_by_txid(txid).confirmations == 3


def test_messages_are_those_that_the_model_is_compared_with(monero):
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.linger = 0
        socket.connect(monero.nodes[0].zmq)
        socket.subscribe("json-minimal-")
        while not socket.poll(500):
            monero.mine()
        while socket.poll(500):
            socket.recv()
        txid = monero.wallets[1].pay(monero.wallets[0], "1 XMR")
        assert socket.poll(60_000)
        (added,) = socket.recv_multipart()
        blocks = monero.mine(2)
        found = [added]
        for _ in blocks:
            assert socket.poll(20_000)
            found.append(socket.recv())
        topics, contents = zip(*(message.decode().split(":", 1) for message in found), strict=True)
        assert topics == ("json-minimal-txpool_add", "json-minimal-chain_main", "json-minimal-chain_main")
        (transaction,), first, second = map(json.loads, contents)
        assert (transaction["id"], first["ids"], second["ids"]) == (txid, [blocks[0]], [blocks[1]])
        recorded = [json.loads(line.partition(":")[2]) for line in PUBLISHED]
        assert {**transaction, "id": recorded[0][0]["id"]} == recorded[0][0]
        assert list(second) == list(recorded[1])
