"""The folder of a sweep: a folder for each run that was played, named by the hash of what it was made of.

``sweep.json`` has the latest design. ``runs/KEY/`` has ``status.json`` and, of a run that ended, ``summary.json``; with
``--keep tables`` also its plan and tables; with ``--keep all`` it is the run directory. Each file is replaced whole, so
what is there after a kill counts.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Literal

import msgspec

import monerosim
from monerosim.ensemble.member import Keep, Outcome
from monerosim.events.log import EVENTS
from monerosim.files import replace_file
from monerosim.report.summary import Summary, decode_summary
from monerosim.runs import SUMMARY
from monerosim.scenario import Scenario

DESIGN = "sweep.json"
RUNS = "runs"
STATUS = "status.json"
TABLES = "tables"
"""As in a run directory."""

FORMAT = 1
"""Of the files here. Readers refuse a later one."""

_GROUPS = ("monerosim.actors", "monerosim.topologies", "monerosim.engines")
_KEY = 20
"""Hexadecimal digits of a key: 80 bits, no two runs of a million alike."""


class StoreError(Exception):
    """The folder of a sweep cannot be used; the message is for the user."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A run of the design."""

    key: str
    values: dict[str, str]
    """The varied keys' values, as TOML."""
    seed: int


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """The design as it was played last."""

    format: int = FORMAT
    name: str
    version: str
    scenario: str
    """Its file's name."""
    keys: tuple[str, ...]
    """Those that vary."""
    runs: tuple[Entry, ...]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a run."""

    state: Literal["done", "failed"]
    error: str = ""
    command: str = ""
    """Which plays it alone."""


class Store:
    """The folder of a sweep.

    Args:
        directory: Where it is; it need not exist.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Create the folder and lock it, so that no other sweep writes to it meanwhile.

        Raises:
            StoreError: It is in use, is something else, or cannot be written.
        """
        self._check_own()
        try:
            (self.directory / RUNS).mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.directory, os.O_RDONLY)
        except OSError as error:
            raise StoreError(f"{self.directory} cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise StoreError(f"{self.directory} is in use by a sweep: wait for its end, or stop it") from error
        finally:
            os.close(descriptor)

    def _check_own(self) -> None:
        if self.directory.is_dir() and any(self.directory.iterdir()) and not (self.directory / DESIGN).is_file():
            raise StoreError(f"{self.directory} exists and is no sweep, so it is left alone")

    def write_index(self, index: Index) -> None:
        """Write the design.

        Raises:
            StoreError: It cannot be written.
        """
        path = self.directory / DESIGN
        try:
            replace_file(path, msgspec.json.format(msgspec.json.encode(index), indent=1))
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}") from error

    def read_index(self) -> Index:
        """Read the design.

        Raises:
            StoreError: There is none that this version reads.
        """
        path = self.directory / DESIGN
        try:
            raw = path.read_bytes()
            found = msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).get("format")
            if found is not None and msgspec.json.decode(found, type=int) > FORMAT:
                raise StoreError(f"{path} is of a later version of monerosim")
            return msgspec.json.decode(raw, type=Index)
        except OSError as error:
            raise StoreError(f"{self.directory} is no sweep: {error.strerror}") from error
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise StoreError(f"{path} cannot be read: {error}") from error

    def folder(self, key: str) -> Path:
        """Return the folder of a run."""
        return self.directory / RUNS / key

    def status(self, key: str) -> Status | None:
        """Return what became of a run; None for one that has not ended, or whose files are damaged."""
        return self.ending(key)[0]

    def ending(self, key: str) -> tuple[Status | None, Summary | None]:
        """Return what became of a run, as :meth:`status` does, and the summary of one that is done."""
        try:
            status = msgspec.json.decode((self.folder(key) / STATUS).read_bytes(), type=Status)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None, None
        if status.state == "failed":
            return status, None
        summary = self.summary(key)
        return (status, summary) if summary is not None else (None, None)

    def summary(self, key: str) -> Summary | None:
        """Return a run's summary, if there is a whole one."""
        try:
            return decode_summary((self.folder(key) / SUMMARY).read_bytes())
        except (OSError, ValueError):
            return None

    def keeps(self, key: str, keep: Keep) -> bool:
        """Return whether as much is there of a run as is to be kept."""
        folder = self.folder(key)
        if keep == "all":
            return (folder / EVENTS).is_file()
        # The status is written after all tables.
        return keep == "summary" or (folder / TABLES / "run.parquet").is_file()

    def put(self, outcome: Outcome, command: str) -> None:
        """Keep what came of a run: its status last, so that a kill on the way leaves a run that is still to be played.

        Raises:
            StoreError: It cannot be written.
        """
        folder = self.folder(outcome.key)
        state: Literal["done", "failed"] = "failed" if outcome.error else "done"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for path, content in outcome.files.items():
                (folder / path).parent.mkdir(exist_ok=True)
                replace_file(folder / path, content)
            if outcome.summary:
                replace_file(folder / SUMMARY, outcome.summary)
            status = Status(state=state, error=outcome.error, command=command if outcome.error else "")
            replace_file(folder / STATUS, msgspec.json.encode(status))
        except OSError as error:
            raise StoreError(f"{folder} cannot be written: {error.strerror}") from error

    def discard(self, key: str) -> None:
        """Remove what an earlier attempt has left of a run."""
        shutil.rmtree(self.folder(key), ignore_errors=True)


def key_of(scenario: Scenario, files: Mapping[str, str]) -> str:
    """Return the hash of all that determines a run: the resolved scenario with its seed, its files, the programs' code.

    Args:
        scenario: With all defaults, changes and the seed.
        files: SHA-256 of the Python files that it names, by path.
    """
    content = [msgspec.to_builtins(scenario, enc_hook=str), dict(files), code_version()]
    return sha256(json.dumps(content).encode()).hexdigest()[:_KEY]


@cache
def code_version() -> str:
    """Return what identifies the code: the version, the content of its own files, and the versions of its plugins.

    In an editable checkout the version says nothing, so the files count.
    """
    digest = sha256()
    (root,) = monerosim.__path__
    for folder in (Path(root), Path(root).parent / "actors"):
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    plugins = {
        f"{found.metadata['Name']}-{found.version}"
        for found in distributions()
        if any(point.group in _GROUPS for point in found.entry_points)
    }
    return " ".join([version("monerosim"), digest.hexdigest()[:16], *sorted(plugins)])
