"""Turning plain data into configurations, with everything that does not fit told at once.

:func:`msgspec.convert` stops at the first error. The reader here goes through the fields itself, one value at a time,
so each error has its path, and what can be read is read nonetheless. pydantic collects errors, too, but agents import
``Config``, and each host of a run on real programs is a process of its own: what configurations are made of counts once
a host, in memory and in time to start.
"""

import difflib
import json
import math
import operator
import re
import types
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence, Sized
from datetime import date, time
from functools import cache
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, UNSET, UnsetType

from monerosim.config import Amount, Config, Duration, decode_hook, fields_of
from monerosim.scenario.problems import Path, RawProblem, ScenarioError
from monerosim.units import MAX_TEXT

_SHOWN = 40

_SCALARS: dict[object, str] = {
    str: "a text",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    Duration: 'a duration such as "90s" or "2h"',
    Amount: 'an amount such as "10 XMR"',
}


def find_near(name: str, valid: Iterable[str]) -> str | None:
    """Find the valid name that somebody who wrote another one may have meant."""
    return next(iter(difflib.get_close_matches(name[:60], sorted(valid), n=1)), None)


def nearest(name: str, valid: Iterable[str]) -> str:
    """Suggest the valid name that comes nearest, or list them where none is near and they are few."""
    names = sorted(valid)
    near = find_near(name, names)
    if near is not None:
        return f'did you mean "{near}"?'
    few = 20
    return f"there are: {', '.join(names)}" if 0 < len(names) <= few else ""


def quote(text: str) -> str:
    """Show a text in quotes, only its beginning if it is long."""
    return json.dumps(text if len(text) <= _SHOWN else text[:_SHOWN] + "...", ensure_ascii=False)


def show(value: object) -> str:
    """Show a value of a document in a few characters."""
    match value:
        case bool():
            shown = "true" if value else "false"
        case str():
            shown = f"the text {quote(value)}"
        case int() | float():
            shown = str(value)
        case Mapping():
            shown = "a table"
        case list() | tuple():
            shown = "an array"
        case date() | time():
            shown = "a date or time"
        case None:
            shown = "nothing"
        case _:
            shown = f"a {type(value).__name__}"
    return shown


def unknown_key(path: Path, valid: Collection[str], given: Container[str]) -> RawProblem:
    """Tell of a key that a table does not know.

    Args:
        path: Its path.
        valid: The keys that the table knows.
        given: The keys that it has. One that is near and is not among them is lost: it was meant, presumably.
    """
    key = str(path[-1])
    near = find_near(key, valid)
    unreadable = ((*path[:-1], near),) if near is not None and near not in given else ()
    return RawProblem(path=path, message=f"unknown key {quote(key)}", hint=nearest(key, valid), unreadable=unreadable)


class Reader:
    """Reads plain data into configurations and collects what does not fit.

    What could not be read has a stand-in, so that the rest can be judged: a field its default; a field without one, or
    an element of an array, an empty text, zero and the like.

    Attributes:
        findings: What did not fit, in the order of reading.
    """

    def __init__(self) -> None:
        self.findings: list[RawProblem] = []

    def read(self, value: object, kind: object, path: Path = ()) -> object:
        """Read a value.

        Args:
            value: Plain data as TOML gives it, or something that is of the kind already;
                :data:`msgspec.UNSET` for what has been told of.
            kind: A type as a configuration's field may have it.
            path: Where the value stands.

        Returns:
            The value as ``kind``; :data:`msgspec.NODEFAULT` if it does not fit, which is then among the findings.
        """
        origin = get_origin(kind)
        if kind is Any:
            found = self._plain(value, path)
        elif value is UNSET:
            found = NODEFAULT
        elif origin is Annotated:
            inner, *notes = get_args(kind)
            found = self.read(value, inner, path)
            found = self._within(found, value, notes, path) if found is not NODEFAULT else found
        elif origin in (Union, types.UnionType):
            found = self._choose(value, get_args(kind), path)
        elif origin is Literal:
            found = self._one_of(value, get_args(kind), path)
        elif origin in (list, tuple, Sequence):
            found = self._array(value, kind, path)
        elif origin in (dict, Mapping):
            found = self._mapping(value, get_args(kind)[1], path)
        elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            found = value if isinstance(value, kind) else self._struct(value, kind, path)
        else:
            found = self._scalar(value, kind, path)
        return found

    def _wrong(self, path: Path, message: str, hint: str = "") -> object:
        self.findings.append(RawProblem(path=path, message=message, hint=hint, unreadable=(path,)))
        return NODEFAULT

    def _is_lost(self, path: Path) -> bool:
        return any(path in finding.unreadable for finding in self.findings)

    def _expected(self, path: Path, what: str, value: object, hint: str = "") -> object:
        return self._wrong(path, f"expected {what}, got {show(value)}", hint)

    def _scalar(self, value: object, kind: object, path: Path) -> object:
        if kind in (Duration, Amount):
            return self._quantity(value, cast("type", kind), path)
        if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value) if math.isfinite(value) else self._expected(path, "a finite number", value)
        if kind in _SCALARS:
            return value if type(value) is kind else self._expected(path, _SCALARS[kind], value, _unquote(value, kind))
        try:
            return msgspec.convert(value, kind, dec_hook=decode_hook)
        except (msgspec.ValidationError, ValueError) as error:
            return self._wrong(path, str(error))

    def _quantity(self, value: object, kind: type, path: Path) -> object:
        if isinstance(value, kind):
            return value
        usable = isinstance(value, int | float | str) and not isinstance(value, bool)
        if not usable or (isinstance(value, str) and len(value) > MAX_TEXT):
            return self._expected(path, _SCALARS[kind], value)
        try:
            return decode_hook(kind, value)
        except ValueError as error:
            return self._wrong(path, str(error))

    def _within(self, found: object, value: object, notes: Sequence[object], path: Path) -> object:
        for note in notes:
            if not isinstance(note, msgspec.Meta):
                continue
            above = 0 if (note.extra or {}).get("positive") else note.gt
            limits: tuple[tuple[Any, Callable[[Any, Any], bool], str], ...] = (
                (note.ge, operator.ge, "at least"),
                (above, operator.gt, "more than"),
                (note.le, operator.le, "at most"),
                (note.lt, operator.lt, "less than"),
            )
            for bound, holds, words in limits:
                if bound is not None and not holds(found, bound):
                    return self._wrong(path, f"must be {words} {bound}, got {show(value)}")
            if (wrong := _misshapen(found, note)) is not None:
                return self._wrong(path, f"{wrong}, got {show(value)}")
        return found

    def _choose(self, value: object, kinds: tuple[object, ...], path: Path) -> object:
        if value is None and types.NoneType in kinds:
            return None
        rest = [kind for kind in kinds if kind is not types.NoneType]
        if len(rest) > 1:
            fitting = [kind for kind in rest if _suits(value, kind)]
            if not fitting:
                return self._expected(path, " or ".join(_describe(kind) for kind in rest), value)
            rest = fitting
        return self.read(value, rest[0], path)

    def _one_of(self, value: object, choices: tuple[Any, ...], path: Path) -> object:
        if any(value == choice and type(value) is type(choice) for choice in choices):
            return value
        words = [msgspec.json.encode(choice).decode() for choice in choices]
        hint = nearest(value, map(str, choices)) if isinstance(value, str) else ""
        return self._expected(path, " or ".join(words), value, hint if hint.startswith("did") else "")

    def _array(self, value: object, kind: object, path: Path) -> object:
        if not isinstance(value, list | tuple):
            return self._expected(path, "an array", value)
        inner = get_args(kind)[0]
        items = [self._kept(item, inner, (*path, index)) for index, item in enumerate(value)]
        return items if get_origin(kind) is list else tuple(items)

    def _mapping(self, value: object, inner: object, path: Path) -> object:
        if not isinstance(value, Mapping):
            return self._expected(path, "a table", value)
        return {key: self._kept(item, inner, (*path, key)) for key, item in value.items()}

    def _kept(self, item: object, kind: object, path: Path) -> object:
        """Read an element; one that does not fit keeps its place, so that the others keep theirs."""
        found = self.read(item, kind, path)
        return _stand_in(kind) if found is NODEFAULT else found

    def _plain(self, value: object, path: Path) -> object:
        if isinstance(value, Mapping):
            return self._mapping(value, Any, path)
        if isinstance(value, list | tuple):
            return [self._plain(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, float) and not math.isfinite(value):
            self._expected(path, "a finite number", value)
        elif not isinstance(value, str | int | float | UnsetType):
            self._expected(path, "a text, a number, true, false, an array or a table", value)
        # Kept even so: whoever reads it next must not take it for missing.
        return value

    def _struct(self, value: object, kind: type[msgspec.Struct], path: Path) -> object:
        if not isinstance(value, Mapping):
            return self._expected(path, "a table", value)
        before = len(self.findings)
        found = self.read_fields(value, kind, path)
        missing = [it for it in fields_of(kind) if it.required and it.encode_name not in value]
        for field in missing:
            here = (*path, field.encode_name)
            if not self._is_lost(here):
                self._wrong(here, f"is missing: expected {_describe(field.type)}")
        # What has been told of elsewhere, such as an integer above 64 bits, is neither missing nor found.
        lost = any(it.required and it.name not in found for it in fields_of(kind))
        made, mistakes = build(kind, found, whole=not lost and len(self.findings) == before)
        self.findings += [mistake.at(path, value) for mistake in mistakes]
        return made

    def read_fields(
        self, value: Mapping[str, object], kind: type[msgspec.Struct], path: Path = ()
    ) -> dict[str, object]:
        """Read the keys that a table has.

        Returns:
            What fits, by the names of the structure's fields.
        """
        fields = {field.encode_name: field for field in fields_of(kind)}
        extra_keys: str | None = getattr(kind, "extra_keys", None)
        found: dict[str, object] = {}
        extra: dict[str, object] = {}
        for key, item in value.items():
            field = fields.get(key)
            if field is not None:
                result = self.read(item, field.type, (*path, key))
                if result is not NODEFAULT:
                    found[field.name] = result
            elif extra_keys is not None:
                extra[key] = self._plain(item, (*path, key))
            else:
                self.findings.append(unknown_key((*path, key), fields, value))
        if extra_keys is not None and extra:
            found[extra_keys] = {**cast("dict[str, object]", found.get(extra_keys, {})), **extra}
        return found


class ConfigProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a table whose values fit one by one."""

    message: str
    culprit: tuple[Path, ...]
    """Keys to tell it at: the first that the table has."""
    depends_on: tuple[Path, ...]
    """Keys it rests on."""

    def at(self, path: Path, given: Container[object]) -> RawProblem:
        """Tell of it.

        Args:
            path: Where the table stands.
            given: The keys that it has.
        """
        place = next((key for key in self.culprit if key[0] in given), ())
        return RawProblem(
            path=(*path, *place), message=self.message, depends_on=tuple((*path, *key) for key in self.depends_on)
        )


def build(
    kind: type[msgspec.Struct], values: Mapping[str, object], *, whole: bool
) -> tuple[msgspec.Struct, list[ConfigProblem]]:
    """Make a structure of values that fit one by one, whether or not they fit together.

    Args:
        kind: The structure.
        values: By the names of its fields.
        whole: Whether they are all that somebody wrote; what a class raises over stand-ins is its own affair.

    Returns:
        The structure, with stand-ins where there is no default, and what is wrong with it.
    """
    try:
        return kind(**values), []
    except (TypeError, ValueError) as error:
        if whole and isinstance(error, TypeError):
            raise
        refused = error
    fields = fields_of(kind)
    required = {field.name: _stand_in(field.type) for field in fields if field.required}
    made = _unchecked(kind)(**{**required, **values})
    mistakes = _mistakes(made, whole=whole) if isinstance(made, Config) else []
    if not mistakes and isinstance(refused, ValueError) and not isinstance(refused, ScenarioError):
        # A class that checks itself in its own way: the message may begin with a key. (A scenario's tables read
        # their fields once more, of which all has been told.)
        first = str(refused).split(maxsplit=1)[0].strip("'\"`:,") if str(refused) else ""
        every = tuple((field.encode_name,) for field in fields)
        mistakes = [
            ConfigProblem(message=str(refused), culprit=((first,),) if (first,) in every else (), depends_on=every)
        ]
    return made, mistakes


def _mistakes(made: Config, *, whole: bool) -> list[ConfigProblem]:
    mistakes = []
    try:
        for keys, message in made.problems():
            paths: tuple[Path, ...] = tuple((key,) if isinstance(key, str) else key for key in keys)
            mistakes.append(ConfigProblem(message=message, culprit=paths, depends_on=paths))
    except (TypeError, AttributeError):
        if whole:
            raise
    return mistakes


@cache
def _unchecked(kind: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """Derive a class whose instances may have mistakes."""
    return type(kind.__name__, (kind,), {"__post_init__": lambda _: None, "__module__": kind.__module__})


def _stand_in(kind: object) -> object:
    """Make up a value of a type, as empty as can be."""
    origin, arguments = get_origin(kind), get_args(kind)
    made: object = UNSET
    if origin is Annotated or origin is Literal:
        made = _stand_in(arguments[0]) if origin is Annotated else arguments[0]
    elif origin in (Union, types.UnionType):
        made = None if types.NoneType in arguments else _stand_in(arguments[0])
    elif origin in (list, tuple, Sequence):
        made = [] if origin is list else ()
    elif origin in (dict, Mapping):
        made = {}
    elif kind in _SCALARS:
        made = cast("type", kind)()
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        made, _ = build(kind, {}, whole=False)
    return made


def _misshapen(value: object, note: msgspec.Meta) -> str | None:
    """Say what is wrong with a text's form or with a length."""
    if note.pattern is not None and isinstance(value, str) and not re.search(note.pattern, value):
        words = (note.extra or {}).get("form")
        return f"expected {words}" if words else f"must match {note.pattern}"
    if isinstance(value, Sized):
        if note.min_length is not None and len(value) < note.min_length:
            return f"must have a length of at least {note.min_length}"
        if note.max_length is not None and len(value) > note.max_length:
            return f"must have a length of at most {note.max_length}"
    return None


def _unquote(value: object, kind: object) -> str:
    if kind in (int, float) and isinstance(value, str) and value.replace(".", "", 1).isdigit():
        return "write the number without quotes"
    return ""


def _suits(value: object, kind: object) -> bool:
    """Whether a value has the outer form of a kind, which is enough to choose among a union's."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _suits(value, get_args(kind)[0])
    if origin is Literal:
        return any(type(value) is type(choice) for choice in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return isinstance(value, (Mapping, kind))
    forms: dict[object, tuple[type, ...]] = {
        dict: (Mapping,),
        Mapping: (Mapping,),
        list: (list, tuple),
        tuple: (list, tuple),
        Sequence: (list, tuple),
        Duration: (str, int, float),
        Amount: (str, int, float),
        float: (int, float),
    }
    form = forms.get(origin or kind)
    if form is None:
        return type(value) is kind
    return isinstance(value, form) and not isinstance(value, bool)


def _describe(kind: object) -> str:
    origin = get_origin(kind)
    if origin is Annotated:
        return _describe(get_args(kind)[0])
    if origin in (Union, types.UnionType):
        return " or ".join(_describe(inner) for inner in get_args(kind) if inner is not types.NoneType)
    if origin is Literal:
        return " or ".join(msgspec.json.encode(choice).decode() for choice in get_args(kind))
    if origin in (list, tuple, Sequence):
        return "an array"
    return _SCALARS.get(kind, "a table")
