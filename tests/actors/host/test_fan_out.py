"""A command to several: answers are gathered, time-outs name who is missing, and the sender gets one result."""

import pytest
from small_world import make_host_plan, make_plan

from actors.host.fan_out import FanOuts, Outcome
from actors.host.mailbox import Mailbox
from monerosim.agent.actor import Actor, handles, receives
from monerosim.agent.commands import CommandLetter, ResultLetter
from monerosim.agent.messages import Message
from monerosim.units import SECOND


class Give(Message[None], frozen=True):
    to: tuple[str, ...]
    timeout: float = 20.0
    reply: str = "asker"
    sender: str = "bob"


class Work(Message[None], frozen=True):
    number: str


class Worked(Message[bool], frozen=True):
    number: str
    who: str
    outcome: Outcome
    answer: object = None


class Refuse(Message[None], frozen=True):
    pass


class Running(dict):
    """Retained."""


class Boss(Actor):
    """Gives commands to workers."""

    def begin(self):
        self.closed = []
        self.fan_outs = FanOuts(self, self.time_out, self.close, self.host.retained(self.name, Running))

    @handles(Give)
    def on_give(self, give):
        command = CommandLetter(do="work", id="7", reply=give.reply)
        self.fan_outs.start(command, give.sender, give.timeout, give.to, self.tell_worker)

    @handles(Refuse)
    def on_refuse(self, _):
        command = CommandLetter(do="work", id="8", reply="asker")
        self.fan_outs.refuse(command, "bob", Outcome.FAILED, "nobody works here")

    @handles(Worked)
    def on_worked(self, worked):
        return self.fan_outs.answer(worked.number, worked.who, worked.outcome, worked.who, worked.answer)

    def tell_worker(self, who, fan_out):
        self.tell(self.host.actor(who), Work(fan_out.id))

    def time_out(self, number):
        for name in self.fan_outs.unanswered(number):
            self.fan_outs.answer(number, name, Outcome.FAILED, f"{name}: no answer")

    def close(self, fan_out):
        self.closed.append((fan_out.done, fan_out.failed, fan_out.unable))
        return {"alice": fan_out.answers} if fan_out.answers else {}


class Worker(Actor):
    """Answers after a while, or never."""

    def __init__(self, host, name, delay, outcome=Outcome.DONE, answer=None):
        super().__init__(host, name)
        self.given = delay, outcome, answer
        self.was_waited_for = []

    @handles(Work)
    def on_work(self, work):
        if self.given[0] is not None:
            self.after(self.given[0], self.answer, work.number)

    def answer(self, number):
        worked = Worked(number, self.name, *self.given[1:])
        self.was_waited_for.append(self.ask(self.host.actor("boss"), worked))


class Asker(Actor):
    """Gets the results."""

    def begin(self):
        self.results = []

    @receives(ResultLetter)
    def on_result(self, result, sender):
        self.results.append((sender, result.id, result.ok, result.text, result.answers))


@pytest.fixture
def start(make_world):
    """Start a boss with workers on a host, and an asker on another."""

    def begin(runtime, **workers):
        world = make_world(runtime, make_plan(make_host_plan("alice"), make_host_plan("bob")))
        alice, bob = world.hosts["alice"], world.hosts["bob"]
        for host in (alice, bob):
            host.start(Mailbox, "mailbox")
        world.boss = alice.start(Boss, "boss")
        world.workers = {name: alice.start(Worker, name, *given) for name, given in workers.items()}
        world.asker = bob.start(Asker, "asker")
        return world

    return begin


def results(world):
    return world.asker.proxy().results.get()


def test_the_sender_gets_one_result_with_all_answers(runtime, start, wait_for):
    world = start(runtime, one=(0.5, Outcome.DONE, 41), two=(0.0, Outcome.DONE, {"hash": "ab"}))
    world.boss.ask(Give(("one", "two")))
    wait_for(lambda: results(world), within=300)
    answers = {"alice": {"one": 41, "two": {"hash": "ab"}}}
    assert results(world) == [("alice", "7", True, "two; one", answers)]


def test_who_has_not_answered_in_time_is_named(runtime, start, wait_for):
    world = start(runtime, prompt=(0.0,), silent=(None,), mute=(None,))
    world.boss.ask(Give(("silent", "prompt", "mute"), timeout=0.5))
    wait_for(lambda: results(world), within=300)
    assert results(world) == [("alice", "7", False, "silent: no answer; mute: no answer", {})]
    assert world.boss.proxy().closed.get() == [(["prompt"], ["silent: no answer", "mute: no answer"], [])]


def test_an_answer_that_comes_too_late_or_twice_changes_nothing(runtime, start, wait_for):
    world = start(runtime, late=(1.0,))
    world.boss.ask(Give(("late",), timeout=0.2))
    wait_for(lambda: world.workers["late"].proxy().was_waited_for.get() == [False], within=300)
    wait_for(lambda: results(world), within=300)
    assert results(world) == [("alice", "7", False, "late: no answer", {})]
    assert world.boss.ask(Worked("no such command", "late", Outcome.DONE)) is False


def test_one_command_does_not_wait_for_another(virtual, start):
    world = start(virtual, slow=(10.0,), quick=(1.0,))
    world.boss.ask(Give(("slow",)))
    world.boss.ask(Give(("slow", "quick")))
    world.boss.ask(Give(("quick",)))
    virtual.run(9 * SECOND)
    assert world.boss.proxy().closed.get() == [(["quick"], [], [])]
    virtual.run(11 * SECOND)
    assert len(world.boss.proxy().closed.get()) == 3


def test_those_that_were_not_able_are_apart(virtual, start):
    world = start(virtual, one=(0.0, Outcome.UNABLE), two=(0.0, Outcome.FAILED), three=(0.0,))
    world.boss.ask(Give(("one", "two", "three")))
    virtual.run(SECOND)
    assert world.boss.proxy().closed.get() == [(["three"], ["two"], ["one"])]


def test_a_command_that_nobody_is_given_is_answered_at_once(virtual, start):
    world = start(virtual)
    world.boss.ask(Refuse())
    assert world.boss.proxy().closed.get() == [([], ["nobody works here"], [])]
    virtual.run(5 * SECOND)
    assert results(world) == [("alice", "8", False, "nobody works here", {})]


def test_the_next_life_goes_on_with_the_same_deadline(virtual, start):
    world = start(virtual, slow=(15.0,), silent=(None,))
    world.boss.ask(Give(("slow", "silent"), timeout=20.0))
    virtual.run(10 * SECOND)
    world.boss.stop()
    world.boss = world.hosts["alice"].start(Boss, "boss")
    virtual.run(20 * SECOND - 1)
    assert world.boss.proxy().closed.get() == []
    virtual.run(20 * SECOND)
    assert world.boss.proxy().closed.get() == [(["slow"], ["silent: no answer"], [])]


def test_answers_that_do_not_fit_in_a_letter_are_left_out(virtual, start):
    large = "x" * 300_000
    world = start(virtual, one=(0.0, Outcome.DONE, large), two=(0.1, Outcome.DONE, large), three=(0.2, Outcome.DONE, 3))
    world.boss.ask(Give(("one", "two", "three")))
    virtual.run(5 * SECOND)
    ((_, _, ok, text, answers),) = results(world)
    assert (ok, text) == (True, "one; two; three")
    assert list(answers["alice"]) == ["one", "three"]


def test_nobody_gets_a_result_who_has_not_asked_for_it(virtual, start):
    world = start(virtual, one=(0.0,))
    world.boss.ask(Give(("one",), reply=""))
    virtual.run(5 * SECOND)
    assert results(world) == []
    assert len(world.boss.proxy().closed.get()) == 1


def test_a_sender_that_is_no_host_is_a_warning(virtual, start):
    world = start(virtual, one=(0.0,))
    world.boss.ask(Give(("one",), sender="carol"))
    virtual.run(5 * SECOND)
    warnings = [line.text for line in world.lines() if line.level == "WARNING"]
    assert len(warnings) == 1
    assert warnings[0].startswith("cannot send carol the result of work: ")
    assert world.boss.is_alive()
