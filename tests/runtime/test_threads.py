"""The runtime of real engines: timers on one thread."""

import threading
import time

from monerosim.agent.actor import Actor
from monerosim.runtime.threads import ThreadsRuntime
from monerosim.units import SECOND


def test_the_clock_counts_from_the_epoch():
    runtime = ThreadsRuntime(time.time() - 100)
    assert 100 * SECOND <= runtime.now() < 130 * SECOND
    runtime.close()


def test_timers_run_in_the_order_of_their_times_whenever_they_were_asked_for(threads):
    called, done = [], threading.Event()
    now = threads.now()
    for offset in (40_000, 20_000, 30_000, -5, 20_000):
        threads.call_at(now + offset, lambda offset=offset: called.append(offset))
    threads.call_at(now + 50_000, done.set)
    assert done.wait(10)
    assert called == [-5, 20_000, 20_000, 30_000, 40_000]
    assert threads.now() >= now + 50_000


def test_cancelled_timers_do_not_run(threads):
    called, done = [], threading.Event()
    now = threads.now()
    timer = threads.call_at(now + 10_000, lambda: called.append("cancelled"))
    threads.call_at(now + 20_000, done.set)
    timer.cancel()
    assert done.wait(10)
    timer.cancel()
    assert called == []


def test_a_call_that_fails_does_not_end_the_timers(threads):
    done = threading.Event()
    threads.call_at(threads.now(), lambda: 1 // 0)
    threads.call_at(threads.now() + 1000, done.set)
    assert done.wait(10)


def test_periodic_timers_that_are_late_do_not_put_off_the_next(threads, make_world):
    class Ticker(Actor):
        def begin(self):
            self.times = []
            self.every(0.2, self.tick)

        def tick(self):
            self.times.append(self.clock.now())
            if len(self.times) == 5:
                done.set()

    done = threading.Event()
    ticker = make_world(threads).hosts["alice"].start(Ticker, "ticker").proxy()
    threads.call_at(threads.now(), lambda: time.sleep(1.2))
    assert done.wait(60)
    times = ticker.times.get()
    # Those that came due meanwhile are one, and what comes after them keeps to the grid.
    assert times[0] > 1.0
    assert times[4] - times[0] > 0.3


def test_closing_drops_what_is_not_due():
    runtime = ThreadsRuntime()
    called = []
    runtime.call_at(runtime.now() + 3600 * SECOND, lambda: called.append(1))
    before = threading.active_count()
    runtime.close()
    assert called == []
    assert threading.active_count() == before - 1


def test_sleeping_is_on_the_process_clock(threads):
    before = threads.now()
    threads.sleep(0.01)
    assert threads.now() - before >= 9_000
