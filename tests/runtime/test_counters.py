"""Counter-based draws: distributed as they should be, and pinned, since they have to be the same on every machine.

The statistical tests have fixed seeds; a right implementation with another seed would fail one in a thousand.
"""

import numpy as np
import pytest
from scipy import stats

from monerosim.runtime.counters import draw, draws, key, logarithms, poisson_table
from monerosim.runtime.rng import logarithm

ERROR_RATE = 0.001


def test_draws_are_pinned():
    assert key("peers", 7, b"\x00") == 0x981AD098BBEC27FF
    # the first output of splitmix64 seeded with 0, as published with the generator
    assert draw(0x9E3779B97F4A7C15, 0) == 0xE220A8397B1DCDAF


def test_keys_tell_where_one_part_ends_and_the_next_begins():
    assert len({key("ab", "c"), key("a", "bc"), key("abc"), key(b"abc", "")}) == 4


def test_one_draw_equals_its_place_among_many():
    keys = np.array([key("link", index) for index in range(100)], dtype=np.uint64)
    assert draws(key("item"), keys).tolist() == [draw(key("item"), int(one)) for one in keys]


def test_one_logarithm_equals_its_place_among_many():
    drawn = draws(key("x"), np.arange(1, 5000, dtype=np.uint64))
    numbers = np.concatenate([drawn / 2.0**64, drawn.astype(np.float64), [0.5, 1.0, 2.0, 1e-300, 1e300]])
    assert logarithms(numbers).tolist() == [logarithm(one) for one in numbers.tolist()]


def test_draws_are_uniform_over_links_and_over_items():
    links = np.array([key("link", index) for index in range(20_000)], dtype=np.uint64)
    over_links = draws(key("item"), links) / 2.0**64
    over_items = np.array([draw(key("item", index), int(links[0])) for index in range(20_000)]) / 2.0**64
    for drawn in (over_links, over_items):
        assert stats.kstest(drawn, "uniform").pvalue > ERROR_RATE


@pytest.mark.parametrize("mean", [10, 20, 39])
def test_tables_hold_a_poisson_distribution(mean):
    table = poisson_table(mean)
    assert len(table) == 2**16
    counts = np.bincount(table, minlength=100) / 2**16
    assert np.abs(np.cumsum(counts) - stats.poisson.cdf(np.arange(len(counts)), mean)).max() < 2**-16


def test_a_mean_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="between 1 and 100"):
        poisson_table(101)
