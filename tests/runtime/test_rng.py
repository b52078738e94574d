"""Random numbers: their distributions (fixed seeds, so a test that passes once passes always) and their streams.

With a significance of one in a thousand, one seed in a thousand would fail a test of a right distribution.
"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monerosim.runtime.rng import Rng, power_of_e, stable_seed

SIGNIFICANCE = 0.001
DRAWS = 5000
PINNED = [17817523862906831630, 8885238987528348696, 9523843951405948789]
PINNED_DRAWS = [0.13436424411240122, 3.6948674738744653, 763774618977, "c"]
PINNED_CHOICES = [6, "c"]
PINNED_TAILS = [0.840166034615641, 12.94684419991991, 2.580197967558741]


@pytest.fixture(params=[1, 2, 3])
def rng(request):
    return Rng(stable_seed("test", request.param))


def even(counts, expected=None):
    return stats.chisquare(counts, expected).pvalue > SIGNIFICANCE


def test_stable_seeds_are_pinned():
    """A change of these changes the result of every simulation ever made."""
    assert stable_seed(12345, "user-001", "regular-user") == PINNED[0]
    assert stable_seed(12345, "user-001", "regular-user", "decisions") == PINNED[1]
    assert stable_seed(0) == PINNED[2]


def test_draws_are_pinned():
    rng = Rng(1)
    assert [rng.random(), rng.uniform(2, 4), rng.integer(1, 10**12), rng.choice("abcdef")] == PINNED_DRAWS
    assert [rng.geometric(0.1), rng.weighted("abc", (1, 2, 3))] == PINNED_CHOICES


def test_draws_of_tails_are_pinned():
    rng = Rng(1)
    assert [rng.normal(), rng.log_normal(60, 1.5), rng.pareto(1, 100, 1.1)] == PINNED_TAILS


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x1f"), max_size=5), min_size=2, max_size=4))
def test_what_identifies_a_stream_is_not_run_together(parts):
    joined = ["".join(parts[:2]), *parts[2:]]
    assert stable_seed(*parts) != stable_seed(*joined)
    assert 0 <= stable_seed(*parts) < 2**64


def test_streams_do_not_depend_on_each_other():
    one, two = Rng(stable_seed(1, "a")), Rng(stable_seed(1, "b"))
    pairs = [(one.random(), two.random()) for _ in range(DRAWS)]
    table = [[0] * 4 for _ in range(4)]
    for x, y in pairs:
        table[int(4 * x)][int(4 * y)] += 1
    assert stats.chi2_contingency(table).pvalue > SIGNIFICANCE
    again = Rng(stable_seed(1, "a"))
    assert [again.random() for _ in range(DRAWS)] == [x for x, _ in pairs]


def test_uniform(rng):
    draws = [rng.uniform(-3, 5) for _ in range(DRAWS)]
    assert stats.kstest(draws, stats.uniform(-3, 8).cdf).pvalue > SIGNIFICANCE


def test_exponential(rng):
    draws = [rng.exponential(120) for _ in range(DRAWS)]
    assert stats.kstest(draws, stats.expon(scale=120).cdf).pvalue > SIGNIFICANCE
    assert min(draws) >= 0


def test_normal(rng):
    assert stats.kstest([rng.normal() for _ in range(DRAWS)], "norm").pvalue > SIGNIFICANCE


@pytest.mark.parametrize("sigma", [0.3, 2])
def test_log_normal(rng, sigma):
    median = 120 / math.exp(sigma**2 / 2)
    draws = [rng.log_normal(120, sigma) for _ in range(DRAWS)]
    assert stats.kstest(draws, stats.lognorm(sigma, scale=median).cdf).pvalue > SIGNIFICANCE


@pytest.mark.parametrize(("high", "tail"), [(20, 0.7), (1e6, 3)])
def test_pareto(rng, high, tail):
    draws = [rng.pareto(2, high, tail) for _ in range(DRAWS)]
    assert stats.kstest(draws, stats.truncpareto(tail, high / 2, scale=2).cdf).pvalue > SIGNIFICANCE


@given(st.floats(-200, 200))
def test_power_of_e_is_that_of_the_c_library(x):
    assert power_of_e(x) == pytest.approx(math.exp(x), rel=1e-13)


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_geometric(rng, probability):
    draws = [rng.geometric(probability) for _ in range(DRAWS)]
    cells = 1
    while DRAWS * (1 - probability) ** cells > 20:
        cells += 1
    counts = [sum(draw == cell for draw in draws) for cell in range(1, cells)]
    expected = [DRAWS * stats.geom.pmf(cell, probability) for cell in range(1, cells)]
    assert even([*counts, DRAWS - sum(counts)], [*expected, DRAWS - sum(expected)])


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 3), (1, 10)])
def test_integers_are_even_and_their_bounds_included(rng, low, high):
    draws = [rng.integer(low, high) for _ in range(DRAWS)]
    assert set(draws) == set(range(low, high + 1))
    assert even([draws.count(value) for value in range(low, high + 1)])


def test_integers_of_amounts_are_even(rng):
    low, high = 10**11, 2 * 10**12
    draws = [rng.integer(low, high) for _ in range(DRAWS)]
    assert stats.kstest(draws, stats.uniform(low, high - low).cdf).pvalue > SIGNIFICANCE
    assert even([sum(draw % 10 == digit for draw in draws) for digit in range(10)])


@given(st.integers(0, 2**64), st.integers(-(2**105), 2**105), st.integers(0, 2**105))
def test_integers_are_within_their_bounds(seed, low, size):
    assert low <= Rng(seed).integer(low, low + size) <= low + size


def test_choice(rng):
    draws = [rng.choice("abcde") for _ in range(DRAWS)]
    assert even([draws.count(letter) for letter in "abcde"])
    with pytest.raises(IndexError):
        rng.choice("")


def test_weighted(rng):
    weights = (40, 30, 20.5, 9.5)
    draws = [rng.weighted("abcd", weights) for _ in range(DRAWS)]
    assert even([draws.count(letter) for letter in "abcd"], [DRAWS * weight / 100 for weight in weights])


def test_what_weighs_nothing_is_never_chosen(rng):
    assert {rng.weighted("abcd", (0, 1, -1, 0)) for _ in range(200)} == {"b"}


@pytest.mark.parametrize("weights", [(), (0, 0), (-1, 0)])
def test_nothing_to_choose_from(rng, weights):
    with pytest.raises(IndexError, match="nothing to choose"):
        rng.weighted("ab"[: len(weights)], weights)


def test_as_many_weights_as_items(rng):
    with pytest.raises(ValueError, match="zip"):
        rng.weighted("abc", (0, 0))


@given(st.integers(0, 2**64), st.lists(st.floats(0, 1e12), min_size=1, max_size=6).filter(any))
def test_weighted_chooses_something_that_weighs(seed, weights):
    chosen = Rng(seed).weighted(range(len(weights)), weights)
    assert weights[chosen] > 0


@given(st.integers(0, 2**64), st.floats(1e-300, 1))
def test_geometric_is_at_least_one(seed, probability):
    assert Rng(seed).geometric(probability) >= 1


def test_geometric_of_certainty_draws_nothing():
    rng, other = Rng(5), Rng(5)
    assert rng.geometric(1) == 1
    assert rng.random() == other.random()


@pytest.mark.parametrize("probability", [0, -0.1, 1.1, math.nan])
def test_geometric_wants_a_probability(rng, probability):
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        rng.geometric(probability)
