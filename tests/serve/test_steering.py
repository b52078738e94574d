"""Commands over HTTP reach the actors and the clock of a run that is being played, and their answers come back."""

import threading

from serving import AUTHORISED, NEVER_LONGER, until

from monerosim.events import CommandExecuted
from monerosim.runs import Run


def test_a_command_reaches_an_actor_and_its_answer_comes_back(paused):
    directory, asked = paused
    answers = []

    def command():
        body = {"command": "set", "arguments": {"transaction_frequency": 0.9}}
        answers.append(asked.post("/api/agents/user-001/command", json=body, headers=AUTHORISED))

    commanding = threading.Thread(target=command)
    commanding.start()
    until(lambda: len(asked.get("/api/control").json()["requests"]) > 1)
    resumed = asked.post("/api/control", json={"command": "resume"}, headers=AUTHORISED)
    assert (resumed.status_code, resumed.json()["answer"]["text"]) == (200, "plays")
    commanding.join(NEVER_LONGER)
    (answer,) = answers
    assert answer.status_code == 200
    assert answer.json()["answer"]["ok"]
    listed = asked.get("/api/control").json()["requests"]
    assert [it["request"]["command"] for it in listed][:3] == ["until", "set", "resume"]
    executed = [it for it in Run(directory).events() if isinstance(it.data, CommandExecuted)]
    assert [(it.participant, it.data.command) for it in executed] == [("user-001", "set")]


def test_what_cannot_be_done_is_said(paused):
    _, asked = paused
    for body, status in [({"command": "fly"}, 422), ({"command": "step", "arguments": {"by": "mile"}}, 422)]:
        answer = asked.post("/api/control", json=body, headers=AUTHORISED)
        assert (answer.status_code, answer.json()["answer"]["ok"]) == (status, False)
    assert asked.post("/api/agents/nobody/command", json={"command": "set"}, headers=AUTHORISED).status_code == 404
