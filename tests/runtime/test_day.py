"""Time and activity: what each hour has of a day, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monerosim.runtime.day import HOURS, Day, are_weights
from monerosim.units import SECOND

HOUR = 3600 * SECOND
DAY = HOURS * HOUR
WEIGHTS = [0] * 6 + [1] * 12 + [3] * 4 + [0] * 2


def test_an_hour_has_what_its_weight_is_of_all():
    day = Day(WEIGHTS)
    by_hour = [day.activity((hour + 1) * HOUR) - day.activity(hour * HOUR) for hour in range(HOURS)]
    assert by_hour == [HOUR * weight for weight in WEIGHTS]
    assert day.activity(19 * HOUR) - day.activity(18 * HOUR + HOUR // 2) == 3 * HOUR // 2


def test_days_are_all_the_same_before_time_zero_too():
    day = Day(WEIGHTS)
    assert [day.activity(it * DAY) for it in (-2, 0, 5)] == [-2 * DAY, 0, 5 * DAY]
    assert day.activity(7 * HOUR - DAY) == day.activity(7 * HOUR) - DAY


def test_what_would_be_in_idle_hours_is_at_the_end_of_the_active_ones():
    assert Day(WEIGHTS).time(DAY) == 22 * HOUR
    assert Day(WEIGHTS).time(0) == 22 * HOUR - DAY


def test_an_even_day_changes_nothing():
    assert [Day().time(it) for it in (-5, 0, DAY)] == [Day().activity(it) for it in (-5, 0, DAY)] == [-5, 0, DAY]


@given(st.lists(st.floats(0, 1000), min_size=HOURS, max_size=HOURS).filter(lambda it: sum(it) > 1), st.integers())
def test_there_is_so_much_activity_then_and_not_before(weights, activity):
    day = Day(weights)
    time = day.time(activity)
    assert day.activity(time) >= activity > day.activity(time - 1)


@pytest.mark.parametrize("weights", [[1.0] * 23, [0.0] * 24, [1.0] * 23 + [-1.0], [float("inf")] * 24, []])
def test_weights_that_are_none(weights):
    assert not are_weights(weights)
