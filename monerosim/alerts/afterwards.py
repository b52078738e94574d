"""Alerts of a run whose events are only known together when it has ended."""

from collections.abc import Callable, Sequence

from monerosim.alerts.watch import INTERVAL, AlertWatch, Heights
from monerosim.events import Record
from monerosim.plan.plan import Plan


def alerts_of(plan: Plan, records: Sequence[Record], end: int, heights: Callable[[], Heights]) -> list[Record]:
    """Return the alerts of a run: those that would have been raised had somebody watched.

    Args:
        plan: The plan.
        records: All events, in the order of time.
        end: When the run ended, microseconds since the scenario's time zero.
        heights: Returns what nodes had; called if there are alerts.
    """
    raised: list[Record] = []
    if not plan.alerts:
        return raised
    watch = AlertWatch(plan, heights(), raised.append)
    at = 0
    for record in records:
        while at < min(record.t, end):
            watch.look(at)
            at += INTERVAL
        watch.take(record)
    while at < end:
        watch.look(at)
        at += INTERVAL
    # What was found when the run ended is told too.
    watch.look(end)
    return raised
