"""The post office of real engines: ``mailbox/HOST/{tmp,new,done,bad}``, a JSON file a letter.

A letter is written to the recipient's ``tmp`` and renamed into ``new``, so it is there whole or not at all. Its name
(send time, sender, number) is its place in the order of delivery. The recipient looks on a fixed grid and takes what
is due; what it has handed over moves to ``done``, what it cannot read to ``bad``, with the reason beside it.
"""

import re
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec

from monerosim.mailbox.post import POLL_GRID, Letter, UnknownHostError, delivery_time
from monerosim.runtime.runtime import Runtime

MAX_LETTER = 1024 * 1024
"""Bytes a letter may have."""

FOLDERS = ("tmp", "new", "done", "bad")

_NAME = re.compile(r"(\d{20})-([a-z0-9-]+)-(\d{10})\.json")


class DamagedLetterError(Exception):
    """A file in a mailbox is no letter."""


class DiskPostOffice:
    """A post office of files.

    Args:
        runtime: Whose clock it goes by.
        directory: Where the hosts' mailboxes are.
    """

    def __init__(self, runtime: Runtime, directory: Path) -> None:
        self._runtime = runtime
        self._directory = directory
        self._delivered: set[str] = set()

    def send(self, letter: Letter) -> None:
        """Take a letter.

        Raises:
            UnknownHostError: There is no such recipient.
            ValueError: The letter is too large.
        """
        box = self._directory / letter.recipient
        data = msgspec.json.encode(letter)
        if len(data) > MAX_LETTER:
            raise ValueError(f"a letter of {len(data)} bytes, more than {MAX_LETTER}")
        name = f"{letter.sent:020d}-{letter.sender}-{letter.number:010d}.json"
        try:
            (box / "tmp" / name).write_bytes(data)
            (box / "tmp" / name).rename(box / "new" / name)
        except FileNotFoundError as error:
            raise UnknownHostError(f"there is no participant {letter.recipient!r}") from error

    def receive(self, host: str, deliver: Callable[[Letter], bool]) -> None:
        """Have the letters to ``host`` given to ``deliver`` from now on."""
        box = self._directory / host
        self._delivered.update(path.name for path in (box / "done").iterdir())

        def look(when: int) -> None:
            self._runtime.call_at(when + POLL_GRID, lambda: look(when + POLL_GRID))
            self._deliver_due(box, when, deliver)

        first = (self._runtime.now() // POLL_GRID + 1) * POLL_GRID
        self._runtime.call_at(first, lambda: look(first))

    def _deliver_due(self, box: Path, now: int, deliver: Callable[[Letter], bool]) -> None:
        for path in sorted((box / "new").iterdir(), key=_place):
            try:
                letter = self._read(path)
            except DamagedLetterError as error:
                path.rename(box / "bad" / path.name)
                (box / "bad" / f"{path.name}.reason").write_text(f"{error}\n")
                continue
            if delivery_time(letter.sent) > now:
                continue
            if path.name not in self._delivered:
                if not deliver(letter):
                    return
                self._delivered.add(path.name)
            path.rename(box / "done" / path.name)

    @staticmethod
    def _read(path: Path) -> Letter:
        named = _NAME.fullmatch(path.name)
        if named is None:
            raise DamagedLetterError("the name is not SENT-SENDER-NUMBER.json")
        if not stat.S_ISREG(path.lstat().st_mode):
            # Opening a pipe would wait for a writer.
            raise DamagedLetterError("it is not a regular file")
        with path.open("rb") as file:
            data = file.read(MAX_LETTER + 1)
        if len(data) > MAX_LETTER:
            raise DamagedLetterError(f"more than {MAX_LETTER} bytes")
        try:
            letter = msgspec.json.decode(data, type=Letter)
        except (ValueError, RecursionError) as error:
            raise DamagedLetterError(str(error)) from error
        if letter.key != (int(named[1]), named[2], int(named[3])):
            raise DamagedLetterError("the name does not fit the letter")
        return letter


def _place(path: Path) -> tuple[str, ...]:
    """Tell a letter's place in the order of delivery; as mere text, names would order "al" and "al-0" otherwise."""
    named = _NAME.fullmatch(path.name)
    return named.groups() if named is not None else (path.name,)
