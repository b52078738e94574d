"""Traces: what every actor logs, a JSON line a message; and reading them back in time order.

There is a file an actor; where so many hosts are played in one process that this would be thousands, one for all.

A line has ``t`` (microseconds since the scenario's time zero), ``level``, ``participant``, ``actor``, ``message`` (the
message that was being handled), ``cause`` (the message or timer that it began with), ``text``, ``data``, and
``error`` (a traceback) where something was raised. ``number`` counts the lines of a participant, in the order in which
they were written: on a virtual clock many have the same time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from heapq import merge
from itertools import count, groupby
from pathlib import Path
from traceback import format_exception
from typing import TYPE_CHECKING, Protocol, cast

import msgspec
from loguru import logger

from monerosim.events.actor_log import LEVELS, ActorLog
from monerosim.events.log import EVENTS, read_lines
from monerosim.files import append_lines

if TYPE_CHECKING:
    from loguru import Logger, Message, RecordException

__all__ = ["ALL_ACTORS", "LEVELS", "USUAL_LEVEL", "Source", "TraceLine", "Traces", "read_traces"]

_CONTEXT = frozenset({"traces", "source"})
_LONGEST_TEXT = 100_000

ALL_ACTORS = "traces.jsonl"
"""The file of all actors, where they have none of their own. Its lines are in the order of time."""

USUAL_LEVEL = "DEBUG"
"""What is kept unless something else is asked for: all that it takes to follow a cause from actor to actor."""


class Source(Protocol):
    """An actor, as far as its log is concerned."""

    name: str
    message_id: str
    cause: str

    @property
    def participant(self) -> str:
        """The host it belongs to."""

    def trace_time(self) -> int:
        """Tell the time in microseconds since the scenario's time zero."""


class TraceLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message of one actor."""

    t: int
    level: str
    participant: str
    actor: str
    message: str
    cause: str
    text: str
    number: int = 0
    data: Mapping[str, object] = {}
    error: str = ""

    def json(self) -> str:
        """Write the line as it is stored."""
        return msgspec.json.encode(self).decode()

    def sort_key(self) -> tuple[int, str, int]:
        """Order of lines across hosts and actors."""
        return self.t, self.participant, self.number

    def concerns(self, identifier: str) -> bool:
        """Tell whether the line is about a message, a cause, or a transaction or block."""
        return identifier in (self.message, self.cause) or identifier in self.data.values()


class Traces:
    """Writes the traces of a run; one loguru sink for all actors, since loguru's cost grows with its sinks.

    Args:
        directory: Where ``PARTICIPANT/ACTOR.jsonl`` go, or ``traces.jsonl``.
        level: The least important level that is kept.
        buffered_lines: How many lines are kept back and written together.
        one_thread: Whether all actors run in one, so that their lines need not go through loguru.
        one_file: Whether all lines go to one file; with ``one_thread`` alone, which has them in the order of time.
    """

    def __init__(
        self,
        directory: Path,
        level: str,
        buffered_lines: int = 4096,
        *,
        one_thread: bool = False,
        one_file: bool = False,
    ) -> None:
        self._directory = directory
        self._level = level
        self._one_thread = one_thread
        self._one_file = directory / ALL_ACTORS if one_thread and one_file else None
        self._lines: defaultdict[tuple[str, str], list[bytes]] = defaultdict(list)
        """By participant and actor; all in one where they have one file."""
        self._numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(1))
        self._folders: set[Path] = set()
        self._buffered = 0
        self._most = buffered_lines
        self._encode = msgspec.json.Encoder(enc_hook=str).encode
        self._sink = logger.add(
            self._write,
            level=level,
            format=lambda _: "",
            filter=lambda record: record["extra"].get("traces") is self,
            backtrace=False,
            diagnose=False,
            catch=False,
        )

    def logger(self, source: Source) -> "Logger":
        """Make the log of an actor."""
        bound = logger.bind(traces=self, source=source)
        if not self._one_thread:
            return bound
        return cast("Logger", ActorLog(bound, partial(self._keep, source), self._level, self._is_alone))

    def flush(self) -> None:
        """Bring everything to the files.

        Raises:
            OSError: Something cannot be written; what is left over comes with the next flush.
        """
        for participant, actor in list(self._lines):
            path = self._one_file or self._directory / participant / f"{actor}.jsonl"
            if path.parent not in self._folders:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._folders.add(path.parent)
            append_lines(path, b"".join(self._lines[participant, actor]))
            del self._lines[participant, actor]
        self._buffered = 0

    def close(self) -> None:
        """Take no more, and flush."""
        logger.remove(self._sink)
        self.flush()

    def _is_alone(self) -> bool:
        # Loguru tells nobody who listens; where it keeps that elsewhere, there is somebody.
        listening = getattr(getattr(logger, "_core", None), "handlers", ())
        return len(listening) == 1 and self._sink in listening

    def _write(self, message: "Message") -> None:
        record, extra = message.record, message.record["extra"]
        data = {key: value for key, value in extra.items() if key not in _CONTEXT}
        self._keep(extra["source"], record["level"].name, record["message"], data, record["exception"])

    def _keep(
        self,
        source: Source,
        level: str,
        text: str,
        data: Mapping[str, object],
        raised: "RecordException | None" = None,
    ) -> None:
        participant = source.participant
        line = TraceLine(
            t=source.trace_time(),
            level=level,
            participant=participant,
            actor=source.name,
            message=source.message_id,
            cause=source.cause,
            number=next(self._numbers[participant]),
            text=text[:_LONGEST_TEXT],
            data=data,
            error="" if raised is None else "".join(format_exception(*raised))[:_LONGEST_TEXT],
        )
        key = ("", "") if self._one_file else (participant, source.name)
        self._lines[key].append(self._encode(line) + b"\n")
        self._buffered += 1
        if self._buffered >= self._most:
            self.flush()


def read_traces(
    directory: Path, *, participants: Iterable[str] = (), actors: Iterable[str] = ()
) -> Iterator[TraceLine]:
    """Read the traces of a run in time order.

    Args:
        directory: The run's ``hosts`` directory.
        participants: Only these; all, if empty.
        actors: Only actors of these names; all, if empty.
    """
    wanted_hosts, wanted_actors = set(participants), set(actors)
    files = [
        path
        for path in sorted(directory.glob("*/*.jsonl"))
        # An agent beside real daemons writes its events there too.
        if path.name != EVENTS
        and (not wanted_hosts or path.parent.name in wanted_hosts)
        and (not wanted_actors or path.stem in wanted_actors)
    ]
    decode = msgspec.json.Decoder(TraceLine).decode
    # Each file is read whole when its turn comes: a run of a thousand hosts has more files than may be open at once.
    read = [read_lines(path, decode, at_once=True) for path in files]
    if (directory / ALL_ACTORS).exists():
        every = _in_order(read_lines(directory / ALL_ACTORS, decode))
        read.append(
            line
            for line in every
            if (not wanted_hosts or line.participant in wanted_hosts)
            and (not wanted_actors or line.actor in wanted_actors)
        )
    return merge(*read, key=TraceLine.sort_key)


def _in_order(lines: Iterable[TraceLine]) -> Iterator[TraceLine]:
    """Sort lines that are in the order of time across hosts."""
    for _, at_once in groupby(lines, key=lambda line: line.t):
        yield from sorted(at_once, key=TraceLine.sort_key)
