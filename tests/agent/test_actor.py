"""Actors, the same on both runtimes."""

import threading

import pykka
import pytest
from small_world import make_host_plan, make_plan

from monerosim.agent.actor import Actor, handles
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.host import NoSuchActorError
from monerosim.agent.messages import End, Message
from monerosim.events import ServiceReady
from monerosim.runtime.virtual import VirtualRuntime
from monerosim.units import SECOND

PERIOD = 0.02


class Add(Message[int], frozen=True):
    a: int
    b: int


class Relay(Message[int], frozen=True):
    """Ask another actor what is asked here."""

    name: str
    message: Message


class Fail(Message[None], frozen=True):
    text: str


class Note(Message[None], frozen=True):
    text: str


class Notes(Message[list], frozen=True):
    pass


class Nap(Message[str], frozen=True):
    seconds: float


class Later(Message[None], frozen=True):
    seconds: float
    text: str
    same_cause: bool = False


class Unheard(Message[None], frozen=True):
    pass


class Worker(Actor):
    colour = "orange"

    def __init__(self, host, name):
        super().__init__(host, name)
        self.notes = []

    def double(self, value):
        return 2 * value

    @handles(Add)
    def on_add(self, message):
        return message.a + message.b

    @handles(Relay)
    def on_relay(self, message):
        return self.ask(self.host.actor(message.name), message.message)

    @handles(Fail)
    def on_fail(self, message):
        raise LookupError(message.text)

    @handles(Note)
    def on_note(self, message):
        self.note(message.text)

    @handles(Notes)
    def on_notes(self, _):
        return [text for text, _, _ in self.notes]

    @handles(Nap)
    def on_nap(self, message):
        self.clock.sleep(message.seconds)
        return "awake"

    @handles(Later)
    def on_later(self, message):
        self.after(message.seconds, self.note, message.text, same_cause=message.same_cause)

    def note(self, text):
        self.notes.append((text, self.message_id, self.cause))
        if text == "fail":
            raise LookupError("a timer failed")

    def end(self):
        self.note("end")


@pytest.fixture
def world(runtime, make_world):
    return make_world(runtime)


@pytest.fixture
def host(world):
    return world.hosts["alice"]


@pytest.fixture
def worker(host):
    return host.start(Worker, "worker")


@pytest.fixture
def failures(host):
    failed = []
    host.on_failed = lambda actor, error: failed.append((actor, str(error)))
    return failed


def test_an_ask_is_answered(worker):
    assert worker.ask(Add(2, 3)) == 5


def test_messages_are_handled_in_the_order_they_were_sent(worker):
    for number in range(20):
        worker.tell(Note(str(number)))
    assert worker.ask(Notes()) == [str(number) for number in range(20)]


def test_actors_ask_each_other(host, worker):
    host.start(Worker, "middle")
    host.start(Worker, "last")
    assert worker.ask(Relay("middle", Relay("last", Add(20, 22)))) == 42


def test_actors_tell_each_other(host, worker):
    class Teller(Actor):
        def begin(self):
            self.tell(self.host.actor("worker"), Note("hello"))

    host.start(Teller, "teller").ask(End())
    assert worker.ask(Notes()) == ["hello"]


def test_pykka_proxies_work(worker):
    proxy = worker.proxy()
    assert proxy.double(21).get() == 42
    assert proxy.colour.get() == "orange"
    proxy.colour = "black"
    assert proxy.colour.get() == "black"
    proxy.note.defer("deferred")
    assert worker.ask(Notes()) == ["deferred"]


def test_pykka_futures_work(worker):
    one, two = (worker.ask(Add(number, 1), block=False) for number in (1, 2))
    assert pykka.get_all([one, two]) == [2, 3]
    assert one.map(lambda value: value * 10).get() == 20
    assert one.join(two).get() == [2, 3]
    assert one.join(two).filter(lambda value: value > 2).get() == [3]
    assert one.join(two).reduce(lambda a, b: a + b).get() == 5
    assert one.get() == 2


def test_a_future_is_set_once(worker):
    future = worker.ask(Add(1, 1), block=False)
    future.get()
    with pytest.raises(Exception, match=r"^(a future can be set only once)?$"):
        future.set(3)


def test_an_error_in_an_ask_reaches_who_asked_and_the_actor_lives_on(worker, failures):
    with pytest.raises(LookupError, match="oh"):
        worker.ask(Fail("oh"))
    assert worker.ask(Add(1, 1)) == 2
    assert failures == []


def test_an_error_passes_through_nested_asks(host, worker):
    host.start(Worker, "middle")
    host.start(Worker, "last")
    with pytest.raises(LookupError, match="deep"):
        worker.ask(Relay("middle", Relay("last", Fail("deep"))))
    assert worker.ask(Relay("middle", Relay("last", Add(1, 1)))) == 2


def test_an_error_in_a_tell_stops_the_actor_and_is_reported(worker, failures, wait_for, world):
    worker.tell(Fail("bad"))
    waiting = worker.ask(Add(1, 1), block=False)
    wait_for(lambda: failures == [("worker", "bad")])
    assert not worker.is_alive()
    with pytest.raises(pykka.ActorDeadError):
        waiting.get()
    with pytest.raises(pykka.ActorDeadError):
        worker.tell(Note("too late"))
    error = next(line for line in world.lines() if line.level == "ERROR")
    assert "LookupError: bad" in error.error
    assert "on_fail" in error.error


def test_an_error_in_a_timer_stops_the_actor_and_is_reported(worker, failures, wait_for):
    worker.tell(Later(0.01, "fail"))
    wait_for(lambda: failures == [("worker", "a timer failed")])
    assert not worker.is_alive()


def test_an_error_at_the_beginning_stops_the_actor_and_is_reported(host, failures, wait_for):
    class Stillborn(Actor):
        def begin(self):
            raise LookupError("no begin")

    reference = host.start(Stillborn, "stillborn")
    wait_for(lambda: failures == [("stillborn", "no begin")])
    wait_for(lambda: not reference.is_alive())


@pytest.mark.parametrize("message", [Unheard(), "text", None])
def test_what_is_not_understood_is_a_type_error(worker, message):
    with pytest.raises(TypeError, match=r"alice/worker (does not handle|was sent a)"):
        worker.ask(message)
    assert worker.is_alive()


def test_a_missing_actor_is_named_with_those_that_are_there(worker):
    with pytest.raises(NoSuchActorError, match="alice has no actor 'wallet'; it has worker"):
        worker.ask(Relay("wallet", Add(1, 1)))


def test_a_timeout_is_on_the_runtimes_clock(worker, runtime):
    before = runtime.now()
    with pytest.raises(pykka.Timeout):
        worker.ask(Nap(1), timeout=0.03)
    waited = runtime.now() - before
    assert waited == 30_000 if isinstance(runtime, VirtualRuntime) else waited >= 29_000
    assert worker.ask(Add(1, 1)) == 2
    assert runtime.now() - before >= 999_000


def test_an_actor_may_give_up_waiting_for_another(host, worker):
    class Impatient(Actor):
        @handles(Nap)
        def on_nap(self, message):
            try:
                self.ask(self.host.actor("worker"), message, timeout=0.01)
            except pykka.Timeout:
                return "gave up"
            return "waited"

    impatient = host.start(Impatient, "impatient")
    assert impatient.ask(Nap(1)) == "gave up"
    assert worker.ask(Add(1, 1)) == 2


def test_stopping_an_actor(worker):
    before = worker.ask(Add(1, 1), block=False)
    assert worker.stop() is True
    assert before.get() == 2
    assert not worker.is_alive()
    assert worker.stop() is False
    with pytest.raises(pykka.ActorDeadError):
        worker.ask(Add(1, 1))


def test_an_actor_may_stop_itself(host, wait_for):
    class Once(Actor):
        @handles(Note)
        def on_note(self, _):
            self.stop()

    reference = host.start(Once, "once")
    reference.tell(Note("go"))
    wait_for(lambda: not reference.is_alive())


def test_end_is_asked_once_at_the_end(worker):
    worker.ask(End())
    assert worker.ask(Notes()) == ["end"]


def test_timers_come_due_in_the_order_of_their_times(worker, wait_for):
    for seconds, text in ((0.03, "third"), (0.01, "first"), (0.02, "second"), (-5, "at once")):
        worker.tell(Later(seconds, text))
    wait_for(lambda: worker.ask(Notes()) == ["at once", "first", "second", "third"])


def test_a_timer_for_an_actor_that_has_stopped_is_dropped(host, worker, wait_for, failures):
    other = host.start(Worker, "other")
    worker.ask(Later(0.01, "dropped"))
    worker.stop()
    other.tell(Later(0.03, "kept"))
    wait_for(lambda: other.ask(Notes()) == ["kept"])
    assert failures == []


def test_no_timer_comes_due_when_the_host_is_closing(host, worker, runtime, wait_for):
    # Later than the next line even on a busy machine.
    worker.ask(Later(0.5, "dropped"))
    host.closing = True
    passed = threading.Event()
    runtime.call_at(runtime.now() + 550_000, passed.set)
    wait_for(passed.is_set)
    assert worker.ask(Notes()) == []


class Ticker(Actor):
    def begin(self):
        self.times = []
        self.start = self.clock.microseconds()
        self.every(PERIOD, self.tick)

    def tick(self):
        self.times.append(self.clock.microseconds() - self.start)
        if len(self.times) == 2:
            self.clock.sleep(2.5 * PERIOD)


def test_periodic_timers_keep_their_grid_when_the_actor_was_busy(host, runtime, wait_for):
    ticker = host.start(Ticker, "ticker").proxy()
    wait_for(lambda: len(ticker.times.get()) >= 8)
    times = ticker.times.get()
    period = round(PERIOD * SECOND)
    assert all(time >= number * period for number, time in enumerate(times, 1))
    if isinstance(runtime, VirtualRuntime):
        assert times[:8] == [20_000, 40_000, 90_000, 100_000, 120_000, 140_000, 160_000, 180_000]


@pytest.mark.parametrize("seconds", [0, -1, 1e-9])
def test_a_period_is_at_least_a_microsecond(host, seconds):
    class Eager(Actor):
        @handles(Note)
        def on_note(self, _):
            self.every(seconds, self.end)

    with pytest.raises(ValueError, match="at least a microsecond"):
        host.start(Eager, "eager").ask(Note("go"))


def test_what_follows_from_a_message_has_its_cause(host, worker, wait_for):
    host.start(Worker, "other")
    worker.ask(Relay("other", Later(0.01, "same", same_cause=True)))
    worker.ask(Relay("other", Later(0.02, "new")))
    other = host.actor("other").proxy()
    wait_for(lambda: len(other.notes.get()) == 2)
    (_, same_id, same_cause), (_, new_id, new_cause) = other.notes.get()
    assert same_id == same_cause
    assert same_cause.startswith("alice/worker#")
    assert new_id == new_cause
    assert new_cause.startswith("alice/other#")


def test_each_message_has_its_own_number(worker):
    worker.tell(Note("a"))
    worker.tell(Note("b"))
    notes = worker.proxy().notes
    ids = [identifier for _, identifier, _ in notes.get()]
    assert len(set(ids)) == 2


def test_an_actor_started_again_goes_on_counting(host, worker):
    worker.ask(Note("a"))
    worker.stop()
    again = host.start(Worker, "worker")
    assert host.actor("worker") is again
    again.ask(Note("b"))
    first = host.start(Worker, "other")
    first.ask(Note("c"))
    numbers = [int(ref.proxy().notes.get()[0][1].partition("#")[2]) for ref in (again, first)]
    assert numbers[0] > numbers[1]


def test_events_say_where_when_and_why(runtime, make_world):
    world = make_world(runtime, make_plan(make_host_plan("alice"), time_zero=7 * SECOND))

    class Reporter(Actor):
        @handles(Note)
        def on_note(self, message):
            self.emit(ServiceReady(message.text, 1))
            self.emit(ServiceReady(message.text, 2), cause="older")

    world.hosts["alice"].start(Reporter, "reporter").ask(Note("monerod"))
    one, two = world.records
    assert (one.participant, one.actor, one.data) == ("alice", "reporter", ServiceReady("monerod", 1))
    assert one.cause.startswith("alice/reporter#")
    assert two.cause == "older"
    assert -7 * SECOND <= one.t < 0


def test_a_subclass_may_write_a_handler_anew(host):
    class Base(Actor):
        @handles(Note)
        def on_note(self, _):
            return "base"

        @handles(Add)
        def on_add(self, message):
            return message.a + message.b

    class Derived(Base):
        def on_note(self, _):
            return "derived"

    derived = host.start(Derived, "derived")
    assert derived.ask(Note("")) == "derived"
    assert derived.ask(Add(1, 2)) == 3


def test_handlers_come_from_all_bases(host):
    class Notes1(Actor):
        @handles(Note)
        def on_note(self, _):
            return "note"

    class Adds(Actor):
        @handles(Add)
        def on_add(self, message):
            return message.a + message.b

    class Both(Notes1, Adds):
        pass

    both = host.start(Both, "both")
    assert both.ask(Note("")) == "note"
    assert both.ask(Add(1, 2)) == 3
    assert Add in Both.messages()
    assert Add not in Notes1.messages()
    assert Note in both.actor_class.messages()


def test_a_behaviour_has_its_configuration(host):
    config = Behaviour.Config()
    assert host.start(Behaviour, "plain", config).proxy().config.get() is config


def test_streams_of_random_numbers_belong_to_actors(runtime, make_world):
    plans = [make_plan(make_host_plan("alice"), make_host_plan("bob"), seed=seed) for seed in (1, 1, 2)]
    drawn = []
    for plan in plans:
        world = make_world(runtime, plan)
        for host in ("alice", "bob"):
            for name in ("one", "two"):
                actor = world.hosts[host].start(Worker, name)
                drawn.append(actor.proxy().rng.get().random())
    first, again, other = drawn[:4], drawn[4:8], drawn[8:]
    assert first == again
    assert len(set(first + other)) == 8
