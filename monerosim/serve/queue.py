"""The queue of submitted scenarios: one is played at a time, and what becomes of each is kept in files.

``.submissions`` in the server's directory has a folder for each: the scenario, what became of it, and what was printed.
A server that is started again goes on with those that wait.
"""

import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal, Self, TypeAlias

import msgspec

from monerosim.events.log import EVENTS
from monerosim.files import read_regular, replace_file
from monerosim.serve.submission import Checked, Limits

State: TypeAlias = Literal["queued", "playing", "done", "failed"]

FOLDER = ".submissions"
_SCENARIO, _STATE, _OUTPUT = "scenario.toml", "state.json", "output.txt"
_LOOK = 0.25
_CHECK_SECONDS = 30
_MOST_OUTPUT = 4000
_CHUNK = 1024 * 1024


class QueueError(Exception):
    """A scenario cannot be taken; the message is for the user."""


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario that was submitted."""

    id: str
    """The id of its run as well, once it is played."""
    state: State
    reason: str = ""
    """Why it failed."""
    position: int = 0
    """Where it stands among those that wait: 1 for the next; 0 if it does not wait."""


class Queue:
    """Plays submitted scenarios one after the other. To be used in a ``with`` statement.

    Args:
        directory: Where the runs go.
        limits: How large each may be.
    """

    def __init__(self, directory: Path, limits: Limits) -> None:
        self._directory = directory
        self._folder = directory / FOLDER
        self._limits = limits
        self._lock = threading.Lock()
        self._checking = threading.Lock()
        self._ending = threading.Event()
        self._there = threading.Event()
        self._thread = threading.Thread(target=self._work, name="submissions", daemon=True)

    def __enter__(self) -> Self:
        """Go on with what an earlier server has left."""
        for submission in self.all():
            if submission.state == "playing":
                self._note(Submission(id=submission.id, state="failed", reason="the server was ended"))
        self._there.set()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._there.set()
        self._thread.join()

    def check(self, text: str) -> Checked:
        """Check a scenario, one at a time.

        Raises:
            QueueError: It takes too much to check it.
        """
        data = text.encode(errors="surrogatepass")
        if len(data) > self._limits.text:
            raise QueueError(f"a scenario has at most {self._limits.text} bytes here")
        with self._checking:
            try:
                done = subprocess.run(  # noqa: S603  (our own interpreter and module)
                    self._command("check"),
                    input=data,
                    capture_output=True,
                    timeout=_CHECK_SECONDS,
                    check=True,
                    cwd=self._empty(),
                )
            except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
                raise QueueError("it takes too much time or memory to check this scenario") from error
        return msgspec.json.decode(done.stdout, type=Checked)

    def submit(self, text: str) -> Submission:
        """Queue a scenario that has been checked.

        Raises:
            QueueError: There are too many already.
            OSError: It cannot be written.
        """
        with self._lock:
            known = self.all()
            if sum(it.state == "queued" for it in known) >= self._limits.queued:
                raise QueueError(f"{self._limits.queued} scenarios are waiting already")
            number = max((int(it.id.rpartition("-")[2]) for it in known), default=0) + 1
            while (self._directory / f"submitted-{number}").exists():
                number += 1
            submission = Submission(id=f"submitted-{number}", state="queued")
            folder = self._folder / submission.id
            folder.mkdir(parents=True)
            replace_file(folder / _SCENARIO, text.encode())
            self._note(submission)
        self._there.set()
        return msgspec.structs.replace(submission, position=sum(it.state == "queued" for it in known) + 1)

    def all(self) -> list[Submission]:
        """Return all that were submitted, in their order."""
        found = [self._read(path.name) for path in self._folder.glob("submitted-*")]
        known = sorted((it for it in found if it is not None), key=lambda it: int(it.id.rpartition("-")[2]))
        waiting = [it.id for it in known if it.state == "queued"]
        return [
            msgspec.structs.replace(it, position=waiting.index(it.id) + 1) if it.state == "queued" else it
            for it in known
        ]

    def find(self, id_: str) -> Submission | None:
        """Return one; None if there is none of this id."""
        return next((it for it in self.all() if it.id == id_), None)

    def _read(self, id_: str) -> Submission | None:
        if not (id_.startswith("submitted-") and id_.removeprefix("submitted-").isdecimal()):
            return None
        try:
            return msgspec.json.decode(read_regular(self._folder / id_ / _STATE), type=Submission)
        except (OSError, msgspec.MsgspecError):
            return None

    def _note(self, submission: Submission) -> None:
        replace_file(self._folder / submission.id / _STATE, msgspec.json.encode(submission))

    def _empty(self) -> Path:
        """Return an empty directory: nothing that a scenario names is there."""
        path = self._folder / "empty"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def _command(self, *arguments: str) -> list[str]:
        limits = msgspec.json.encode(self._limits).decode()
        return [sys.executable, "-P", "-m", "monerosim.serve.submission", limits, *arguments]

    def _work(self) -> None:
        while self._there.wait() and not self._ending.is_set():
            self._there.clear()
            waiting = [it for it in self.all() if it.state == "queued"]
            if waiting:
                self._there.set()
                self._play(waiting[0].id)

    def _play(self, id_: str) -> None:
        folder, directory = self._folder / id_, self._directory / id_
        self._note(Submission(id=id_, state="playing"))
        with (folder / _OUTPUT).open("wb") as output:
            process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
                self._command("play", str((folder / _SCENARIO).resolve()), str(directory.resolve())),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
                cwd=self._empty(),
            )
        reason = self._watch(process, directory)
        if not reason and process.returncode:
            last = read_regular(folder / _OUTPUT, _MOST_OUTPUT).decode(errors="replace").strip().rpartition("\n")[2]
            reason = last or f"ended with status {process.returncode}"
        if self._ending.is_set() and reason:
            shutil.rmtree(directory, ignore_errors=True)
            self._note(Submission(id=id_, state="queued"))
        else:
            self._note(Submission(id=id_, state="failed" if reason else "done", reason=reason))

    def _watch(self, process: subprocess.Popen[bytes], directory: Path) -> str:
        """Wait for the end of a run, and end it where it takes too much; return why it was ended."""
        began = time.monotonic()
        log = _GrowingLog(directory / EVENTS)
        reason = ""
        while process.poll() is None and not reason:
            if self._ending.wait(_LOOK):
                reason = "the server was ended"
            elif time.monotonic() - began > self._limits.seconds:
                reason = f"it took more than {self._limits.seconds} seconds"
            elif _size(directory) > self._limits.disk:
                reason = f"it took more than {self._limits.disk:,} bytes of disk"
            elif log.count() > self._limits.events:
                reason = f"it had more than {self._limits.events:,} events"
        if reason:
            process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
        return reason


class _GrowingLog:
    """Counts the events of a run as they are written.

    Args:
        path: The log.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._events = 0

    def count(self) -> int:
        """Return how many there are by now."""
        with suppress(FileNotFoundError), self._path.open("rb") as file:
            file.seek(self._read)
            while data := file.read(_CHUNK):
                self._read += len(data)
                self._events += data.count(b"\n")
        return self._events


def _size(directory: Path) -> int:
    total = 0
    for path in directory.rglob("*"):
        with suppress(OSError):
            total += path.lstat().st_size
    return total
