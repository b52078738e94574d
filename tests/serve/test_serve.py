"""The server: what it says of runs is what their files have, and who may ask."""

import json
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from serving import Asking, asking, served, streamed
from small_runs import WHOLE, play

from monerosim.build.build import build_plan
from monerosim.build.rundir import hold, write_run_directory
from monerosim.control import open_control, read_requests
from monerosim.runs import play as play_directory
from monerosim.scenario import examine


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    return play(WHOLE, tmp_path_factory.mktemp("runs") / "one")


@pytest.fixture(scope="module")
def asked(played):
    with asking(played.directory.parent) as session:
        yield session


def events_of(played):
    return [json.loads(line) for line in (played.directory / "events.jsonl").read_text().splitlines()]


def pages(asked, **query):
    """All events, page by page."""
    after = ""
    while True:
        page = asked.get("/api/events", params=query | {"after": after}).json()
        yield from page["events"]
        after = page["next"]
        if page["ended"]:
            return


def without_ids(events):
    return [{key: value for key, value in event.items() if key != "id"} for event in events]


def test_status_is_what_the_summary_says(asked, played):
    status, summary = asked.get("/api/status").json(), played.summary
    assert status["state"] == "done"
    assert status["ended"]
    assert not status["playing"]
    assert (status["digest"], status["height"]) == (summary.digest, summary.chain.height)
    assert asked.get("/api/runs/one").json() == status
    assert [one["id"] for one in asked.get("/api/runs").json()] == ["one"]


def test_pages_of_events_are_the_log(asked, played):
    assert without_ids(pages(asked, limit=7)) == events_of(played)


def test_events_of_a_kind_or_a_participant_are_those_of_the_log(asked, played):
    for query, key in [
        ({"kind": "block-found,payment-sent"}, lambda it: it["data"]["event"] in {"block-found", "payment-sent"}),
        ({"participant": "user-001,miner"}, lambda it: it["participant"] in {"user-001", "miner"}),
        (
            {"kind": "*-s*t", "participant": "user-*"},
            lambda it: it["data"]["event"] == "payment-sent" and it["participant"].startswith("user-"),
        ),
    ]:
        wanted = [event for event in events_of(played) if key(event)]
        assert wanted
        assert without_ids(pages(asked, **query)) == wanted


@pytest.mark.parametrize("after", ["7", "x", "9" * 30, "99999999999", "parts:99=1", "parts:0=99999", "-1"])
def test_what_is_no_position_is_refused(asked, after):
    answer = asked.get("/api/events", params={"after": after})
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_what_is_not_there_is_not_found(asked, tmp_path):
    assert asked.get("/api/status", params={"run": "two"}).status_code == 404
    assert asked.get("/api/runs/../one").status_code == 404
    assert asked.get("/api/status", params={"run": "../one"}).status_code == 404
    assert asked.get("/api/status", params={"rum": "one"}).status_code == 400
    with asking(tmp_path) as nothing:
        assert nothing.get("/api/status").status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8420"}, 200),
        ({"Host": "[::1]:8420"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example:8420"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "10.0.0.1"}, 403),
        ({"Host": ""}, 403),
        ({"Host": "localhost:8420", "Origin": "http://localhost:8420"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_who_asks_from_elsewhere_is_refused(asked, headers, status):
    assert asked.get("/api/status", headers=headers).status_code == status


def test_every_answer_keeps_pages_harmless(asked):
    for path in ("/api/status", "/api/status?run=no", "/no"):
        policy = asked.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-eval" not in policy


def test_who_asks_too_often_is_told_to_wait(played):
    with asking(played.directory, rate=0.001, burst=3) as hurried:
        assert [hurried.get("/api/runs").status_code for _ in range(5)] == [200, 200, 200, 429, 429]


def test_a_stream_goes_on_where_the_one_before_ended_though_the_server_was_started_again(tmp_path):
    directory = tmp_path / "one"
    examination = examine(WHOLE.encode())
    write_run_directory(build_plan(examination), WHOLE.encode(), directory)
    with served(directory) as (asked, _):
        before = []

        def watch():
            before.extend(streamed(asked, most=40))

        watching = threading.Thread(target=watch)
        watching.start()
        played = play_directory(directory)
        watching.join(60)
    with served(directory) as (asked, _):
        after, end = streamed(asked, last=before[1])
    assert end is None
    assert before[0] + after == events_of(played)


def test_logs_of_several_agents_are_read_whole_though_they_grow_and_the_server_is_started_again(played, tmp_path):
    directory = tmp_path / "one"
    directory.mkdir()
    (directory / "plan.json").write_bytes((played.directory / "plan.json").read_bytes())
    logs = {}
    for line in (played.directory / "events.jsonl").read_bytes().splitlines(keepends=True):
        who = json.loads(line)["participant"]
        path = directory / "hosts" / who / "events.jsonl" if who else directory / "engine.jsonl"
        logs[path] = logs.get(path, b"") + line

    def written(share):
        """Write so much of each log, and return how many whole lines there are."""
        for path, data in logs.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as log:
                log.write(data[log.tell() : int(len(data) * share)])
        return sum(path.read_bytes().count(b"\n") for path in logs)

    found, last = [], ""

    def read(most):
        with asking(directory) as asked:
            events, after = streamed(asked, last=last, most=most)
        found.extend(events)
        return after

    with hold(directory), ThreadPoolExecutor() as others:
        reading = others.submit(read, written(0.3) + 10)
        while not reading.running():
            time.sleep(0.02)
        most = written(0.5)
        last = reading.result()
        last = read(most - len(found))
        # While no server is there.
        last = read(written(0.8) - len(found))
        written(1)
    (directory / "events.jsonl").write_bytes((played.directory / "events.jsonl").read_bytes())
    assert read(10**9) is None
    for path, data in logs.items():
        who = path.parent.name if path.parent.parent.name == "hosts" else ""
        assert [it for it in found if it["participant"] == who] == [json.loads(line) for line in data.splitlines()]
    assert len(found) == len(events_of(played))


def test_a_server_ends_in_order_while_it_is_asked(tmp_path):
    directory = tmp_path / "one"
    write_run_directory(build_plan(examine(WHOLE.encode())), WHOLE.encode(), directory)
    open_control(directory)
    said = []
    with hold(directory), ThreadPoolExecutor() as others:
        (directory / "events.jsonl").touch()
        with served(directory, "--allow-commands") as (asked, token):
            stream = asked.get("/api/events", headers={"Accept": "text/event-stream"}, stream=True)
            lines = stream.iter_lines(decode_unicode=True)
            assert next(lines) == "retry: 1000"
            headers = {"Authorization": f"Bearer {token}"}
            command = {"url": "/api/control", "json": {"command": "pause"}, "headers": headers}
            waiting = others.submit(Asking(asked.address).post, **command)
            while not list(read_requests(directory)):
                time.sleep(0.02)
        assert waiting.result().status_code in {202, 503}
        said.extend(lines)
    assert "event: end" not in said


def test_without_its_libraries_the_command_says_how_to_get_them(tmp_path):
    code = "import sys; sys.modules['starlette'] = None; from monerosim.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "serve", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'monerosim[serve]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_it_has_made_is_removed_when_it_is_told_to_end(tmp_path, monkeypatch, number):
    scratch, runs = tmp_path / "scratch", tmp_path / "runs"
    scratch.mkdir()
    runs.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    with served(runs, number=number) as (asked, _):
        assert asked.get("/api/runs").json() == []
        assert list(scratch.iterdir())
    assert not list(scratch.iterdir())
