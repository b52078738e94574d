"""The course of a day: what happens at some hours more often than at others."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from itertools import accumulate

from monerosim.units import SECOND

HOURS = 24
_HOUR = 3600 * SECOND
_DAY = HOURS * _HOUR


class Day:
    """Converts between time and activity, of which each day has as much as microseconds, however it is spread.

    What is drawn evenly in activity happens in time as the hours' weights say, and as often in a whole day.

    Args:
        weights: Of the 24 hours from the scenario's time zero on, none negative and not all 0; none for an even day.
    """

    def __init__(self, weights: Sequence[float] = ()) -> None:
        sums = list(accumulate(weights, initial=0.0))
        self._by_hour = [round(_DAY * (it / sums[-1])) for it in sums] if weights else []
        """The activity up to each hour's beginning, and that of the whole day."""

    def activity(self, time: int) -> int:
        """Return the activity up to a time, both in microseconds from time zero; negative before that."""
        if not self._by_hour:
            return time
        days, rest = divmod(time, _DAY)
        hour, rest = divmod(rest, _HOUR)
        before, after = self._by_hour[hour : hour + 2]
        return days * _DAY + before + (after - before) * rest // _HOUR

    def time(self, activity: int) -> int:
        """Return the first time at which there has been so much activity."""
        if not self._by_hour:
            return activity
        # A whole day's activity is there at its last active moment, and not at the next day's first.
        days, rest = divmod(activity - 1, _DAY)
        hour = bisect_left(self._by_hour, rest + 1) - 1
        before, after = self._by_hour[hour : hour + 2]
        return days * _DAY + hour * _HOUR - (-(rest + 1 - before) * _HOUR // (after - before))


@cache
def day_of(weights: tuple[float, ...]) -> Day:
    """Return the day of such weights, made once."""
    return Day(weights)


def are_weights(weights: Sequence[float]) -> bool:
    """Return whether these are the weights of a day's hours."""
    return len(weights) == HOURS and min(weights) >= 0 and 0 < sum(weights) < float("inf")
