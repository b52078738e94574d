"""Relays and stems from the logs of several daemons; lines as monerod 0.18.0.0 writes them."""

import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from relayed import ADDRESSES, network

from monerosim.engines.readback import read_back
from monerosim.events import ItemRelayed, Relay, TransactionStem
from monerosim.events.log import EVENTS, read_events

EPOCH = datetime(2026, 11, 21, 8, tzinfo=UTC).timestamp()
TX, OTHER, LATE, BLOCK = "aa" * 32, "bb" * 32, "dd" * 32, "cc" * 32
IDS = {"alice": "f4796914-f02b-457b-8f47-6378eb75cc6c", "bob": "2b07f267-1282-40ac-958c-586bc3829295"}
IDS["carol"] = "99b724ec-d238-4529-8053-34844fabba01"


class Logs:
    """What each node's monerod writes; times are seconds since the scenario's time zero."""

    def __init__(self, directory, source):
        self.directory, self.source = directory, source
        for dialler, listener in (("alice", "bob"), ("bob", "carol"), ("carol", "alice")):
            at = {"alice": -30.0, "bob": -29.0, "carol": -28.0}[dialler]
            self.line(at, dialler, f"[{ADDRESSES[listener]}:18080 {IDS[dialler]} OUT] NEW CONNECTION")
            self.line(at + 0.004, listener, f"[{self.dials(dialler)} {IDS[dialler][::-1]} INC] NEW CONNECTION")

    def dials(self, node):
        return f"{self.source or ADDRESSES[node]}:4000{len(node)}"

    def line(self, at, node, text, category="net.p2p", thread="P2P1"):
        home = self.directory / "hosts" / node
        home.mkdir(parents=True, exist_ok=True)
        when = datetime.fromtimestamp(EPOCH + 60 + at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        with (home / "monerod.log").open("a") as file:
            file.write(f"{when}\t[{thread}]\tINFO\t{category}\tsrc/x.cpp:1\t{text}\n")

    def sends_stem(self, at, node, count=1):
        text = f"Sent {count} transaction(s) to {IDS[node]} using Dandelion++ stem"
        self.line(at, node, text, "net.p2p.tx")

    def queues(self, at, node):
        self.line(at, node, "Queueing 1 transaction(s) for Dandelion++ fluffing", "net.p2p.tx")

    def epoch(self, at, node, kind):
        self.line(at, node, f"Starting new Dandelion++ epoch: {kind}", "net.p2p.tx")

    def gets(self, at, node, peer, *txids, incoming=True):
        by = f"{self.dials(peer)} INC" if incoming else f"{ADDRESSES[peer]}:18080 OUT"
        self.line(at, node, f"[{by}] Received NOTIFY_NEW_TRANSACTIONS ({len(txids)} txes)", "net.p2p.msg")
        for txid in txids:
            self.line(at, node, f"Including transaction <{txid}>", "net.p2p.msg")

    def has(self, at, node, txid):
        self.line(at, node, f"Transaction added to pool: txid <{txid}> weight: 1500 fee/byte: 20", "txpool")

    def read(self, plan, kind):
        read_back(plan, self.directory, epoch=EPOCH)
        return [one for one in read_events(self.directory / EVENTS) if isinstance(one.data, kind)]


@pytest.fixture(params=["", "127.0.0.1"], ids=["own addresses", "loopback"])
def logs(request, tmp_path):
    """Under Shadow who dials has its own address; on loopback all have the same."""
    return Logs(tmp_path, request.param)


def relays(records):
    """List the messages with what they brought, in the order in which they came."""
    told = [(it.data.item, it.data.kind, relay) for it in records for relay in it.data.relays()]
    return sorted(told, key=lambda one: (one[2].t, one[2].receiver))


def played(logs):
    """Alice's transaction goes to bob as a stem, who passes it on to carol, who makes it public."""
    logs.epoch(-20, "alice", "stem")
    logs.epoch(-20, "bob", "stem")
    logs.epoch(-20, "carol", "fluff")
    logs.has(1.0, "alice", TX)
    logs.sends_stem(1.001, "alice")
    logs.gets(1.050, "bob", "alice", TX)
    logs.has(1.060, "bob", TX)
    logs.sends_stem(1.061, "bob")
    logs.gets(1.100, "carol", "bob", TX)
    logs.has(1.110, "carol", TX)
    logs.queues(1.111, "carol")
    logs.gets(3.0, "alice", "carol", OTHER, TX)
    logs.gets(4.0, "bob", "carol", TX, incoming=False)
    logs.line(5.0, "bob", f"[{logs.dials('alice')} INC] Received NOTIFY_NEW_FLUFFY_BLOCK <{BLOCK}> (height 7, 0 txes)")


def test_each_message_is_told_with_its_sender_and_whether_it_was_a_stem(logs):
    played(logs)
    told = logs.read(network(relays=("alice", "bob", "carol")), ItemRelayed)
    assert sorted(relays(told), key=lambda one: (one[2].t, one[0])) == [
        (TX, "stem", Relay(1_050_000, "alice", "bob", 1)),
        (TX, "stem", Relay(1_100_000, "bob", "carol", 1)),
        (TX, "fluff", Relay(3_000_000, "carol", "alice", 2)),
        (OTHER, "fluff", Relay(3_000_000, "carol", "alice", 2)),
        (TX, "fluff", Relay(4_000_000, "carol", "bob", 1)),
        (BLOCK, "block", Relay(5_000_000, "alice", "bob", 1)),
    ]
    assert [(it.t, it.participant) for it in told] == sorted((it.t, it.participant) for it in told)


def test_relays_of_the_named_nodes_are_those_to_and_from_them(logs):
    played(logs)
    told = logs.read(network(relays=("alice",)), ItemRelayed)
    assert [relay.t for *_, relay in relays(told)] == [1_050_000, 3_000_000, 3_000_000, 5_000_000]


def test_nothing_is_told_that_the_plan_does_not_want(logs):
    played(logs)
    assert logs.read(network(), (ItemRelayed, TransactionStem)) == []
    assert logs.read(network(stems=("bob",)), ItemRelayed) == []


def test_a_stem_has_its_way_and_its_end(logs):
    played(logs)
    (told,) = logs.read(network(stems=("bob",)), TransactionStem)
    way = ("alice", "bob", "carol")
    assert told.data == TransactionStem(TX, way, (1_000_000, 1_050_000, 1_100_000), "fluff", "carol")
    assert (told.t, told.participant) == (1_111_000, "alice")


def test_a_stem_that_no_connection_takes_ends_where_it_is(logs):
    logs.has(1.0, "alice", LATE)
    logs.line(1.001, "alice", "Unable to send transaction(s) via Dandelion++ stem", "net.p2p.tx")
    logs.queues(1.001, "alice")
    logs.gets(2.0, "bob", "alice", LATE)
    (told,) = logs.read(network(stems=("alice",)), TransactionStem)
    assert told.data == TransactionStem(LATE, ("alice",), (1_000_000,), "no-stem", "alice")


def test_a_stem_that_comes_back_is_a_loop(logs):
    played(logs)
    logs.has(10.0, "alice", LATE)
    for at, node, after in ((10, "alice", "bob"), (11, "bob", "carol"), (12, "carol", "alice")):
        logs.sends_stem(at + 0.001, node)
        logs.gets(at + 0.05, after, node, LATE)
    logs.queues(12.06, "alice")
    told = {one.data.txid: one.data for one in logs.read(network(stems=("alice",)), TransactionStem)}
    assert told[LATE].nodes == ("alice", "bob", "carol", "alice")
    assert (told[LATE].end, told[LATE].published_by) == ("loop", "alice")


def test_a_stem_that_gets_lost_is_made_public_by_an_embargo(logs):
    logs.has(1.0, "alice", LATE)
    logs.sends_stem(1.001, "alice")
    logs.gets(1.05, "bob", "alice", LATE)
    logs.sends_stem(1.061, "bob")
    logs.queues(40.0, "alice")
    logs.gets(41.0, "carol", "alice", LATE, incoming=False)
    (told,) = logs.read(network(stems=("bob",)), TransactionStem)
    assert told.data == TransactionStem(LATE, ("alice", "bob"), (1_000_000, 1_050_000), "embargo", "alice")


def test_a_public_message_that_is_on_its_way_before_a_stem_is_no_stem(logs):
    logs.has(1.0, "alice", OTHER)
    logs.has(9.0, "alice", LATE)
    logs.sends_stem(9.001, "alice")
    logs.gets(9.02, "bob", "alice", OTHER)
    logs.gets(9.051, "bob", "alice", LATE)
    told = logs.read(network(relays=("bob",)), ItemRelayed)
    assert {it.data.item: it.data.kind for it in told} == {OTHER: "fluff", LATE: "stem"}


KEPT = Path(__file__).with_name("relays")
"""The logs of four nodes of a run on the local engine, monerod 0.18.0.0, each dialling all others: their connections,
and what they tell of nine seconds in which user-001 and user-002 pay."""

FOUR = {"miner": "127.1.0.3", "user-001": "127.1.0.4", "user-002": "127.1.0.5", "user-003": "127.1.0.6"}
LOOP = "47b5a9db2948ddc9a0ef7d3afb12a75d5e80d2545498eb19d6f58fdd016aea3c"
FLUFFED = "d37789264b8cd24a8f38bec4c81e56bc856e013c1344d0a4150f0d550f6b2a76"


@pytest.fixture
def kept(tmp_path):
    """What is told of the real nodes."""
    for log in KEPT.glob("*.log"):
        (tmp_path / "hosts" / log.stem).mkdir(parents=True)
        shutil.copy(log, tmp_path / "hosts" / log.stem / "monerod.log")
    peers = {name: tuple(it for it in FOUR if it != name) for name in FOUR}
    plan = network(peers=peers, addresses=FOUR, time_zero=0, relays=tuple(FOUR), stems=tuple(FOUR))
    read_back(plan, tmp_path, epoch=datetime(2026, 11, 27, 15, 21, 15, tzinfo=UTC).timestamp())
    return list(read_events(tmp_path / EVENTS))


def test_stems_of_real_nodes(kept):
    stems = {one.data.txid: one.data for one in kept if isinstance(one.data, TransactionStem)}
    assert stems[LOOP].nodes == ("user-001", "miner", "user-001")
    assert stems[LOOP].since == (6_025_000, 6_028_000, 6_074_000)
    assert (stems[LOOP].end, stems[LOOP].published_by) == ("loop", "user-001")
    assert stems[FLUFFED].nodes == ("user-002", "user-003")
    assert (stems[FLUFFED].end, stems[FLUFFED].published_by) == ("fluff", "user-003")


def test_relays_of_real_nodes(kept):
    told = relays(it for it in kept if isinstance(it.data, ItemRelayed))
    lines = [line for log in KEPT.glob("*.log") for line in log.read_text().splitlines()]
    assert len(told) == sum("Including transaction" in line for line in lines)
    kinds = Counter(kind for _, kind, _ in told)
    assert kinds["stem"] == sum("using Dandelion++ stem" in line for line in lines) == 3
    # On loopback all who dial have one address; each is told by its name all the same.
    assert {relay.sender for *_, relay in told} == set(FOUR)
    assert all(relay.sender != relay.receiver for *_, relay in told)
    # Nobody sends what it does not have.
    came = {(item, relay.receiver): relay.t for item, _, relay in reversed(told)}
    own = {(LOOP, "user-001"), (FLUFFED, "user-002")}
    for item, _, relay in told:
        has = (item, relay.sender)
        assert item not in {LOOP, FLUFFED} or has in own or came[has] <= relay.t
