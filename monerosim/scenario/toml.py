"""Writing a scenario's data as TOML, in the form in which people write it: a table a participant, the rest inline."""

import json
from collections.abc import Iterator, Mapping

_DEEP = {"participants"}
"""Tables of tables, each with a header of its own."""


def write_toml(document: Mapping[str, object]) -> str:
    """Write a document that TOML can hold: texts, numbers, booleans, arrays, and tables by text."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Mapping[str, object]) -> Iterator[str]:
    for key, value in document.items():
        if not isinstance(value, Mapping) and not _is_tables(value):
            yield f"{_key(key)} = {write_value(value)}"
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _group(key, value) if key in _DEEP else _table(f"[{_key(key)}]", value)
        elif isinstance(value, list) and _is_tables(value):
            for table in value:
                yield from _table(f"[[{_key(key)}]]", table)


def _group(key: str, tables: Mapping[str, object]) -> Iterator[str]:
    plain = {name: item for name, item in tables.items() if not isinstance(item, Mapping)}
    if plain or not tables:
        yield from _table(f"[{_key(key)}]", plain)
    for name, table in tables.items():
        if isinstance(table, Mapping):
            yield from _table(f"[{_key(key)}.{_key(name)}]", table)


def _table(header: str, table: Mapping[str, object]) -> Iterator[str]:
    yield ""
    yield header
    for key, value in table.items():
        yield f"{_key(key)} = {write_value(value)}"


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if bare else _text(key)


def _text(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_value(value: object) -> str:
    """Write a value on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case Mapping() if not value:
            return "{}"
        case Mapping():
            return "{ " + ", ".join(f"{_key(key)} = {write_value(item)}" for key, item in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(map(write_value, value)) + "]"
        case _:
            return str(value)
