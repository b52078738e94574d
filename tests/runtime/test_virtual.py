"""The virtual clock: one fixed order, no real time, and an end that leaves nothing behind."""

import gc
import time
import weakref
from itertools import pairwise

import pykka
import pytest
import tenacity
from hypothesis import given, settings
from hypothesis import strategies as st

from monerosim.runtime.deadlock import DeadlockError
from monerosim.runtime.virtual import VirtualRuntime
from monerosim.units import SECOND


class Napper(pykka.Actor):
    """Sleeps, asks and notes down what it does."""

    def __init__(self, runtime, name="napper", log=None):
        super().__init__()
        self.runtime = runtime
        self.name = name
        self.log = [] if log is None else log

    def __str__(self):
        return self.name

    def nap(self, seconds):
        self.runtime.sleep(seconds)
        self.log.append((self.name, self.runtime.now()))
        return self.runtime.now()

    def ask_other(self, other, *arguments):
        return other.ask(arguments)

    def wait_for(self, future):
        return future.get()

    def ask_within(self, other, timeout, *arguments):
        try:
            return other.ask(arguments, timeout=timeout)
        except pykka.Timeout:
            return "timeout", self.runtime.now()

    def on_receive(self, message):
        method, *arguments = message
        return getattr(self, method)(*arguments)

    def note(self, text):
        self.log.append(text)

    def fail(self):
        raise LookupError("failed")

    def start_another(self):
        self.child = self.runtime.start(Napper, self.runtime, "child")
        return self.child

    def nap_while_the_child_fails(self, seconds):
        self.child.tell(("fail",))
        return self.nap(seconds)

    def ask_while_the_child_fails(self, other):
        self.child.tell(("fail",))
        return other.ask(("nap", 5))

    def interrupt(self):
        raise KeyboardInterrupt("ctrl-c")

    def guarded(self, other, *arguments):
        try:
            return other.ask(arguments)
        finally:
            self.log.append("cleaned up")
            other.ask(("note", "from a finally"))

    def on_stop(self):
        self.log.append("on_stop")


def start(runtime, count=1, log=None):
    actors = [runtime.start(Napper, runtime, f"actor-{number}", log) for number in range(count)]
    return actors if count > 1 else actors[0]


def test_sleeping_takes_no_real_time(virtual):
    begin = time.perf_counter()
    assert start(virtual).ask(("nap", 86_400)) == 86_400 * SECOND
    assert time.perf_counter() - begin < 600


def test_others_go_on_while_one_sleeps(virtual):
    log = []
    one, two = start(virtual, 2, log)
    one.tell(("nap", 10))
    two.tell(("nap", 5))
    one.tell(("nap", 1))
    virtual.run(20 * SECOND)
    assert log == [("actor-1", 5 * SECOND), ("actor-0", 10 * SECOND), ("actor-0", 11 * SECOND)]


def test_run_leaves_the_clock_at_its_end_and_plays_what_is_due_then(virtual):
    log = []
    actor = start(virtual, log=log)
    actor.tell(("nap", 10))
    virtual.run(10 * SECOND - 1)
    assert (virtual.now(), log) == (10 * SECOND - 1, [])
    virtual.run(10 * SECOND)
    assert log == [("actor-0", 10 * SECOND)]
    virtual.run(25 * SECOND)
    assert virtual.now() == 25 * SECOND
    virtual.run(3 * SECOND)
    assert virtual.now() == 25 * SECOND


def test_when_something_is_next_due(virtual):
    assert virtual.next_due() is None
    virtual.call_at(2 * SECOND, lambda: start(virtual, log=[]))
    assert virtual.next_due() == 2 * SECOND
    virtual.run(SECOND)
    assert virtual.next_due() == 2 * SECOND
    virtual.run(2 * SECOND, lambda: virtual.now() == 2 * SECOND)
    assert virtual.next_due() == 2 * SECOND
    virtual.run(2 * SECOND)
    assert virtual.next_due() is None


def test_a_run_that_is_stopped_leaves_the_clock_where_it_is(virtual):
    done = []
    for second in (1, 2, 3):
        virtual.call_at(second * SECOND, lambda second=second: done.append(second))
    assert not virtual.run(10 * SECOND, lambda: len(done) == 2)
    assert (done, virtual.now()) == ([1, 2], 2 * SECOND)
    assert virtual.run(10 * SECOND, lambda: False)
    assert (done, virtual.now()) == ([1, 2, 3], 10 * SECOND)


def test_who_waits_outside_plays_the_run_meanwhile(virtual):
    log = []
    one, two = start(virtual, 2, log)
    two.tell(("nap", 3))
    assert one.ask(("nap", 10)) == 10 * SECOND
    assert log == [("actor-1", 3 * SECOND), ("actor-0", 10 * SECOND)]
    virtual.sleep(5)
    assert virtual.now() == 15 * SECOND


def test_timers_at_the_same_time_run_in_the_order_asked_for(virtual):
    called = []
    for number in range(10):
        virtual.call_at(SECOND, lambda number=number: called.append(number))
    virtual.call_at(SECOND - 1, lambda: called.append("earlier"))
    virtual.run(SECOND)
    assert called == ["earlier", *range(10)]


def test_a_timer_in_the_past_runs_now(virtual):
    virtual.run(SECOND)
    called = []
    virtual.call_at(5, lambda: called.append(virtual.now()))
    virtual.run(SECOND)
    assert called == [SECOND]


def test_a_timer_may_ask_for_another_at_the_same_time(virtual):
    called = []
    virtual.call_at(SECOND, lambda: virtual.call_at(SECOND, lambda: called.append(virtual.now())))
    virtual.run(SECOND)
    assert called == [SECOND]


def test_cancelled_timers_do_not_run(virtual):
    called = []
    first, second = (virtual.call_at(SECOND, lambda number=number: called.append(number)) for number in (1, 2))
    first.cancel()
    virtual.run(SECOND)
    second.cancel()
    assert called == [2]


def test_what_is_told_now_is_done_before_the_clock_moves(virtual):
    log = []
    actor = start(virtual, log=log)
    virtual.call_at(1, lambda: log.append("timer"))
    for number in range(3):
        actor.tell(("note", number))
    virtual.run(1)
    assert log == [0, 1, 2, "timer"]


def test_actors_take_turns_in_the_order_they_became_ready(virtual):
    log = []
    actors = start(virtual, 3, log)
    for number in (2, 0, 1):
        actors[number].tell(("note", number))
    virtual.run(0)
    first = list(log)
    for number in (2, 0, 1):
        actors[number].tell(("note", number))
    virtual.run(0)
    assert first == [0, 1, 2]  # as they were started
    assert log[3:] == [2, 0, 1]  # as they were told


@pytest.mark.parametrize("answer_after", [5, 10, 20])
def test_timeouts_are_exact(virtual, answer_after):
    one, two = start(virtual, 2)
    got = one.ask(("ask_within", two, 10, "nap", answer_after))
    # At the very time of the timeout, what was asked for first wins.
    assert got == (5 * SECOND if answer_after == 5 else ("timeout", 10 * SECOND))
    virtual.run(60 * SECOND)
    assert two.ask(("note", "alive")) is None


def test_two_that_wait_for_one_answer_both_get_it(virtual):
    one, two, three = start(virtual, 3)
    future = three.ask(("nap", 1), block=False)
    waits = [actor.ask(("wait_for", future), block=False) for actor in (one, two)]
    assert [wait.get() for wait in waits] == [SECOND, SECOND]
    assert future.get() == SECOND


def test_a_future_given_no_exception_says_so(virtual):
    future = virtual.future()
    future.set_exception((None, None, None))
    with pytest.raises(RuntimeError, match="exception is missing"):
        future.get()


def test_a_future_that_nobody_can_set_is_a_deadlock(virtual):
    with pytest.raises(DeadlockError, match="the caller waits for nobody"):
        virtual.future().get()


def test_actors_that_wait_for_one_another_are_told_so_while_others_go_on(virtual):
    one, two, three = start(virtual, 3)
    virtual.call_at(60 * SECOND, lambda: None)
    asked = three.ask(("nap", 5), block=False)
    with pytest.raises(DeadlockError, match=r"deadlock: actor-1 waits for actor-0; actor-0 waits for actor-1"):
        one.ask(("ask_other", two, "ask_other", one, "nap", 1))
    assert virtual.now() == 0
    assert asked.get() == 5 * SECOND
    assert [actor.ask(("nap", 1)) for actor in (one, two)] == [6 * SECOND, 7 * SECOND]


def test_an_actor_that_waits_for_itself_is_told_so(virtual):
    actor = start(virtual)
    with pytest.raises(DeadlockError, match=r"deadlock: actor-0 waits for actor-0"):
        actor.ask(("ask_other", actor, "nap", 1))


def test_a_ring_that_a_timeout_ends_is_no_deadlock(virtual):
    one, two = start(virtual, 2)
    assert one.ask(("ask_other", two, "ask_within", one, 10, "nap", 1)) == ("timeout", 10 * SECOND)


def test_after_a_deadlock_the_others_still_answer(virtual):
    one, two = start(virtual, 2)
    one.tell(("wait_for", virtual.future()))
    with pytest.raises(DeadlockError, match="nothing left to happen: actor-0 waits for nobody"):
        virtual.run(SECOND)
    with pytest.raises(DeadlockError, match="the caller waits for actor-0"):
        one.ask(("note", "never"))
    assert two.ask(("nap", 1)) == SECOND


def test_an_answer_after_a_deadlock_does_not_wake_the_next_wait(virtual):
    future = virtual.future()
    with pytest.raises(DeadlockError):
        future.get()
    actor = start(virtual)
    future.set("late")
    assert actor.ask(("nap", 1)) == SECOND
    assert future.get() == "late"


def test_who_gave_up_waiting_is_not_woken_by_a_late_answer(virtual):
    log = []
    one, two = start(virtual, 2, log)
    one.ask(("ask_within", two, 1, "nap", 10))
    one.tell(("nap", 100))
    virtual.run(200 * SECOND)
    assert log == [("actor-1", 10 * SECOND), ("actor-0", 101 * SECOND)]


def test_waiting_for_nothing_at_all_is_no_deadlock(virtual):
    start(virtual, 3)
    virtual.run(SECOND)
    assert virtual.now() == SECOND


def test_an_actors_end_does_not_wake_who_started_it(virtual):
    parent = start(virtual)
    other = virtual.start(Napper, virtual, "other")
    parent.ask(("start_another",))
    assert parent.ask(("nap_while_the_child_fails", 10)) == 10 * SECOND
    parent.ask(("start_another",))
    assert parent.ask(("ask_while_the_child_fails", other)) == 15 * SECOND


def test_thousands_of_actors(virtual):
    log = []
    actors = start(virtual, 3000, log)
    for one, two in pairwise(actors):
        one.tell(("ask_other", two, "nap", 1))
    virtual.run(4000 * SECOND)  # each can nap only when its own ask has been answered
    assert log == [(f"actor-{3000 - number}", number * SECOND) for number in range(1, 3000)]


def test_tenacity_sleeps_on_the_virtual_clock(virtual):
    tries = []

    class Trier(pykka.Actor):
        def go(self):
            @tenacity.retry(
                sleep=virtual.sleep, wait=tenacity.wait_fixed(3600), stop=tenacity.stop_after_attempt(5), reraise=True
            )
            def attempt():
                tries.append(virtual.now())
                raise LookupError("not yet")

            attempt()

    begin = time.perf_counter()
    with pytest.raises(LookupError):
        virtual.start(Trier).proxy().go().get()
    assert tries == [number * 3600 * SECOND for number in range(5)]
    assert time.perf_counter() - begin < 600


def test_closing_ends_actors_in_the_middle_of_anything_and_stops_nobody_else(virtual):
    log = []
    doomed = VirtualRuntime()
    asker, sleeper, idle = start(doomed, 3, log)
    asker.tell(("guarded", sleeper, "nap", 1000))
    doomed.run(SECOND)
    unstarted = doomed.start(Napper, doomed, "unstarted", log)
    bystander = start(virtual)
    doomed.close()
    assert log == ["cleaned up"]
    for actor in (asker, sleeper, idle, unstarted):
        assert not actor.is_alive()
        with pytest.raises(pykka.ActorDeadError):
            actor.tell(("note", "too late"))
    assert bystander.ask(("nap", 1)) == SECOND
    assert not {asker, sleeper, idle, unstarted} & set(pykka.ActorRegistry.get_all())
    doomed.close()


def test_a_closed_runtime_leaves_no_memory_behind():
    class Heavy(Napper):
        pass

    def play():
        runtime = VirtualRuntime()
        one, two = (runtime.start(Heavy, runtime, name) for name in ("one", "two"))
        one.tell(("guarded", two, "nap", 1000))
        runtime.run(SECOND)
        runtime.close()
        return [weakref.ref(thing) for thing in (runtime, one, two)]

    left = play()
    gc.collect()
    assert [thing() for thing in left] == [None] * 3


def test_dropping_a_runtime_stops_nobody(virtual):
    def play():
        runtime = VirtualRuntime()
        one, two = start(runtime, 2)
        one.tell(("ask_other", two, "nap", 1000))
        runtime.run(SECOND)
        return runtime.close

    bystander = start(virtual)
    close = play()
    gc.collect()
    assert bystander.ask(("nap", 1)) == SECOND
    close()


def test_an_interrupt_in_an_actor_reaches_who_runs_it(virtual):
    one, two = start(virtual, 2)
    one.tell(("interrupt",))
    with pytest.raises(KeyboardInterrupt, match="ctrl-c"):
        virtual.run(SECOND)
    assert not one.is_alive()
    assert two.ask(("nap", 1)) == SECOND


def test_an_error_in_a_timers_function_reaches_who_runs_it(virtual):
    virtual.call_at(1, lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        virtual.run(SECOND)
    virtual.run(SECOND)
    assert virtual.now() == SECOND


ACTORS = 4
LEVELS = 3
steps = st.one_of(
    st.tuples(st.just("tell"), st.integers(0, ACTORS - 1)),
    st.tuples(st.just("ask"), st.integers(1, ACTORS - 1)),
    st.tuples(st.just("ask_within"), st.integers(1, ACTORS - 1), st.integers(0, 30)),
    st.tuples(st.just("sleep"), st.integers(0, 20)),
    st.tuples(st.just("timer"), st.integers(0, ACTORS - 1), st.integers(0, 20)),
    st.tuples(st.just("fail")),
)
programs = st.lists(st.lists(steps, max_size=4), min_size=LEVELS, max_size=LEVELS)


class Player(pykka.Actor):
    """Handles a message of a level by the steps of that level, which send messages of the next."""

    def __init__(self, runtime, number, program, trace, actors):
        super().__init__()
        self.runtime, self.number, self.program, self.trace, self.actors = runtime, number, program, trace, actors

    def __str__(self):
        return f"player-{self.number}"

    def write(self, *what):
        self.trace.append((self.runtime.now(), self.number, *what))

    def on_receive(self, level):
        self.write("begin", level)
        for step in self.program[level] if level < LEVELS else ():
            getattr(self, step[0])(level + 1, *step[1:])
        self.write("end", level)
        return level

    def tell(self, level, number):
        if self.actors[number].is_alive():
            self.actors[number].tell(level)

    def ask(self, level, number):
        self.ask_within(level, number, None)

    def ask_within(self, level, number, timeout):
        if number <= self.number:  # nobody asks back, so there is no deadlock
            return
        try:
            self.write("answer", self.actors[number].ask(level, timeout=timeout))
        except (pykka.Timeout, pykka.ActorDeadError, LookupError) as error:
            self.write("error", type(error).__name__)

    def sleep(self, level, seconds):
        del level
        self.runtime.sleep(seconds)

    def timer(self, level, number, seconds):
        self.runtime.call_at(self.runtime.now() + seconds * SECOND, lambda: self.tell(level, number))

    def fail(self, level):
        raise LookupError(level)


def play(program):
    runtime = VirtualRuntime()
    trace, actors = [], []
    actors += [runtime.start(Player, runtime, number, program, trace, actors) for number in range(ACTORS)]
    for actor in actors:
        actor.tell(0)
    runtime.run(10_000 * SECOND)
    alive = [actor.is_alive() for actor in actors]
    runtime.close()
    return trace, alive


@given(programs)
@settings(max_examples=60, deadline=None)
def test_the_same_program_has_the_same_trace(program):
    trace, alive = play(program)
    assert (trace, alive) == play(program)
    assert [entry[0] for entry in trace] == sorted(entry[0] for entry in trace)
    assert sum(entry[2:] == ("begin", 0) for entry in trace) == ACTORS
    for number in range(ACTORS):
        # An actor handles one message at a time, whatever it waits for.
        own = [entry[2] for entry in trace if entry[1] == number and entry[2] in ("begin", "end")]
        assert all(a != b or a == "begin" for a, b in pairwise(own))
        if not any(step[0] == "fail" for level in program for step in level):
            assert own == ["begin", "end"] * (len(own) // 2)
