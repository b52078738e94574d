"""Scenarios that strangers submit: checked, bounded, queued and played."""

import pytest
from serving import AUTHORISED, asking, until
from small_runs import NETWORK

from monerosim.events.log import EVENTS
from monerosim.runs import run
from monerosim.scenario import load
from monerosim.serve.queue import Queue, QueueError
from monerosim.serve.site import Rights
from monerosim.serve.submission import Limits, check


@pytest.fixture
def asked(tmp_path):
    with asking(tmp_path, Rights(runs=True)) as session:
        session.headers.update(AUTHORISED)
        yield session


def test_a_scenario_is_queued_and_played_as_on_the_command_line(asked, tmp_path):
    submitted = asked.post("/api/runs", json={"scenario": NETWORK})
    assert (submitted.status_code, submitted.json()["position"]) == (202, 1)
    id_ = submitted.json()["id"]
    until(lambda: asked.get(f"/api/submissions/{id_}").json()["state"] == "done")
    status = asked.get(f"/api/runs/{id_}").json()
    (tmp_path / "small.toml").write_text(NETWORK)
    assert status["digest"] == run(load(tmp_path / "small.toml"), tmp_path / "by-hand").summary.digest
    assert [it["id"] for it in asked.get("/api/submissions").json()] == [id_]
    assert 'monerosim_submissions{state="done"} 1.0' in asked.get("/metrics").text


def test_what_is_wrong_is_said_with_its_line(asked):
    text = NETWORK.replace("hashrate = 100", "hashrat = 100")
    for path in ("/api/runs", "/api/check"):
        answer = asked.post(path, json={"scenario": text})
        wrong = [it for it in answer.json()["problems"] if it["severity"] == "error"]
        assert {it["line"] for it in wrong} >= {text.splitlines().index("hashrat = 100") + 1}
    assert asked.get("/api/submissions").json() == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"seed = 5": 'seed = 5\nengine = "local"'}, "simulation.engine"),
        ({'kind = "mining-pool"': 'kind = "mining-pool"\ncount = 501'}, "participants"),
        ({'"30m"': '"8d"'}, "simulation.duration"),
        ({'kind = "mining-pool"\nhashrate = 100': 'kind = "./evil.py:Evil"'}, "participants.miner.kind"),
        (
            {"[participants.miner]": '[participants.miner]\nnode = { binary = "/bin/sh" }'},
            "participants.miner.node.binary",
        ),
        ({"[consensus]": '[[alerts]]\nwhen = "failure"\ncommand = ["sh"]\n[consensus]'}, "alerts[0].command"),
        ({"[consensus]": '[[alerts]]\nwhen = "failure"\nwebhook = "http://127.0.0.1:1"\n[consensus]'}, "alerts[0]"),
        ({'"60s"': '"60ms"'}, ""),
    ],
)
def test_what_is_too_much_for_a_stranger_is_refused(change, place, tmp_path):
    text = NETWORK
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    # It would run as code if it were loaded.
    (tmp_path.parent / "evil.py").write_text("raise SystemExit(99)")
    problems = check(text.encode(), tmp_path, Limits(seconds=20)).problems
    assert place in [it.place for it in problems if it.severity == "error"]


def test_a_run_that_takes_too_long_or_too_much_is_ended(tmp_path):
    endless = NETWORK.replace('"30m"', '"6d"').replace('"60s"', '"10s"')
    for limits, told in (
        (Limits(seconds=3), "seconds"),
        (Limits(disk=2_000), "bytes of disk"),
        (Limits(events=50), "more than 50 events"),
    ):
        with Queue(tmp_path, limits) as queue:
            id_ = queue.submit(endless).id
            until(lambda: queue.find(id_).state == "failed")  # noqa: B023  (asked at once)
            assert told in queue.find(id_).reason


def test_who_waits_goes_on_after_a_restart_and_too_many_are_refused(tmp_path):
    queue = Queue(tmp_path, Limits(queued=2))
    waiting = [queue.submit(NETWORK).id for _ in range(2)]
    with pytest.raises(QueueError, match="waiting"):
        queue.submit(NETWORK)
    assert [(it.id, it.position) for it in queue.all()] == [(waiting[0], 1), (waiting[1], 2)]
    assert queue.find(waiting[1]).position == 2
    with Queue(tmp_path, Limits()) as again:
        until(lambda: all(again.find(id_).state == "done" for id_ in waiting))
    assert all((tmp_path / id_ / EVENTS).exists() for id_ in waiting)


def test_without_the_option_nothing_can_be_submitted(tmp_path):
    with asking(tmp_path, Rights()) as asked:
        assert asked.post("/api/runs", json={"scenario": NETWORK}, headers=AUTHORISED).status_code == 403
        assert asked.post("/api/runs", json={"scenario": NETWORK}).status_code == 401
        assert asked.get("/api/submissions").status_code == 403
