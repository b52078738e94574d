"""The scenario's time."""

import time

import pytest

from monerosim.runtime.clock import Clock
from monerosim.runtime.virtual import VirtualRuntime
from monerosim.units import SECOND


def test_time_is_negative_before_the_scenario_begins(virtual):
    clock = Clock(virtual, 90 * SECOND)
    assert (clock.now(), clock.microseconds()) == (-90, -90 * SECOND)
    virtual.run(90 * SECOND)
    assert (clock.now(), clock.microseconds()) == (0, 0)
    clock.sleep(0.25)
    assert (clock.now(), clock.microseconds()) == (0.25, SECOND // 4)


def test_unix_time_of_daemons_is_the_scenarios(virtual, threads):
    assert Clock(threads, 0).of_unix(round(time.time())) == pytest.approx(Clock(threads, 0).microseconds(), abs=SECOND)
    assert Clock(virtual, 90 * SECOND).of_unix(100) == 10 * SECOND
    later = VirtualRuntime(1_000)
    assert Clock(later, 0).of_unix(1_007) == 7 * SECOND
    later.close()


def test_it_sleeps_on_its_runtimes_clock(runtime):
    clock = Clock(runtime, 0)
    before, real = clock.now(), time.perf_counter()
    clock.sleep(0.02)
    assert clock.now() - before >= 0.019
    assert time.perf_counter() - real < 5
