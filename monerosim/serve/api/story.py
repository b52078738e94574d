"""What pages draw of a run beside its events: its replay, its timeline, and the report of one that has ended."""

from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from monerosim.files import read_regular
from monerosim.report.replay import MOST_NODES, Replay, replay_of
from monerosim.results.report import PAGE
from monerosim.serve.api.runs import chosen, status_of
from monerosim.serve.drawing import DrawingError
from monerosim.serve.operation import Call, Chosen, Operation, Refusal

_POLICY = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'self'"
)
"""A run directory may be a stranger's, its report with it: it is shown as a page of another site, which can neither
read the token nor ask the server. What it may run is for the page's own policy to say."""


class Planned(msgspec.Struct, frozen=True):
    """A command of a scenario's timeline."""

    at: int
    """Microseconds since the scenario's time zero."""
    who: str
    do: str
    actor: str
    arguments: dict[str, Any]


def _replay(call: Call) -> Replay:
    run = chosen(call).run
    try:
        return replay_of(run.plan, run.events_so_far(), MOST_NODES)
    except ValueError as error:
        raise Refusal(HTTPStatus.CONFLICT, str(error)) from error


def _timeline(call: Call) -> list[Planned]:
    plan = chosen(call).run.plan
    planned = [
        Planned(entry.at - plan.time_zero, host.name, entry.do, entry.actor, dict(entry.arguments))
        for host in plan.hosts
        for entry in host.commands
    ]
    return sorted(planned, key=lambda entry: (entry.at, entry.who))


def _report(call: Call) -> Response:
    shown = chosen(call)
    if not status_of(shown).ended:
        raise Refusal(HTTPStatus.CONFLICT, "the run has not ended")
    try:
        page = read_regular(shown.run.directory / PAGE)
    except FileNotFoundError:
        try:
            page = call.site.drawing.report(shown.run.directory)
        except DrawingError as error:
            raise Refusal(HTTPStatus.CONFLICT, str(error)) from error
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": _POLICY})


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/replay",
        summary="When each node of the chosen run had each block and payment so far, and where nodes are drawn.",
        handle=_replay,
        query=Chosen,
        answer=Replay,
    ),
    Operation(
        method="GET",
        path="/api/timeline",
        summary="The commands of the timeline of the chosen run's scenario.",
        handle=_timeline,
        query=Chosen,
        answer=list[Planned],
    ),
    Operation(
        method="GET",
        path="/api/report",
        summary="The page of the report of the chosen run, which has ended.",
        handle=_report,
        query=Chosen,
        media=("text/html",),
    ),
)
