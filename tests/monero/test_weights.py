"""Block weights, medians and the penalty, as in monerod's own tests and sources."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monerosim.monero.weights import effective_median, long_term_weight, median, penalised

REWARD = 35_184_372_088_831


def test_the_median_of_an_even_number_is_the_mean_of_the_middle():
    assert [median(values) for values in ([], [5], [1, 4], [9, 1, 4], [1, 2, 3, 10])] == [0, 5, 2, 4, 2]


def test_a_block_up_to_the_median_pays_all_and_at_twice_the_median_nothing():
    assert penalised(REWARD, 300_000, 300_000) == REWARD
    assert penalised(REWARD, 600_000, 300_000) == 0
    with pytest.raises(ValueError, match="above the limit"):
        penalised(REWARD, 600_001, 300_000)


@given(st.integers(0, 2**63), st.integers(300_000, 10**8), st.integers(0, 10**8))
def test_the_penalty_is_the_square_of_the_excess(reward, zone, excess):
    excess %= zone + 1
    exact = reward * (1 - Fraction(excess, zone) ** 2)
    assert 0 <= exact - penalised(reward, zone + excess, zone) < 2


@given(st.integers(0, 10**9), st.integers(300_000, 10**8))
def test_a_long_term_weight_stays_within_a_factor_of_1_7(weight, zone):
    counted = long_term_weight(weight, zone)
    assert zone * 10 // 17 <= counted <= zone + zone * 7 // 10
    assert counted == weight or weight in (min(weight, zone * 10 // 17), max(weight, zone + zone * 7 // 10))


def test_the_effective_median_surges_to_fifty_times_the_long_term_one():
    assert effective_median(300_000, 100) == 300_000
    assert effective_median(300_000, 700_000) == 700_000
    assert effective_median(300_000, 10**9) == 15_000_000
