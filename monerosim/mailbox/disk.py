"""The post office of real engines: ``mailbox/HOST/{tmp,new,begun,done,bad}``, a JSON file a letter.

A letter is written to the recipient's ``tmp`` and renamed into ``new``, so it is there whole or not at all. Its name
(send time, sender, number) is its place in the order of delivery. The recipient polls on a fixed grid and takes the
letters that are due; on the local engine, where no digest depends on it, it watches its folder besides (inotify, on
Linux) and takes them as soon as they are there. A letter moves to ``begun`` when its actor begins to handle it, to
``done`` when that has handled it, and to ``bad``, with the reason beside it, if it cannot be read.

Guarantees while processes of hosts are killed (SIGKILL) and started again, as long as the machine itself keeps
running and its clock is not set back:

- A letter is kept as soon as :meth:`DiskPostOffice.send` has returned. One that was being sent is there whole or
  not at all.
- The letters of one sender arrive in the order in which they were sent, across its restarts: it never uses a number
  twice, as numbers are reserved on disk (``mailbox/HOST/numbers``) before they are used. The letters of several senders
  arrive in the order of their names if each is written within the delay (:class:`monerosim.plan.letters.LettersPlan`).
- A process is given each letter once, and none that is in ``done``.
- A letter stays in ``new`` until its actor begins to handle it, so none is lost with the process: the next one is given
  all that were not begun. So each letter is given to its actor exactly once, except the one that the actor was handling
  when it was killed, at most one for each kill and actor. That one is given to the next process first, marked as begun
  before (``again``), with the same id (``SENDER/mailbox@NUMBER``): only the actor can know how far it had come, and
  whether to handle the letter again, to check first, or to ignore it.

A letter whose handler fails counts as handled.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from monerosim.files import NotRegularError, read_regular, replace_file
from monerosim.mailbox.post import Deliver, Envelope, UnknownHostError
from monerosim.mailbox.watching import watch_folder
from monerosim.plan.letters import USUAL, LettersPlan
from monerosim.runtime.runtime import Runtime

MAX_LETTER = 1024 * 1024
"""The largest letter, in bytes."""

RESERVED = 1000
"""Letters' numbers reserved at a time; a process that is killed leaves a gap of at most this size."""

MAILBOXES = Path("shared/mailbox")
"""The directory of the hosts' mailboxes in a run directory."""

FOLDERS = ("tmp", "new", "begun", "done", "bad")

_LONGEST_NAME = 200
"""Bytes of a letter's name in that of its reason: names of files have 255 at most."""

_NAME = re.compile(r"(\d{20})-([a-z0-9-]+)-(\d{10})\.json")


class DamagedLetterError(Exception):
    """A file in a mailbox is not a letter."""


class DiskPostOffice:
    """A post office of files.

    Args:
        runtime: The runtime whose clock it uses.
        directory: The directory of the hosts' mailboxes.
        letters: How long letters take.
        watches: Whether letters are due as soon as they are there, and their folders are watched where that is
            possible. Those of one sender come in its order nonetheless, those of several as they come.
    """

    def __init__(
        self, runtime: Runtime, directory: Path, letters: LettersPlan = USUAL, *, watches: bool = False
    ) -> None:
        self._runtime = runtime
        self._letters = letters
        self._directory = directory
        self._watches = watches
        self._handed_over: set[str] = set()
        self._begun_before: set[str] = set()
        self._done: set[str] = set()
        self._numbers: dict[str, Iterator[int]] = {}
        self._receivers: dict[str, Deliver] = {}

    def send(self, letter: Envelope) -> None:
        """Send a letter.

        Raises:
            UnknownHostError: There is no such recipient.
            ValueError: The letter is too large.
        """
        post_letter(self._directory, letter)

    def receive(self, host: str, deliver: Deliver) -> None:
        """Deliver the letters to ``host`` by calling ``deliver`` from now on."""
        looking = host in self._receivers
        self._receivers[host] = deliver
        if looking:
            return
        box, interval = self._directory / host, self._letters.interval
        self._begun_before.update(path.name for path in (box / "begun").iterdir())
        self._done.update(path.name for path in (box / "done").iterdir())

        def look_once(when: int) -> None:
            begun = [box / "begun" / name for name in self._begun_before]
            if self._deliver_due(begun, box, when):
                self._deliver_due((box / "new").iterdir(), box, when)

        def look(when: int) -> None:
            self._runtime.call_at(when + interval, lambda: look(when + interval))
            look_once(when)

        if self._watches:
            # On the runtime's own thread, as all looks.
            watch_folder(box / "new", lambda: self._runtime.call_at(0, lambda: look_once(self._runtime.now())))
        first = (self._runtime.now() // interval + 1) * interval
        self._runtime.call_at(first, lambda: look(first))

    @contextmanager
    def handling(self, letter: Envelope) -> Iterator[None]:
        """Return the context in which an actor handles a letter; afterwards the letter is filed as done."""
        box = self._directory / letter.recipient
        name = _name(letter)
        begun = box / "begun" / name
        # Whoever has removed its file meanwhile has not taken the letter from its actor.
        if name not in self._begun_before:
            with suppress(FileNotFoundError):
                (box / "new" / name).rename(begun)
        try:
            yield
        finally:
            with suppress(FileNotFoundError):
                begun.rename(box / "done" / name)

    def numbers(self, host: str) -> Iterator[int]:
        """Return numbers for the letters of ``host``, from 1 upwards; none is used twice, restarts included."""
        return self._numbers.setdefault(host, self._reserve(self._directory / host / "numbers"))

    @staticmethod
    def _reserve(path: Path) -> Iterator[int]:
        last = int(path.read_text()) if path.exists() else 0
        while True:
            replace_file(path, f"{last + RESERVED}\n".encode())
            yield from range(last + 1, last + RESERVED + 1)
            last += RESERVED

    def _deliver_due(self, letters: Iterable[Path], box: Path, now: int) -> bool:
        """Deliver those letters that are due; return False once there is no receiver any more."""
        for path in sorted(letters, key=_place):
            if path.name in self._handed_over:
                continue
            if path.name in self._done:
                with suppress(FileNotFoundError):
                    path.rename(box / "done" / path.name)
                continue
            named = _NAME.fullmatch(path.name)
            if named is not None and not self._watches and self._letters.due(int(named[1])) > now:
                # A letter is not touched before it is due: on Shadow it is chance whether it has arrived yet.
                continue
            try:
                letter = self._read(path, box.name)
            except FileNotFoundError:
                # It has been removed since it was listed.
                continue
            except DamagedLetterError as error:
                _set_aside(path, box / "bad", str(error))
                continue
            # Before it is delivered: its actor's thread moves it.
            self._handed_over.add(path.name)
            if not self._receivers[box.name](letter, path.name in self._begun_before):
                self._handed_over.discard(path.name)
                return False
        return True

    def _read(self, path: Path, host: str) -> Envelope:
        """Read a letter.

        Raises:
            DamagedLetterError: It is none.
            FileNotFoundError: It is not there any more.
        """
        named = _NAME.fullmatch(path.name)
        if named is None:
            raise DamagedLetterError("the name is not SENT-SENDER-NUMBER.json")
        letter = _decode(path)
        if letter.key != (int(named[1]), named[2], int(named[3])):
            raise DamagedLetterError("the name does not fit the letter")
        if letter.recipient != host:
            raise DamagedLetterError(f"it is for {letter.recipient!r}")
        if not (self._directory / letter.sender).is_dir():
            raise DamagedLetterError(f"it is from {letter.sender!r}, who is no participant")
        return letter


def _set_aside(path: Path, bad: Path, reason: str) -> None:
    """Move what is no letter out of the way, with the reason beside it, so that the others are delivered.

    What cannot be moved stays, and is looked at again.
    """
    with suppress(OSError):
        path.rename(bad / path.name)
        replace_file(bad / _reason_name(path.name), f"{reason}\n".encode())


def _name(letter: Envelope) -> str:
    return f"{letter.sent:020d}-{letter.sender}-{letter.number:010d}.json"


def post_letter(directory: Path, letter: Envelope) -> None:
    """Put a letter into its recipient's mailbox.

    Args:
        directory: The directory of the hosts' mailboxes.
        letter: The letter.

    Raises:
        UnknownHostError: There is no such recipient.
        ValueError: The letter is too large.
        OSError: It cannot be written.
    """
    box = directory / letter.recipient
    data = msgspec.json.encode(letter)
    if len(data) > MAX_LETTER:
        raise ValueError(f"a letter of {len(data)} bytes, more than {MAX_LETTER}")
    name = _name(letter)
    fresh = box / "tmp" / name
    try:
        fresh.write_bytes(data)
        fresh.rename(box / "new" / name)
    except FileNotFoundError as error:
        raise UnknownHostError(f"unknown participant {letter.recipient!r}") from error
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def take_letters(directory: Path, recipient: str) -> Iterator[Envelope]:
    """Take the letters to somebody who is no host, each once; damaged ones are filed under ``bad``.

    Args:
        directory: The directory of the mailboxes.
        recipient: Whose folder of it.

    Raises:
        OSError: They cannot be read.
    """
    box = directory / recipient
    for path in sorted((box / "new").iterdir(), key=_place):
        try:
            letter = _decode(path)
        except DamagedLetterError as error:
            _set_aside(path, box / "bad", str(error))
            continue
        path.replace(box / "done" / path.name)
        yield letter


def make_mailbox(directory: Path, owner: str) -> None:
    """Make the folders of a mailbox.

    Raises:
        OSError: They cannot be made.
    """
    for folder in FOLDERS:
        (directory / owner / folder).mkdir(parents=True, exist_ok=True)


def _decode(path: Path) -> Envelope:
    """Read what a file has, whatever it is called.

    Raises:
        DamagedLetterError: It is no letter.
        FileNotFoundError: It is not there any more.
    """
    if path.is_symlink():
        raise DamagedLetterError("it is not a regular file")
    try:
        data = read_regular(path, MAX_LETTER + 1)
    except FileNotFoundError:
        raise
    except NotRegularError as error:
        raise DamagedLetterError("it is not a regular file") from error
    except OSError as error:
        raise DamagedLetterError(f"it cannot be read: {error.strerror}") from error
    if len(data) > MAX_LETTER:
        raise DamagedLetterError(f"more than {MAX_LETTER} bytes")
    try:
        return msgspec.json.decode(data, type=Envelope)
    except (ValueError, RecursionError) as error:
        raise DamagedLetterError(str(error)) from error


def _reason_name(name: str) -> str:
    """Return the name of the file with the reason for a letter in ``bad``: no longer than a name may be."""
    return f"{os.fsencode(name)[:_LONGEST_NAME].decode(errors='ignore')}.reason"


def _place(path: Path) -> tuple[str, ...]:
    """Return a letter's sort key for delivery; compared as text, names would order "al" and "al-0" otherwise."""
    named = _NAME.fullmatch(path.name)
    return named.groups() if named is not None else (path.name,)
