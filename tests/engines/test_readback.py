"""Reading a run with agents back: the agents' events merged, and monerod's log told as events."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_world import make_host_plan, make_plan

from monerosim.engines.follow import EventFollower
from monerosim.engines.readback import read_back
from monerosim.events import (
    BlockFound,
    BlockSpread,
    LineCorrupted,
    PaymentSent,
    PeerConnected,
    PeerDisconnected,
    Record,
    Reorganised,
    TransactionSpread,
)
from monerosim.events.log import read_events
from monerosim.events.traces import read_traces
from monerosim.plan.plan import NodePlan
from monerosim.report.spread import first_seen
from monerosim.units import SECOND

REORGANISATION = Path(__file__).with_name("reorganisation.log")
ARRIVALS = Path(__file__).with_name("arrivals.log")
"""Logs of real nodes: see test_daemon_log."""

OLD_TIP = "12a485892f917bf0b83728a5be878950c89797e5bad83d598caf7d60f7d83e01"
NEW_TIP = "64babdf5291d89c13e49d0a4ae4aa051c32a9e27a7560ae5f5ee332edfc7689e"


def moment(text):
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


ZERO = moment("2026-11-21 08:06:00")
START = moment("2026-11-21 11:19:00")
END = 125 * SECOND


def record(t, participant, height=1):
    return Record(t, participant, "controller", "c#1", BlockFound(participant, height, f"{height:064x}", 5, 0))


def line(event):
    return msgspec.json.encode(event) + b"\n"


@pytest.fixture
def run(tmp_path):
    for name in ("alice", "bob"):
        (tmp_path / "hosts" / name).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def plan():
    node = NodePlan(p2p_port=1, rpc_port=2, start=0, ready_after=0, peers=())
    bob = msgspec.structs.replace(make_host_plan("bob"), node=node)
    return make_plan(make_host_plan("alice"), bob, time_zero=60 * SECOND)


def events(run):
    return list(read_events(run / "events.jsonl"))


def test_events_are_in_order_of_time_then_participant_then_writing(run, plan):
    alice = [record(5, "alice"), record(7, "alice", 3), record(7, "alice", 2)]
    bob = [record(5, "bob"), record(6, "bob")]
    for name, own in (("alice", alice), ("bob", bob)):
        (run / "hosts" / name / "events.jsonl").write_bytes(b"".join(map(line, own)))
    read_back(plan, run, epoch=0.0)
    assert events(run) == [alice[0], bob[0], bob[1], alice[1], alice[2]]


def test_what_the_engine_has_to_tell_is_among_them(run, plan):
    (run / "engine.jsonl").write_bytes(line(record(4, "bob")))
    (run / "hosts" / "alice" / "events.jsonl").write_bytes(line(record(5, "alice")))
    read_back(plan, run, epoch=0.0)
    assert events(run) == [record(4, "bob"), record(5, "alice")]


def test_a_torn_last_line_is_left_out(run, plan):
    whole = line(record(5, "alice"))
    (run / "hosts" / "alice" / "events.jsonl").write_bytes(whole + line(record(6, "alice"))[:-9])
    read_back(plan, run, epoch=0.0)
    assert events(run) == [record(5, "alice")]


@pytest.mark.parametrize("damage", [b"\xff\xfe\n", b"{}\n", b"\n", b'{"t": "soon"}\n', b"[" * 2000 + b"\n"])
def test_a_damaged_line_is_told_of_and_the_rest_is_read(run, plan, damage):
    log = run / "hosts" / "alice" / "events.jsonl"
    log.write_bytes(line(record(5, "alice")) + damage + line(record(6, "alice")))
    read_back(plan, run, epoch=0.0)
    first, told, last = events(run)
    assert (first, last) == (record(5, "alice"), record(6, "alice"))
    assert (told.t, told.participant) == (5, "alice")
    assert isinstance(told.data, LineCorrupted)
    assert (told.data.file, told.data.line) == ("hosts/alice/events.jsonl", 2)


@given(st.lists(st.binary(max_size=60)))
def test_no_event_log_is_too_damaged_to_be_read_back(tmp_path_factory, chunks):
    run = tmp_path_factory.mktemp("run")
    (run / "hosts" / "alice").mkdir(parents=True)
    (run / "hosts" / "alice" / "events.jsonl").write_bytes(b"\n".join([*chunks, line(record(5, "alice"))]))
    read_back(make_plan(make_host_plan("alice")), run, epoch=0.0)
    assert all(isinstance(told.data, LineCorrupted) for told in events(run)[:-1])
    assert events(run)[-1] == record(5, "alice")


def test_agents_events_are_no_traces(run):
    (run / "hosts" / "alice" / "events.jsonl").write_bytes(line(record(5, "alice")))
    assert list(read_traces(run / "hosts")) == []


def test_a_reorganisation_is_in_the_events_at_its_time(run, plan):
    (run / "hosts" / "bob" / "monerod.log").write_bytes(REORGANISATION.read_bytes())
    epoch = ZERO / SECOND - 60
    (run / "hosts" / "alice" / "events.jsonl").write_bytes(line(record(45 * SECOND, "alice")))
    read_back(plan, run, epoch=epoch)
    (told,) = (one for one in events(run) if isinstance(one.data, Reorganised))
    assert told == Record(45_274_000, "bob", "node", "", Reorganised("bob", 3, OLD_TIP, NEW_TIP))
    kinds = [type(one.data) for one in events(run)]
    assert kinds.index(BlockFound) < kinds.index(Reorganised)


NAMES = ("alice", "bob", "carol")
BLOCK = "02b35772e6996f13846f6f94adf27e572322f5f4bd87727e58bf03ca90cca6e8"
PAYMENT = "a622efd1aae60c09ba80c7974d79a47d3fe7cde56ee3a7e41a4f7a416b2a48a5"


@pytest.fixture
def network(tmp_path):
    """Three nodes: bob's log is a real one; alice has it all two minutes later, carol not one payment."""
    node = NodePlan(p2p_port=18080, rpc_port=2, start=0, ready_after=0, peers=())
    plans = [
        msgspec.structs.replace(make_host_plan(name), node=node, address=f"127.9.0.{number}")
        for number, name in enumerate(NAMES, 1)
    ]
    log = ARRIVALS.read_text()
    mute = "".join(line for line in log.splitlines(keepends=True) if "\tnet.p2p\t" not in line)
    minute_later = mute.replace(" 11:20:", " 11:22:").replace(" 11:21:", " 11:23:")
    for name, text in zip(NAMES, (minute_later, log, mute.replace(PAYMENT, "torn")), strict=True):
        (tmp_path / "hosts" / name).mkdir(parents=True)
        (tmp_path / "hosts" / name / "monerod.log").write_text(text)
    return make_plan(*plans, time_zero=60 * SECOND)


def read(run, plan, kind, **options):
    read_back(plan, run, epoch=START / SECOND, **options)
    return [one for one in events(run) if isinstance(one.data, kind)]


def test_when_each_node_had_a_block_is_told_once(tmp_path, network):
    spreads = {one.data.hash: one for one in read(tmp_path, network, BlockSpread)}
    # Nobody sends the genesis block.
    assert sorted(one.data.height for one in spreads.values()) == [100, 101, 102, 103, 104]
    told = spreads[BLOCK]
    first = 41_351_000
    assert told == Record(
        first + 120 * SECOND, "bob", "engine", "", BlockSpread(BLOCK, 101, first, (120 * SECOND, 0, 0))
    )
    assert first_seen(told.data, network) == {"bob": first, "carol": first, "alice": first + 120 * SECOND}


def test_the_first_time_counts_of_a_transaction_that_came_twice(tmp_path, network):
    spreads = {one.data.txid: one.data for one in read(tmp_path, network, TransactionSpread)}
    assert len(spreads) == 3
    assert spreads[PAYMENT] == TransactionSpread(PAYMENT, 40_278_000, (120 * SECOND, 0, -1))


def test_connections_name_participants(tmp_path, network):
    told = read(tmp_path, network, (PeerConnected, PeerDisconnected))
    assert {one.participant for one in told} == {"bob"}
    assert [one.data for one in told] == [PeerConnected("alice"), PeerDisconnected("alice")] * 2


def test_what_daemons_do_after_they_were_told_to_end_is_left_out(tmp_path, network):
    told = read(tmp_path, network, (PeerConnected, PeerDisconnected), end=END)
    assert [type(one.data) for one in told] == [PeerConnected, PeerDisconnected, PeerConnected]


def test_progress_is_counted_while_agents_write(run):
    follower = EventFollower(run)
    assert follower.look() == (0, 0)
    first, second = line(record(1, "alice", height=7)), line(record(2, "alice", height=9))
    with (run / "hosts" / "alice" / "events.jsonl").open("wb", buffering=0) as log:
        log.write(first + second[:10])
        assert follower.look() == (7, 0)
        log.write(second[10:] + line(Record(3, "alice", "user", "", PaymentSent("aa", 5, 1, ("4A",)))))
        assert follower.look() == (9, 1)
        log.write(b'rubbish\n{"t":5,"participant":"\xff"}\n')
        assert follower.look() == (9, 1)


def test_in_the_bootstrap_progress_is_what_a_daemon_has(run):
    """The lines of monerod's log at the level that it is asked for."""
    follower = EventFollower(run)

    def added(height):
        return (
            f"2026-11-27 14:00:00.000\t    7f\tINFO\tblockchain\tsrc/x.cpp:1\t+++++ BLOCK SUCCESSFULLY ADDED\n"
            f"id:\t<{height:064x}>\nPoW:\t<{0:064x}>\nHEIGHT {height}, difficulty:\t1\n"
        ).encode()

    log = run / "hosts" / "alice" / "monerod.log"
    log.write_bytes(added(1) + added(2))
    assert follower.look() == (2, 0)
    with log.open("ab") as file:
        file.write(added(3) + added(4)[:-20])
    assert follower.look() == (3, 0)
    # monerod moves a full log aside and begins another.
    log.write_bytes(added(5))
    assert follower.look() == (5, 0)
