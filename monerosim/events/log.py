"""Event logs: files of JSON lines.

Each line has ``t`` (microseconds since the scenario's time zero), ``participant``, ``actor``, ``cause`` and the event
itself (``event``, its kind, with its fields). Lines are written whole or not at all, so a reader meets at most one torn
line, at the end of a run that was killed.
"""

import io
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from monerosim.events.blocks import BlockSpread
from monerosim.events.payments import TransactionSpread
from monerosim.events.record import Record, RecordReader
from monerosim.files import AppendedFile, open_regular, read_regular

EVENTS = "events.jsonl"
"""A run's event log in its directory; agents beside real daemons have one each in their hosts' directories."""

_FLUSH = 256 * 1024
_T = TypeVar("_T")


class CorruptedLineError(ValueError):
    """A whole line of a file is not what its lines are.

    Attributes:
        line: Its number, from 1.
        reason: What is wrong with it.
    """

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}, line {line}: {reason}")
        self.line = line
        self.reason = reason


class EventLog:
    """Appends events to a file.

    Args:
        path: The file; it is made new.
    """

    def __init__(self, path: Path) -> None:
        self._file = AppendedFile(path, fresh=True)
        self._buffer = io.BytesIO()

    def append(self, record: Record) -> None:
        """Write one event; it reaches the file with a later one, or by :meth:`flush`."""
        self._buffer.write(record.line)
        if self._buffer.tell() >= _FLUSH:
            # Whoever has an event is in the midst of something, which is to be whole: if the disk is full, that is for
            # who flushes.
            with suppress(OSError):
                self.flush()

    def flush(self) -> None:
        """Bring everything to the file.

        Raises:
            OSError: It cannot be written; what is left over comes with the next flush.
        """
        if self._buffer.tell():
            self._file.append(self._buffer.getvalue())
            self._buffer = io.BytesIO()

    def close(self) -> None:
        """Flush and close."""
        try:
            self.flush()
        finally:
            self._file.close()


def _refuse(error: CorruptedLineError) -> Any:
    raise error


def read_lines(
    path: Path,
    decode: Callable[[bytes], _T],
    *,
    damaged: Callable[[CorruptedLineError], _T] = _refuse,
    at_once: bool = False,
) -> Iterator[_T]:
    """Read a file of JSON lines; a torn last line is left out.

    Args:
        path: The file.
        decode: Reads one of them; raises a ValueError if it is damaged.
        damaged: Returns what stands for a damaged line; if left out, it is raised.
        at_once: Whether the whole file is read at the first line, so that it is not kept open.

    Raises:
        CorruptedLineError: While reading: a whole line is not what it should be.
        OSError: While reading: it cannot be read, or is no regular file.
    """
    with io.BytesIO(read_regular(path)) if at_once else open_regular(path) as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield decode(line)
            except (ValueError, RecursionError) as error:
                yield damaged(CorruptedLineError(path, number, str(error)))


_TEXT = rb'"(?:[^"\\]|\\.)*"'
_KIND = re.compile(
    rb'\{"t":-?\d+,"participant":%b,"actor":%b,"cause":%b,"data":\{"event":"([^"\\]*)"' % (_TEXT, _TEXT, _TEXT)
)
"""How lines begin, up to what the event is called."""


def read_events(path: Path, *, without: frozenset[str] = frozenset()) -> Iterator[Record]:
    """Read an event log; a torn last line is left out, and events of unknown kinds are :class:`UnknownEvent`.

    Args:
        path: The file.
        without: What events are called that are passed over, unread.

    Raises:
        CorruptedLineError: A whole line is no event.
    """
    read, passed_over = RecordReader().read, {tag.encode() for tag in without}
    if not passed_over:
        return read_lines(path, read)

    def read_or_not(line: bytes) -> Record | None:
        kind = _KIND.match(line)
        return None if kind is not None and kind[1] in passed_over else read(line)

    return filter(None, read_lines(path, read_or_not))


class Digest:
    """Hashes a run's events in their order across hosts, and keeps none of them.

    It is the same whatever the scenario's table ``[record]`` has recorded: events that are there only where it asks for
    them are left out, and a spread counts as if all of its delays had been recorded.
    """

    def __init__(self) -> None:
        self._hashes: list[tuple[tuple[int, str, str], bytes]] = []

    def add(self, record: Record) -> None:
        """Take the next event; those of one host in the order in which they were written."""
        data = record.data
        if data.optional:
            return
        item, whole = "", ""
        match data:
            # When the engine settles what nodes saw depends on who asks, so those of one moment are ordered by hash.
            case BlockSpread(hash=item, whole=whole) | TransactionSpread(txid=item, whole=whole):
                pass
            case _:
                pass
        hashed = bytes.fromhex(whole) if whole else sha256(memoryview(record.line)[:-1]).digest()
        self._hashes.append(((*record.sort_key(), item), hashed))

    def result(self) -> str:
        """Give 64 hexadecimal digits."""
        ordered = sorted(self._hashes, key=lambda one: one[0])
        return sha256(b"".join(one for _, one in ordered)).hexdigest()


def digest(records: Iterable[Record]) -> str:
    """Hash a run's events in their order across hosts.

    Returns:
        64 hexadecimal digits.
    """
    total = Digest()
    for record in records:
        total.add(record)
    return total.result()
