"""A run's events: in pages, or as a stream while it is played."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from monerosim.events.feed import Batch, Line, PositionError
from monerosim.results.listing import NOT_PLAYED, PLAYED, state_of
from monerosim.serve.api.runs import chosen
from monerosim.serve.operation import Call, Chosen, Operation, Refusal
from monerosim.serve.site import ShownRun, Site

MOST = 1000
"""Events of a page."""

_MOST_READ = 64
"""Batches that are looked through for a page."""

_LOOK = 0.25
"""Seconds between two looks for new events."""


class EventQuery(Chosen, frozen=True, kw_only=True):
    """Which events are wanted."""

    kind: str = ""
    """Kinds of events, with commas between; ``*`` stands for any part of one; all if left out."""
    participant: str = ""
    """Participants, with commas between, as ``kind``."""
    after: str = ""
    """The id of an event, to go on after it; ``end`` for what is still to come; the beginning if left out."""
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 100
    """How many events at most."""


class EventPage(msgspec.Struct, frozen=True):
    """Some events."""

    events: list[dict[str, Any]]
    """As the event log has them, each with the ``id`` after which one can go on."""
    next: str
    """Where to go on."""
    ended: bool
    """Whether the run has ended, and this was the last page."""


class _Wanted:
    """Which events a request asks for."""

    def __init__(self, query: EventQuery) -> None:
        self._is_kind = _among(query.kind)
        self._is_participant = _among(query.participant)

    def among(self, lines: tuple[Line, ...]) -> Iterator[Line]:
        for line in lines:
            if self._is_kind(line.kind) and self._is_participant(line.participant):
                yield line


def _among(patterns: str) -> Callable[[str], bool]:
    """Return whether a name fits one of some patterns with commas between; each fits if there are none."""
    wanted = [it for it in patterns.split(",") if it]
    if not wanted:
        return lambda _: True
    return lru_cache(maxsize=10_000)(lambda name: any(fnmatchcase(name, it) for it in wanted))


def _events(call: Call) -> EventPage | StreamingResponse:
    shown, query = chosen(call), call.query
    wanted = _Wanted(query)
    position = _start(shown, call.resume if call.streaming and call.resume else query.after)
    if call.streaming:
        first = _read(shown, position)
        return StreamingResponse(_stream(call.site, shown, wanted, position, first), media_type="text/event-stream")
    found: list[dict[str, Any]] = []
    for _ in range(_MOST_READ):
        batch = _read(shown, position)
        for line in wanted.among(batch.lines):
            if len(found) == query.limit:
                return EventPage(found, found[-1]["id"], ended=False)
            found.append({"id": line.position, **msgspec.json.decode(line.text)})
        position = batch.position
        if not batch.more:
            return EventPage(found, position, ended=_has_ended(shown) and not _read(shown, position).lines)
    return EventPage(found, position, ended=False)


def _start(shown: ShownRun, after: str) -> str:
    return shown.feed.end() if after == "end" else after


def _read(shown: ShownRun, position: str) -> Batch:
    try:
        return shown.feed.read(position)
    except PositionError as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from error
    except FileNotFoundError as error:
        raise Refusal(HTTPStatus.NOT_FOUND, "the run is gone") from error


def _has_ended(shown: ShownRun) -> bool:
    return state_of(shown.run) not in {PLAYED, NOT_PLAYED}


async def _stream(site: Site, shown: ShownRun, wanted: _Wanted, position: str, batch: Batch) -> AsyncIterator[bytes]:
    """Send events as they are written, each with its position as its id; at the run's end an event ``end``."""
    yield b"retry: 1000\n\n"
    ending = False
    while not site.ending.is_set():
        parts = [b"id: %b\ndata: %b\n\n" % (line.position.encode(), line.text) for line in wanted.among(batch.lines)]
        if batch.position != position:
            # Without data it is no event, but a browser that comes back begins here.
            parts.append(b"id: %b\n\n" % batch.position.encode())
        yield b"".join(parts) or b": nothing new\n\n"
        position = batch.position
        if ending and not batch.lines and not batch.more:
            yield b"event: end\ndata: {}\n\n"
            return
        if not batch.more:
            # What is written between the last look and the run's end is read once more.
            ending = await run_in_threadpool(_has_ended, shown)
            if not ending:
                await asyncio.sleep(_LOOK)
        try:
            batch = await run_in_threadpool(_read, shown, position)
        except Refusal:
            return


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/events",
        summary="Events of the chosen run, in pages; as server-sent events for those who accept text/event-stream.",
        handle=_events,
        query=EventQuery,
        answer=EventPage,
        media=("application/json", "text/event-stream"),
    ),
)
