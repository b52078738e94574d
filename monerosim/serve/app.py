"""The server as an application: the API, its description, and the pages."""

from collections.abc import Collection
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from monerosim import report
from monerosim.runs import RunError
from monerosim.serve.api import agents, alerts, charts, control, data, events, prometheus, runs, story, submissions
from monerosim.serve.guard import BURST, RATE, Guard
from monerosim.serve.openapi import describe
from monerosim.serve.operation import Operation, refused
from monerosim.serve.site import Site

_OPERATIONS: tuple[Operation, ...] = (
    *submissions.OPERATIONS,
    *runs.OPERATIONS,
    *events.OPERATIONS,
    *agents.OPERATIONS,
    *control.OPERATIONS,
    *alerts.OPERATIONS,
    *data.OPERATIONS,
    *charts.OPERATIONS,
    *prometheus.OPERATIONS,
    *story.OPERATIONS,
)

OPERATIONS = (
    *_OPERATIONS,
    Operation(
        method="GET",
        path="/openapi.json",
        summary="The description of the API.",
        handle=lambda _: describe(_OPERATIONS),
    ),
)
"""All that the API has."""

PAGES = Path(__file__).parent / "pages"
"""The pages: files that ask the API."""

SHARED = Path(report.__file__).parent / "web"
"""What they share with the page of a report."""


def make_app(
    site: Site, *, names: Collection[str] = (), loopback: bool = True, rate: float = RATE, burst: float = BURST
) -> ASGIApp:
    """Return the application that shows a site.

    Args:
        site: What it shows.
        names: What the server may be called beside ``localhost`` and addresses.
        loopback: Whether it listens on loopback only.
        rate: Requests a second from one address.
        burst: Requests from one address at once.
    """
    routes: list[BaseRoute] = [operation.route(site) for operation in OPERATIONS]
    routes.append(Mount("/shared", StaticFiles(directory=SHARED)))
    routes.append(Mount("/", StaticFiles(directory=PAGES, html=True)))
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refuse, RunError: _fail, OSError: _fail})
    return Guard(app, names=names, loopback=loopback, rate=rate, burst=burst)


async def _refuse(request: Request, error: Exception) -> Response:
    del request
    if not isinstance(error, HTTPException):
        raise error
    response = refused(HTTPStatus(error.status_code), error.detail)
    response.headers.update(error.headers or {})
    return response


async def _fail(request: Request, error: Exception) -> Response:
    """Answer that a run is not as it should be, or is gone."""
    del request
    text = error.strerror or "the run cannot be read" if isinstance(error, OSError) else str(error)
    return refused(HTTPStatus.CONFLICT, text)
