"""Scenarios that are submitted: checked, queued and played."""

from http import HTTPStatus
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import Response

from monerosim.serve.operation import Call, Operation, Refusal, json_response
from monerosim.serve.queue import Queue, QueueError, Submission
from monerosim.serve.submission import Checked, Limits


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scenario."""

    scenario: Annotated[str, Meta(max_length=Limits().text)]
    """TOML."""


class Submitted(Submission, frozen=True, kw_only=True):
    """A scenario that was submitted, and what there is to say about it."""

    warnings: Checked


def _queue(call: Call) -> Queue:
    if call.site.queue is None:
        raise Refusal(HTTPStatus.FORBIDDEN, "the server was started without --allow-runs")
    return call.site.queue


def _check(call: Call) -> Checked:
    try:
        return _queue(call).check(call.body.scenario)
    except QueueError as error:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error


def _submit(call: Call) -> Response:
    checked = _check(call)
    if not checked.good:
        return json_response(checked, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        submission = _queue(call).submit(call.body.scenario)
    except QueueError as error:
        raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, str(error)) from error
    answer = Submitted(**msgspec.structs.asdict(submission), warnings=checked)
    return json_response(answer, HTTPStatus.ACCEPTED)


def _list(call: Call) -> list[Submission]:
    return _queue(call).all()


def _one(call: Call) -> Submission:
    submission = _queue(call).find(call.path["id"])
    if submission is None:
        raise Refusal(HTTPStatus.NOT_FOUND, f"no such submission: {call.path['id']}")
    return submission


OPERATIONS = (
    Operation(
        method="POST",
        path="/api/check",
        summary="What is wrong with a scenario, with lines.",
        handle=_check,
        body=Scenario,
        answer=Checked,
        needs="runs",
    ),
    Operation(
        method="POST",
        path="/api/runs",
        summary="Submit a scenario: 202 and it is queued, or 422 and what is wrong with it.",
        handle=_submit,
        body=Scenario,
        answer=Submitted,
        needs="runs",
    ),
    Operation(
        method="GET",
        path="/api/submissions",
        summary="What was submitted, and what became of it.",
        handle=_list,
        answer=list[Submission],
    ),
    Operation(
        method="GET",
        path="/api/submissions/{id}",
        summary="A submitted scenario, and what became of it; its run has the same id.",
        handle=_one,
        answer=Submission,
    ),
)
