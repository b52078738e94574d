"""Searching for the value of a key at which a measure crosses a target, by bisection with intervals."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from monerosim.ensemble.design import DesignError, Point, interpolate, plain_value
from monerosim.ensemble.executors import Executor
from monerosim.ensemble.measures import Interval
from monerosim.ensemble.player import Progress
from monerosim.ensemble.sweep import Result, Sweep, sweep
from monerosim.scenario.permissions import NOTHING, Permissions


class SearchError(Exception):
    """The search cannot go on; the message is for the user."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A value that was tried."""

    value: str
    interval: Interval
    """Of the measure there."""
    side: int
    """-1 where all of the interval is below the target, 1 above, 0 where chance allows both."""
    failures: tuple[Result, ...]
    """Runs that failed there, which the interval leaves out."""


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """Where a measure crosses its target."""

    low: str
    """The nearest value at which the measure is on the one side for certain (at 95 %) ..."""
    high: str
    """... and on the other."""
    steps: tuple[Step, ...]
    undecided: bool
    """Whether the search ended because between the two chance allows both: more seeds would narrow it."""


def search(  # noqa: PLR0913  (all but two by keyword)
    scenario: Path | str,
    directory: Path | str | None = None,
    *,
    key: str,
    between: str,
    measure: str,
    target: float,
    seeds: Sequence[int] | str = "1..20",
    steps: int = 8,
    changes: Sequence[str] = (),
    executor: Executor | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    permissions: Permissions = NOTHING,
) -> Threshold:
    """Search for the value at which a measure crosses a target.

    Each value is played with all seeds, and the half is kept in which the crossing is, as long as a 95 % interval says
    on which side a value is. Where it does not, two more values are tried, a quarter in from either end, and the search
    ends. It assumes that the measure rises or falls all the way.

    Args:
        scenario: Its file.
        directory: The folder of the runs, as for :func:`sweep`; in the end it is a sweep of all values that were tried.
        key: The key that varies.
        between: ``LOW..HIGH``: two integers, numbers or durations.
        measure: A measure's name.
        target: What it shall cross.
        seeds: As for :func:`sweep`.
        steps: The most values that are tried between the ends.
        changes: ``KEY.PATH=VALUE``, made at every value.
        executor: Where runs are played.
        on_progress: Called after each run.
        permissions: As for :func:`sweep`.

    Raises:
        DesignError: The measure is on the same side, or on neither for certain, at an end.
        SearchError: All runs at a value failed, or none has the measure.
    """
    points: list[Point] = []

    def try_at(share: float) -> Step:
        point = Point({key: interpolate(key, between, share)})
        # What was played before is there already: one design has all that was tried.
        points.extend([] if point in points else [point])
        swept = sweep(
            scenario,
            directory,
            seeds=seeds,
            vary=points,
            changes=changes,
            executor=executor,
            on_progress=on_progress,
            permissions=permissions,
        )
        return _step(swept, point, measure, target)

    first, last = try_at(0.0), try_at(1.0)
    if first.side * last.side >= 0:
        raise DesignError(
            f"{measure} does not cross {target:g} between {plain_value(first.value)} ({_tell(first)}) and "
            f"{plain_value(last.value)} ({_tell(last)})"
        )
    return _bisect(first, last, try_at, steps)


def _bisect(first: Step, last: Step, try_at: Callable[[float], Step], steps: int) -> Threshold:
    """Halve the range between two steps on different sides.

    Args:
        first: The step at 0.
        last: The step at 1.
        try_at: Tries the value at a share of the way between them.
        steps: The most values to try.
    """
    tried, low, high, undecided = {0.0: first, 1.0: last}, 0.0, 1.0, False
    for _ in range(steps):
        share = (low + high) / 2
        step = tried[share] = try_at(share)
        if not step.side:
            undecided = True
            break
        low, high = (share, high) if step.side == first.side else (low, share)
    if undecided:
        middle = (low + high) / 2
        for share in ((low + middle) / 2, (middle + high) / 2):
            step = tried[share] = try_at(share)
            if step.side == first.side:
                low = max(low, share)
            elif step.side == last.side:
                high = min(high, share)
    return Threshold(
        low=tried[low].value,
        high=tried[high].value,
        steps=tuple(tried[share] for share in sorted(tried)),
        undecided=undecided,
    )


def _step(swept: Sweep, point: Point, measure: str, target: float) -> Step:
    (value,) = point.values.values()
    results = [result for result in swept.results() if result.values == point.values]
    failures = tuple(result for result in results if result.status.state == "failed")
    if len(failures) == len(results):
        first = failures[0].status
        raise SearchError(f"all runs at {plain_value(value)} failed: {first.error}\n    {first.command}")
    interval = next((it for where, it in swept.intervals(measure) if where == point), None)
    if interval is None:
        raise SearchError(f"no run at {plain_value(value)} has the measure {measure}")
    side = 1 if interval.low > target else -1 if interval.high < target else 0
    return Step(value=value, interval=interval, side=side, failures=failures)


def _tell(step: Step) -> str:
    return f"{step.interval.low:g} to {step.interval.high:g}"
