"""Blocks that nodes are asked to make: one that does not answer in time does not make them later either."""

import pykka
import pytest
from small_world import make_host_plan, make_plan

from actors.found_blocks import FoundBlocks
from actors.node_proxy import NodeProxy
from monerosim.observe.events import BlockFound
from monerosim.rpc.errors import RpcUnavailableError
from monerosim.runtime.actor import Actor
from monerosim.units import SECOND

INFO = {
    "height": 1,
    "top_block_hash": "",
    "difficulty": 1,
    "tx_pool_size": 0,
    "incoming_connections_count": 0,
    "outgoing_connections_count": 0,
}
HEADER = {"prev_hash": "", "timestamp": 0, "num_txes": 0, "difficulty": 1, "orphan_status": False}


class LateDaemon:
    """Answers from a time on."""

    address = "late"

    def __init__(self, world, up):
        self.world = world
        self.up = up
        self.made = []

    def post(self, path, body, timeout):
        del path, timeout
        if self.world.runtime.now() < self.up:
            raise RpcUnavailableError("connection refused")
        result = INFO
        if body["method"] == "generateblocks":
            self.made.append(self.world.runtime.now())
            result = {"height": 1, "blocks": ["hash"]}
        elif body["method"] == "get_block_header_by_hash":
            result = {"block_header": {"hash": "hash", "height": 1, "reward": 5, **HEADER}}
        return {"jsonrpc": "2.0", "id": "0", "result": result}


class Finder(Actor):
    """Wants a block at once, and another later."""

    def begin(self):
        self.outcome = []
        self.found = FoundBlocks(self, 10.0)
        self.after(0, self.find)
        self.after(1000, self.find)

    def find(self):
        try:
            self.outcome.append(self.found.make(self.host.actor("node"), "alice", "address").height)
        except pykka.Timeout:
            self.outcome.append("timeout")


@pytest.mark.parametrize(("up", "outcome", "made"), [(0, [1, 1], 2), (300, ["timeout", 1], 1)])
def test_a_block_that_nobody_waits_for_any_more_is_not_made(virtual, make_world, up, outcome, made):
    world = make_world(virtual, make_plan(make_host_plan("alice")))
    daemon = LateDaemon(world, up * SECOND)
    world.node = lambda _: daemon
    host = world.hosts["alice"]
    host.start(NodeProxy, "node", "alice")
    finder = host.start(Finder, "finder")
    virtual.run(2000 * SECOND)
    assert finder.proxy().outcome.get() == outcome
    assert len(daemon.made) == made
    assert len(world.events(BlockFound)) == made
