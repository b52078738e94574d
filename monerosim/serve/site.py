"""What a server shows: the runs of a directory, each kept open while it is asked about."""

import hmac
import threading
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import msgspec

from monerosim.build.processes import PLAN
from monerosim.events.feed import Feed
from monerosim.report.answers import Answer
from monerosim.results.listing import find_runs
from monerosim.runs import Run, RunError
from monerosim.serve.counting import Counting
from monerosim.serve.drawing import Drawing
from monerosim.serve.queue import Queue
from monerosim.serve.submission import Limits
from monerosim.serve.tables import ShownTables


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """What those who have the token may do."""

    commands: bool = False
    """Send commands to runs."""
    runs: bool = False
    """Submit scenarios."""


class KeptChart(msgspec.Struct, frozen=True):
    """A chart that was drawn, kept for who asks next."""

    made_from: str
    """What its tables were made from."""
    answer: Answer
    svg: str


class ShownRun:
    """A run, and what has been read of it so far.

    Args:
        id_: By which it is asked for.
        directory: Its directory.
        scratch: A directory for what is made of it.

    Raises:
        RunError: There is no run.
    """

    def __init__(self, id_: str, directory: Path, scratch: Path) -> None:
        self.id = id_
        self.built = _built(directory)
        self.run = Run(directory)
        self.feed = Feed(directory, [host.name for host in self.run.plan.hosts])
        self.counting = Counting(self.run.plan, self.feed)
        self.tables = ShownTables(self.run, self.feed, scratch)
        self.charts: dict[str, KeptChart] = {}


class Site:
    """The runs below a directory, and who may do what. To be used in a ``with`` statement.

    Args:
        directory: A run directory, or one with runs below it.
        token: What those have who may change something.
        rights: What they may do.
    """

    def __init__(self, directory: Path, token: str, rights: Rights) -> None:
        self.directory = directory
        self.rights = rights
        self._token = token.encode()
        self._shown: dict[str, ShownRun] = {}
        self._lock = threading.Lock()
        self.queue = Queue(directory, Limits()) if rights.runs else None
        """The scenarios that were submitted; None if none may be."""
        self.ending = threading.Event()
        """Set when the server ends: streams end then, though their runs go on."""
        self.drawing = Drawing()
        self._scratch = TemporaryDirectory(prefix="monerosim-serve-", ignore_cleanup_errors=True)

    def __enter__(self) -> Self:
        if self.queue is not None:
            self.queue.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        if self.queue is not None:
            self.queue.__exit__()
        self.drawing.__exit__()
        self._scratch.cleanup()

    def is_token(self, authorization: str) -> bool:
        """Return whether a header ``Authorization`` has the token."""
        kind, _, token = authorization.partition(" ")
        return kind.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self._token)

    def runs(self) -> tuple[Mapping[str, ShownRun], Mapping[str, str]]:
        """Return the runs that are there by their ids, which are their paths below the directory.

        Returns:
            The runs, and of those that cannot be read why.
        """
        with self._lock:
            unreadable: dict[str, str] = {}
            found: dict[str, ShownRun] = {}
            for path in find_runs(self.directory):
                id_ = self.directory.resolve().name if path == self.directory else str(path.relative_to(self.directory))
                try:
                    found[id_] = self._open(id_, path)
                except (RunError, OSError) as error:
                    unreadable[id_] = str(error)
            self._shown = found
            return found, unreadable

    def find(self, id_: str = "") -> ShownRun | None:
        """Return a run; None if there is none of this id. Without an id the one that was built last."""
        known = self._shown.get(id_)
        if known is not None and _built_or_none(known.run.directory) == known.built:
            return known
        runs, _ = self.runs()
        return runs.get(id_) if id_ else max(runs.values(), key=lambda it: it.built, default=None)

    def _open(self, id_: str, path: Path) -> ShownRun:
        known = self._shown.get(id_)
        return (
            known
            if known is not None and known.built == _built(path)
            else ShownRun(id_, path, Path(self._scratch.name))
        )


def _built(directory: Path) -> int:
    return (directory / PLAN).stat().st_mtime_ns


def _built_or_none(directory: Path) -> int | None:
    try:
        return _built(directory)
    except OSError:
        return None
