"""What an operation of the API is: its route, its parameters and what it answers, declared once.

Routes and the OpenAPI description are both made of these declarations, so they cannot differ.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Literal, TypeAlias

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from monerosim.serve.site import Site

MAX_BODY = 1024 * 1024
"""Bytes of a request's body."""

Method: TypeAlias = Literal["GET", "POST", "DELETE"]


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No parameters."""


class Chosen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which run is meant."""

    run: str = ""
    """The run's id; the only run, or the newest, if left out."""


class Refusal(Exception):  # noqa: N818  (it is an answer)
    """A request that is answered with an error.

    Args:
        status: The HTTP status.
        text: What is wrong, for people.
    """

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class Problem(msgspec.Struct, frozen=True):
    """Why a request was refused."""

    error: str


class Call(msgspec.Struct, frozen=True):
    """A request that has been understood."""

    site: Site
    path: Mapping[str, str]
    """What stands in the path in place of ``{name}``."""
    query: Any
    body: Any
    streaming: bool
    """Whether the client wants a stream of server-sent events."""
    resume: str
    """The id of the last event that the client has had of such a stream."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of the API."""

    method: Method
    path: str
    summary: str
    handle: Callable[[Call], object]
    """Called in a thread; returns a :class:`Response`, or what is answered as JSON."""
    query: type[msgspec.Struct] = Nothing
    body: type[msgspec.Struct] | None = None
    answer: Any = None
    """The type of the JSON that is answered; None where it is not of one type."""
    media: tuple[str, ...] = ("application/json",)
    needs: Literal["commands", "runs"] | None = None
    """The right that it needs, because it changes something; then it needs the token as well."""

    def route(self, site: Site) -> Route:
        """Return its route in a server."""

        async def endpoint(request: Request) -> Response:
            try:
                return _response(await run_in_threadpool(self.handle, await self._understand(site, request)))
            except Refusal as refusal:
                return refused(refusal.status, str(refusal))

        return Route(self.path, endpoint, methods=[self.method], name=f"{self.method} {self.path}")

    async def _understand(self, site: Site, request: Request) -> Call:
        if self.needs is not None:
            if not site.is_token(request.headers.get("authorization", "")):
                raise Refusal(HTTPStatus.UNAUTHORIZED, "this needs the token that the server printed")
            if not getattr(site.rights, self.needs):
                raise Refusal(HTTPStatus.FORBIDDEN, f"the server was started without --allow-{self.needs}")
        try:
            query = msgspec.convert(dict(request.query_params), self.query, strict=False)
        except msgspec.ValidationError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"the query cannot be understood: {error}") from error
        return Call(
            site=site,
            path=request.path_params,
            query=query,
            body=await _body(request, self.body) if self.body is not None else None,
            streaming="text/event-stream" in request.headers.get("accept", ""),
            resume=request.headers.get("last-event-id", ""),
        )


async def _body(request: Request, kind: type[msgspec.Struct]) -> msgspec.Struct:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a body is application/json")
    data = b""
    try:
        async for part in request.stream():
            data += part
            if len(data) > MAX_BODY:
                raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {MAX_BODY} bytes")
    except ClientDisconnect as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, "the client has gone") from error
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"the body cannot be understood: {error}") from error


def _response(answer: object) -> Response:
    return answer if isinstance(answer, Response) else json_response(answer)


def json_response(answer: object, status: int = HTTPStatus.OK) -> Response:
    """Answer JSON: a structure, or plain data."""
    return Response(msgspec.json.encode(answer, enc_hook=str), status, media_type="application/json")


def refused(status: HTTPStatus, text: str) -> Response:
    """Answer an error."""
    response = json_response(Problem(text), status)
    if status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = "1"
    return response
