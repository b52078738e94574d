"""Searching for a threshold."""

import pytest
from sweeps import BLOCKS, write

from monerosim.ensemble.design import DesignError
from monerosim.ensemble.executors import Here
from monerosim.ensemble.search import search
from monerosim.ensemble.sweep import Sweep

KEY = "participants.alpha.hashrate"


def test_the_range_that_is_left_holds_the_crossing(tmp_path):
    # Of some 20 blocks alpha finds hashrate / (hashrate + 40): half of them at 40.
    found = search(
        write(tmp_path),
        tmp_path / "sweep",
        key=KEY,
        between="5..200",
        measure=BLOCKS,
        target=10.5,
        seeds="1..8",
        steps=4,
        executor=Here(),
    )
    assert int(found.low) < 44
    assert int(found.high) > 36
    assert int(found.high) - int(found.low) < 120
    assert [step.value for step in found.steps] == sorted((step.value for step in found.steps), key=int)
    # The folder is a sweep of all that was tried.
    swept = Sweep(tmp_path / "sweep")
    assert {point.values[KEY]: interval for point, interval in swept.intervals(BLOCKS)} == {
        step.value: step.interval for step in found.steps
    }


def test_a_measure_that_does_not_cross_is_told_with_its_values(tmp_path):
    with pytest.raises(DesignError, match=r"does not cross 1000 between 5 \(.* to .*\) and 200"):
        search(
            write(tmp_path),
            tmp_path / "sweep",
            key=KEY,
            between="5..200",
            measure=BLOCKS,
            target=1000,
            seeds="1..3",
            executor=Here(),
        )
