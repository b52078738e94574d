"""The orchestrator, and what the timeline tells, in whole runs on the embedded engine."""

import json

import pytest
from click.testing import CliRunner
from small_runs import NETWORK, USERS, happened, play
from small_world import make_host_plan, make_plan

from actors.host.orchestrator import Orchestrator, OrchestratorConfig
from monerosim.agent.actor import Actor, receives
from monerosim.agent.commands import ResultLetter
from monerosim.agent.messages import SendLetter, StopHost
from monerosim.agent.registry import load_actor
from monerosim.build.agent_registry import agent_registry
from monerosim.cli import main
from monerosim.events import (
    AgentState,
    AgentUnresponsive,
    BlockFound,
    CommandExecuted,
    CommandFailed,
    PaymentSent,
    RunEnded,
)
from monerosim.scenario import ScenarioError, parse
from monerosim.units import SECOND, XMR

BOSS = """
[participants.boss]
kind = "orchestrator"
"""
MINUTE = 60 * SECOND


def at(when, do, who, **more):
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in more.items())
    return f'\n[[timeline]]\nat = "{when}"\ndo = "{do}"\nwho = "{who}"\n{lines}'


class Asker(Actor):
    """Sends letters, and notes the answers and the events that come."""

    def __init__(self, host, name):
        super().__init__(host, name)
        self.answers = []
        self.given = {}
        self.heard = []

    def begin(self):
        self.on(CommandExecuted, self.hear, of="*")

    def hear(self, event):
        self.heard.append((self.origin, event.command))

    @receives(ResultLetter)
    def on_result(self, result, sender):
        self.answers.append((sender, result.kind, result.id, result.ok, result.text))
        self.given[result.id] = result.answers

    def write(self, data):
        self.ask(self.host.actor("mailbox"), SendLetter("boss", "orchestrator", "command", data))


@pytest.fixture
def boss(virtual, make_world, install_blocks):
    """A world of an orchestrator, two hosts with a supervisor, and one that never comes."""
    code = '''
from typing import ClassVar

from monerosim.events import MinerSkipped
from monerosim.agent.actor import handles
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.messages import Message


class Fact(Message[object], frozen=True):
    length: int


class Rest(Message[None], frozen=True):
    seconds: float


class Sitter(Behaviour):
    """Sits there."""

    commands: ClassVar[dict] = {"say": Fact, "rest": Rest}

    @handles(Fact)
    def on_fact(self, fact):
        self.emit(MinerSkipped("dave", "absent"))
        return {"said": "x" * fact.length, "by": fact}

    @handles(Rest)
    def on_rest(self, rest):
        self.clock.sleep(rest.seconds)
'''
    install_blocks("sitting", code, {"sitter": "sitting:Sitter"})
    from monerosim.plan.plan import ActorPlan  # noqa: PLC0415  (beside what it is for)

    def sitter(start):
        return ActorPlan(name="sitter", use="sitter", start=start * SECOND)

    plan = make_plan(
        make_host_plan("alice", sitter(0)),
        make_host_plan("bob", sitter(600)),
        make_host_plan("boss", ActorPlan(name="orchestrator", use="orchestrator", start=0, role="orchestrator")),
        make_host_plan("carol"),
    )
    world = make_world(virtual, plan)
    world.shared.replace(*agent_registry(plan))
    for name in ("alice", "bob", "boss"):
        world.hosts[name].start(load_actor("supervisor"), "supervisor")
    world.asker = world.hosts["alice"].start(Asker, "asker")
    virtual.run(5 * SECOND)
    return world


def scenario(directory, text):
    path = directory / "scenario.toml"
    path.write_text(text)
    return path


def document(world):
    return world.shared.read("orchestrator.json")


def test_it_knows_how_every_agent_is(boss, virtual):
    virtual.run(70 * SECOND)
    states = {name: (agent["state"], agent["unresponsive"]) for name, agent in document(boss)["agents"].items()}
    assert states == {
        "alice": ("running", False),
        "bob": ("initializing", False),
        "boss": ("running", False),
        "carol": ("initializing", False),
    }
    virtual.run(700 * SECOND)
    agents = document(boss)["agents"]
    assert agents["bob"]["state"] == "running"
    assert [record.data.agent for record in boss.events(AgentUnresponsive)] == ["carol"]
    assert agents["carol"]["unresponsive"]
    assert document(boss)["states"] == {"running": 3, "initializing": 1}


def test_a_command_goes_to_whom_it_is_for_and_the_result_returns(boss, virtual):
    write = boss.asker.proxy().write
    letters = [
        {"id": "1", "do": "pause", "who": "alice", "reply": "asker"},
        {"id": "2", "do": "dance", "who": "alice", "reply": "asker"},
        {"id": "3", "do": "pause", "who": "dave", "reply": "asker"},
        {"id": "4", "do": "resume", "who": "alice"},
    ]
    for letter in letters:
        write(letter).get()
    virtual.run(20 * SECOND)
    assert sorted(boss.asker.proxy().answers.get()) == [
        ("boss", "result", "1", True, "alice: sitter"),
        ("boss", "result", "2", False, "alice: sitter of alice cannot dance"),
        ("boss", "result", "3", False, "no such participant: 'dave'"),
    ]
    virtual.run(70 * SECOND)
    assert document(boss)["commands"] == {"ok": 2, "failed": 2}
    assert document(boss)["events"] == {"command-executed": 2, "command-failed": 1}


def test_a_command_for_several_is_answered_when_all_have_or_their_time_is_over(boss, virtual):
    boss.asker.proxy().write({"id": "1", "do": "stop", "who": "*", "reply": "asker"}).get()
    virtual.run(300 * SECOND)
    assert boss.asker.proxy().answers.get() == []
    # The orchestrator is not among them.
    assert [record.participant for record in boss.events(CommandExecuted)] == ["alice", "bob"]
    virtual.run(400 * SECOND)
    assert boss.asker.proxy().answers.get() == [("boss", "result", "1", False, "carol: no answer")]
    virtual.run(500 * SECOND)
    assert document(boss)["commands"] == {"failed": 1}


def test_what_behaviours_answer_returns_with_the_result(boss, virtual):
    write = boss.asker.proxy().write
    write({"id": "1", "do": "say", "who": "alice", "arguments": {"length": 5}, "reply": "asker"}).get()
    write({"id": "2", "do": "say", "who": "alice", "arguments": {"length": 5000}, "reply": "asker"}).get()
    write({"id": "3", "do": "pause", "who": "alice", "reply": "asker"}).get()
    virtual.run(20 * SECOND)
    given = boss.asker.proxy().given.get()
    assert given["1"] == {"alice": {"sitter": {"said": "xxxxx", "by": {"length": 5}}}}
    # What is too long for a letter is cut, and is a text then.
    cut = given["2"]["alice"]["sitter"]
    assert (cut[:30], len(cut)) == ('{"by":{"length":5000},"said":"', 1000)
    assert given["3"] == {}


def test_a_slow_command_does_not_make_an_agent_silent(boss, virtual):
    write = boss.asker.proxy().write
    write({"id": "1", "do": "rest", "who": "alice", "arguments": {"seconds": 290}, "reply": "asker"}).get()
    virtual.run(280 * SECOND)
    assert [record.data.agent for record in boss.events(AgentUnresponsive)] == ["carol"]
    virtual.run(310 * SECOND)
    assert boss.asker.proxy().answers.get() == [("boss", "result", "1", True, "alice: sitter")]


def test_one_that_is_paused_can_be_resumed_by_itself(boss, virtual):
    write = boss.asker.proxy().write
    for number, (who, do) in enumerate((("*", "pause"), ("boss", "pause"), ("boss", "resume"))):
        write({"id": str(number), "do": do, "who": who, "reply": "asker"}).get()
        virtual.run(virtual.now() + 10 * SECOND)
    virtual.run(90 * SECOND)
    assert [answer[2:] for answer in boss.asker.proxy().answers.get()] == [
        ("1", True, "boss: orchestrator"),
        ("2", True, "boss: orchestrator"),
    ]
    assert document(boss)["states"] == {"running": 1, "paused": 2, "initializing": 1}


def test_one_that_is_started_again_still_times_out_its_commands(boss, virtual):
    boss.asker.proxy().write({"id": "1", "do": "pause", "who": "carol", "reply": "asker"}).get()
    virtual.run(100 * SECOND)
    boss.hosts["boss"].actor("orchestrator").stop()
    boss.hosts["boss"].start(Orchestrator, "orchestrator", OrchestratorConfig())
    virtual.run(335 * SECOND)
    assert boss.asker.proxy().answers.get() == []
    virtual.run(345 * SECOND)
    assert boss.asker.proxy().answers.get() == [("boss", "result", "1", False, "carol: no answer")]


def test_it_collects_what_it_is_set_to(boss, virtual):
    write = boss.asker.proxy().write
    write({"do": "set", "who": "boss", "arguments": {"collect": ["miner-skipped"], "history": 2}}).get()
    virtual.run(20 * SECOND)
    for _ in range(3):
        write({"do": "say", "who": "alice", "arguments": {"length": 1}}).get()
    virtual.run(90 * SECOND)
    seen = document(boss)
    assert seen["events"]["miner-skipped"] == 3
    assert [entry["data"]["event"] for entry in seen["newest"]] == ["miner-skipped"] * 2


def test_all_that_it_remembers_is_there_at_the_end(boss, virtual):
    for number in range(30):
        boss.asker.proxy().write({"do": "pause" if number % 2 else "resume", "who": "alice"}).get()
    virtual.run(90 * SECOND)
    assert len(document(boss)["newest"]) == 20
    assert "history" not in document(boss)
    boss.hosts["boss"].closing = True
    boss.hosts["boss"].actor("supervisor").ask(StopHost())
    history = document(boss)["history"]
    assert [entry["data"]["command"] for entry in history] == ["resume", "pause"] * 15


def test_one_that_is_started_again_knows_its_commands_and_who_has_subscribed(boss, virtual):
    write = boss.asker.proxy().write
    write({"id": "A", "do": "pause", "who": "alice", "reply": "asker"}).get()
    virtual.run(6 * SECOND)
    boss.hosts["boss"].actor("orchestrator").stop()
    boss.hosts["boss"].start(Orchestrator, "orchestrator", OrchestratorConfig())
    write({"id": "B", "do": "resume", "who": "alice", "reply": "asker"}).get()
    virtual.run(20 * SECOND)
    assert [answer[2:] for answer in boss.asker.proxy().answers.get()] == [
        ("A", True, "alice: sitter"),
        ("B", True, "alice: sitter"),
    ]
    assert boss.asker.proxy().heard.get() == [("alice/supervisor", "pause"), ("alice/supervisor", "resume")]


def test_events_of_all_agents_reach_who_has_subscribed(boss, virtual):
    boss.asker.proxy().write({"do": "pause", "who": "bob"}).get()
    boss.asker.proxy().write({"do": "stop", "who": "bob"}).get()
    virtual.run(20 * SECOND)
    assert boss.asker.proxy().heard.get() == [("bob/supervisor", "pause"), ("bob/supervisor", "stop")]


def test_what_it_cannot_read_is_a_warning(boss, virtual):
    mailbox = boss.hosts["alice"].actor("mailbox")
    for kind, data in (
        ("command", {"do": 1}),
        ("result", {"id": "7", "ok": True, "text": ""}),
        ("subscribe", {"kinds": ["no-such-event"], "actor": "asker"}),
        ("greeting", {}),
        ("event", {"event": "none"}),
    ):
        mailbox.ask(SendLetter("boss", "orchestrator", kind, data))
    virtual.run(20 * SECOND)
    warnings = [line.text for line in boss.lines(participants=["boss"]) if line.level == "WARNING"]
    assert len(warnings) == 5
    assert boss.hosts["boss"].actor("orchestrator").is_alive()


def test_a_scenario_with_events_that_there_are_not_is_refused():
    text = NETWORK + BOSS + 'collect = ["block-found", "block-lost"]\n'
    with pytest.raises(ScenarioError) as caught:
        parse(text)
    (problem,) = caught.value.problems
    assert problem.message == 'no event is called "block-lost"'


def test_a_timeline_changes_who_takes_part(tmp_path):
    second = '\n[participants.second]\nkind = "mining-pool"\nhashrate = 1\n'
    script = at("5m", "stop", "miner") + at("15m", "start", "miner") + at("15m", "set", "second", hashrate=1e-6)
    script += at("12m", "pause", "user") + at("20m", "send-now", "user-002", to="user-001", amount="1 XMR")
    script += at("21m", "send-now", "user-002", amount="1000 XMR") + at("22m", "mine-now", "block-controller")
    text = NETWORK + USERS + second + BOSS + script
    run = play(text, tmp_path / "one", trace_level="DEBUG")
    blocks = [(record.t, record.data.miner) for record in happened(run, BlockFound)]
    assert {miner for t, miner in blocks if 5 * MINUTE <= t < 15 * MINUTE} == {"second"}
    assert {miner for t, miner in blocks if t > 15 * MINUTE} == {"miner"}
    assert [t for t, _ in blocks if t == 22 * MINUTE] == [22 * MINUTE]
    payments = [record for record in happened(run, PaymentSent) if record.t > 12 * MINUTE]
    assert [(record.t, record.participant, record.data.amount) for record in payments] == [
        (20 * MINUTE, "user-002", XMR)
    ]
    (failed,) = happened(run, CommandFailed)
    assert (failed.t, failed.data.command) == (21 * MINUTE, "send-now")
    assert "not enough" in failed.data.reason
    assert (run.summary.commands.executed, run.summary.commands.failed) == (8, 1)
    known = json.loads((tmp_path / "one/shared/orchestrator.json").read_bytes())
    assert known["agents"]["user-001"]["state"] == "paused"
    assert known["events"]["block-found"] == len(blocks)
    assert play(text, tmp_path / "two").summary.digest == run.summary.digest


def test_resume_leaves_one_that_goes_on_as_it_is(tmp_path):
    told = NETWORK + at("90s", "resume", "block-controller") + at("200s", "pause", "block-controller")
    run = play(told + at("210s", "resume", "block-controller"), tmp_path / "run", 'consensus.block_arrivals="fixed"')
    blocks = [record.t // SECOND for record in happened(run, BlockFound) if record.t > 0]
    # A pause gives it another grid.
    assert blocks[:5] == [60, 120, 180, 270, 330]


def test_an_orchestrator_leaves_the_run_as_it_is(tmp_path):
    def played(text, name):
        run = play(text, tmp_path / name)
        return [(record.t, record.data) for record in run.events() if record.participant != "boss"]

    assert played(NETWORK + USERS, "without") == played(NETWORK + USERS + BOSS, "with")


def test_the_run_ends_when_all_of_a_group_are_gone(tmp_path):
    needed = BOSS + 'end_when_gone = ["user"]\n'
    script = at("5m", "stop", "user-001") + at("6m", "stop", "user-002") + at("10m", "stop", "user-003")
    run = play(NETWORK + USERS + needed + script, tmp_path / "run")
    (ended,) = happened(run, RunEnded)
    assert 10 * MINUTE < ended.t < 10 * MINUTE + 5 * SECOND
    assert ended.data.reason == "all of user are gone: stopped"
    assert run.summary.outcome.reason == ended.data.reason
    assert run.summary.completed is False
    assert max(record.t for record in run.events()) < 11 * MINUTE
    assert run.summary.coins.unaccounted == 0


def test_a_group_of_nobody_ends_no_run_and_is_a_warning(tmp_path):
    text = NETWORK + USERS + '[participants.ghost]\nkind = "regular-user"\ncount = 0\n'
    text += BOSS + 'end_when_gone = ["ghost"]\n' + at("5m", "stop", "user-001")
    run = play(text, tmp_path / "run")
    assert run.summary.completed
    seen = CliRunner().invoke(main, ["check", str(scenario(tmp_path, text))])
    assert 'participants.boss.end_when_gone[0]: "ghost" has no members' in seen.output
    assert seen.exit_code == 0


def test_a_run_ends_when_what_it_is_for_is_given_up(tmp_path, install_blocks):
    code = '''
from monerosim.agent.behaviour import Behaviour


class Vital(Behaviour):
    """Is needed, and dies."""

    essential = True

    def begin(self):
        self.after(100, self.die)

    def die(self):
        raise LookupError("dead")
'''
    install_blocks("vital", code, {"vital": "vital:Vital"})
    text = NETWORK + '[participants.heart]\nactors = [{ use = "vital" }]\nrestarts = { max_restarts = 1 }\n'
    run = play(text, tmp_path / "run")
    assert run.summary.outcome.reason == "heart/vital was given up: LookupError: dead"
    assert not run.summary.completed
    # It was started again once, five seconds later; the run ends within ten seconds of its end.
    assert 205 * SECOND <= max(record.t for record in run.events()) <= 220 * SECOND
    seen = CliRunner().invoke(main, ["run", str(scenario(tmp_path, text)), "-o", str(tmp_path / "cli"), "-q"])
    assert seen.exit_code == 1
    assert "the run ended early: heart/vital was given up: LookupError: dead" in seen.output


def test_states_are_told_not_recorded(tmp_path):
    run = play(NETWORK + BOSS, tmp_path / "run")
    assert happened(run, AgentState) == []
