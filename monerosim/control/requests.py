"""Requests to a run and its answers: ``control/00000001.request.json`` and ``control/00000001.answer.json``.

A request with a participant is a command to that participant's actors; one without is to the run's clock (see
:mod:`monerosim.control.clock`). Requests are numbered from 1 without a gap, and a run takes them in that order.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import msgspec

from monerosim.files import read_regular, replace_file

CONTROL = "control"
"""The folder in a run directory. A run is controlled if it is there when the run begins."""

MAX_REQUEST = 64 * 1024
"""Bytes of a request."""

_MAX_ANSWER = 1024 * 1024
_Kind = TypeVar("_Kind")
_LOOK = 0.05
"""Seconds between two looks for an answer."""


class ControlError(Exception):
    """A request cannot be made or understood; the message is for the user."""


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a run is asked to do."""

    command: str
    participant: str = ""
    """Whose actors carry it out; empty for commands to the run's clock."""
    actor: str = ""
    """One behaviour's name; all of the participant's that understand the command, if left out."""
    arguments: dict[str, Any] = {}


class Answer(msgspec.Struct, frozen=True):
    """What became of a request."""

    ok: bool
    text: str
    """What was done, or why not."""
    at: int
    """When, microseconds since the scenario's time zero."""
    answers: dict[str, dict[str, Any]] = {}
    """What behaviours answered (a payment's transaction, for instance), by participant and behaviour."""


def is_controlled(run: Path) -> bool:
    """Return whether a run takes requests."""
    return (run / CONTROL).is_dir()


def open_control(run: Path) -> None:
    """Have a run directory that has not been played take requests.

    Raises:
        OSError: It cannot be written.
    """
    (run / CONTROL).mkdir(exist_ok=True)


def write_request(run: Path, request: Request) -> int:
    """Write a request into a run directory, whole or not at all.

    Returns:
        Its number, by which its answer is known.

    Raises:
        ControlError: The run is not controlled, or the request is too large.
        OSError: It cannot be written.
    """
    if not is_controlled(run):
        raise ControlError(f"{run} takes no requests: it was started without --control")
    data = msgspec.json.encode(request)
    if len(data) > MAX_REQUEST:
        raise ControlError(f"a request of {len(data)} bytes, more than {MAX_REQUEST}")
    fresh = run / CONTROL / f".{uuid4().hex}"
    try:
        fresh.write_bytes(data)
        number = max(_numbers(run), default=0) + 1
        while True:
            # A link, unlike a renamed file, never replaces what another writer has put there.
            with suppress(FileExistsError):
                os.link(fresh, request_path(run, number))
                return number
            number += 1
    finally:
        fresh.unlink(missing_ok=True)


def read_request(run: Path, number: int) -> Request | None:
    """Read a request; None if there is none of this number yet.

    Raises:
        ControlError: It is damaged.
    """
    try:
        return _decode(request_path(run, number), MAX_REQUEST, Request)
    except FileNotFoundError:
        return None


def read_requests(run: Path, after: int = 0) -> Iterator[tuple[int, Request | None, Answer | None]]:
    """Read the requests after a number, in order, with the answers that there are; None stands for a damaged one."""
    for number in sorted(_numbers(run)):
        if number > after:
            request = None
            with suppress(ControlError):
                request = read_request(run, number)
            yield number, request, read_answer(run, number)


class RequestReader:
    """Reads the requests of a run, each once, in their order.

    Args:
        run: The run directory.
        now: Returns microseconds since the scenario's time zero, for answers.

    Attributes:
        taken: The number of the last one that was read.
    """

    def __init__(self, run: Path, now: Callable[[], int]) -> None:
        self._run = run
        self._now = now
        self.taken = 0

    def __iter__(self) -> Iterator[tuple[int, Request]]:
        """Return the requests that have come since; a damaged one is answered."""
        while True:
            number = self.taken + 1
            try:
                request = read_request(self._run, number)
            except ControlError as error:
                self.taken = number
                self.answer(number, str(error), ok=False)
                continue
            if request is None:
                return
            self.taken = number
            yield number, request

    def answer(self, number: int, text: str, *, ok: bool = True) -> None:
        """Answer a request.

        Raises:
            OSError: It cannot be written.
        """
        write_answer(self._run, number, Answer(ok, text, self._now()))


def write_answer(run: Path, number: int, answer: Answer) -> None:
    """Answer a request.

    Raises:
        OSError: It cannot be written.
    """
    replace_file(_answer_path(run, number), msgspec.json.encode(answer))


def read_answer(run: Path, number: int) -> Answer | None:
    """Read the answer to a request; None as long as there is none.

    Raises:
        ControlError: It is damaged.
    """
    try:
        return _decode(_answer_path(run, number), _MAX_ANSWER, Answer)
    except FileNotFoundError:
        return None


def await_answer(run: Path, number: int, timeout: float) -> Answer | None:
    """Wait for the answer to a request.

    Args:
        run: The run directory.
        number: The request's number.
        timeout: Seconds of real time until None is returned.

    Raises:
        ControlError: It is damaged.
    """
    end = time.monotonic() + timeout
    while (answer := read_answer(run, number)) is None and time.monotonic() < end:
        time.sleep(_LOOK)
    return answer


def request_path(run: Path, number: int) -> Path:
    """Return the file of a request."""
    return run / CONTROL / f"{number:08d}.request.json"


def _answer_path(run: Path, number: int) -> Path:
    return run / CONTROL / f"{number:08d}.answer.json"


def _numbers(run: Path) -> Iterator[int]:
    for path in (run / CONTROL).glob("*.request.json"):
        number = path.name.partition(".")[0]
        if number.isdecimal():
            yield int(number)


def _decode(path: Path, most: int, kind: type[_Kind]) -> _Kind:
    data = read_regular(path, most + 1)
    if len(data) > most:
        raise ControlError(f"{path.name} has more than {most} bytes")
    try:
        return msgspec.json.decode(data, type=kind)
    except (ValueError, RecursionError) as error:
        raise ControlError(f"{path.name}: {error}") from error
