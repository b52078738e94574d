"""Blocks that nodes are asked to make, and the registries of them and of who mines."""

import pykka
import pytest
from small_runs import NETWORK, happened, play
from small_world import make_host_plan, make_plan

from actors.host.node_proxy import NodeProxy
from actors.mining.block_controller import BlockController, BlockControllerConfig, FindBlock, NoBlockError
from actors.mining.found_blocks import FoundBlocks
from monerosim.agent.actor import Actor
from monerosim.events import ActorFailed, BlockFound, CommandFailed
from monerosim.mailbox.shared import DiskState
from monerosim.rpc.errors import RpcUnavailableError
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


AUTONOMOUS = """
[simulation]
duration = "1h"

[consensus]
block_time = "20s"

[participants.a]
kind = "autonomous-miner"
hashrate = 60

[participants.b]
kind = "autonomous-miner"
hashrate = 40
"""
POOLS = """
[participants.pool]
kind = "mining-pool"
hashrate = 100

[participants.block-controller]
kind = "block-controller"
"""
CONSTANT = """
[participants.c]
kind = "constant-mining"
interval = "45s"
"""


def registries(played):
    shared = DiskState(played.directory / "shared")
    return shared.read_as("miners.json", dict)["miners"], shared.read_as("blocks_found.json", dict)["blocks"]


def as_registered(found):
    ordered = sorted(found, key=lambda record: (record.t, record.participant))
    return [{"miner": it.data.miner, "height": it.data.height, "hash": it.data.hash} for it in ordered]


@pytest.mark.parametrize(
    ("more", "finders", "miners"),
    [
        ("", {"a", "b"}, ["a", "b"]),
        (POOLS + CONSTANT, {"a", "b", "pool", "c"}, ["a", "b", "pool"]),
        (POOLS + 'mode = "signal"\n', {"a", "b", "pool"}, ["a", "b", "pool"]),
    ],
    ids=["autonomous only", "of all kinds", "by signal"],
)
def test_all_blocks_and_all_miners_are_registered(tmp_path, more, finders, miners):
    timeline = '[[timeline]]\nat = "10m7s"\ndo = "mine-now"\nwho = "a"\n'
    played = play(AUTONOMOUS + more + timeline, tmp_path / "run")
    found = happened(played, BlockFound)
    assert {record.data.miner for record in found} == finders
    registered, blocks = registries(played)
    assert blocks == as_registered(found)
    assert len(blocks) > 150
    assert [miner["id"] for miner in registered] == miners
    assert [miner["autonomous"] for miner in registered] == [miner != "pool" for miner in miners]


def test_blocks_of_constant_mining_alone_are_registered(tmp_path):
    played = play('[simulation]\nduration = "10m"\n' + CONSTANT, tmp_path / "run")
    miners, blocks = registries(played)
    assert miners == []
    assert blocks == as_registered(happened(played, BlockFound))
    assert len(blocks) == 13


READER = """
from monerosim.agent.behaviour import Behaviour


class Reader(Behaviour):
    def begin(self):
        self.every(60.0, self.look)

    def look(self):
        miners = self.host.shared.read("miners.json")["miners"]
        blocks = self.host.shared.read("blocks_found.json")["blocks"]
        self.log.info("{}", " ".join(miner["id"] for miner in miners), blocks=[block["height"] for block in blocks])
"""


def test_registries_are_right_while_the_run_goes_on(tmp_path, install_blocks):
    """Of the blocks, the last hundred are there; no miner is who has left, and nobody says that none ever came."""
    install_blocks("reader", READER, {"reader": "reader:Reader"})
    text = (
        NETWORK + '[participants.reader]\nkind = "reader"\n[[timeline]]\nat = "25m30s"\ndo = "leave"\nwho = "miner"\n'
    )
    played = play(text, tmp_path / "run", 'consensus.block_time="10s"', 'consensus.block_arrivals="fixed"')
    looks = [line for line in played.traces(participants=("reader",), actors=("reader",)) if "blocks" in line.data]
    assert [line.text for line in looks][:29] == ["miner"] * 25 + [""] * 4
    for number, line in enumerate(looks[:25], 1):
        # The last block is on its way for a second.
        assert line.data["blocks"] == list(range(1, 6 * number))[-100:]
    warned = {line.text for line in played.traces(participants=("block-controller",)) if line.level == "WARNING"}
    assert warned == {"no block: no miner is active"}
    assert len(registries(played)[1]) == 152


def test_the_registrar_goes_on_after_a_failure_with_what_it_knew(tmp_path, install_blocks):
    code = (
        "from actors.host.registrar import BlockNote\nfrom monerosim.agent.behaviour import Behaviour\n\n\n"
        "class Killer(Behaviour):\n    def begin(self):\n        self.after(600.0, self.kill)\n\n"
        '    def kill(self):\n        self.tell(self.host.actor("registrar"), BlockNote("x", 1, "x"))\n'
    )
    install_blocks("killer", code, {"killer": "killer:Killer"})
    text = NETWORK.replace('kind = "block-controller"', 'kind = "block-controller"\nactors = [{ use = "killer" }]')
    played = play(text, tmp_path / "run")
    assert [record.data.name for record in happened(played, ActorFailed)] == ["registrar"]
    assert registries(played)[1] == as_registered(happened(played, BlockFound))


@pytest.mark.parametrize(
    ("timeline", "reason"),
    [
        ('at = "5m"\ndo = "leave"\nwho = "miner"\n', "no miner is active"),
        ('at = "5m"\ndo = "pause"\nwho = "user"\n', None),
    ],
    ids=["nobody is left", "somebody is"],
)
@pytest.mark.parametrize("ask", ["rpc", "signal"])
def test_mine_now_fails_where_nobody_can_be_given_the_block(tmp_path, timeline, reason, ask):
    text = NETWORK + f'mode = "{ask}"\n[participants.user]\nkind = "regular-user"\n[[timeline]]\n{timeline}'
    text += '[[timeline]]\nat = "10m"\ndo = "mine-now"\nwho = "block-controller"\n'
    played = play(text, tmp_path / "run", 'consensus.block_arrivals="fixed"', 'consensus.block_time="7m"')
    failed = [record.data.reason for record in happened(played, CommandFailed)]
    assert [reason in text for text in failed] == ([True] if reason else [])
    times = [record.t // SECOND for record in happened(played, BlockFound)]
    assert [t for t in times if 600 <= t < 605] == ([] if reason else [600 if ask == "rpc" else times[1]])


def test_mine_now_answers_with_the_block(virtual, make_world):
    world = make_world(virtual, make_plan(make_host_plan("alice"), make_host_plan("control")))
    daemon = LateDaemon(world, 0)
    world.node = lambda _: daemon
    world.shared.replace("agent_registry.json", {"agents": [{"id": "alice", "group": "", "address": "", "actors": []}]})
    host = world.hosts["control"]
    controller = host.start(BlockController, "block-controller", BlockControllerConfig())
    with pytest.raises(NoBlockError, match="no miner has registered"):
        controller.ask(FindBlock())
    world.shared.replace("mining_pools/alice.json", {"id": "alice", "hashrate": 1, "address": "x"})
    assert controller.ask(FindBlock()) == BlockFound("alice", 1, "hash", 5, 0)
    world.shared.replace("mining_pools/alice.json", {"id": "bob", "hashrate": 1, "address": "x"})
    with pytest.raises(NoBlockError, match="bob: the agent registry has no 'bob'"):
        controller.ask(FindBlock())
