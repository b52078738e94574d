"""The tables of a run for a server: those of its directory, or, while it goes on, of what there is so far.

Nothing is written into the run directory: whoever plays the run writes its tables at its end.
"""

import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monerosim.events import Record, RecordReader
from monerosim.events.feed import Feed
from monerosim.runs import Run, RunError
from monerosim.tables.query import Database
from monerosim.tables.resources import read_usages
from monerosim.tables.write import TablesWriter

_SHARE = 10
"""Tables of a run that goes on are kept so many times as long as it took to make them."""

_LEAST = 1.0
"""Seconds that they are kept at least."""


class ShownTables:
    """The tables of a run.

    Args:
        run: The run.
        feed: Its events.
        scratch: A directory for tables that are made here.
    """

    def __init__(self, run: Run, feed: Feed, scratch: Path) -> None:
        self._run = run
        self._feed = feed
        self._scratch = scratch
        self._own: Path | None = None
        self._of = ""
        self._until = 0.0
        self._lock = threading.Lock()

    @contextmanager
    def directory(self) -> Iterator[Path]:
        """Keep the directory that has them as it is, while it is entered.

        Raises:
            RunError: They cannot be made.
            OSError: They cannot be written.
        """
        kept = self._run.kept_tables()
        if kept is not None:
            yield kept.directory
            return
        # One after the other: what is asked reads files that the next one may replace.
        with self._lock:
            end = self._feed.end()
            if self._own is None or (end != self._of and time.monotonic() >= self._until):
                self._make(end)
            yield self._own or Path()

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Open them for questions.

        Raises:
            RunError: They cannot be made.
            QueryError: They cannot be read.
        """
        with self.directory() as directory, Database({self._run.directory.resolve().name: directory}) as it:
            yield it

    def _make(self, end: str) -> None:
        began = time.monotonic()
        if self._own is None:
            self._own = Path(tempfile.mkdtemp(dir=self._scratch)) / "tables"
        try:
            with TablesWriter(self._run.plan, self._own, end) as writer:
                deque(writer.taking(self._records()), maxlen=0)
                writer.finish(self._run.end(), read_usages(self._run.directory))
        except ValueError as error:
            raise RunError(f"an event cannot be read: {error}") from error
        self._of = end
        now = time.monotonic()
        self._until = now + max(_LEAST, (now - began) * _SHARE)

    def _records(self) -> Iterator[Record]:
        read, position, more = RecordReader().read, "", True
        while more:
            batch = self._feed.read(position)
            for line in batch.lines:
                yield read(line.text + b"\n")
            position, more = batch.position, batch.more
