"""Relays as logs of monerod: read back by what reads the real ones, they are the same relays."""

from relayed import network

from monerosim.engines.readback import read_back
from monerosim.events import PeerConnected, Record, Relayed
from monerosim.events.log import EVENTS, read_events
from monerosim.report.monerod_log import write_monerod_logs
from monerosim.runtime.clock import EPOCH

TX, OTHER, BLOCK = "aa" * 32, "bb" * 32, "cc" * 32

RELAYS = [
    (1_050_000, "bob", Relayed(TX, "alice", "stem", 1)),
    (1_100_000, "carol", Relayed(TX, "bob", "stem", 1)),
    (3_000_000, "alice", Relayed(OTHER, "carol", "fluff", 2)),
    (3_000_000, "alice", Relayed(TX, "carol", "fluff", 2)),
    (4_000_000, "bob", Relayed(TX, "carol", "fluff", 1)),
    (5_000_000, "bob", Relayed(BLOCK, "alice", "block", 1)),
]


def test_what_is_written_is_read_back_as_the_same_relays(tmp_path):
    plan = network(relays=("alice", "bob", "carol"))
    dialled = [("alice", "bob"), ("bob", "carol"), ("carol", "alice")]
    records = [Record(-30_000_000, node, "node", "", PeerConnected(peer)) for node, peer in dialled]
    records += [Record(t, node, "engine", "", event) for t, node, event in RELAYS]
    paths = write_monerod_logs(plan, records, tmp_path)
    assert [path.name for path in paths] == ["alice.log", "bob.log", "carol.log"]
    for path in paths:
        home = tmp_path / "hosts" / path.stem
        home.mkdir(parents=True)
        path.rename(home / "monerod.log")
    read_back(plan, tmp_path, epoch=EPOCH)
    told = [one for one in read_events(tmp_path / EVENTS) if isinstance(one.data, Relayed)]
    assert [(one.t, one.participant, one.data) for one in told] == RELAYS


def test_lines_are_monerods(tmp_path):
    records = [Record(t, node, "engine", "", event) for t, node, event in RELAYS if node == "alice"]
    alice, *_ = write_monerod_logs(network(), records, tmp_path)
    first, *more = alice.read_text().splitlines()
    assert first.startswith("2000-01-01 00:01:03.000\t[P2P0]\tINFO\tnet.p2p.msg\tsrc/cryptonote_protocol/")
    assert first.endswith(" INC] Received NOTIFY_NEW_TRANSACTIONS (2 txes)")
    assert [line.split("\t")[-1] for line in more] == [f"Including transaction <{txid}>" for txid in (OTHER, TX)]
