"""Configurations: typed structures that read durations and amounts as people write them.

A scenario's tables and every behaviour's ``Config`` are :class:`msgspec.Struct` classes. Their fields may be
:class:`Duration` and :class:`Amount`, which are integers inside and text outside, so a configuration survives the
way from scenario to plan to actor unchanged.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, ClassVar, TypeAlias, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT

from monerosim.rpc.transport import Json
from monerosim.units import SECOND, format_amount, format_duration, parse_amount, parse_duration

T = TypeVar("T")

Key: TypeAlias = str | tuple[str | int, ...]
"""A key of a configuration, or the way into its value: ``("collect", 0)``."""

POSITIVE = {"positive": True}
"""Marks a duration that has to be above zero (``Meta(extra=POSITIVE)``)."""

PARTICIPANT = {"participant": True}
"""Marks a string that names a participant, or an array of names of participants and groups
(``Meta(extra=PARTICIPANT)``). A scenario without a participant of that name is refused."""

EVENT = {"event": True}
"""Of a text, or an array of them: each is a kind of events. A scenario in which no actor's code declares such an event
is refused (``Meta(extra=EVENT)``)."""


def form(words: str) -> dict[str, str]:
    """Return the description of a pattern, for messages (``Meta(pattern=..., extra=form("a name of letters"))``)."""
    return {"form": words}


class Duration(int):
    """Microseconds; written ``"90s"``, ``"2h"`` or as a number of seconds."""

    __slots__ = ()

    @property
    def seconds(self) -> float:
        """The duration in seconds."""
        return self / SECOND


class Amount(int):
    """Atomic units; written ``"10 XMR"`` or as a number of XMR."""

    __slots__ = ()


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every configuration: immutable, and an unknown key is an error."""

    mutually_exclusive: ClassVar[tuple[frozenset[str], ...]] = ()
    """Groups of keys of which at most one may be set: setting one by a command removes the others."""

    def problems(self) -> Iterable[tuple[Sequence[Key], str]]:
        """Return the problems that types cannot express: the keys concerned, the culprit first, and a message."""
        return ()

    def __post_init__(self) -> None:
        """Check for problems.

        Raises:
            ValueError: There are some; the message lists them all.
        """
        messages = [message for _, message in self.problems()]
        if messages:
            raise ValueError("; ".join(messages))


def duration(text: str) -> Duration:
    """Return a field with a default duration."""
    value = Duration(parse_duration(text))
    field: Duration = msgspec.field(default_factory=lambda: value)
    return field


def amount(text: str) -> Amount:
    """Return a field with a default amount."""
    value = Amount(parse_amount(text))
    field: Amount = msgspec.field(default_factory=lambda: value)
    return field


def decode_hook(kind: type, value: object) -> object:
    """Read a :class:`Duration` or an :class:`Amount` (msgspec's ``dec_hook``)."""
    if isinstance(value, kind):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        value = type(value).__name__
    if kind is Duration:
        if not isinstance(value, str):
            value = f"{value:f}s" if isinstance(value, float) else f"{value}s"
        return Duration(parse_duration(value))
    if kind is Amount:
        return Amount(parse_amount(value))
    raise NotImplementedError(f"a configuration cannot hold a {kind.__name__}")


def encode_hook(value: object) -> str:
    """Write a :class:`Duration` or an :class:`Amount` (msgspec's ``enc_hook``)."""
    if isinstance(value, Duration):
        return format_duration(value)
    if isinstance(value, Amount):
        return format_amount(value)
    raise NotImplementedError(f"a configuration cannot hold a {type(value).__name__}")


def schema_hook(kind: type) -> dict[str, Json]:
    """Describe a :class:`Duration` or an :class:`Amount` (msgspec's ``schema_hook``)."""
    if kind is Duration:
        return {"type": ["string", "number"], "description": 'A duration: "90s", "2h", or a number of seconds.'}
    if kind is Amount:
        return {"type": ["string", "number"], "description": 'An amount: "10 XMR", or a number of XMR.'}
    raise NotImplementedError(f"a configuration cannot hold a {kind.__name__}")


def strip_notes(kind: object) -> tuple[object, list[msgspec.Meta]]:
    """Return a field's type without its notes and without None, and the notes."""
    notes: list[msgspec.Meta] = []
    while True:
        if get_origin(kind) is Annotated:
            kind, *more = get_args(kind)
            notes += [note for note in more if isinstance(note, msgspec.Meta)]
        elif get_origin(kind) in (Union, UnionType):
            members = [inner for inner in get_args(kind) if inner is not NoneType]
            if len(members) != 1:
                return kind, notes
            kind = members[0]
        else:
            return kind, notes


@cache
def fields_of(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Return a structure's fields. To find their types msgspec evaluates annotations, so each is found once."""
    return msgspec.structs.fields(kind)


def field_default(field: msgspec.structs.FieldInfo) -> object:
    """Return a field's default, made if it is made anew each time; ``NODEFAULT`` if it has none."""
    return field.default_factory() if field.default_factory is not NODEFAULT else field.default


def load_config(value: object, kind: type[T]) -> T:
    """Build a configuration of ``kind`` from plain data.

    Raises:
        msgspec.ValidationError: The data does not fit; the message names the place.
    """
    return msgspec.convert(value, kind, dec_hook=decode_hook)


def change_config(before: Mapping[str, object], changes: Mapping[str, object], kind: type[Config]) -> dict[str, object]:
    """Return a configuration's plain data with changes applied.

    Args:
        before: The data.
        changes: Keys and their new values.
        kind: The configuration.
    """
    replaced = {key for group in kind.mutually_exclusive if not group.isdisjoint(changes) for key in group}
    return {**{key: value for key, value in before.items() if key not in replaced}, **changes}


def dump_config(config: msgspec.Struct) -> dict[str, Json]:
    """Turn a configuration into plain data that :func:`load_config` reads back, defaults included."""
    data: dict[str, Json] = msgspec.to_builtins(config, enc_hook=encode_hook)
    return data
