"""A run whose nodes find their peers: its connections, what daemons tell of them, and what cuts them."""

from collections import Counter

import pytest

from monerosim.build.compile import compile_plan
from monerosim.build.rundir import write_run_directory
from monerosim.engines.embedded.environment import EmbeddedEnvironment
from monerosim.events import PeerConnected, PeerDisconnected
from monerosim.events.log import read_events
from monerosim.plugins import PluginFiles
from monerosim.runs import play
from monerosim.scenario import examine
from monerosim.units import SECOND

NETWORK = """
[simulation]
duration = "20m"
[consensus]
block_time = "60s"
[network]
peers = "discovered"
connections = 4
seed_nodes = ["pool"]
[participants.pool]
kind = "mining-pool"
hashrate = 100
[participants.block-controller]
kind = "block-controller"
[participants.behind]
count = 8
node = { reach = "unreachable" }
[participants.open]
count = 8
node = { subnets = ["5.6.0.0/16"] }
actors = [{ use = "observer" }]
[participants.hidden]
node = { reach = "hidden" }
"""


def test_connections_come_and_go_and_blocks_reach_all(tmp_path):
    write_run_directory(compile_plan(examine(NETWORK.encode())), b"", tmp_path / "run")
    run = play(tmp_path / "run")
    assert run.summary.chain.height > 0
    open_now = Counter()
    dialled = set()
    drops = 0
    for record in read_events(tmp_path / "run" / "events.jsonl"):
        if isinstance(record.data, PeerConnected):
            open_now[record.participant, record.data.peer] += 1
            dialled.add(record.data.peer)
        elif isinstance(record.data, PeerDisconnected):
            open_now[record.participant, record.data.peer] -= 1
            drops += 1
    assert set(open_now.values()) <= {0, 1}
    assert not any(name.startswith(("behind", "hidden")) for name in dialled)
    assert drops > 100
    outgoing = Counter(dialer for dialer, _ in (+open_now).elements())
    assert sum(outgoing.values()) > 0.9 * 4 * 18
    tips = {record.data.tip for record in read_events(tmp_path / "run" / "events.jsonl") if hasattr(record.data, "tip")}
    assert len(tips) == 1


@pytest.fixture
def environment(tmp_path):
    plan = compile_plan(examine(NETWORK.encode()))
    made = EmbeddedEnvironment(plan, tmp_path, "INFO", PluginFiles(tmp_path))
    made.runtime.run(600 * SECOND)
    yield made
    made.close()


def asked(environment, host, path, **parameters):
    return environment.node(host).post(path, parameters, 1)


def connections(environment, host):
    body = {"jsonrpc": "2.0", "id": "0", "method": "get_connections"}
    found = environment.node(host).post("/json_rpc", body, 1)["result"]
    return {(it["host"], it["incoming"]): it for it in found.get("connections", [])}


def test_a_daemon_tells_its_lists_and_heeds_limits_and_bans(environment):
    there = connections(environment, "open-001")
    assert sum(not incoming for _, incoming in there) == 4
    assert all(0 <= it["live_time"] <= 600 for it in there.values())
    listed = asked(environment, "open-001", "/get_peer_list")
    white = {it["host"] for it in listed["white_list"]}
    # Whom it dials it has seen; those in 5.6.0.0/16 are its like, the pool is the only other that can be dialled.
    assert {host for host, incoming in there if not incoming} <= white
    assert len({it["host"] for kind in ("white_list", "gray_list") for it in listed.get(kind, [])}) == 8
    assert sum(host.startswith("5.6.") for host in white) == len(white) - (len(white) > 7)
    assert "not_heeded" not in asked(environment, "open-001", "/out_peers", set=True, out_peers=2)
    assert sum(not incoming for _, incoming in connections(environment, "open-001")) == 2
    assert "not_heeded" not in asked(environment, "open-001", "/in_peers", set=True, in_peers=0)
    assert not any(incoming for _, incoming in connections(environment, "open-001"))
    bans = [{"host": "5.6.0.0/16", "ban": True, "seconds": 300}]
    body = {"jsonrpc": "2.0", "id": "0", "method": "set_bans", "params": {"bans": bans}}
    assert "not_heeded" not in environment.node("open-001").post("/json_rpc", body, 1)["result"]
    environment.runtime.run(700 * SECOND)
    assert not any(host.startswith("5.6.") for host, _ in connections(environment, "open-001"))
    environment.runtime.run(1_200 * SECOND)
    assert any(host.startswith("5.6.") for host, _ in connections(environment, "open-001"))


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        ("simulation.engine=local", "network.peers", "not discovered ones"),
        ('network.seed_nodes=["nobody"]', "network.seed_nodes[0]", "nobody"),
        ('network.seed_nodes=["block-controller"]', "network.seed_nodes[0]", "no node of its own"),
        ('participants.open.node.subnets=["5.6/16"]', "participants.open.node.subnets[0]", "expected a subnet"),
        ("network.unreachable=0.8", "", ""),
        ("network.peers=explicit", "network.seed_nodes", "has no effect"),
        ("network.peers=file", "network.peers_file", "is missing"),
    ],
)
def test_what_is_wrong_with_peers_is_told_at_its_place(change, place, message):
    told = examine(NETWORK.encode(), changes=[change]).problems
    if place:
        assert any(it.place.startswith((place, "--set")) and message in it.message for it in told), told
    else:
        assert not told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("open-001 pool\nopen-002\n", "peers.txt:2: expected two different participants"),
        ("open-001 open\n", 'peers.txt:1: there is no participant "open"'),
        ("open-001 pool\nopen-001 pool\n", "peers.txt:2: open-001 dials pool twice"),
        (None, "no such file"),
    ],
)
def test_a_file_of_peers_is_read_and_its_mistakes_have_lines(tmp_path, text, message):
    named = NETWORK.replace('"discovered"', '"file"\npeers_file = "peers.txt"').replace('seed_nodes = ["pool"]', "")
    if text is not None:
        (tmp_path / "peers.txt").write_text(text)
    (told,) = examine(named.encode(), files=PluginFiles(tmp_path)).problems
    assert told.place == "network.peers_file"
    assert message in told.message
    (tmp_path / "peers.txt").write_text("# who dials whom\nopen-001, pool\nopen-002 pool\n")
    plan = compile_plan(examine(named.encode(), files=PluginFiles(tmp_path)))
    assert {host.name: host.node.peers for host in plan.hosts if host.node is not None and host.node.peers} == {
        "open-001": ("pool",),
        "open-002": ("pool",),
    }


def test_conditions_cut_what_was_found_and_it_is_found_again(tmp_path):
    timeline = """
[[timeline]]
at = "4m"
do = "shut-down"
who = "open-001"
[[timeline]]
at = "8m"
do = "start-up"
who = "open-001"
"""
    plan = compile_plan(examine((NETWORK + timeline).encode()))
    write_run_directory(plan, b"", tmp_path / "run")
    play(tmp_path / "run")
    there = set()
    alone = []
    for record in read_events(tmp_path / "run" / "events.jsonl"):
        pair = (record.participant, getattr(record.data, "peer", ""))
        if isinstance(record.data, PeerConnected):
            there.add(pair)
        elif isinstance(record.data, PeerDisconnected):
            there.discard(pair)
        if 241 * SECOND < record.t < 479 * SECOND:
            alone.append(not any("open-001" in pair for pair in there))
    assert alone
    assert all(alone)
    assert sum(dialer == "open-001" for dialer, _ in there) >= 3
    tips = {record.data.tip for record in read_events(tmp_path / "run" / "events.jsonl") if hasattr(record.data, "tip")}
    assert len(tips) == 1
