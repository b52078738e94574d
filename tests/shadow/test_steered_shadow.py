"""A command from outside goes through the mailbox of its participant under Shadow, and its answer comes back."""

from small_runs import build

from monerosim.control import Request, open_control, read_answer, read_state, read_steering, write_request
from monerosim.runs import play

QUIET = """
[simulation]
name = "quiet"
engine = "shadow"
bootstrap = "150s"
duration = "60s"
cooldown = "0s"

[participants.watcher]
kind = "orchestrator"
"""
"""A run that starts none of Monero's programs."""


def test_a_command_reaches_its_actor_and_the_summary_says_so(tmp_path):
    (tmp_path / "quiet.toml").write_text(QUIET)
    run = tmp_path / "run"
    build(tmp_path / "quiet.toml", run)
    open_control(run)
    command = write_request(run, Request("set", "watcher", arguments={"health_interval": "7s"}))
    pause = write_request(run, Request("pause"))
    assert play(run).summary.steered == 1
    assert [(it.who, it.do) for it in read_steering(run)] == [("watcher", "set")]
    answer = read_answer(run, command)
    assert (answer.ok, answer.text) == (True, "orchestrator")
    assert "cannot be slowed" in read_answer(run, pause).text
    assert read_state(run).over
