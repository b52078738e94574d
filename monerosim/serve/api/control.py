"""Requests to a run while it is played: to its clock, and what became of all of them."""

from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.responses import Response

from monerosim.control import (
    Answer,
    ControlError,
    Request,
    State,
    await_answer,
    is_controlled,
    read_requests,
    read_state,
    write_request,
)
from monerosim.results.listing import PLAYED, state_of
from monerosim.serve.api.runs import chosen
from monerosim.serve.operation import Call, Chosen, Operation, Refusal, json_response
from monerosim.serve.site import ShownRun

_PATIENCE = 5.0
"""Seconds that a client waits for the answer; afterwards it can ask for it."""

_MOST = 1000
_HIGHEST = 2**31


class Sent(msgspec.Struct, frozen=True):
    """A request to a run."""

    number: int
    request: Request | None
    """None for one that is damaged."""
    answer: Answer | None
    """None as long as there is none."""


class ControlPage(msgspec.Struct, frozen=True):
    """What a run was asked to do."""

    controlled: bool
    """Whether it takes requests."""
    state: State | None
    """How far it is; None if it is not controlled or has not begun."""
    requests: list[Sent]


class ControlQuery(Chosen, frozen=True, kw_only=True):
    """Which requests are wanted."""

    after: Annotated[int, Meta(ge=0, le=_HIGHEST)] = 0
    """The number after which they begin."""


class ClockCommand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command to the run's clock: ``pause``, ``resume``, ``speed``, ``step`` or ``until``."""

    command: str
    arguments: dict[str, Any] = {}


def send(shown: ShownRun, request: Request) -> Response:
    """Send a request to a run and answer what became of it; 202 if nothing has yet.

    Raises:
        Refusal: The run takes none.
    """
    if state_of(shown.run) != PLAYED:
        raise Refusal(HTTPStatus.CONFLICT, "the run is not being played")
    directory = shown.run.directory
    try:
        number = write_request(directory, request)
        answer = await_answer(directory, number, _PATIENCE)
    except ControlError as error:
        raise Refusal(HTTPStatus.CONFLICT, str(error)) from error
    status = HTTPStatus.ACCEPTED if answer is None else HTTPStatus.OK if answer.ok else HTTPStatus.UNPROCESSABLE_ENTITY
    return json_response(Sent(number, request, answer), status)


def _read(call: Call) -> ControlPage:
    directory = chosen(call).run.directory
    requests = []
    try:
        for number, request, answer in read_requests(directory, call.query.after):
            requests.append(Sent(number, request, answer))
            if len(requests) == _MOST:
                break
    except ControlError as error:
        raise Refusal(HTTPStatus.CONFLICT, str(error)) from error
    return ControlPage(is_controlled(directory), read_state(directory), requests)


def _send(call: Call) -> Response:
    return send(chosen(call), Request(call.body.command, arguments=call.body.arguments))


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/control",
        summary="How the chosen run goes on, and what it was asked to do.",
        handle=_read,
        query=ControlQuery,
        answer=ControlPage,
    ),
    Operation(
        method="POST",
        path="/api/control",
        summary="Pause the chosen run, have it go on, play a step or at another speed. 202: not answered yet.",
        handle=_send,
        query=Chosen,
        body=ClockCommand,
        answer=Sent,
        needs="commands",
    ),
)
