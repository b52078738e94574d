"""Alerts of a run."""

from typing import Any

import msgspec

from monerosim.events import AlertCleared, AlertRaised, event_tag
from monerosim.serve.api.runs import chosen
from monerosim.serve.operation import Call, Chosen, Operation


class AlertState(msgspec.Struct, frozen=True, kw_only=True):
    """An alert of the scenario, and what it has found."""

    name: str
    when: str
    fail_run: bool
    raised: int
    open: list[dict[str, Any]]
    """What it finds at present: the events by which it was told, the oldest first."""


def _list(call: Call) -> list[AlertState]:
    shown = chosen(call)
    noted = shown.counting.now().alerts
    return [
        AlertState(
            name=alert.name,
            when=alert.when,
            fail_run=alert.fail_run,
            raised=sum(it["data"]["event"] == _RAISED for it in noted if it["data"]["alert"] == alert.name),
            open=_open([it for it in noted if it["data"]["alert"] == alert.name]),
        )
        for alert in shown.run.plan.alerts
    ]


def _open(noted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for event in noted:
        key = event["participant"], event["data"]["item"]
        if event["data"]["event"] == _CLEARED:
            found.pop(key, None)
        else:
            found[key] = event
    return list(found.values())


_RAISED, _CLEARED = event_tag(AlertRaised), event_tag(AlertCleared)

OPERATIONS = (
    Operation(
        method="GET",
        path="/api/alerts",
        summary="The alerts of the chosen run, and what they find.",
        handle=_list,
        query=Chosen,
        answer=list[AlertState],
    ),
)
