"""What a table and a column are."""

from typing import Literal, TypeAlias

import msgspec

TABLES_VERSION = 2
"""Raised whenever a reader of older tables would misread newer ones; a further table or column does not raise it."""

ColumnType: TypeAlias = Literal["text", "name", "integer", "time", "amount", "real", "boolean"]
"""``name``: text that repeats, dictionary-encoded. ``time``: integer microseconds since the scenario's time zero,
negative in the bootstrap, or a length of time. ``amount``: integer atomic units."""


class Column(msgspec.Struct, frozen=True):
    """A column of a table."""

    name: str
    type: ColumnType
    text: str
    """What it has, and when it is null."""


class Table(msgspec.Struct, frozen=True):
    """A table that every run has, empty if there is nothing to tell."""

    name: str
    text: str
    columns: tuple[Column, ...]
