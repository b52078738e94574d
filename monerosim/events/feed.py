"""A run's events as they are written, read from any position on, while it is played and afterwards.

A position is text that a reader keeps and comes back with, to another process as well: nothing is lost and nothing
comes twice. Of a run with one log (``events.jsonl``) it is a number of bytes. Agents beside real programs have a log
each until the run has ended; there it names the bytes of each log that has been read.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from pathlib import Path

import msgspec

from monerosim.events.log import EVENTS
from monerosim.files import open_regular

ENGINE_EVENTS = "engine.jsonl"
"""What an engine with real programs itself has to tell, beside the agents."""

ALERTS_SO_FAR = "alerts.jsonl"
"""Alerts of such a run that were found while it was played; its one log has those that are found at its end."""

_CHUNK = 256 * 1024
_LONGEST_LINE = 64 * 1024 * 1024
_TEXT = rb'"((?:[^"\\]|\\.)*)"'
_LINE = re.compile(
    rb'\{"t":(-?\d+),"participant":%(text)s,"actor":%(text)s,"cause":%(text)s,"data":\{"event":%(text)s'
    % {b"text": _TEXT}
)
_PARTS = re.compile(r"parts(?::\d+=\d+(?:,\d+=\d+)*)?")
_MOST_DIGITS = 18


class PositionError(ValueError):
    """A position is none of this run's."""


class Line(msgspec.Struct, frozen=True):
    """An event as a line of JSON, without its end."""

    position: str
    """The position after it."""
    text: bytes
    t: int
    participant: str
    kind: str


class Batch(msgspec.Struct, frozen=True):
    """Some events, one after the other."""

    lines: tuple[Line, ...]
    position: str
    """The position after them."""
    more: bool
    """Whether there was more to read at once."""


class Feed:
    """Reads the events of a run.

    Args:
        run: The run directory.
        hosts: The names of its participants, in the plan's order.
    """

    def __init__(self, run: Path, hosts: Sequence[str]) -> None:
        self._whole = run / EVENTS
        agents = (run / "hosts" / host / EVENTS for host in hosts)
        self._parts = [*agents, run / ENGINE_EVENTS, run / ALERTS_SO_FAR]

    def end(self) -> str:
        """Return the position after all that has been written so far."""
        if self._whole.is_file():
            return str(_whole_lines(self._whole))
        return _parts_text({index: _whole_lines(part) for index, part in enumerate(self._parts) if part.is_file()})

    def put_together(self, position: str) -> bool:
        """Return whether a position is one of several logs, which have been put together since.

        The one log that there is now has more than they had: what daemons logged, and alerts.
        """
        return position.startswith("parts") and self._whole.is_file()

    def read(self, position: str = "", most: int = _CHUNK) -> Batch:
        """Read events.

        Args:
            position: Where to go on; empty for the beginning.
            most: How many bytes are read at once, about, of each log.

        Raises:
            PositionError: The position is none of this run's.
            OSError: The run cannot be read.
        """
        if _PARTS.fullmatch(position):
            return self._read_parts(position, most)
        if position and not (position.isascii() and position.isdecimal() and len(position) <= _MOST_DIGITS):
            raise PositionError(f"{position[:40]!r} is no position of an event")
        if not self._whole.is_file():
            if position not in {"", "0"}:
                raise PositionError(f"{position} is no position of this run")
            return self._read_parts("", most) if any(part.is_file() for part in self._parts) else Batch((), "", False)
        start = int(position or "0")
        data = _read_lines(self._whole, start, most)
        lines = tuple(_lines(data, start, str))
        end = start + len(data)
        return Batch(lines, str(end), end < self._whole.stat().st_size and bool(data))

    def _read_parts(self, position: str, most: int) -> Batch:
        offsets = dict(_parts_of(position))
        if any(index >= len(self._parts) for index in offsets):
            raise PositionError(f"{position[:40]!r} is no position of this run")
        found, more = [], False
        for index, part in enumerate(self._parts):
            start = offsets.get(index, 0)
            data = b""
            try:
                data = _read_lines(part, start, most)
                more = more or (bool(data) and start + len(data) < part.stat().st_size)
            except FileNotFoundError:
                if start:
                    raise PositionError(f"{position[:40]!r} is no position of this run") from None
            found.append([(line.t, index, line) for line in _lines(data, start, f"{index}={{}}".format)])
        lines = []
        for _, index, line in merge(*found, key=lambda one: one[:2]):
            offsets[index] = int(line.position.partition("=")[2])
            lines.append(msgspec.structs.replace(line, position=_parts_text(offsets)))
        return Batch(tuple(lines), _parts_text(offsets), more)


def _parts_of(position: str) -> Iterator[tuple[int, int]]:
    for part in filter(None, position.partition(":")[2].split(",")):
        index, _, offset = part.partition("=")
        if max(len(index), len(offset)) > _MOST_DIGITS:
            raise PositionError(f"{position[:40]!r} is no position of an event")
        yield int(index), int(offset)


def _parts_text(offsets: dict[int, int]) -> str:
    told = ",".join(f"{index}={offset}" for index, offset in sorted(offsets.items()) if offset)
    return f"parts:{told}" if told else "parts"


def _whole_lines(path: Path) -> int:
    """Return how many bytes of whole lines a log has."""
    with open_regular(path) as file:
        size = file.seek(0, os.SEEK_END)
        start = size
        while start:
            start = max(0, start - _CHUNK)
            file.seek(start)
            found = file.read(min(_CHUNK, size - start)).rfind(b"\n")
            if found >= 0:
                return start + found + 1
    return 0


def _read_lines(path: Path, start: int, most: int) -> bytes:
    """Read whole lines from a number of bytes on, at least one if there is one."""
    with open_regular(path) as file:
        if start > file.seek(0, os.SEEK_END):
            raise PositionError(f"{start} is beyond the end of {path.name}")
        if start:
            file.seek(start - 1)
            if file.read(1) != b"\n":
                raise PositionError(f"no event ends at {start}")
        file.seek(start)
        while True:
            data = file.read(most)
            if (end := data.rfind(b"\n") + 1) or len(data) < most or most >= _LONGEST_LINE:
                return data[:end]
            most *= 4
            file.seek(start)


def _lines(data: bytes, start: int, position: Callable[[int], str]) -> Iterator[Line]:
    """Return the events of whole lines; a line that is none is left out, as reading the run reports it."""
    for text in data.split(b"\n")[:-1]:
        start += len(text) + 1
        found = _LINE.match(text)
        if found:
            yield Line(position(start), text, int(found[1]), _text(found[2]), _text(found[5]))


def _text(raw: bytes) -> str:
    return msgspec.json.decode(b'"%b"' % raw, type=str) if b"\\" in raw else raw.decode()
