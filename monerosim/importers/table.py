"""A part of a scenario in the making, which knows from where its values come."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from monerosim.importers.source import Item, Source, value_at
from monerosim.scenario.problems import Path

T = TypeVar("T")


class _Origin(msgspec.Struct, frozen=True):
    item: Item
    keys: Path
    reason: str


class Table:
    """Plain data, and the values of the file that are in it.

    Where the table stands in the scenario may be known later (a participant's name may come from its values), so its
    values are accounted for by :meth:`settle`.
    """

    def __init__(self, source: Source) -> None:
        self.data: dict[str, Any] = {}
        self.source = source
        self._origins: list[_Origin] = []
        self._added: list[tuple[Path, object, str]] = []

    def put(self, item: Item | None, read: Callable[[object], T], *keys: str | int, reason: str = "") -> T | None:
        """Put a value of the file where ``keys`` lead, or leave it out with the reason why it cannot be read.

        Returns:
            The value as it is put there; None if there is none or it cannot be read.
        """
        if item is None:
            return None
        try:
            value = read(item.value)
        except ValueError as error:
            item.leave(str(error))
            return None
        self.set(value, *keys)
        self._origins.append(_Origin(item, keys, reason))
        return value

    def set(self, value: object, *keys: str | int) -> None:
        """Put a value there that is accounted for elsewhere. Arrays on the way have to exist."""
        here: Any = self.data
        for key in keys[:-1]:
            here = here[key] if isinstance(key, int) else here.setdefault(key, {})
        here[keys[-1]] = value

    def note(self, item: Item | None, *keys: str | int, reason: str = "") -> None:
        """Record that a value of the file is in what ``keys`` lead to."""
        if item is not None:
            self._origins.append(_Origin(item, keys, reason))

    def add(self, value: object, *keys: str | int, reason: str) -> None:
        """Put a value there that the file does not have but the scenario needs."""
        self.set(value, *keys)
        self._added.append((keys, value, reason))

    def get(self, *keys: str | int) -> Any:
        """Return the value where ``keys`` lead; None if there is none."""
        return value_at(self.data, keys)

    def settle(self, *prefix: str) -> None:
        """Account for all values, now that the table stands at ``prefix`` of the scenario."""
        for origin in self._origins:
            self.source.carry(origin.item, (*prefix, *origin.keys), origin.reason)
        for keys, value, reason in self._added:
            self.source.add((*prefix, *keys), value, reason)
