"""Making up values of the types that configurations have: what fits, and what just does not."""

import builtins
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Meta

from monerosim.config import PARTICIPANT, Amount, Duration, field_default, fields_of, load_config, strip_notes
from monerosim.runtime.rng import Rng
from monerosim.units import SECOND, XMR, format_amount, format_duration

T = TypeVar("T")

_LARGEST_BOUND = 1000
"""Integers up to which an upper bound itself is drawn: more is no harm to a run's result, but to its length."""

_USUAL = 16
"""Integers are drawn up to this, or four times their default."""

_TRIES = 40

_ARRAYS = (list, tuple, Sequence)


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """What values are made of in one scenario."""

    names: Sequence[str]
    """The participants."""
    duration: int
    """The scenario's own time, microseconds: what is drawn of durations makes sense beside it."""
    texts: Mapping[str, Callable[[Rng], object]]
    """How to draw the values of keys whose type says too little."""


class Values:
    """Draws values that fit.

    Args:
        rng: The random numbers.
        vocabulary: What they are made of.
        share: Of the keys with a default, the share that is drawn.
    """

    def __init__(self, rng: Rng, vocabulary: Vocabulary, share: float) -> None:
        self._rng = rng
        self._words = vocabulary
        self._share = share

    def table(
        self, kind: type[msgspec.Struct], *, leave: Sequence[str] = (), share: float | None = None
    ) -> dict[str, Any]:
        """Draw a table whose values go together.

        Args:
            kind: Its structure.
            leave: Keys that are not drawn.
            share: Of the optional keys, the share that is drawn; the usual one if left out.
        """
        wanted = self._share if share is None else share
        fields = [field for field in fields_of(kind) if field.encode_name not in leave]
        # Keys and values that go with few others would hardly ever be drawn with them, so one is meant each time.
        aims = [(field.name, form) for field in fields for form in list(self._forms(field)) or [NODEFAULT]]
        meant, form = self._rng.choice(aims) if aims else ("", NODEFAULT)
        for left in range(_TRIES, 0, -1):
            # Of what does not fit, less and less is tried; each second time all, since some keys need another.
            tried = wanted if left % 2 else wanted * left / _TRIES
            table = {
                field.encode_name: self._meant(field, form) if field.name == meant else self.field(field)
                for field in fields
                if field.required or field.name == meant or self._rng.random() < tried
            }
            if leave or _fits(table, kind):
                return table
        return {field.encode_name: self.field(field) for field in fields if field.required}

    def _meant(self, field: msgspec.structs.FieldInfo, form: object) -> object:
        """Return what a field is meant to have, of an array often with more."""
        if isinstance(form, list) and self._rng.random() < 0.5:  # noqa: PLR2004  (heads or tails)
            drawn = self.field(field)
            return list(dict.fromkeys([*form, *drawn])) if isinstance(drawn, list) else form
        return self.field(field) if form is NODEFAULT else form

    def _forms(self, field: msgspec.structs.FieldInfo) -> Iterator[object]:
        """List the values that a field may be meant to have."""
        return iter(()) if field.encode_name in self._words.texts else forms(field.type)

    def field(self, field: msgspec.structs.FieldInfo) -> object:
        """Draw a value of a field."""
        if field.encode_name in self._words.texts:
            return self._words.texts[field.encode_name](self._rng)
        return self.value(field.type, field_default(field))

    def value(self, kind: object, default: object = NODEFAULT) -> object:
        """Draw a value of a type."""
        plain, notes = strip_notes(kind)
        origin, arguments = get_origin(plain), get_args(plain)
        rng = self._rng
        named = any(note.extra == PARTICIPANT for note in notes)
        found: object
        if origin in (Union, types.UnionType):
            found = self.value(rng.choice([it for it in arguments if it is not types.NoneType]), default)
        elif origin is Literal:
            found = rng.choice(arguments)
        elif origin in _ARRAYS:
            found = self._array(arguments[0], default, named=named)
        elif origin in (dict, Mapping):
            found = {}
        elif isinstance(plain, type) and issubclass(plain, msgspec.Struct):
            found = self.table(plain)
        elif plain is str and named:
            found = rng.choice(self._words.names)
        else:
            found = self._scalar(plain, notes, default)
        return found

    def _scalar(self, kind: object, notes: Sequence[Meta], default: object) -> object:
        rng = self._rng
        match kind:
            case builtins.str:
                return default if isinstance(default, str) else "text"
            case builtins.bool:
                return rng.random() < 0.5  # noqa: PLR2004  (heads or tails)
            case builtins.int:
                return _integer(rng, notes, default)
        if kind is Duration:
            positive = any((note.extra or {}).get("positive") for note in notes)
            return duration(rng, 2 * SECOND if positive else 0, max(2 * SECOND, self._words.duration))
        return amount(rng) if kind is Amount else _number(rng, notes)

    def _array(self, inner: object, default: object, *, named: bool) -> list[object]:
        rng = self._rng
        pool: Sequence[object] = self._words.names if named else ()
        if strip_notes(inner)[0] is str and not named:
            pool = [it for it in default if isinstance(it, str)] if isinstance(default, tuple) else ()
        if pool or named:
            return list(dict.fromkeys(rng.choice(pool) for _ in range(rng.integer(1, 3)))) if pool else []
        drawn = [self.value(inner) for _ in range(rng.integer(0, 8))] if strip_notes(inner)[0] is not str else []
        # A choice that is named twice is refused.
        return list(dict.fromkeys(drawn)) if get_origin(strip_notes(inner)[0]) is Literal else drawn


def structure(kind: object) -> type[msgspec.Struct] | None:
    """Return the structure that a type is, if it is one."""
    plain, _ = strip_notes(kind)
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        found: type[msgspec.Struct] = plain
        return found
    return None


def choices(kind: object) -> Iterator[object]:
    """List the values of the enumerations in a type, and the two of a boolean."""
    for form in forms(kind):
        yield form[0] if isinstance(form, list) else form


def forms(kind: object) -> Iterator[object]:
    """List the values of a type that show one of its choices each; those of an array alone in one."""
    plain, _ = strip_notes(kind)
    origin = get_origin(plain)
    if plain is bool:
        yield from (True, False)
    elif origin is Literal:
        yield from get_args(plain)
    elif origin in _ARRAYS:
        yield from ([form] for form in forms(get_args(plain)[0]))
    elif origin in (Union, types.UnionType):
        for inner in get_args(plain):
            yield from forms(inner)


def logarithmic(rng: Rng, low: float, high: float) -> float:
    """Draw a number of which each order of magnitude is as likely."""
    # A power of two by hand, since the C library's differs from machine to machine in the last bit.
    factor, value = high / low, low
    for _ in range(16):
        factor = factor**0.5
        value *= factor if rng.random() < 0.5 else 1  # noqa: PLR2004  (a bit of the exponent)
    return value


def duration(rng: Rng, low: int, high: int) -> object:
    """Draw a duration, as one of the ways in which people write it; microseconds from ``low`` to ``high``."""
    if low == 0 and rng.random() < 0.2:  # noqa: PLR2004  (nothing is a duration of its own)
        return "0s"
    least = max(low, 1000)
    micros = round(logarithmic(rng, least, max(least, high)))
    micros = micros // SECOND * SECOND if micros > 10 * SECOND else max(1000, micros // 1000 * 1000)
    form = rng.random()
    if form < 0.2:  # noqa: PLR2004  (a fifth are numbers of seconds)
        return micros // SECOND if micros % SECOND == 0 else micros / SECOND
    return format_duration(micros)


def amount(rng: Rng, low: int = XMR // 1000, high: int = 5 * XMR) -> object:
    """Draw an amount, as one of the ways in which people write it; atomic units from ``low`` to ``high``."""
    atomic = round(logarithmic(rng, low, high)) // 10**6 * 10**6
    return format_amount(atomic) if rng.random() < 0.7 else atomic / XMR  # noqa: PLR2004  (most write the unit)


def _fits(table: Mapping[str, object], kind: type[msgspec.Struct]) -> bool:
    try:
        load_config(table, kind)
    except ValueError:
        return False
    return True


def _integer(rng: Rng, notes: Sequence[Meta], default: object) -> int:
    low = max((int(note.ge) for note in notes if note.ge is not None), default=0)
    high = min((int(note.le) for note in notes if note.le is not None), default=2**31)
    if high <= _LARGEST_BOUND and rng.random() < 0.03:  # noqa: PLR2004  (now and then the bound itself)
        return high
    usual = default if isinstance(default, int) else 1
    return rng.integer(low, min(high, max(low, _USUAL, 4 * usual)))


def _number(rng: Rng, notes: Sequence[Meta]) -> float:
    low = max((float(bound) for note in notes for bound in (note.ge, note.gt) if bound is not None), default=0.0)
    high = min((float(bound) for note in notes for bound in (note.le, note.lt) if bound is not None), default=100.0)
    drawn = rng.random()
    found = low + (high - low) * drawn * drawn
    return round(found, 6) if round(found, 6) > low else max(found, low + (high - low) / 1000)
