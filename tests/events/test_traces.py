"""Traces: a file an actor, in time order across actors, with what a message began with."""

import time

import pytest
from loguru import logger

from monerosim.events.traces import LEVELS, Traces, read_traces


class Source:
    def __init__(self, participant, name, t=0):
        self.participant = participant
        self.name = name
        self.t = t
        self.message_id = "m#1"
        self.cause = "c#1"

    def trace_time(self):
        return self.t


@pytest.fixture(params=[False, True], ids=["by loguru", "in one thread"])
def traces(request, tmp_path):
    traces = Traces(tmp_path, "TRACE", one_thread=request.param)
    yield traces
    traces.close()


def read(traces, tmp_path, **choice):
    traces.flush()
    return list(read_traces(tmp_path, **choice))


def test_each_actor_has_a_file(traces, tmp_path):
    for participant, name in (("alice", "wallet"), ("alice", "node"), ("bob", "wallet")):
        traces.logger(Source(participant, name)).info("hello")
    traces.flush()
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.jsonl"))
    assert files == ["alice/node.jsonl", "alice/wallet.jsonl", "bob/wallet.jsonl"]
    assert all(path.read_bytes().count(b"\n") == 1 for path in tmp_path.rglob("*.jsonl"))


def test_all_actors_have_a_file_where_that_is_asked_for(tmp_path):
    traces = Traces(tmp_path, "TRACE", one_thread=True, one_file=True)
    sources = [Source("bob", "wallet", 1), Source("alice", "node", 1), Source("alice", "wallet", 2)]
    for source in sources:
        traces.logger(source).info("one")
        traces.logger(source).info("two")
        traces.flush()
    traces.close()
    assert [path.name for path in tmp_path.rglob("*.jsonl")] == ["traces.jsonl"]

    def named(**choice):
        return [(line.participant, line.actor, line.text) for line in read_traces(tmp_path, **choice)]

    alice = [("alice", "node", "one"), ("alice", "node", "two"), ("alice", "wallet", "one"), ("alice", "wallet", "two")]
    bob = [("bob", "wallet", "one"), ("bob", "wallet", "two")]
    assert named() == [*alice[:2], *bob, *alice[2:]]
    assert named(participants=["alice"]) == alice
    assert named(actors=["wallet"]) == [*bob, *alice[2:]]
    assert named(participants=["bob"], actors=["node"]) == []


def test_a_line_says_what_happened_where_and_why(traces, tmp_path):
    source = Source("alice", "wallet", -1_500_000)
    traces.logger(source).info("paid {} to {name}", 5, name="bob", txid="ab12", odd={1})
    (line,) = read(traces, tmp_path)
    assert (line.t, line.level, line.participant, line.actor) == (-1_500_000, "INFO", "alice", "wallet")
    assert (line.message, line.cause) == ("m#1", "c#1")
    assert line.text == "paid 5 to bob"
    assert line.data == {"name": "bob", "txid": "ab12", "odd": [1]}
    assert line.error == ""


def test_time_message_and_cause_are_those_of_the_moment(traces, tmp_path):
    source = Source("alice", "wallet")
    log = traces.logger(source)
    log.info("one")
    source.t, source.message_id, source.cause = 7, "m#2", "c#2"
    log.info("two")
    assert [(line.t, line.message, line.cause) for line in read(traces, tmp_path)] == [
        (0, "m#1", "c#1"),
        (7, "m#2", "c#2"),
    ]


def test_lines_of_all_actors_come_in_the_order_of_their_times(traces, tmp_path):
    sources = [Source(participant, name) for participant in ("bob", "alice") for name in ("b", "a")]
    for t in range(20):
        for number, source in enumerate(sources):
            if (t + number) % 3:
                source.t = t // 2
                traces.logger(source).info("{}", t)
    lines = read(traces, tmp_path)
    assert [line.t for line in lines] == sorted(line.t for line in lines)
    places = [(line.t, line.participant) for line in lines]
    assert places == sorted(places)
    # What one participant did at the same time is in the order in which it did it.
    for participant in ("alice", "bob"):
        written = [line.number for line in lines if line.participant == participant]
        assert written == list(range(1, len(written) + 1))
    for source in sources:
        own = [int(line.text) for line in lines if (line.participant, line.actor) == (source.participant, source.name)]
        assert own == sorted(own)


def test_lines_can_be_chosen(traces, tmp_path):
    for participant in ("alice", "bob"):
        for name in ("wallet", "node"):
            traces.logger(Source(participant, name)).info("hello")

    def found(**choice):
        return [(line.participant, line.actor) for line in read(traces, tmp_path, **choice)]

    assert found(participants=["bob"]) == [("bob", "wallet"), ("bob", "node")]
    assert found(actors=["node"]) == [("alice", "node"), ("bob", "node")]
    assert found(participants=["bob"], actors=["node"]) == [("bob", "node")]
    assert found(participants=["nobody"]) == []
    assert len(found()) == 4


@pytest.mark.parametrize("least", LEVELS)
def test_less_important_levels_are_not_kept(tmp_path, least):
    traces = Traces(tmp_path, least)
    log = traces.logger(Source("alice", "wallet"))
    for level in LEVELS:
        log.log(level, "hello")
    traces.close()
    assert [line.level for line in read_traces(tmp_path)] == list(LEVELS[LEVELS.index(least) :])


def test_lines_that_share_a_cause_are_found(traces, tmp_path):
    one, two = Source("alice", "user"), Source("bob", "wallet")
    traces.logger(one).info("pays", txid="ab12")
    two.message_id, two.cause = "m#7", "c#1"
    traces.logger(two).info("is paid")
    two.message_id = two.cause = "c#9"
    traces.logger(two).info("something else")
    lines = read(traces, tmp_path)

    def concerned(identifier):
        return [line.text for line in lines if line.concerns(identifier)]

    assert concerned("c#1") == ["pays", "is paid"]
    assert concerned("m#7") == ["is paid"]
    assert concerned("ab12") == ["pays"]
    assert concerned("c") == []


def test_a_traceback_is_kept(traces, tmp_path):
    def dig(depth):
        return dig(depth - 1) if depth else {}[depth]

    try:
        dig(2)
    except KeyError as error:
        traces.logger(Source("alice", "wallet")).opt(exception=error).error("failed: {}", error)
    (line,) = read(traces, tmp_path)
    assert line.text == "failed: 0"
    assert line.error.startswith("Traceback (most recent call last):\n")
    assert line.error.count("in dig") == 3
    assert line.error.endswith("KeyError: 0\n")


def test_texts_are_bounded(traces, tmp_path):
    log = traces.logger(Source("alice", "wallet"))
    log.info("x" * 1_000_000)
    log.opt(exception=LookupError("y" * 1_000_000)).error("failed")
    long, failed = read(traces, tmp_path)
    assert len(long.text) == 100_000
    assert len(failed.error) <= 100_000


@pytest.mark.parametrize("text", ["{not a field}", "{}", "<red>", "a\nb\r\x00", "ü \U0001f9c0"])
def test_texts_are_taken_as_they_are(traces, tmp_path, text):
    log = traces.logger(Source("alice", "wallet"))
    log.info("{}", text)
    log.info(text)
    assert [line.text for line in read(traces, tmp_path)] == [text, text]


def test_nothing_of_the_walls_time_is_kept(tmp_path, monkeypatch):
    def play(directory):
        traces = Traces(directory, "TRACE")
        for t in range(5):
            source = Source("alice", "wallet", t)
            traces.logger(source).opt(exception=LookupError(t)).error("failed", number=t)
        traces.close()
        return (directory / "alice" / "wallet.jsonl").read_bytes()

    one = play(tmp_path / "one")
    time.sleep(0.01)
    assert play(tmp_path / "two") == one
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    assert play(tmp_path / "three") == one
    monkeypatch.undo()
    time.tzset()


def test_two_runs_in_one_process_keep_apart(tmp_path):
    one, two = Traces(tmp_path / "one", "INFO"), Traces(tmp_path / "two", "INFO")
    one.logger(Source("alice", "wallet")).info("one")
    two.logger(Source("alice", "wallet")).info("two")
    logger.info("of somebody else")
    one.close()
    two.logger(Source("alice", "wallet")).info("still open")
    two.close()
    two.logger(Source("alice", "wallet")).info("too late")
    assert [line.text for line in read_traces(tmp_path / "one")] == ["one"]
    assert [line.text for line in read_traces(tmp_path / "two")] == ["two", "still open"]


def test_in_one_thread_lines_are_as_loguru_has_them(tmp_path):
    def play(directory, *, one_thread):
        traces = Traces(directory, "DEBUG", one_thread=one_thread)
        log = traces.logger(Source("alice", "wallet"))
        log.info("{} of {name}", 1, name="bob", txid="ab12")
        log.debug("{")
        log.trace("{} too few")
        log.log("SUCCESS", "{:>5}", 7)
        log.log(25, "of a level without a name")
        log.bind(more=1).critical("bound")
        log.opt(lazy=True).warning("{}", lambda: 3)
        with pytest.raises(IndexError):
            log.error("{} {}", 1)
        with pytest.raises(ValueError, match="does not exist"):
            log.log("LOUD", "unknown")
        traces.close()
        log.info("too late")
        return (directory / "alice" / "wallet.jsonl").read_bytes()

    assert play(tmp_path / "one", one_thread=True) == play(tmp_path / "other", one_thread=False)


def test_who_listens_to_loguru_hears_what_actors_log(tmp_path):
    heard = []
    traces = Traces(tmp_path, "INFO", one_thread=True)
    listener = logger.add(lambda message: heard.append((message.record["message"], message.record["function"])))
    try:
        traces.logger(Source("alice", "wallet")).info("{}", "hello")
        traces.logger(Source("alice", "wallet")).log("INFO", "again")
    finally:
        logger.remove(listener)
    traces.logger(Source("alice", "wallet")).info("alone")
    traces.close()
    here = "test_who_listens_to_loguru_hears_what_actors_log"
    assert heard == [("hello", here), ("again", here)]
    assert [line.text for line in read_traces(tmp_path)] == ["hello", "again", "alone"]


def test_many_lines_reach_the_file_before_the_end(tmp_path):
    traces = Traces(tmp_path, "INFO")
    log = traces.logger(Source("alice", "wallet"))
    for number in range(5000):
        log.info("{}", number)
    before = len(list(read_traces(tmp_path)))
    traces.close()
    assert 0 < before <= 5000
    assert [int(line.text) for line in read_traces(tmp_path)] == list(range(5000))


def test_a_torn_last_line_is_left_out_and_a_damaged_one_named(traces, tmp_path):
    log = traces.logger(Source("alice", "wallet"))
    log.info("one")
    log.info("two")
    traces.flush()
    path = tmp_path / "alice" / "wallet.jsonl"
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    assert [line.text for line in read_traces(tmp_path)] == ["one"]
    for damage in (b"nonsense\n", b"\xff\n", b'{"t": "late"}\n'):
        path.write_bytes(data + damage)
        with pytest.raises(ValueError, match=r"alice/wallet\.jsonl, line 3: "):
            list(read_traces(tmp_path))


def test_a_run_without_traces_has_none(tmp_path):
    assert list(read_traces(tmp_path / "nothing")) == []
