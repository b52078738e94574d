"""The difficulty, by monerod's own test data (tests/difficulty/data.txt of v0.18.0.0) and a second implementation."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monerosim.monero.difficulty import BLOCKS, MAINNET, earliest_timestamp, next_difficulty

DATA = Path(__file__).with_name("difficulty-data.txt")


def test_monerods_own_data():
    times, work, total = [], [], 0
    for line in DATA.read_text().splitlines():
        time, difficulty = map(int, line.split())
        assert next_difficulty(times[-BLOCKS:], work[-BLOCKS:]) == difficulty
        total += difficulty
        times.append(time)
        work.append(total)
    assert len(times) == 1000


def plainly(times, difficulties, target):
    """Return the difficulty, written down after the description: of the 735 last blocks the first 720, the sixty
    earliest and the sixty latest left out, work over time."""
    times, difficulties = times[-735:][:720], difficulties[-735:][:720]
    if len(times) < 2:
        return 1
    numbered = sorted(times)
    surplus = max(len(times) - 600, 0)
    early, late = surplus - surplus // 2, surplus // 2
    kept = numbered[early : len(times) - late]
    work = sum(difficulties[early + 1 : len(times) - late])
    span = max(kept[-1] - kept[0], 1)
    return work * target // span + (1 if work * target % span else 0)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 900), st.integers(1, 10**6), st.sampled_from([1, 60, 120]), st.randoms(use_true_random=False))
def test_a_second_implementation_agrees(count, scale, target, random):
    times, difficulties, now = [], [], 10**9
    for _ in range(count):
        now += random.randint(-60, 300)
        times.append(now)
        difficulties.append(random.randint(1, scale))
    work = [sum(difficulties[: place + 1]) for place in range(count)]
    assert next_difficulty(times[-BLOCKS:], work[-BLOCKS:], target) == plainly(times, difficulties, target)


def test_a_steady_chain_keeps_its_difficulty():
    times = [120 * place for place in range(BLOCKS)]
    work = [MAINNET * place for place in range(BLOCKS)]
    assert next_difficulty(times, work) == MAINNET
    assert next_difficulty([2 * time for time in times], work) == -(-MAINNET // 2)
    assert next_difficulty([0] * BLOCKS, work) == MAINNET * 599 * 120


def test_mainnets_difficulty_is_what_two_gigahashes_and_more_give():
    assert 2e9 < MAINNET / 120 < 3e9


@pytest.mark.parametrize(("count", "least"), [(0, 0), (59, 0), (60, 129), (61, 130)])
def test_the_least_timestamp_is_the_median_of_sixty_and_none_before(count, least):
    # The mean of the two in the middle, rounded down.
    assert earliest_timestamp([100 + place for place in range(count)][-60:]) == least
