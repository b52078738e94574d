"""How far a run with agents is: read from the events they and their engine write, as they write them."""

import os
import re
from itertools import chain
from pathlib import Path

from monerosim.events import BlockFound, BootstrapFinished, PaymentSent, RecordReader, RunEnded
from monerosim.events.feed import ENGINE_EVENTS
from monerosim.events.log import EVENTS
from monerosim.files import open_regular

_ADDED = re.compile(rb"\+{5} BLOCK SUCCESSFULLY ADDED.*?HEIGHT (\d+), difficulty", re.DOTALL)
"""src/cryptonote_core/blockchain.cpp."""


class NewLines:
    """Reads of files that grow only what is new, by whole lines."""

    def __init__(self) -> None:
        self._read: dict[Path, int] = {}

    def of(self, path: Path) -> bytes:
        """Return the lines that have been written since the last call.

        Raises:
            OSError: The file cannot be read.
        """
        start = self._read.get(path, 0)
        with open_regular(path) as file:
            if start > file.seek(0, os.SEEK_END):
                # monerod has begun another one.
                start = 0
            file.seek(start)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._read[path] = start + len(whole)
        return whole


class EventFollower:
    """Counts blocks and payments in the event logs and a daemon's log, reading only what is new.

    Args:
        directory: The run directory.

    Attributes:
        ended: When an agent or the engine has ended the run, microseconds since the scenario's time zero; None if
            nobody has.
        latest: When the latest event was, in the same time; None if there was none.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lines = NewLines()
        self._read_record = RecordReader().read
        self._height = 0
        self._payments = 0
        self.ended: int | None = None
        self.latest: int | None = None

    def look(self) -> tuple[int, int]:
        """Read what has been written since the last look.

        Returns:
            The height of the highest block found, and the number of payments.
        """
        for path in chain(self._directory.glob(f"hosts/*/{EVENTS}"), self._directory.glob(ENGINE_EVENTS)):
            for line in self._lines.of(path).splitlines(keepends=True):
                self._count(line)
        # In the bootstrap nobody tells of blocks but the daemons.
        for path in sorted(self._directory.glob("hosts/*/monerod.log"))[:1]:
            self._height = max([self._height, *map(int, _ADDED.findall(self._lines.of(path)))])
        return self._height, self._payments

    def _count(self, line: bytes) -> None:
        try:
            record = self._read_record(line)
        except (ValueError, RecursionError):
            # Reading the run back reports it; here it is only not counted.
            return
        self.latest = record.t if self.latest is None else max(self.latest, record.t)
        match record.data:
            case BlockFound(height=height) | BootstrapFinished(height=height):
                self._height = max(self._height, height)
            case PaymentSent():
                self._payments += 1
            case RunEnded():
                self.ended = record.t if self.ended is None else min(self.ended, record.t)
            case _:
                pass
