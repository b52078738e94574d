"""What nodes publish by ZMQ, in the form and order of the messages of a real daemon."""

import contextlib
import json
import sys
from pathlib import Path

import pytest
import zmq

from monerosim.testing import ModelledMonero, TestingError

CHAIN, TXPOOL = "json-minimal-chain_main", "json-minimal-txpool_add"

# Published by monerod 0.18.0.0: a payment of another node's wallet, and the second of two blocks mined at once.
RECORDED = (Path(__file__).parent / "published.txt").read_text().splitlines()


class Subscriber:
    def __init__(self, socket):
        self.socket = socket

    def read(self, count):
        """The next messages: topic and content."""
        found = []
        for _ in range(count):
            assert self.socket.poll(20_000), found
            (message,) = self.socket.recv_multipart()
            topic, _, content = message.decode().partition(":")
            found.append((topic, json.loads(content)))
        return found

    def is_done(self):
        return not self.socket.poll(100)


@contextlib.contextmanager
def subscribed(node, monero, topic="json-minimal-"):
    """A subscriber that is known to the publisher: what is published before that is lost, as with monerod."""
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.linger = 0
        socket.connect(node.zmq)
        socket.subscribe(topic)
        while not socket.poll(50):
            monero.mine()
        while socket.poll(50):
            socket.recv()
        yield Subscriber(socket)


@pytest.fixture
def pair():
    with ModelledMonero(nodes=2, zmq=True) as monero:
        yield monero


def test_transactions_come_before_their_blocks_and_blocks_in_chain_order(pair):
    alice, shop = pair.wallets
    node = pair.nodes[0]
    with subscribed(node, pair) as messages:
        height, tip = node.height, node.tip
        txid = alice.pay(shop, "1 XMR")
        blocks = pair.mine(2)
        told = messages.read(3)
        assert [topic for topic, _ in told] == [TXPOOL, CHAIN, CHAIN]
        (added,) = told[0][1]
        (waiting,) = node.post("/get_transactions", txs_hashes=[txid])["txs"]
        assert (added["id"], waiting["block_height"]) == (txid, height)
        parents = [tip, *blocks]
        assert [content for _, content in told[1:]] == [
            {"first_height": height + number, "first_prev_id": parents[number], "ids": [blocks[number]]}
            for number in range(2)
        ]
        assert messages.is_done()


def test_messages_have_the_form_of_recorded_ones(pair):
    alice, shop = pair.wallets
    with subscribed(pair.nodes[1], pair) as messages:
        alice.pay(shop, "1 XMR")
        pair.mine()
        for (topic, content), recorded in zip(messages.read(2), RECORDED, strict=True):
            name, _, text = recorded.partition(":")
            assert topic == name
            assert form(content) == form(json.loads(text))
            if topic == TXPOOL:
                # A payment of one input and two outputs is as large and as dear in both.
                assert {**content[0], "id": ""} == {**json.loads(text)[0], "id": ""}


def form(content):
    """The keys of a message in their order, and the types of their values."""
    entries = content if isinstance(content, list) else [content]
    return [[(key, type(value)) for key, value in entry.items()] for entry in entries]


def test_a_branch_that_takes_over_is_published_and_its_transactions_are_not_again(pair):
    alice, shop = pair.wallets
    with subscribed(pair.nodes[1], pair) as messages:
        alice.pay(shop, "1 XMR")
        pair.mine(3)
        messages.read(4)
        branch = pair.reorg(3)
        told = messages.read(4)
        assert [content["ids"] for _, content in told] == [[block] for block in branch]
        assert all(topic == CHAIN for topic, _ in told)
        pair.mine()
        assert [topic for topic, _ in messages.read(1)] == [CHAIN]
        assert messages.is_done()


def test_a_node_that_lags_publishes_when_it_catches_up(pair):
    alice, shop = pair.wallets
    with subscribed(pair.nodes[1], pair) as messages:
        with pair.lag(1):
            txid = alice.pay(shop, "1 XMR")
            blocks = pair.mine(2)
            assert messages.is_done()
        (topic, (added,)), *rest = messages.read(3)
        assert (topic, added["id"]) == (TXPOOL, txid)
        assert [content["ids"] for _, content in rest] == [[block] for block in blocks]


def test_a_subscriber_gets_what_it_asked_for(pair):
    alice, shop = pair.wallets
    with subscribed(pair.nodes[0], pair, topic=CHAIN) as messages:
        alice.pay(shop, "1 XMR")
        pair.mine()
        assert [topic for topic, _ in messages.read(1)] == [CHAIN]
        assert messages.is_done()


def test_without_pyzmq_it_is_said_how_it_is_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "zmq", None)
    monkeypatch.delitem(sys.modules, "monerosim.model.publisher", raising=False)
    with pytest.raises(TestingError, match=r"pip install 'monerosim\[zmq\]'"):
        ModelledMonero(zmq=True)
