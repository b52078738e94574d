"""Turning plain data into configurations, with everything that does not fit told at once.

:func:`msgspec.convert` stops at the first error. The reader here goes through the fields itself, one value at a time,
so each error has its path, and what can be read is read nonetheless.
"""

import difflib
import json
import math
import operator
import re
import types
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from datetime import date, time
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import msgspec
from msgspec import NODEFAULT

from monerosim.config import Amount, Duration, decode_hook
from monerosim.scenario.problems import Finding, Path

LONGEST_NUMBER = 80
"""Characters of a duration or an amount; a longer text is none."""

_SHOWN = 40

_SCALARS: dict[object, str] = {
    str: "a text",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    Duration: 'a duration such as "90s" or "2h"',
    Amount: 'an amount such as "10 XMR"',
}


def nearest(name: str, valid: Iterable[str]) -> str:
    """Suggest the valid name that comes nearest, or list them where none is near and they are few."""
    names = sorted(valid)
    close = difflib.get_close_matches(name[:60], names, n=1)
    if close:
        return f'did you mean "{close[0]}"?'
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


class Reader:
    """Reads plain data into configurations and collects what does not fit.

    Args:
        root: Where the outermost table stands.
        beside: Keys that are valid beside that table's own, to suggest where an unknown key is near one.

    Attributes:
        findings: What did not fit, in the order of reading.
    """

    def __init__(self, root: Path = (), beside: Iterable[str] = ()) -> None:
        self.root = root
        self.beside = tuple(beside)
        self.findings: list[Finding] = []

    def read(self, value: object, kind: object, path: Path = ()) -> object:
        """Read a value.

        Args:
            value: Plain data as TOML gives it, or something that is of the kind already.
            kind: A type as a configuration's field may have it.
            path: Where the value stands.

        Returns:
            The value as ``kind``; :data:`msgspec.NODEFAULT` if it does not fit, which is then among the findings.
            A table of which a part does not fit is read with that part's default.
        """
        origin = get_origin(kind)
        if kind is Any:
            found = self._plain(value, path)
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
            found = self._struct(value, kind, path)
        else:
            found = self._scalar(value, kind, path)
        return found

    def _wrong(self, path: Path, message: str, hint: str = "") -> object:
        self.findings.append(Finding(path=path, message=message, hint=hint))
        return NODEFAULT

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
        if not usable or (isinstance(value, str) and len(value) > LONGEST_NUMBER):
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
        items = [self.read(item, inner, (*path, index)) for index, item in enumerate(value)]
        kept = [item for item in items if item is not NODEFAULT]
        return kept if get_origin(kind) is list else tuple(kept)

    def _mapping(self, value: object, inner: object, path: Path) -> object:
        if not isinstance(value, Mapping):
            return self._expected(path, "a table", value)
        read = {key: self.read(item, inner, (*path, key)) for key, item in value.items()}
        return {key: item for key, item in read.items() if item is not NODEFAULT}

    def _plain(self, value: object, path: Path) -> object:
        if isinstance(value, Mapping):
            return self._mapping(value, Any, path)
        if isinstance(value, list | tuple):
            return [self._plain(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, float) and not math.isfinite(value):
            self._expected(path, "a finite number", value)
        elif not isinstance(value, str | int | float):
            self._expected(path, "a text, a number, true, false, an array or a table", value)
        # Kept even so: whoever reads it next must not take it for missing.
        return value

    def _struct(self, value: object, kind: type[msgspec.Struct], path: Path) -> object:
        if isinstance(value, kind):
            return value
        if not isinstance(value, Mapping):
            return self._expected(path, "a table", value)
        before = len(self.findings)
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        spill: str | None = getattr(kind, "spill", None)
        found: dict[str, object] = {}
        spilled: dict[object, object] = {}
        for key, item in value.items():
            field = fields.get(key)
            if field is not None:
                result = self.read(item, field.type, (*path, key))
                if result is not NODEFAULT:
                    found[field.name] = result
            elif spill is not None:
                spilled[key] = self._plain(item, (*path, key))
            else:
                valid = {*fields, *self.beside} if path == self.root else fields
                self._wrong((*path, key), f"unknown key {quote(str(key))}", nearest(str(key), valid))
        if spill is not None and spilled:
            kept = {key: item for key, item in spilled.items() if item is not NODEFAULT}
            found[spill] = {**cast("dict[object, object]", found.get(spill, {})), **kept}
        for key, field in fields.items():
            if key not in value and field.required:
                self._wrong((*path, key), f"is missing: expected {_describe(field.type)}")
        whole = len(self.findings) == before
        return self._build(kind, found, path, whole=whole)

    def _build(self, kind: type[msgspec.Struct], found: dict[str, object], path: Path, *, whole: bool) -> object:
        try:
            return kind(**found)
        except TypeError:
            # A required field is missing or did not fit, which has been told.
            if whole:
                raise
            return NODEFAULT
        except ValueError as error:
            if not whole:  # it may follow from a default that stands in for what did not fit
                return NODEFAULT
            first = str(error).split(maxsplit=1)[0].strip("'\"`:,") if str(error) else ""
            names = {field.encode_name for field in msgspec.structs.fields(kind)}
            return self._wrong((*path, first) if first in names else path, str(error))


def _misshapen(value: object, note: msgspec.Meta) -> str | None:
    """Say what is wrong with a text's form or with a length."""
    if note.pattern is not None and isinstance(value, str) and not re.search(note.pattern, value):
        return f"must match {note.pattern}"
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
