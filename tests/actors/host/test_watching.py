"""What happens at a node or a wallet reaches the behaviours that have subscribed to it, and costs nobody else."""

from typing import ClassVar

import msgspec
import numpy as np
import pytest
from small_runs import NETWORK, USERS, play
from small_world import make_host_plan, make_plan

from actors.host.node_proxy import GenerateBlocks, GetAlternateChains, NodeProxy
from monerosim.agent.behaviour import Behaviour
from monerosim.engines.embedded.environment import ModelTransport
from monerosim.events import NewBlock, PeerLost, Reorganised
from monerosim.model import Blockchain, Daemon
from monerosim.monero.address import Keys, encode_address
from monerosim.network.p2p import Peer
from monerosim.units import SECOND

DELAY = 100 * SECOND
WATCHERS = '''
from typing import ClassVar

from monerosim.config import Config
from monerosim.events import IncomingPayment, NewBlock
from monerosim.agent.behaviour import Behaviour


class Watcher(Behaviour):
    """Logs what its wallet and node see."""

    def begin(self):
        self.on(IncomingPayment, self.paid, interval=10)
        self.on(NewBlock, self.came)

    def paid(self, payment):
        self.log.info("paid", txid=payment.txid, height=payment.height, now=self.clock.now())

    def came(self, block):
        self.log.info("block", height=block.height, now=self.clock.now())


class Idle(Behaviour):
    """Does nothing."""
'''


class Line:
    """Two nodes; an item takes long from one to the other."""

    nodes = 2

    def __init__(self):
        self.connections = [Peer(1, False)]

    def block_arrivals(self, _item, origin, released, _weight):
        return released + DELAY * np.abs(np.arange(2, dtype=np.int64) - origin)

    transaction_arrivals = block_arrivals

    def peers(self, _node):
        return self.connections


class Ear(Behaviour):
    """Notes what it is told."""

    kinds: ClassVar[tuple[type, ...]] = (NewBlock, Reorganised, PeerLost)

    def begin(self):
        self.heard = []
        for kind in self.kinds:
            self.on(kind, self.hear)
        self.at_height(3, self.third)

    def hear(self, event):
        self.heard.append(event)

    def third(self):
        self.heard.append("third")


@pytest.fixture
def world(virtual, make_world):
    plans = [msgspec.structs.replace(make_host_plan(name), uses_node=name) for name in ("alice", "bob")]
    world = make_world(virtual, make_plan(*plans))
    world.line = Line()
    blockchain = Blockchain(seed=1, now=virtual.now, network=world.line, difficulty=1)
    world.daemons = {
        name: Daemon(blockchain, index, ready_at=0, address=f"10.0.0.{index}:18080")
        for index, name in enumerate(world.hosts)
    }
    for daemon in world.daemons.values():
        daemon.meet(world.daemons.values())
    world.asked = []

    class Counted(ModelTransport):
        def post(self, path, body, timeout):
            world.asked.append(body.get("method", path))
            return super().post(path, body, timeout)

    world.node = lambda name: Counted(name, world.daemons[name])
    for name, host in world.hosts.items():
        host.start(NodeProxy, "node", name)
    virtual.run(0)
    return world


def mine(world, host, count=1):
    address = encode_address(Keys(1).standard)
    return world.hosts[host].actor("node").ask(GenerateBlocks(count, address)).blocks


def heard(ear):
    return ear.proxy().heard.get()


def test_new_blocks_are_told_each_once_in_their_order(world, virtual):
    mine(world, "alice")
    ear = world.hosts["alice"].start(Ear, "ear", Ear.Config())
    virtual.run(10 * SECOND)
    first, second = mine(world, "alice", 2)
    (third,) = mine(world, "alice")
    virtual.run(30 * SECOND)
    assert heard(ear) == [
        NewBlock("alice", 2, first),
        NewBlock("alice", 3, second),
        "third",
        NewBlock("alice", 4, third),
    ]


def test_a_reorganisation_is_told_with_its_depth_and_the_blocks_of_the_new_branch(world, virtual):
    ear = world.hosts["alice"].start(Ear, "ear", Ear.Config())
    virtual.run(10 * SECOND)
    old = mine(world, "alice", 2)
    new = mine(world, "bob", 3)
    virtual.run(20 * SECOND)
    assert [event.hash for event in heard(ear)] == old
    virtual.run(10 * SECOND + DELAY + 20 * SECOND)
    assert heard(ear)[2] == Reorganised("alice", 2, old[-1], new[-1])
    assert [event for event in heard(ear)[3:] if event != "third"] == [
        NewBlock("alice", height, block) for height, block in enumerate(new, 1)
    ]
    assert world.hosts["alice"].actor("node").ask(GetAlternateChains())


def test_a_lost_peer_is_told(world, virtual):
    ear = world.hosts["alice"].start(Ear, "ear", Ear.Config())
    virtual.run(10 * SECOND)
    world.line.connections = []
    virtual.run(20 * SECOND)
    (lost,) = heard(ear)
    assert lost == PeerLost("alice", "10.0.0.1:18080")


def test_nobody_looks_where_nobody_has_subscribed(world, virtual):
    world.hosts["alice"].start(Ear, "ear", Ear.Config())
    world.asked.clear()
    virtual.run(60 * SECOND)
    assert set(world.asked) == {"get_last_block_header", "get_connections"}
    # Every five seconds, at the one node that somebody subscribes to.
    assert len(world.asked) == 25


def test_a_proxy_that_is_started_again_goes_on_watching(world, virtual):
    alice = world.hosts["alice"]
    ear = alice.start(Ear, "ear", Ear.Config())
    virtual.run(10 * SECOND)
    alice.actor("node").stop()
    virtual.run(15 * SECOND)
    alice.start(NodeProxy, "node", "alice")
    virtual.run(20 * SECOND)
    (block,) = mine(world, "alice")
    virtual.run(30 * SECOND)
    assert heard(ear) == [NewBlock("alice", 1, block)]


def test_what_is_told_is_not_recorded(world, virtual):
    world.hosts["alice"].start(Ear, "ear", Ear.Config())
    virtual.run(10 * SECOND)
    mine(world, "alice", 2)
    virtual.run(30 * SECOND)
    assert world.events(NewBlock) == []


def test_payments_are_told_in_the_pool_and_in_a_block_and_leave_the_run_as_it_is(install_blocks, tmp_path):
    install_blocks("watchers", WATCHERS, {"watcher": "watchers:Watcher", "idle": "watchers:Idle"})
    receiver = '\n[participants.receiver]\nnode = "miner"\nwallet = {}\nactors = [{ use = "BLOCK" }]\n'
    bots = """
[participants.bot]
kind = "transaction-bot"
wallet = { initial_balance = "20 XMR", outputs = 5 }
transaction_interval = "5m"
amount = "1 XMR"
recipients = ["receiver"]
"""
    runs = {
        use: play(NETWORK + USERS + bots + receiver.replace("BLOCK", use), tmp_path / use)
        for use in ("watcher", "idle")
    }
    lines = list(runs["watcher"].traces(participants=("receiver",), actors=("watcher",)))
    paid = [line.data for line in lines if line.text == "paid"]
    pool = {one["txid"]: one["now"] for one in paid if one["height"] == 0}
    mined = {one["txid"]: one["now"] for one in paid if one["height"]}
    assert len(pool) == len(mined) == len(paid) / 2 >= 3
    assert pool.keys() == mined.keys()
    assert all(pool[txid] < mined[txid] for txid in pool)
    blocks = [line.data["height"] for line in lines if line.text == "block"]
    assert blocks == list(range(blocks[0], blocks[0] + len(blocks)))
    assert len(blocks) > 10
    sent = [[record.t for record in run.events() if record.participant.startswith("user")] for run in runs.values()]
    assert sent[0] == sent[1]
