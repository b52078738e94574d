"""Numbers of runs, and what many say together."""

import math

import numpy as np
import pytest

from monerosim.ensemble.measures import interval_of


def test_an_interval_covers_the_mean_in_95_of_100_cases():
    rng = np.random.Generator(np.random.PCG64(1))
    covered = sum(
        found.low <= 3 <= found.high for found in (interval_of(list(rng.normal(3, 2, 5))) for _ in range(2000))
    )
    # 95 % of 2,000 are 1,900 with a standard deviation of 9.7: a right one fails in one of 16,000 times.
    assert 1861 <= covered <= 1939


def test_of_one_value_there_is_no_interval():
    found = interval_of([4])
    assert (found.n, found.median, found.mean) == (1, 4, 4)
    assert math.isinf(found.low)
    assert math.isinf(found.high)


def test_of_equal_values_it_is_the_value():
    found = interval_of([2, 2, 2])
    assert (found.low, found.high, found.half_width) == pytest.approx((2, 2, 0))
