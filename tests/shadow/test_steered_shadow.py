"""Commands over HTTP go through the mailboxes of a run under Shadow, and their answers come back."""

import threading

import pytest
from serving import AUTHORISED, NEVER_LONGER, asking, streamed, until
from small_runs import build

from monerosim.control import open_control, read_state, read_steering
from monerosim.events import ActorFailed, CommandExecuted
from monerosim.runs import Run, play

QUIET = """
[simulation]
name = "quiet"
engine = "shadow"
bootstrap = "150s"
duration = "300d"
cooldown = "0s"

[participants.watcher]
kind = "orchestrator"
count = 2
"""
"""A run that starts none of Monero's programs, and does not end while somebody asks."""


@pytest.fixture
def going_on(tmp_path):
    """The run, asked over HTTP while it is played, until it is told that this is enough."""
    (tmp_path / "quiet.toml").write_text(QUIET)
    run, enough = tmp_path / "run", threading.Event()
    build(tmp_path / "quiet.toml", run)
    open_control(run)
    playing = threading.Thread(target=play, args=[run], kwargs={"on_progress": lambda _: not enough.is_set()})
    playing.start()

    def end():
        enough.set()
        playing.join(NEVER_LONGER)
        assert not playing.is_alive()

    try:
        with asking(run) as asked:
            until(lambda: asked.get("/api/control").json()["state"])
            yield run, asked, end
    finally:
        end()


def test_a_command_reaches_its_actor_and_its_answer_is_shown(going_on):
    run, asked, end = going_on
    body = {"command": "set", "arguments": {"health_interval": "7s"}}
    number = asked.post("/api/agents/watcher-001/command", json=body, headers=AUTHORISED).json()["number"]

    def answer_to(number):
        return asked.get("/api/control", params={"after": number - 1}).json()["requests"][0]["answer"]

    until(lambda: answer_to(number))
    answer = answer_to(number)
    assert (answer["ok"], answer["text"]) == (True, "orchestrator")
    # The events of the run that goes on have it at that instant.
    ((executed,), _) = streamed(asked, kind="command-executed", most=1)
    (entry,) = read_steering(run)
    assert (entry.who, entry.do) == (executed["participant"], executed["data"]["command"]) == ("watcher-001", "set")
    assert entry.at <= executed["t"] <= answer["at"]
    clock = asked.post("/api/control", json={"command": "pause"}, headers=AUTHORISED)
    assert "cannot be slowed" in clock.json()["answer"]["text"]
    assert clock.status_code == 422
    nobody = asked.post("/api/agents/nobody/command", json=body, headers=AUTHORISED)
    assert nobody.status_code == 404
    end()
    assert read_state(run).over
    played = Run(run)
    assert played.summary.steered == 1
    # Both watchers write the same documents in shared/ at the same instants; nothing of that fails.
    events = [(it.t, type(it.data)) for it in played.events() if isinstance(it.data, CommandExecuted | ActorFailed)]
    assert events == [(executed["t"], CommandExecuted)]
