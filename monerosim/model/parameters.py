"""A method's parameters, declared once: a structure from which requests are read as epee reads them.

A parameter that is null or an empty list counts as absent (contrib/epee/include/storages/portable_storage_from_json.h).
What a request asks for and the model does not heed is named in the answer (:func:`not_heeded`).
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, NamedTuple, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from monerosim.model.errors import invalid_params, unreadable
from monerosim.rpc.transport import Json

Params: TypeAlias = Mapping[str, Json]

MAX_UINT32 = 2**32 - 1
MAX_UINT64 = 2**64 - 1

_NOTHING: Params = {}
_DIGITS = 20


class _Range(NamedTuple):
    least: int
    most: int


class _Unheeded(NamedTuple):
    pass


UNHEEDED = _Unheeded()
"""Marks a parameter that is read and has no effect."""

U8: TypeAlias = Annotated[int, _Range(0, 2**8 - 1)]
U32: TypeAlias = Annotated[int, _Range(0, MAX_UINT32)]
U64: TypeAlias = Annotated[int, _Range(0, MAX_UINT64)]
I8: TypeAlias = Annotated[int, _Range(-(2**7), 2**7 - 1)]
I64: TypeAlias = Annotated[int, _Range(-(2**63), 2**63 - 1)]


class Parameters(msgspec.Struct, frozen=True):
    """The parameters of a method; a method without any takes this."""


P = TypeVar("P", bound=Parameters)


class Field(NamedTuple):
    """One parameter.

    Attributes:
        name: Its name in a request.
        default: Its value where a request does not have it.
        heeded: It has an effect.
        inner: The structure it is, or it is a list of.
    """

    name: str
    default: object
    heeded: bool
    inner: type[Parameters] | None
    reader: Callable[[Params, str, object], object]


@cache
def fields(kind: type[Parameters]) -> tuple[Field, ...]:
    """List the parameters that a structure declares."""
    hints = get_type_hints(kind, include_extras=True)
    found = []
    for field in msgspec.structs.fields(kind):
        hint = hints[field.name]
        marks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
        default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        reader, inner = _reader(hint)
        found.append(Field(field.encode_name, default, UNHEEDED not in marks, inner, reader))
    return tuple(found)


def read(kind: type[P], params: Json) -> P:
    """Read a method's parameters; without an object of them even those with a default are zero, empty or false.

    Raises:
        ServiceError: One of them has a wrong type.
    """
    asked = mapping(params)
    if not isinstance(params, dict):
        return msgspec.convert({field.name: _nothing(field.default) for field in fields(kind)}, kind)
    return msgspec.convert({field.name: field.reader(asked, field.name, field.default) for field in fields(kind)}, kind)


@cache
def _known(kind: type[Parameters]) -> tuple[dict[str, Field], frozenset[str]]:
    """Return the parameters of a structure by name, and the names of those that are heeded and have none within."""
    known = {field.name: field for field in fields(kind)}
    return known, frozenset(name for name, field in known.items() if field.heeded and field.inner is None)


def _nothing(default: object) -> object:
    """Return the value of a parameter's type that epee leaves it at where it reads nothing."""
    return type(default)() if isinstance(default, bool | int | str) else default


def not_heeded(kind: type[Parameters], params: Json) -> list[str]:
    """List what a request asks for without effect: parameters that are not heeded or that the method does not have."""
    known, plain = _known(kind)
    asked, found = mapping(params), list[str]()
    if plain.issuperset(asked):
        return found
    for name, value in asked.items():
        field = known.get(name)
        if field is None or (not field.heeded and field.reader(asked, name, field.default) != field.default):
            found.append(name)
        elif field.inner is not None:
            inner = field.inner
            members = value if isinstance(value, list) else [value]
            below = dict.fromkeys(one for member in members for one in not_heeded(inner, member))
            found += [f"{name}.{one}" for one in below]
    return found


def _reader(hint: object) -> tuple[Callable[[Params, str, object], object], type[Parameters] | None]:
    marks: tuple[object, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *rest = get_args(hint)
        marks = tuple(rest)
    if hint is bool:
        return _flag, None
    if hint is str:
        return _text, None
    if hint is int:
        span = next(mark for mark in marks if isinstance(mark, _Range))
        return lambda params, name, default: _integer(params, name, default, span), None
    if get_origin(hint) is tuple:
        (member, _) = get_args(hint)
        return _list_reader(member)
    if isinstance(hint, type) and issubclass(hint, Parameters):
        kind = hint
        return lambda params, name, _: read(kind, params.get(name)), kind
    raise TypeError(f"no parameter can be {hint}")


def _list_reader(member: object) -> tuple[Callable[[Params, str, object], object], type[Parameters] | None]:
    if isinstance(member, type) and issubclass(member, Parameters):
        kind = member
        return lambda params, name, _: tuple(read(kind, value) for value in _objects(params, name)), kind
    if member is str:
        return lambda params, name, _: _texts(params, name), None
    span = next(mark for mark in get_args(member)[1:] if isinstance(mark, _Range))
    return lambda params, name, _: _integers(params, name, span), None


def mapping(params: Json) -> Params:
    """Return the parameters if they are an object, else an empty one, as epee does."""
    return params if isinstance(params, dict) else _NOTHING


def _integer(params: Params, name: str, default: object, span: _Range) -> object:
    """Read an integer; an unsigned one of 64 bits may be a string of digits (``convert_to_integral``)."""
    value = given(params, name)
    if value is None:
        return default
    if isinstance(value, str) and span.most == MAX_UINT64:
        value = _digits(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_params()
    if not -(2**63) <= value <= MAX_UINT64:
        raise unreadable()
    if not span.least <= value <= span.most:
        raise invalid_params()
    return value


def _digits(value: str) -> int:
    if not (value.isdecimal() and value.isascii() and len(value) <= _DIGITS and int(value) <= MAX_UINT64):
        raise invalid_params()
    return int(value)


def _text(params: Params, name: str, default: object) -> object:
    value = given(params, name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise invalid_params()
    return value


def _flag(params: Params, name: str, default: object) -> object:
    value = given(params, name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise invalid_params()
    return value


def given(params: Params, name: str) -> Json:
    """Read anything; an empty list counts as absent."""
    value = params.get(name)
    return None if value == [] else value


def _texts(params: Params, name: str) -> tuple[str, ...]:
    """Read a list of strings; anything but a list counts as an empty one."""
    values = params.get(name)
    if not isinstance(values, list):
        return ()
    found = tuple(value for value in values if isinstance(value, str))
    if len(found) != len(values):
        raise invalid_params()
    return found


def _integers(params: Params, name: str, span: _Range) -> tuple[object, ...]:
    """Read a list of integers; anything but a list counts as an empty one."""
    values = params.get(name)
    if not isinstance(values, list):
        return ()
    if any(value is None or isinstance(value, list) for value in values):
        raise unreadable()
    return tuple(_integer({name: value}, name, 0, span) for value in values)


def _objects(params: Params, name: str) -> list[dict[str, Json]]:
    """Read a list of objects; anything else counts as an empty one."""
    values = params.get(name)
    if not isinstance(values, list) or (values and not isinstance(values[0], dict)):
        return []
    found = [value for value in values if isinstance(value, dict)]
    if len(found) != len(values):
        raise invalid_params()
    return found


def is_hash(value: str) -> bool:
    """Return whether a string is 64 hexadecimal digits."""
    return len(value) == 64 and is_hex(value)  # noqa: PLR2004  (32 bytes)


def is_hex(value: str) -> bool:
    """Return whether a string is whole bytes in hexadecimal digits; an empty one is."""
    try:
        bytes.fromhex(value)
    except ValueError:
        return False
    return value.isalnum() or not value
