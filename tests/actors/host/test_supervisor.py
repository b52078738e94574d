"""The supervisor starts, watches, restarts and ends a host's actors."""

import msgspec
import pykka
import pytest
import small_runs
from small_world import make_host_plan, make_plan

from monerosim.agent.actor import describe_error
from monerosim.agent.messages import StopHost
from monerosim.agent.registry import load_actor
from monerosim.events import ActorFailed, ActorGivenUp, ActorRestarted, CommandFailed, ServiceReady
from monerosim.plan.plan import ActorPlan, CommandPlan
from monerosim.units import SECOND

FICKLE = '''
from typing import ClassVar

from monerosim.config import Config, Duration, duration
from monerosim.events import ServiceReady
from monerosim.agent.actor import handles
from monerosim.agent.behaviour import Behaviour


class FickleConfig(Config, frozen=True):
    where: str = "nowhere"
    lives: Duration = duration("10s")


class Fickle(Behaviour[FickleConfig]):
    """Fails where its configuration says."""


    def __init__(self, host, name, config):
        super().__init__(host, name, config)
        self.fail("init")

    def fail(self, where):
        if self.config.where == where:
            raise LookupError(f"failed in {where}")

    def begin(self):
        self.emit(ServiceReady("begin", 1))
        self.fail("begin")
        self.after(self.config.lives.seconds, self.die)

    def die(self):
        self.log.info("is about to die", since=self.clock.now())
        self.fail("timer")

    def end(self):
        self.emit(ServiceReady("end", 1))
        if self.config.where == "hang":
            self.clock.sleep(3600)
        self.fail("end")
'''


@pytest.fixture(autouse=True)
def _fickle(install_blocks):
    install_blocks("fickle", FICKLE, {"fickle": "fickle:Fickle"})


def fickle(name, start=0, **config):
    return ActorPlan(name=name, use="fickle", start=start * SECOND, config=config)


@pytest.fixture
def play(virtual, make_world):
    """Start a host with these actors and play it for so many seconds."""

    def begin(*actors, seconds, restarts=None, time_zero=0, commands=()):
        own = make_host_plan("alice", *actors, restarts=restarts)
        told = tuple(CommandPlan(at=at * SECOND, do=do) for at, do in commands)
        plan = make_plan(msgspec.structs.replace(own, commands=told), time_zero=time_zero * SECOND)
        world = make_world(virtual, plan)
        supervisor = world.hosts["alice"].start(load_actor("supervisor"), "supervisor")
        virtual.run(seconds * SECOND)
        return world, supervisor

    return begin


def times(world, kind):
    return [record.t // SECOND for record in world.events(kind)]


def begun(world):
    return [
        (record.actor, record.t // SECOND) for record in world.events(ServiceReady) if record.data.service == "begin"
    ]


def ended(world):
    return [record.actor for record in world.events(ServiceReady) if record.data.service == "end"]


def test_actors_begin_at_their_plans_times(play):
    world, _ = play(fickle("late", 30), fickle("early", 10), fickle("at-once"), seconds=60)
    assert begun(world) == [("at-once", 0), ("early", 10), ("late", 30)]
    assert list(world.hosts["alice"].actors) == ["supervisor", "mailbox", "at-once", "early", "late"]


def test_times_of_the_plan_count_from_the_runs_start(play):
    world, _ = play(fickle("one", 30), seconds=60, time_zero=20)
    assert begun(world) == [("one", 10)]


def test_an_actor_that_is_late_begins_at_once(virtual, make_world):
    virtual.run(100 * SECOND)
    world = make_world(virtual, make_plan(make_host_plan("alice", fickle("one", 30))))
    world.hosts["alice"].start(load_actor("supervisor"), "supervisor")
    virtual.run(100 * SECOND)
    assert begun(world) == [("one", 100)]


def test_a_failed_actor_is_restarted_with_back_off_then_given_up(play):
    world, supervisor = play(fickle("one", where="timer", lives="10s"), seconds=3000)
    # It lives ten seconds each time; the waits are 5, 10 and 20 s.
    assert times(world, ActorFailed) == [10, 25, 45, 75]
    assert times(world, ActorRestarted) == [15, 35, 65]
    assert [record.data for record in world.events(ActorRestarted)] == [ActorRestarted("one", n) for n in (1, 2, 3)]
    assert [(record.t // SECOND, record.data) for record in world.events(ActorGivenUp)] == [
        (75, ActorGivenUp("one", 3))
    ]
    assert world.events(ActorFailed)[0].data == ActorFailed("one", "LookupError: failed in timer")
    assert not world.hosts["alice"].actor("one").is_alive()
    assert supervisor.is_alive()


def test_the_limits_are_the_plans(play):
    limits = {"max_restarts": 1, "window": "10m", "backoff": "7s"}
    world, _ = play(fickle("one", where="timer", lives="10s"), seconds=3000, restarts=limits)
    assert times(world, ActorRestarted) == [17]
    assert times(world, ActorGivenUp) == [27]


def test_old_failures_are_forgotten(play):
    limits = {"max_restarts": 1, "window": "1m", "backoff": "5s"}
    world, _ = play(fickle("one", where="timer", lives="2m"), seconds=1000, restarts=limits)
    assert times(world, ActorFailed) == [120 + 125 * number for number in range(8)]
    assert len(world.events(ActorRestarted)) == 8
    assert world.events(ActorGivenUp) == []


def test_no_restart_at_all(play):
    world, _ = play(fickle("one", where="timer"), seconds=100, restarts={"max_restarts": 0})
    assert times(world, ActorGivenUp) == [10]
    assert world.events(ActorRestarted) == []


def test_one_that_is_told_to_start_before_its_time_does_not_start_once_more(play):
    world, _ = play(fickle("one", 30), seconds=100, commands=[(10, "start")])
    assert begun(world) == [("one", 10)]


def test_one_that_is_told_to_start_before_its_restart_starts_at_once_and_its_failures_are_forgotten(play):
    world, _ = play(fickle("one", where="timer", lives="10s"), seconds=30, commands=[(12, "start")])
    # It would have been started again at 15 s. The next failure is at 22 s, and counts as the first.
    assert begun(world) == [("one", 0), ("one", 12), ("one", 27)]
    assert times(world, ActorRestarted) == [27]


@pytest.mark.parametrize(("commands", "starts"), [([(12, "stop")], [0]), ([(12, "stop"), (14, "start")], [0, 14])])
def test_one_that_is_stopped_before_its_restart_is_not_restarted(play, commands, starts):
    world, _ = play(fickle("one", where="timer", lives="10s"), seconds=20, commands=commands)
    assert begun(world) == [("one", start) for start in starts]


def test_one_that_was_given_up_may_be_started_again(play):
    fails = fickle("one", where="timer", lives="10s")
    world, _ = play(
        fails, seconds=60, restarts={"max_restarts": 0}, commands=[(30, "pause"), (40, "stop"), (50, "start")]
    )
    assert begun(world) == [("one", 0), ("one", 50)]
    assert [record.data.reason for record in world.events(CommandFailed)] == ["one of alice: not running"]


def test_an_actor_that_fails_does_not_touch_the_others(play):
    world, _ = play(fickle("one", where="timer"), fickle("two"), seconds=300)
    assert begun(world).count(("two", 0)) == 1
    assert world.hosts["alice"].actor("two").is_alive()


@pytest.mark.parametrize("where", ["begin", "init"])
def test_an_actor_that_fails_at_its_start_is_restarted_too(play, where):
    world, supervisor = play(fickle("one", where=where), fickle("two", 1), seconds=300)
    assert times(world, ActorFailed) == [0, 5, 15, 35]
    assert world.events(ActorFailed)[0].data == ActorFailed("one", f"LookupError: failed in {where}")
    assert times(world, ActorGivenUp) == [35]
    assert ("two", 1) in begun(world)
    supervisor.ask(StopHost())
    assert ended(world) == ["two"]


@pytest.mark.parametrize(
    "plan",
    [
        ActorPlan(name="one", use="no-such-actor", start=0),
        ActorPlan(name="one", use="fickle", start=0, config={"whither": "nowhere"}),
    ],
)
def test_an_actor_that_cannot_be_made_is_a_failure_of_that_actor(play, plan):
    world, supervisor = play(plan, fickle("two"), seconds=300)
    assert len(world.events(ActorFailed)) == 4
    assert world.events(ActorGivenUp)[0].data == ActorGivenUp("one", 3)
    assert begun(world) == [("two", 0)]
    assert supervisor.is_alive()


def test_a_failure_is_logged_with_its_traceback_and_what_it_began_with(play):
    world, _ = play(fickle("one", where="timer", lives="10s"), seconds=20)
    lines = world.lines(actors=["one"])
    failed = next(line for line in lines if line.level == "ERROR")
    assert failed.text == "failed: failed in timer"
    assert failed.error.startswith("Traceback")
    assert "in die" in failed.error
    assert "LookupError: failed in timer" in failed.error
    before = next(line for line in lines if line.text == "is about to die")
    assert before.data == {"since": 10}
    assert before.cause == failed.cause
    restart = [line for line in world.lines(actors=["supervisor"]) if line.level == "WARNING"]
    assert [line.text for line in restart] == ["one failed: LookupError: failed in timer; starting it again in 5 s"]


def test_a_restart_follows_from_its_failure(play):
    world, _ = play(fickle("one", where="timer", lives="10s"), seconds=20)
    failed, restarted = world.events(ActorFailed)[0], world.events(ActorRestarted)[0]
    assert failed.cause == restarted.cause != ""


def test_causes_are_not_used_twice(play):
    world, _ = play(fickle("one", where="timer", lives="10s"), seconds=60)
    causes = [line.cause for line in world.lines(actors=["one"]) if line.text == "is about to die"]
    assert len(causes) == len(set(causes)) == 3


def test_actors_are_ended_the_latest_first_and_stopped(play, virtual):
    world, supervisor = play(fickle("one"), fickle("two", 1), fickle("three", 2), seconds=5)
    before = virtual.now()
    supervisor.ask(StopHost())
    assert ended(world) == ["three", "two", "one"]
    assert virtual.now() == before
    assert world.events(ActorFailed) == []
    virtual.run(before)
    host = world.hosts["alice"]
    assert [name for name, actor in host.actors.items() if actor.is_alive()] == ["supervisor"]
    assert supervisor.stop() is True


@pytest.mark.parametrize(("where", "error"), [("end", "LookupError: failed in end"), ("hang", "Timeout: 30.0 seconds")])
def test_an_actor_that_does_not_end_well_does_not_keep_the_others_from_ending(play, where, error):
    world, supervisor = play(fickle("one"), fickle("two", 1, where=where), fickle("three", 2), seconds=5)
    world.hosts["alice"].closing = True
    supervisor.ask(StopHost())
    assert ended(world) == ["three", "two", "one"]
    assert [record.data for record in world.events(ActorFailed)] == [ActorFailed("two", error)]
    assert any(line.level == "WARNING" and "two did not end well" in line.text for line in world.lines())


def test_actors_that_have_not_begun_are_not_ended(play, virtual):
    world, supervisor = play(fickle("one"), fickle("never", 1000), seconds=5)
    world.hosts["alice"].closing = True
    supervisor.ask(StopHost())
    assert ended(world) == ["one"]
    virtual.run(2000 * SECOND)
    assert begun(world) == [("one", 0)]


def test_an_actor_that_was_given_up_is_not_ended(play):
    world, supervisor = play(fickle("one", where="timer"), fickle("two"), seconds=10, restarts={"max_restarts": 0})
    supervisor.ask(StopHost())
    assert ended(world) == ["two"]


def test_a_host_ends_on_threads_too(threads, make_world):
    world = make_world(threads, make_plan(make_host_plan("alice", fickle("one"), fickle("two", where="end"))))
    supervisor = world.hosts["alice"].start(load_actor("supervisor"), "supervisor")
    supervisor.ask(StopHost(), timeout=10)
    supervisor.stop()
    assert set(ended(world)) <= {"one", "two"}
    with pytest.raises(pykka.ActorDeadError):
        supervisor.tell(StopHost())


WHERE_IT_IS = """
import pathlib

from monerosim.agent.behaviour import Behaviour


class Lost(Behaviour):
    def begin(self):
        self.after(60, self.look)

    def look(self):
        pathlib.Path(__file__).with_suffix(".missing").read_bytes()
"""


def test_what_is_different_on_each_machine_is_not_in_the_events_of_a_failure(tmp_path, install_blocks):
    install_blocks("lost", WHERE_IT_IS, {"lost": "lost:Lost"})
    run = small_runs.play(small_runs.NETWORK + '[participants.lost]\nkind = "lost"\n', tmp_path / "run")
    told = {record.data.error for record in small_runs.happened(run, ActorFailed)}
    assert told == {"FileNotFoundError: No such file or directory"}
    assert any(line.error and "lost.missing" in line.error for line in run.traces(participants=("lost",)))
    shown = describe_error(LookupError(f"not found: {object()}"))
    assert shown == "LookupError: not found: <object object at 0x...>"
