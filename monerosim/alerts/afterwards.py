"""Alerts of a run whose events are only known together when it has ended."""

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop

from monerosim.alerts.watch import INTERVAL, AlertWatch
from monerosim.events import BlockSpread, Record
from monerosim.plan.plan import Plan


def alerts_of(plan: Plan, records: Sequence[Record], end: int) -> list[Record]:
    """Return the alerts of a run: those that would have been raised had somebody watched.

    Args:
        plan: The plan.
        records: All events, in the order of time.
        end: When the run ended, microseconds since the scenario's time zero.
    """
    raised: list[Record] = []
    if not plan.alerts:
        return raised
    watch = AlertWatch(plan, _Heights(plan, records), raised.append)
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


class _Heights:
    """The heights of nodes' tips, from when each had each block; of nodes whose times were recorded."""

    def __init__(self, plan: Plan, records: Sequence[Record]) -> None:
        nodes = plan.record.sampled or tuple(host.name for host in plan.hosts if host.node is not None)
        self._coming = [
            (record.data.first + delay, record.data.height, node)
            for record in records
            if isinstance(record.data, BlockSpread)
            for node, delay in zip(nodes, record.data.delays, strict=False)
            if delay >= 0
        ]
        heapify(self._coming)
        self._known = dict.fromkeys(nodes, 0) if self._coming else {}

    def __call__(self, now: int) -> Mapping[str, int]:
        while self._coming and self._coming[0][0] <= now:
            _, height, node = heappop(self._coming)
            self._known[node] = max(self._known[node], height)
        return self._known
