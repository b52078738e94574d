"""A controlled run: its clock obeys, commands from outside reach actors, and neither moves a digest it should not."""

import threading
import time
from contextlib import contextmanager

import msgspec
import pytest
from click.testing import CliRunner
from small_runs import NETWORK, USERS, build

from monerosim import Run
from monerosim.build.again import build_again
from monerosim.cli import main
from monerosim.control import (
    Request,
    await_answer,
    open_control,
    read_requests,
    read_state,
    read_steering,
    write_request,
)
from monerosim.events.log import EVENTS
from monerosim.runs import play
from monerosim.units import SECOND

SCENARIO = NETWORK + USERS
PATIENCE = 60


@pytest.fixture
def make(tmp_path):
    """Builds a run directory that takes requests, some of which have come before it begins."""
    (tmp_path / "small.toml").write_text(SCENARIO)

    def made(name: str, *before: Request):
        build(tmp_path / "small.toml", tmp_path / name)
        open_control(tmp_path / name)
        for request in before:
            write_request(tmp_path / name, request)
        return tmp_path / name

    return made


@contextmanager
def playing(directory):
    """Play a run in another thread while the test steers it; it is let go on at the end."""
    thread = threading.Thread(target=play, args=(directory,))
    thread.start()
    try:
        wait_for(lambda: read_state(directory) is not None)
        yield
    finally:
        ask(directory, "speed", factor="max")
        ask(directory, "resume")
        thread.join(PATIENCE)


def ask(directory, command, participant="", **arguments):
    """Make a request, and return its number."""
    return write_request(directory, Request(command, participant, arguments=arguments))


def told(directory, command, participant="", **arguments):
    """Make a request, and return its answer."""
    answer = await_answer(directory, ask(directory, command, participant, **arguments), PATIENCE)
    assert answer is not None
    return answer


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def paused(directory):
    """Return the state of a run once it stands still and everything asked of it is taken."""
    last = max(number for number, _, _ in read_requests(directory))
    wait_for(lambda: (state := read_state(directory)) and state.paused and state.taken >= last)
    return read_state(directory)


def lines(directory, kind):
    return [line for line in (directory / EVENTS).read_bytes().splitlines() if b'"event":"%s"' % kind in line]


@pytest.fixture(scope="module")
def free(tmp_path_factory):
    """The digest of the run that nobody controls."""
    folder = tmp_path_factory.mktemp("free")
    (folder / "small.toml").write_text(SCENARIO)
    build(folder / "small.toml", folder / "run")
    return play(folder / "run").summary


def test_the_clock_obeys_and_moves_no_digest(make, free):
    run = make("run", Request("pause"))
    with playing(run):
        start = paused(run)
        assert (start.t, start.begin) == (start.begin, start.begin)
        assert told(run, "step", by="event").ok
        first = paused(run)
        events = [msgspec.json.decode(line) for line in (run / EVENTS).read_bytes().splitlines()]
        assert {event["t"] for event in events} == {first.t}
        assert first.t > start.t
        told(run, "step", by="block")
        block = paused(run)
        assert len(lines(run, b"block-found")) == 1
        assert block.height > first.height
        told(run, "step", by="minute")
        assert paused(run).t == block.t + 60 * SECOND
        told(run, "until", time="5m")
        assert paused(run).t == 5 * 60 * SECOND
        assert not told(run, "until", time="1m").ok
        # A step may end in the middle of an instant, and so may whatever is asked then.
        for _ in range(7):
            told(run, "step", by="event")
            paused(run)
        assert told(run, "speed", factor="600x").ok
        told(run, "resume")
        at = time.monotonic(), read_state(run).t
        wait_for(lambda: read_state(run).t > at[1] + 300 * SECOND)
        assert time.monotonic() - at[0] > 0.3
    summary = Run(run).summary
    assert (summary.digest, summary.completed) == (free.digest, True)
    assert read_state(run).over
    assert read_steering(run) == []


def test_what_the_clock_does_not_understand_is_answered(make):
    run = make("run", Request("pause"))
    with playing(run):
        for command, arguments in (
            ("fly", {}),
            ("speed", {"factor": "0x"}),
            ("speed", {"factor": "-3"}),
            ("step", {"by": "year"}),
            ("until", {"time": "soon"}),
            ("pause", {"of": 1}),
        ):
            answer = told(run, command, **arguments)
            assert not answer.ok
            assert command in answer.text or "speed" in answer.text
        nobody = told(run, "pause", "nobody")
        assert (nobody.ok, "nobody" in nobody.text) == (False, True)
        number = max(number for number, _, _ in read_requests(run)) + 1
        (run / "control" / f"{number:08d}.request.json").write_bytes(b"{}")
        assert not await_answer(run, number, PATIENCE).ok
        assert paused(run).t == read_state(run).begin


def test_a_steered_run_is_replayed_with_its_digest(make, free, tmp_path):
    run = make("run", Request("until", arguments={"time": "8m"}))
    with playing(run):
        paused(run)
        first = ask(run, "pause", "user-002")
        told(run, "step", by="event")
        paused(run)
        second = ask(run, "set", "user-001", transaction_frequency=0.9)
        wrong = ask(run, "set", "user-001", transaction_frequency="often")
        told(run, "until", time="12m")
        paused(run)
        assert await_answer(run, first, PATIENCE).text == "regular-user"
        assert await_answer(run, second, PATIENCE).ok
        assert not await_answer(run, wrong, PATIENCE).ok
        assert not read_steering(run)[0].at % SECOND
    steered = Run(run).summary
    entries = read_steering(run)
    assert [(it.who, it.do) for it in entries] == [("user-002", "pause"), *[("user-001", "set")] * 2]
    assert steered.steered == 3
    assert steered.digest != free.digest
    for way in ((), ("--speed", "2000x")):
        result = CliRunner().invoke(main, ["run", str(run), "--replay", "-o", str(tmp_path / "again"), "-f", *way])
        assert result.exit_code == 0, result.output
        again = Run(tmp_path / "again")
        assert again.summary.digest == steered.digest
        assert read_steering(again.directory) == entries
        assert "steered" in result.output


def test_a_run_without_control_takes_no_requests(tmp_path, free):
    assert free.steered == 0
    (tmp_path / "small.toml").write_text(SCENARIO)
    build(tmp_path / "small.toml", tmp_path / "run")
    with pytest.raises(Exception, match="takes no requests"):
        write_request(tmp_path / "run", Request("pause"))


def test_requests_of_several_writers_are_numbered_without_a_gap(make):
    run = make("run")

    def write():
        for _ in range(20):
            write_request(run, Request("pause"))

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [number for number, _, _ in read_requests(run)] == list(range(1, 61))
    assert not [path for path in (run / "control").iterdir() if path.name.startswith(".")]


def test_a_damaged_replay_is_refused(make):
    run = make("run")
    (run / "control" / "replay.jsonl").write_bytes(msgspec.json.encode({"at": "now"}) + b"\n")
    with pytest.raises(Exception, match="cannot be replayed"):
        play(run)


QUIET = """
[simulation]
name = "quiet"
engine = "local"
bootstrap = "10s"
duration = "6s"
cooldown = "0s"

[participants.watcher]
kind = "orchestrator"
"""
"""A run in real time that starts none of Monero's programs."""


def test_on_local_a_command_goes_through_the_mailbox_and_is_replayed(tmp_path):
    (tmp_path / "quiet.toml").write_text(QUIET)
    run = tmp_path / "run"
    build(tmp_path / "quiet.toml", run, network=b"127.44.0.")
    open_control(run)
    with playing(run):
        assert not told(run, "speed", factor="60x").ok
        assert not told(run, "pause", "nobody").ok
        answer = told(run, "set", "watcher", health_interval="7s")
        assert (answer.ok, answer.text) == (True, "orchestrator")
    assert Run(run).summary.steered == 1
    assert len(lines(run, b"command-executed")) == 1
    build_again(Run(run).plan, run, tmp_path / "again")
    again = play(tmp_path / "again")
    assert again.summary.steered == 1
    assert len(lines(again.directory, b"command-executed")) == 1
    assert read_state(again.directory).over
