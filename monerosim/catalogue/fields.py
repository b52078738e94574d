"""The fields of configurations, messages, letters and events, described for people."""

import ast
import inspect
import textwrap
import types
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from monerosim.config import Amount, Duration, encode_hook, field_default, fields_of, strip_notes
from monerosim.rpc.transport import Json

_NAMES: dict[object, str] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    Duration: "duration",
    Amount: "amount",
    Any: "anything",
}

_UNITS: dict[object, str] = {Duration: '"90s", "2h" or seconds', Amount: '"10 XMR" or XMR'}

EXAMPLE = "example"
"""The participant of an example."""

_SAMPLES: dict[object, Json] = {str: "text", bool: False, Duration: "1m", Amount: "1 XMR"}


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One key of a configuration, or a field of a message, letter or event."""

    key: str
    """With the tables around it: ``payees[].amount``."""
    type: str
    required: bool
    default: Json = None
    """As TOML has it; None where there is none, or it is to leave the key out."""
    unit: str = ""
    bounds: str = ""
    description: str = ""
    immutable: bool = False
    """Whether the command ``set`` refuses it."""


def describe_fields(kind: type[msgspec.Struct], prefix: str = "") -> list[Field]:
    """Describe the fields of a structure, and those of tables within it."""
    described = []
    texts = _texts(kind)
    for field in fields_of(kind):
        key = f"{prefix}{field.encode_name}"
        plain, notes = strip_notes(field.type)
        described.append(
            Field(
                key=key,
                type=type_name(field.type),
                required=field.required,
                default=default_of(field),
                unit=_UNITS.get(plain, ""),
                bounds=", ".join(_bounds(notes)),
                description=next((note.description for note in notes if note.description), texts.get(field.name, "")),
            )
        )
        for inner, shape in _tables(plain):
            described += describe_fields(inner, f"{key}{shape}.")
    return described


def _texts(kind: type) -> dict[str, str]:
    """Return the texts below the fields of a class and its bases, as its source has them, on one line each."""
    texts: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        try:
            source = textwrap.dedent(inspect.getsource(base))
        except (OSError, TypeError):
            continue
        (definition,) = ast.parse(source).body
        for field, text in pairwise(definition.body if isinstance(definition, ast.ClassDef) else ()):
            match field, text:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                    texts[name] = " ".join(said.split())
    return texts


def type_name(kind: object) -> str:
    """Name a field's type as somebody who writes TOML would."""
    plain, _ = strip_notes(kind)
    origin, arguments = get_origin(plain), get_args(plain)
    if origin in (Union, types.UnionType):
        name = " or ".join(dict.fromkeys(type_name(inner) for inner in arguments if inner is not types.NoneType))
    elif origin is Literal:
        name = " or ".join(msgspec.json.encode(choice).decode() for choice in arguments)
    elif origin in (list, tuple, Sequence):
        name = f"array of {type_name(arguments[0])}"
    else:
        name = _NAMES.get(plain, "table" if _is_table(plain) else getattr(plain, "__name__", str(plain)))
    return name


def default_of(field: msgspec.structs.FieldInfo) -> Json:
    """Give a field's default as TOML has it; None if there is none, or it is None."""
    if field.required:
        return None
    plain: Json = msgspec.json.decode(msgspec.json.encode(field_default(field), enc_hook=encode_hook))
    return plain


def sample(kind: object) -> Json:
    """Make up a value of a type: its first example, if it has any."""
    plain, notes = strip_notes(kind)
    examples = [example for note in notes for example in note.examples or ()]
    origin, arguments = get_origin(plain), get_args(plain)
    made: Json
    if examples:
        made = msgspec.to_builtins(examples[0], enc_hook=encode_hook)
    elif any((note.extra or {}).get("participant") for note in notes):
        # That of the example itself: there is no other.
        made = [EXAMPLE] if origin in (list, tuple, Sequence) else EXAMPLE
    elif origin in (Union, types.UnionType):
        made = sample(arguments[0])
    elif origin is Literal:
        made = arguments[0]
    elif origin in (list, tuple, Sequence):
        made = [sample(arguments[0])]
    elif isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        made = {field.encode_name: sample(field.type) for field in fields_of(plain) if field.required}
    elif plain in (int, float):
        made = _number(notes, whole=plain is int)
    else:
        made = _SAMPLES.get(plain, {})
    return made


def _is_table(kind: object) -> bool:
    return get_origin(kind) in (dict, Mapping) or (isinstance(kind, type) and issubclass(kind, msgspec.Struct))


def _tables(kind: object) -> Iterator[tuple[type[msgspec.Struct], str]]:
    """Find the structures in a type, and what a key has to have to lead to them: ``[]`` for an array's."""
    plain, _ = strip_notes(kind)
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        yield plain, ""
    elif get_origin(plain) in (Union, types.UnionType):
        for inner in get_args(plain):
            yield from _tables(inner)
    elif get_origin(plain) in (list, tuple, Sequence):
        yield from ((inner, f"[]{shape}") for inner, shape in _tables(get_args(plain)[0]))
    elif get_origin(plain) in (dict, Mapping):
        yield from ((inner, f".NAME{shape}") for inner, shape in _tables(get_args(plain)[1]))


def _bounds(notes: Sequence[msgspec.Meta]) -> Iterator[str]:
    for note in notes:
        if (note.extra or {}).get("positive"):
            yield "above 0"
        for bound, words in ((note.ge, "at least"), (note.gt, "above"), (note.le, "at most"), (note.lt, "below")):
            if bound is not None:
                yield f"{words} {bound}"
        if note.min_length is not None:
            yield f"at least {note.min_length} long"
        if note.max_length is not None:
            yield f"at most {note.max_length} long"
        if note.pattern is not None:
            yield f"like {note.pattern}"


def _number(notes: Sequence[msgspec.Meta], *, whole: bool) -> int | float:
    """Choose a number within bounds, 1 if it may be."""
    least = max((note.ge for note in notes if note.ge is not None), default=None)
    most = min((bound for note in notes for bound in (note.le, note.lt) if bound is not None), default=None)
    if least is not None and least > 1:
        return least
    if most is not None and most <= 1:
        return 0 if whole else most / 2
    return 1 if whole else 1.0
