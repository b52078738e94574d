"""Relays as logs of monerod: read back by what reads the real ones, they are the same relays."""

from relayed import network

from monerosim.engines.readback import read_back
from monerosim.events import ItemRelayed, PeerConnected, Record
from monerosim.events.log import EVENTS, read_events
from monerosim.report.monerod_log import write_monerod_logs
from monerosim.runtime.clock import EPOCH

TX, OTHER, BLOCK = "aa" * 32, "bb" * 32, "cc" * 32

NODES = ("alice", "bob", "carol")

RELAYS = [
    (1_100_000, "bob", ItemRelayed(TX, "stem", NODES, 1_050_000, (0, 50_000), (0, 1), (1, 2))),
    (3_000_000, "alice", ItemRelayed(OTHER, "fluff", ("alice", "carol"), 3_000_000, (0,), (1,), (0,), (2,))),
    (4_000_000, "alice", ItemRelayed(TX, "fluff", NODES, 3_000_000, (0, 1_000_000), (2, 2), (0, 1), (2, 1))),
    (5_000_000, "bob", ItemRelayed(BLOCK, "block", ("alice", "bob"), 5_000_000, (0,), (0,), (1,))),
]


def test_what_is_written_is_read_back_as_the_same_relays(tmp_path):
    plan = network(relays=NODES)
    dialled = [("alice", "bob"), ("bob", "carol"), ("carol", "alice")]
    records = [Record(-30_000_000, node, "node", "", PeerConnected(peer)) for node, peer in dialled]
    records += [Record(t, node, "engine", "", event) for t, node, event in RELAYS]
    paths = write_monerod_logs(plan, records, tmp_path)
    assert paths == [tmp_path / node / "bitmonero.log" for node in NODES]
    for node, path in zip(NODES, paths, strict=True):
        home = tmp_path / "hosts" / node
        home.mkdir(parents=True)
        path.rename(home / "monerod.log")
    read_back(plan, tmp_path, epoch=EPOCH)
    told = [one for one in read_events(tmp_path / EVENTS) if isinstance(one.data, ItemRelayed)]
    assert [(one.t, one.participant, one.data) for one in told] == RELAYS


def test_lines_are_monerods(tmp_path):
    records = [Record(t, node, "engine", "", event) for t, node, event in RELAYS if event.kind == "fluff"]
    alice, *_ = write_monerod_logs(network(relays=NODES), records, tmp_path)
    first, *more = alice.read_text().splitlines()
    assert first.startswith("2000-01-01 00:01:03.000\t[P2P0]\tINFO\tnet.p2p.msg\tsrc/cryptonote_protocol/")
    assert first.endswith(" INC] Received NOTIFY_NEW_TRANSACTIONS (2 txes)")
    assert [line.split("\t")[-1] for line in more] == [f"Including transaction <{txid}>" for txid in (OTHER, TX)]


def test_nodes_that_were_not_recorded_have_no_log(tmp_path):
    records = [Record(t, node, "engine", "", event) for t, node, event in RELAYS]
    assert write_monerod_logs(network(relays=("bob",)), records, tmp_path) == [tmp_path / "bob" / "bitmonero.log"]
    assert [path.name for path in tmp_path.iterdir()] == ["bob"]


def test_a_sender_that_is_nobodys_is_an_address_and_what_was_asked_for_is_not_told(tmp_path):
    nodes = ("127.0.0.1:4711", "alice")
    records = [
        Record(1_000, "alice", "node", "", PeerConnected("10.9.9.9:18080")),
        Record(2_000, "alice", "engine", "", ItemRelayed(TX, "unknown", nodes, 2_000, (0,), (0,), (1,))),
        Record(3_000, "alice", "engine", "", ItemRelayed(BLOCK, "fetched", ("alice", "bob"), 3_000, (0,), (1,), (0,))),
    ]
    (alice,) = write_monerod_logs(network(relays=("alice",)), records, tmp_path)
    opened, got, including = (line.split("\t") for line in alice.read_text().splitlines())
    assert opened[-1].startswith("[10.9.9.9:18080 ")
    assert got[-1] == "[127.0.0.1:4711 INC] Received NOTIFY_NEW_TRANSACTIONS (1 txes)"
    assert including[-1] == f"Including transaction <{TX}>"


def test_messages_of_one_millisecond_are_told_apart_by_their_threads(tmp_path):
    records = [Record(1_000, "bob", "engine", "", ItemRelayed(TX, "fluff", NODES, 1_000, (0, 0), (0, 2), (1, 1)))]
    (bob,) = write_monerod_logs(network(relays=("bob",)), records, tmp_path)
    lines = bob.read_text().splitlines()
    assert len(lines) == len(set(lines)) == 4


def test_what_is_sent_over_two_connections_at_once_comes_in_two_messages(tmp_path):
    twice = {"first": 1_000, "delays": (0, 0), "senders": (0, 0), "receivers": (1, 1), "messages": (2, 2)}
    both = [ItemRelayed(item=it, kind="fluff", nodes=("alice", "bob"), **twice) for it in (TX, OTHER)]
    records = [Record(1_000, "bob", "engine", "", it) for it in both]
    (bob,) = write_monerod_logs(network(relays=("bob",)), records, tmp_path)
    lines = bob.read_text().splitlines()
    assert len(lines) == len(set(lines)) == 6
    assert sum(line.endswith("NOTIFY_NEW_TRANSACTIONS (2 txes)") for line in lines) == 2
