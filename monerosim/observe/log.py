"""Event logs: files of JSON lines.

Each line has ``t`` (microseconds since the scenario's time zero), ``participant``, ``actor``, ``cause`` and the event
itself (``event``, its kind, with its fields). Lines are written whole or not at all, so a reader meets at most one torn
line, at the end of a run that was killed.
"""

import io
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

import msgspec

from monerosim.observe.events import Record

EVENTS = "events.jsonl"
"""A run's event log in its directory; agents beside real daemons have one each in their hosts' directories."""

_FLUSH = 256 * 1024


class EventLog:
    """Appends events to a file.

    Args:
        path: The file; it is made new.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)
        self._buffer = io.BytesIO()
        self._encode = msgspec.json.Encoder().encode

    def append(self, record: Record) -> None:
        """Write one event; it reaches the file with a later one, or by :meth:`flush`."""
        self._buffer.write(self._encode(record) + b"\n")
        if self._buffer.tell() >= _FLUSH:
            self.flush()

    def flush(self) -> None:
        """Bring everything to the file, in one write."""
        self._file.write(self._buffer.getvalue())
        self._buffer = io.BytesIO()

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        self._file.close()


def read_events(path: Path) -> Iterator[Record]:
    """Read an event log; a torn last line is left out.

    Raises:
        ValueError: A whole line is no event.
    """
    decode = msgspec.json.Decoder(Record).decode
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield decode(line)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{path}, line {number}: {error}") from error


def digest(records: Iterable[Record]) -> str:
    """Hash a run's events in their order across hosts.

    Returns:
        64 hexadecimal digits.
    """
    encode = msgspec.json.Encoder().encode
    total = sha256()
    for record in sorted(records, key=Record.sort_key):
        total.update(encode(record) + b"\n")
    return total.hexdigest()
