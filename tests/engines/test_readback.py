"""Reading a run with agents back: the agents' events merged, and monerod's log told as events."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_world import make_host_plan, make_plan

from monerosim.engines.follow import EventFollower
from monerosim.engines.readback import read_back, reorganisations
from monerosim.observe.events import BlockFound, LineDamaged, PaymentSent, Record, Reorganised
from monerosim.observe.log import read_events
from monerosim.observe.traces import read_traces
from monerosim.plan.model import NodePlan
from monerosim.units import SECOND

RECORDED = Path(__file__).with_name("reorganisation.log")
"""monerod 0.18.0.0 with --log-level=0,blockchain:INFO, three blocks of its own, then a peer with five; stack traces
of its allocator, which it logs, are cut out."""

OLD_TIP = "12a485892f917bf0b83728a5be878950c89797e5bad83d598caf7d60f7d83e01"
NEW_TIP = "64babdf5291d89c13e49d0a4ae4aa051c32a9e27a7560ae5f5ee332edfc7689e"
ZERO = round(datetime(2026, 11, 21, 8, 6, 0, tzinfo=UTC).timestamp()) * SECOND


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
    assert isinstance(told.data, LineDamaged)
    assert (told.data.file, told.data.line) == ("hosts/alice/events.jsonl", 2)


@given(st.lists(st.binary(max_size=60)))
def test_no_event_log_is_too_damaged_to_be_read_back(tmp_path_factory, chunks):
    run = tmp_path_factory.mktemp("run")
    (run / "hosts" / "alice").mkdir(parents=True)
    (run / "hosts" / "alice" / "events.jsonl").write_bytes(b"\n".join([*chunks, line(record(5, "alice"))]))
    read_back(make_plan(make_host_plan("alice")), run, epoch=0.0)
    assert all(isinstance(told.data, LineDamaged) for told in events(run)[:-1])
    assert events(run)[-1] == record(5, "alice")


def test_agents_events_are_no_traces(run):
    (run / "hosts" / "alice" / "events.jsonl").write_bytes(line(record(5, "alice")))
    assert list(read_traces(run / "hosts")) == []


def test_a_reorganisation_is_read_from_the_log_of_a_real_node():
    (told,) = reorganisations(RECORDED, "bob", ZERO)
    assert told == Record(45_274_000, "bob", "node", "", Reorganised("bob", 3, OLD_TIP, NEW_TIP))


def test_at_the_default_log_level_only_the_new_tip_is_not_known(tmp_path):
    log = tmp_path / "monerod.log"
    recorded = RECORDED.read_text().splitlines(keepends=True)
    log.write_text("".join(one for one in recorded if "\tblockchain\t" not in one))
    (told,) = reorganisations(log, "bob", ZERO)
    assert told.data == Reorganised("bob", 3, OLD_TIP, "")


def test_logs_that_monerod_has_moved_aside_are_read_too(tmp_path):
    (tmp_path / "monerod.log-2026-11-21-08-07-00").write_bytes(RECORDED.read_bytes())
    (tmp_path / "monerod.log").write_text("")
    assert len(list(reorganisations(tmp_path / "monerod.log", "bob", ZERO))) == 1


def test_a_reorganisation_is_in_the_events_at_its_time(run, plan):
    (run / "hosts" / "bob" / "monerod.log").write_bytes(RECORDED.read_bytes())
    epoch = ZERO / SECOND - 60
    (run / "hosts" / "alice" / "events.jsonl").write_bytes(line(record(45 * SECOND, "alice")))
    read_back(plan, run, epoch=epoch)
    assert [type(one.data) for one in events(run)] == [BlockFound, Reorganised]


def test_a_node_that_wrote_no_log_has_no_reorganisations(tmp_path):
    assert list(reorganisations(tmp_path / "monerod.log", "bob", 0)) == []


@given(st.lists(st.one_of(st.sampled_from(RECORDED.read_text().splitlines()), st.text(max_size=80))))
def test_no_log_of_a_daemon_is_too_damaged_to_be_read(tmp_path_factory, lines):
    log = tmp_path_factory.mktemp("log") / "monerod.log"
    log.write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass")
    for told in reorganisations(log, "bob", ZERO):
        assert isinstance(told.data, Reorganised)


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
