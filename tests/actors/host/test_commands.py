"""Commands to behaviours, and events between actors of a host and across hosts."""

import msgspec
import pykka
import pytest
from small_world import make_host_plan, make_plan

from monerosim.agent.commands import RUN_OVER_AFTER, CommandError
from monerosim.agent.messages import Command, IncomingLetter, Resume, SendLetter, StopHost, TracedMessage
from monerosim.agent.registry import load_actor
from monerosim.events import (
    ActorGivenUp,
    CommandExecuted,
    CommandFailed,
    RunEnded,
    ServiceReady,
)
from monerosim.plan.plan import ActorPlan, CommandPlan
from monerosim.runtime.virtual import VirtualRuntime
from monerosim.units import SECOND

BLOCKS = '''
from typing import ClassVar

from monerosim.config import Config
from monerosim.events import BlockStale, ServiceReady
from monerosim.agent.actor import handles, receives
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.commands import ResultLetter
from monerosim.agent.messages import Message


class CounterConfig(Config, frozen=True):
    step: int = 1
    most: int = 10
    period: float = 1.0
    dies: bool = False

    def __post_init__(self):
        if self.step > self.most:
            raise ValueError("step must be at most most")


class Add(Message[int], frozen=True):
    number: int


class Ask(Message[list], frozen=True):
    pass


class Rest(Message[None], frozen=True):
    seconds: float


class Break(Message[None], frozen=True):
    pass


class Counter(Behaviour[CounterConfig]):
    """Counts."""

    commands: ClassVar[dict] = {"add": Add, "rest": Rest}
    essential: ClassVar[bool] = True

    def begin(self):
        self.total = 0
        self.did = ["begin"]
        self.every(self.config.period, self.count)
        self.after(2.5 * self.config.period, self.once)

    def count(self):
        self.total += self.config.step
        if self.config.dies:
            raise LookupError("dead")

    def once(self):
        self.did.append("once")

    def leave(self):
        self.did.append("leave")

    def rejoin(self):
        self.did.append("rejoin")

    def configured(self, before):
        if self.config.step == 7:
            raise ValueError("seven brings bad luck")
        self.did.append((before.step, self.config.step))

    def end(self):
        self.emit(ServiceReady("end", self.total))

    @handles(Add)
    def on_add(self, message):
        if message.number < 0:
            raise ArithmeticError("counts up only")
        self.total += message.number
        self.emit(ServiceReady("added", self.total))
        return self.total

    @handles(Ask)
    def on_ask(self, _):
        return [self.total, *self.did]

    @handles(Rest)
    def on_rest(self, message):
        self.clock.sleep(message.seconds)

    @handles(Break)
    def on_break(self, _):
        raise LookupError("broken")

    @receives(ResultLetter)
    def on_result(self, result, _):
        self.did.append((result.kind, result.ok, result.text))
        self.log.info("was answered", **result.answers)


class ListenerConfig(Config, frozen=True):
    of: str = ""


class Listener(Behaviour[ListenerConfig]):
    """Notes what is added."""


    def begin(self):
        self.heard = []
        self.on(ServiceReady, self.hear, of=self.config.of)

    def hear(self, event):
        self.heard.append((self.origin, event.attempts))
        self.log.info("heard")

    @handles(Ask)
    def on_ask(self, _):
        return self.heard
'''


@pytest.fixture(autouse=True)
def _blocks(install_blocks):
    install_blocks("counting", BLOCKS, {"counter": "counting:Counter", "listener": "counting:Listener"})


def actor(name, use="counter", **config):
    return ActorPlan(name=name, use=use, start=0, config=config)


@pytest.fixture
def begin(make_world):
    """Start hosts on a runtime."""

    def start(runtime, most=0, **hosts):
        plans = []
        for name, (actors, commands) in hosts.items():
            plan = make_host_plan(name, *actors, restarts={"max_restarts": most})
            plans.append(msgspec.structs.replace(plan, commands=tuple(commands)))
        world = make_world(runtime, make_plan(*plans))
        for host in world.hosts.values():
            host.start(load_actor("supervisor"), "supervisor")
        return world

    return start


def ask(world, name="counter", host="alice"):
    import counting  # noqa: PLC0415  (installed by the fixture)

    return world.hosts[host].actor(name).ask(counting.Ask())


def fail(world, name="counter"):
    import counting  # noqa: PLC0415  (installed by the fixture)

    world.hosts["alice"].actor(name).tell(counting.Break())


def outcomes(world):
    """List what has become of commands: when, what, who did it or why nobody has."""
    done = [
        (record.t // SECOND, record.data.command, record.data.behaviour) for record in world.events(CommandExecuted)
    ]
    return done + [
        (record.t // SECOND, record.data.command, record.data.reason) for record in world.events(CommandFailed)
    ]


def command(world, do, name="", host="alice", **arguments):
    """Give a command, and tell who has carried it out by now."""
    before = len(world.records)
    world.hosts[host].actor("supervisor").ask(Command(do, name, arguments))
    world.runtime.run(world.runtime.now())
    happened = [record.data for record in world.records[before:]]
    for event in happened:
        if isinstance(event, CommandFailed):
            raise CommandError(event.reason)
    return tuple(event.behaviour for event in happened if isinstance(event, CommandExecuted))


@pytest.fixture
def world(virtual, begin):
    world = begin(virtual, alice=([actor("counter")], []))
    virtual.run(1)
    return world


def test_a_paused_behaviour_answers_and_does_nothing_else_until_it_goes_on(world, virtual):
    virtual.run(2 * SECOND)
    assert command(world, "pause") == ("counter",)
    virtual.run(6 * SECOND)
    assert ask(world) == [2, "begin", "leave"]
    assert command(world, "resume") == ("counter",)
    virtual.run(6 * SECOND)
    # Of the four times that it would have counted, one has waited; the single timer has waited too.
    assert ask(world) == [3, "begin", "leave", "rejoin", "once"]
    virtual.run(8 * SECOND)
    assert ask(world)[0] == 5


def test_a_stopped_behaviour_ends_and_may_be_started_again(world, virtual):
    virtual.run(2 * SECOND)
    command(world, "stop")
    virtual.run(5 * SECOND)
    assert [record.data.attempts for record in world.events(ServiceReady)] == [2]
    assert not world.hosts["alice"].actor("counter").is_alive()
    with pytest.raises(CommandError, match="counter of alice: not running"):
        command(world, "add", number=1)
    command(world, "start")
    virtual.run(6 * SECOND)
    assert ask(world) == [1, "begin", "rejoin"]
    with pytest.raises(CommandError, match="counter is running"):
        command(world, "start")


def test_one_that_was_stopped_before_its_start_never_starts(virtual, begin):
    late = ActorPlan(name="counter", use="counter", start=5 * SECOND)
    world = begin(virtual, alice=([late], [CommandPlan(at=SECOND, do="stop")]))
    virtual.run(10 * SECOND)
    assert "counter" not in world.hosts["alice"].actors
    assert [record.data for record in world.events(CommandExecuted)] == [CommandExecuted("stop", "counter")]


def test_one_that_goes_on_already_is_not_told_to_rejoin(world):
    assert command(world, "resume") == ("counter",)
    assert ask(world) == [0, "begin"]
    command(world, "pause")
    command(world, "pause")
    command(world, "resume")
    command(world, "resume")
    assert ask(world) == [0, "begin", "leave", "rejoin"]


def test_one_that_fails_while_it_is_paused_comes_back_paused(virtual, begin):
    world = begin(virtual, most=3, alice=([actor("counter")], []))
    virtual.run(1)
    command(world, "pause")
    fail(world)
    virtual.run(20 * SECOND)
    assert ask(world) == [0, "begin", "leave"]
    assert command(world, "add", number=1) == ("counter",)
    command(world, "resume")
    virtual.run(virtual.now() + SECOND)
    # Of its first life it knows nothing; in this one it has been told 1, and twice it was time.
    assert ask(world)[:4] == [3, "begin", "leave", "rejoin"]


def test_what_it_is_told_between_a_failure_and_its_restart_counts_from_then_on(virtual, begin):
    world = begin(virtual, most=3, alice=([actor("counter")], []))
    virtual.run(1)
    fail(world)
    virtual.run(SECOND)
    assert command(world, "pause") == ("counter",)
    assert command(world, "set", step=3) == ("counter",)
    with pytest.raises(CommandError, match="step must be at most most"):
        command(world, "set", step=11)
    with pytest.raises(CommandError, match="counter of alice: not running"):
        command(world, "add", number=1)
    virtual.run(20 * SECOND)
    assert ask(world) == [0, "begin", "leave"]
    command(world, "resume")
    virtual.run(virtual.now() + SECOND)
    # What has waited, and the next.
    assert ask(world)[0] == 6
    # Paused, failed and resumed before it is back: it is told to rejoin, as it has left.
    command(world, "pause")
    fail(world)
    virtual.run(virtual.now() + SECOND)
    command(world, "resume")
    virtual.run(virtual.now() + 20 * SECOND)
    assert ask(world)[1:3] == ["begin", "rejoin"]


def test_what_it_is_told_before_its_start_counts_from_then_on(virtual, begin):
    late = ActorPlan(name="counter", use="counter", start=5 * SECOND)
    told = [CommandPlan(at=SECOND, do="set", arguments={"step": 2}), CommandPlan(at=2 * SECOND, do="pause")]
    world = begin(virtual, alice=([late], told))
    virtual.run(10 * SECOND)
    assert ask(world) == [0, "begin", "leave"]
    command(world, "resume")
    virtual.run(virtual.now() + SECOND)
    assert ask(world)[0] == 4


def test_what_it_had_not_begun_when_it_failed_is_answered(virtual, begin):
    world = begin(virtual, most=3, alice=([actor("counter")], []))
    virtual.run(1)
    fail(world)
    supervisor = world.hosts["alice"].actor("supervisor")
    supervisor.tell(Command("add", "", {"number": 1}))
    supervisor.tell(Command("pause"))
    virtual.run(SECOND)
    assert outcomes(world) == [(0, "pause", "counter"), (0, "add", "counter of alice: not running")]
    virtual.run(20 * SECOND)
    assert ask(world) == [0, "begin", "leave"]


def test_a_command_that_takes_long_keeps_nobody_else_waiting(virtual, begin):
    told = [
        CommandPlan(at=SECOND, do="rest", actor="one", arguments={"seconds": 290}),
        CommandPlan(at=2 * SECOND, do="add", actor="one", arguments={"number": 1}),
        CommandPlan(at=3 * SECOND, do="set", actor="one", arguments={"step": 2}),
        CommandPlan(at=4 * SECOND, do="set", actor="one", arguments={"most": 20}),
        CommandPlan(at=5 * SECOND, do="pause"),
    ]
    world = begin(virtual, alice=([actor("one"), actor("two")], told))
    virtual.run(100 * SECOND)
    fail(world, "two")
    virtual.run(400 * SECOND)
    assert [record.t for record in world.events(ActorGivenUp)] == [100 * SECOND]
    assert outcomes(world) == [
        (5, "pause", "two"),
        (291, "rest", "one"),
        (291, "add", "one"),
        (291, "set", "one"),
        (291, "set", "one"),
        (291, "pause", "one"),
    ]
    assert [entry for entry in ask(world, "one") if isinstance(entry, tuple)] == [(1, 2), (2, 2)]


def test_a_command_that_takes_too_long_has_failed_as_far_as_is_known(virtual, begin):
    told = [
        CommandPlan(at=SECOND, do="rest", arguments={"seconds": 310}),
        CommandPlan(at=5 * SECOND, do="add", arguments={"number": 1000}),
        CommandPlan(at=20 * SECOND, do="stop"),
    ]
    world = begin(virtual, alice=([actor("counter")], told))
    virtual.run(400 * SECOND)
    assert outcomes(world) == [
        (311, "stop", "counter"),
        (301, "rest", "counter: no answer within 300 s: it is not known whether it was done"),
        (305, "add", "counter: not begun within 300 s: rest took longer"),
    ]
    assert not world.hosts["alice"].actor("counter").is_alive()
    assert max(record.data.attempts for record in world.events(ServiceReady)) < 1000
    assert "rest: counter, after it had counted as failed" in [line.text for line in world.lines()]


def test_what_is_not_answered_at_the_end_of_the_run_is_recorded(virtual, begin):
    told = [
        CommandPlan(at=SECOND, do="rest", actor="one", arguments={"seconds": 100}),
        CommandPlan(at=SECOND, do="rest", actor="two", arguments={"seconds": 20}),
        CommandPlan(at=2 * SECOND, do="start", actor="two"),
    ]
    world = begin(virtual, alice=([actor("one"), actor("two")], told))
    virtual.run(10 * SECOND)
    host = world.hosts["alice"]
    host.closing = True
    host.actor("supervisor").ask(StopHost())
    assert host.actor("supervisor").stop()
    assert outcomes(world) == [
        (51, "rest", "two"),
        (10, "start", "two: not begun before the end of the run: rest took longer"),
        (51, "rest", "one: no answer before the end of the run: it is not known whether it was done"),
    ]


def test_a_parameter_is_changed_and_kept_over_a_restart(world, virtual):
    virtual.run(SECOND)
    command(world, "set", step=3)
    virtual.run(2 * SECOND)
    assert ask(world) == [4, "begin", (1, 3)]
    command(world, "stop")
    command(world, "start")
    virtual.run(3 * SECOND)
    assert ask(world)[0] == 3


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"step": 11}, "step must be at most most"),
        ({"step": "two"}, "Expected `int`, got `str` - at `$.step`"),
        ({"stride": 2}, "counter of alice cannot set stride"),
        ({"step": 7}, "seven brings bad luck"),
        ({}, "cannot set"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_and_the_old_one_stays(world, virtual, arguments, reason):
    with pytest.raises(CommandError, match=reason.replace("$", r"\$")):
        command(world, "set", **arguments)
    (failed,) = world.events(CommandFailed)
    assert failed.data.command == "set"
    assert reason in failed.data.reason
    virtual.run(SECOND)
    assert ask(world)[0] == 1
    command(world, "set", most=20)
    command(world, "set", step=11)


def test_a_behaviours_own_command_is_its_message(world):
    assert command(world, "add", number=5) == ("counter",)
    assert ask(world)[0] == 5
    assert [record.data for record in world.events(CommandExecuted)] == [CommandExecuted("add", "counter")]


@pytest.mark.parametrize(
    ("do", "name", "arguments", "reason"),
    [
        ("add", "", {}, "add: Object missing required field `number`"),
        ("add", "", {"number": 1, "twice": True}, "add: Object contains unknown field `twice`"),
        ("add", "", {"number": -1}, "counter: counts up only"),
        ("subtract", "", {}, "counter of alice cannot subtract"),
        ("pause", "clock", {}, "alice has no behaviour 'clock'; it has counter"),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_why(world, do, name, arguments, reason):
    with pytest.raises(CommandError, match=reason):
        command(world, do, name, **arguments)
    assert world.hosts["alice"].actor("counter").is_alive()
    assert reason in world.events(CommandFailed)[0].data.reason


def test_a_command_without_a_name_is_for_all_that_understand_it(virtual, begin):
    world = begin(virtual, alice=([actor("one"), actor("two"), actor("ear", "listener")], []))
    virtual.run(1)
    assert command(world, "add", number=1) == ("one", "two")
    assert command(world, "pause") == ("one", "two", "ear")
    assert command(world, "add", "two", number=1) == ("two",)
    assert [ask(world, name)[0] for name in ("one", "two")] == [1, 2]


def test_a_command_is_for_all_that_are_able(virtual, begin):
    world = begin(virtual, alice=([actor("one", most=2), actor("two"), actor("three")], []))
    virtual.run(1)
    command(world, "stop", "two")
    assert command(world, "add", number=1) == ("one", "three")
    assert command(world, "start") == ("two",)
    with pytest.raises(CommandError, match="one is running; two is running; three is running"):
        command(world, "start")
    virtual.run(SECOND)
    with pytest.raises(CommandError, match="one: step must be at most most"):
        command(world, "set", step=3)
    virtual.run(SECOND)
    assert [ask(world, name)[-1] for name in ("one", "two", "three")] == ["begin", (1, 3), (1, 3)]


def test_the_plans_commands_are_carried_out_at_their_times_and_failures_do_not_keep_the_rest(virtual, begin):
    commands = [
        CommandPlan(at=2 * SECOND, do="add", arguments={"number": -1}),
        CommandPlan(at=2 * SECOND, do="add", arguments={"number": 100}),
        CommandPlan(at=4 * SECOND, do="pause", actor="counter"),
    ]
    world = begin(virtual, alice=([actor("counter")], commands))
    virtual.run(10 * SECOND)
    assert ask(world)[0] == 103
    assert [(record.t, record.data.command) for record in world.events(CommandFailed)] == [(2 * SECOND, "add")]
    assert [(record.t, record.data.command) for record in world.events(CommandExecuted)] == [
        (2 * SECOND, "add"),
        (4 * SECOND, "pause"),
    ]


def test_commands_come_by_letter_and_the_result_returns(virtual, begin):
    world = begin(virtual, alice=([actor("counter")], []), bob=([actor("counter")], []))
    virtual.run(1)
    mailbox = world.hosts["bob"].actor("mailbox")
    for data in (
        {"do": "add", "arguments": {"number": 40}, "reply": "counter"},
        {"do": "add", "arguments": {"number": -1}, "reply": "counter"},
        {"do": "add", "arguments": {"number": 2}},
        {"do": 7},
    ):
        mailbox.ask(SendLetter("alice", "supervisor", "command", data))
    mailbox.ask(SendLetter("alice", "supervisor", "greeting", {}))
    virtual.run(5 * SECOND)
    assert ask(world)[0] == 47
    assert [entry for entry in ask(world, host="bob") if isinstance(entry, tuple)] == [
        ("result", True, "counter"),
        ("result", False, "counter: counts up only"),
    ]
    answered = [line.data for line in world.lines(participants=["bob"]) if line.text == "was answered"]
    assert answered == [{"alice": {"counter": 41}}, {}]
    warnings = [line.text for line in world.lines(participants=["alice"]) if line.level == "WARNING"]
    assert any("bob sent no proper command" in text for text in warnings)
    assert any("no actor 'supervisor' takes the greeting from bob" in text for text in warnings)


def test_what_was_begun_when_the_agent_was_killed_is_not_begun_again(virtual, begin):
    world = begin(virtual, alice=([actor("counter")], []), bob=([actor("counter")], []))
    virtual.run(1)
    for data in ({"do": "add", "arguments": {"number": 40}, "reply": "counter"}, {"do": "pause", "reply": "counter"}):
        delivery = TracedMessage(
            IncomingLetter("bob", "command", data), "bob/mailbox@1", "bob/mailbox@1", redelivered=True
        )
        world.hosts["alice"].actor("supervisor").tell(delivery)
    virtual.run(5 * SECOND)
    assert ask(world) == [0, "begin", "leave"]
    assert [entry for entry in ask(world, host="bob") if isinstance(entry, tuple)] == [
        ("result", False, "add was begun when the agent was killed, and is not begun again"),
        ("result", True, "counter"),
    ]


def test_letters_to_a_paused_behaviour_wait(virtual, begin):
    world = begin(virtual, alice=([actor("counter")], []), bob=([], []))
    virtual.run(1)
    command(world, "pause")
    texts = ["one", "two", "three", "four"]
    mailbox = world.hosts["bob"].actor("mailbox")
    for text in texts[:3]:
        mailbox.ask(SendLetter("alice", "counter", "result", {"id": "", "ok": True, "text": text}))
    virtual.run(3 * SECOND)
    assert not [entry for entry in ask(world) if isinstance(entry, tuple)]
    # One more arrives before those that have waited are through.
    mailbox.ask(SendLetter("alice", "counter", "result", {"id": "", "ok": True, "text": texts[3]}))
    virtual.run(4 * SECOND - 1)
    world.hosts["alice"].actor("counter").tell(Resume())
    virtual.run(6 * SECOND)
    assert [entry for entry in ask(world) if isinstance(entry, tuple)] == [("result", True, text) for text in texts]


def test_events_reach_subscribers_of_the_host_with_their_cause(virtual, begin):
    world = begin(virtual, alice=([actor("ear", "listener"), actor("counter")], []), bob=([actor("counter")], []))
    virtual.run(1)
    command(world, "add", number=5)
    command(world, "add", number=1, host="bob")
    virtual.run(1)
    assert ask(world, "ear") == [("alice/counter", 5)]
    event = world.events(ServiceReady)[0]
    heard = next(line for line in world.lines(actors=["ear"]) if line.text == "heard")
    assert heard.cause == event.cause != ""


def test_events_of_another_host_come_by_letter(virtual, begin):
    world = begin(virtual, alice=([actor("ear", "listener", of="bob")], []), bob=([actor("counter")], []))
    virtual.run(2 * SECOND)
    command(world, "add", number=5, host="bob")
    assert ask(world, "ear") == []
    virtual.run(4 * SECOND)
    assert [origin for origin, _ in ask(world, "ear")] == ["bob/counter"]


def test_a_subscription_that_cannot_be_is_a_warning(virtual, begin):
    world = begin(virtual, alice=([actor("ear", "listener", of="carol")], []))
    virtual.run(2 * SECOND)
    warnings = [line.text for line in world.lines() if line.level == "WARNING"]
    assert warnings == ["ear cannot subscribe to service-ready: unknown participant 'carol'"]


def test_a_run_ends_when_an_essential_behaviour_is_given_up(virtual, begin):
    world = begin(virtual, alice=([actor("counter", dies=True), actor("other")], []))
    virtual.run(5 * SECOND)
    assert len(world.events(ActorGivenUp)) == 1
    assert [record.data for record in world.events(RunEnded)] == [
        RunEnded("alice/counter was given up: LookupError: dead")
    ]


def test_all_hosts_are_over_at_once_when_one_has_ended_the_run(virtual, begin):
    world = begin(virtual, alice=([actor("counter", dies=True)], []), bob=([actor("counter")], []))
    over = []
    for host in world.hosts.values():
        host.on_over = lambda name=host.name: over.append((virtual.now(), name))
    virtual.run(30 * SECOND)
    (ended,) = world.events(RunEnded)
    assert over == [(ended.t + RUN_OVER_AFTER, "alice"), (ended.t + RUN_OVER_AFTER, "bob")]


def test_commands_and_events_work_on_both_runtimes(runtime, begin, wait_for):
    world = begin(runtime, alice=([actor("counter", period=0.02), actor("ear", "listener")], []))
    host = world.hosts["alice"]

    def tell(do, **arguments):
        count = len(world.events(CommandExecuted))
        host.actor("supervisor").tell(Command(do, "counter", arguments))
        wait_for(lambda: len(world.events(CommandExecuted)) > count, within=300)

    wait_for(lambda: {"counter", "ear"} <= host.started, within=300)
    wait_for(lambda: ask(world)[0] >= 2, within=300)
    tell("pause")
    total = ask(world)[0]
    if not isinstance(runtime, VirtualRuntime):
        host.clock.sleep(0.1)
    assert ask(world)[0] == total
    tell("add", number=1000)
    wait_for(lambda: ask(world, "ear") == [("alice/counter", total + 1000)], within=300)
    tell("resume")
    wait_for(lambda: ask(world)[0] > total + 1000, within=300)
    host.closing = True
    host.actor("supervisor").ask(StopHost(), timeout=10)
    host.actor("supervisor").stop()
    with pytest.raises(pykka.ActorDeadError):
        host.actor("supervisor").tell(StopHost())
