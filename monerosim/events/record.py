"""An event with where, when and why it happened, and reading it from a line of a log."""

from functools import cached_property, lru_cache, reduce
from operator import or_
from typing import TYPE_CHECKING, Generic

import msgspec

from monerosim.events.event import Event, EventError, UnknownEvent, check_event, event_kinds, event_tag
from monerosim.rpc.transport import Json

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    D = TypeVar("D", bound=Event, default=Event)
else:
    from typing import TypeVar

    D = TypeVar("D")

_encode = msgspec.json.Encoder().encode


class Record(msgspec.Struct, Generic[D], frozen=True, dict=True):
    """An event with where, when and why.

    Annotations name it without a parameter; it is generic so that it can be read with all kinds that are known.
    """

    t: int
    """Microseconds since the scenario's time zero; negative in the bootstrap."""
    participant: str
    actor: str
    cause: str
    data: D

    @property
    def tag(self) -> str:
        """What the event is called, such as ``block-found``."""
        return self.data.tag if isinstance(self.data, UnknownEvent) else event_tag(type(self.data))

    @cached_property
    def line(self) -> bytes:
        """The record as a line of JSON; of one that was read from a log, what stands there."""
        if not isinstance(self.data, UnknownEvent):
            return _encode(self) + b"\n"
        data = {"event": self.data.tag, **self.data.fields}
        return _encode(_Plain(self.t, self.participant, self.actor, self.cause, data)) + b"\n"

    def plain(self) -> dict[str, Json]:
        """Return the record as JSON has it, for a letter or a document; :meth:`RecordReader.read` is the way back."""
        plain: dict[str, Json] = msgspec.json.decode(self.line)
        return plain

    def sort_key(self) -> tuple[int, str]:
        """Order of events across hosts; those of one host keep the order they were written in."""
        return self.t, self.participant


class RecordReader:
    """Reads records: events of known kinds as those, all others as :class:`UnknownEvent`.

    What is known is looked up once, when the reader is made.
    """

    def __init__(self) -> None:
        kinds = event_kinds()
        self._own = frozenset(tag for tag, kind in kinds.items() if kind.__module__.startswith(f"{__package__}."))
        self._decode = _decoder(tuple(kinds.values())).decode
        self._decode_plain = msgspec.json.Decoder(_Plain).decode

    def read(self, line: bytes) -> Record:
        """Read one record.

        Args:
            line: JSON, the end of the line included.

        Raises:
            ValueError: It is no record, or its event is one of monerosim's own and not as that should be.
            RecursionError: It is nested too deep.
        """
        try:
            record = self._decode(line)
        except msgspec.ValidationError:
            plain = self._decode_plain(line)
            tag = plain.data.pop("event", None)
            if not isinstance(tag, str) or tag in self._own:
                raise
            record = Record(plain.t, plain.participant, plain.actor, plain.cause, UnknownEvent(tag, plain.data))
        # Taken as it stands, the digest does not depend on which kinds are known.
        record.__dict__["line"] = line
        return record


class _Plain(msgspec.Struct):
    """A record whose event is of no known kind."""

    t: int
    participant: str
    actor: str
    cause: str
    data: dict[str, object]


@lru_cache(maxsize=4)
def _decoder(kinds: tuple[type[Event], ...]) -> "msgspec.json.Decoder[Record]":
    readable = []
    for kind in kinds:
        try:
            check_event(kind)
        except EventError:
            continue
        readable.append(kind)
    return msgspec.json.Decoder(Record[reduce(or_, readable)])  # type: ignore[misc]  # a type that is made here
