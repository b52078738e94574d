"""A file of another tool, and what becomes of each of its values.

No value is dropped in silence: what is neither carried over nor left out with a reason is found by :meth:`Source.tell`,
which says so.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from enum import StrEnum

import msgspec

from monerosim.importers.yaml_file import YamlFile
from monerosim.scenario.convert import find_near, quote, show
from monerosim.scenario.problems import Path


class Outcome(StrEnum):
    """What became of a value."""

    CARRIED = "carried over"
    LEFT = "left out"
    ADDED = "added"
    """Nothing of the file: what the scenario needs and the file does not say."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one value."""

    path: Path
    """In the file; empty for what was added."""
    line: int | None
    value: str
    """As it is shown."""
    outcome: Outcome
    target: Path = ()
    """In the scenario."""
    reason: str = ""


class Source:
    """The file and the account of its values."""

    def __init__(self, file: YamlFile) -> None:
        self._file = file
        self._entries: dict[Path, Entry] = {}
        self._added: list[Entry] = []
        self._parts: dict[Path, dict[Path, object]] = {}
        self.known: set[str] = set()
        """Keys that were asked for, to name the nearest of one that is not known."""
        self.root = Item(self, (), file.data)

    def carry(self, item: "Item", target: Path, reason: str) -> None:
        """Record that a value is in the scenario."""
        self._entries[item.path] = self._entry(item.path, item.value, Outcome.CARRIED, target, reason)

    def leave(self, item: "Item", reason: str) -> None:
        """Record that a value, with all in it, is not in the scenario."""
        self._entries[item.path] = self._entry(item.path, item.value, Outcome.LEFT, (), reason)

    def is_left(self, item: "Item") -> bool:
        """Return whether a value is known to be left out."""
        entry = self._entries.get(item.path)
        return entry is not None and entry.outcome is Outcome.LEFT

    def add(self, target: Path, value: object, reason: str) -> None:
        """Record what the scenario has without the file saying it."""
        self._added.append(
            Entry(path=(), line=None, value=shown(value), outcome=Outcome.ADDED, target=target, reason=reason)
        )

    def split(self, item: "Item", parts: Mapping[str, object]) -> dict[str, "Item"]:
        """Account for a text's parts (such as flags in a line of arguments) instead of the whole."""
        items = {name: Item(self, (*item.path, name), value) for name, value in parts.items()}
        self._parts[item.path] = {part.path: part.value for part in items.values()}
        return items

    def tell(self, document: Mapping[str, object]) -> list[Entry]:
        """Return the account of all values, in the order of the file, and then what was added.

        Args:
            document: The scenario. What was carried to a key that it does not have after all is left out.
        """
        entries = []
        used = {path[:n] for path in self._entries for n in range(1, len(path) + 1)}
        for path, value in self._leaves((), self._file.data):
            entry = next((self._entries[path[:n]] for n in range(len(path) + 1) if path[:n] in self._entries), None)
            if entry is None:
                entry = self._entry(path, value, Outcome.LEFT, (), self._unknown(path, used))
            elif entry.path != path:
                entry = self._entry(path, value, entry.outcome, entry.target, entry.reason)
            if entry.target and not _has(document, entry.target):
                reason = entry.reason or "the scenario has no place for it"
                entry = msgspec.structs.replace(entry, outcome=Outcome.LEFT, target=(), reason=reason)
            entries.append(entry)
        added = [entry for entry in dict.fromkeys(self._added) if _has(document, entry.target)]
        return [*entries, *added]

    def _leaves(self, path: Path, value: object) -> Iterator[tuple[Path, object]]:
        if path in self._parts:
            yield from self._parts[path].items()
        elif isinstance(value, Mapping) and value:
            for key, item in value.items():
                yield from self._leaves((*path, key), item)
        elif isinstance(value, list) and value:
            for index, item in enumerate(value):
                yield from self._leaves((*path, index), item)
        else:
            yield path, value

    def _entry(self, path: Path, value: object, outcome: Outcome, target: Path, reason: str) -> Entry:
        line = next(
            (self._file.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self._file.lines), None
        )
        return Entry(path=path, line=line, value=shown(value), outcome=outcome, target=target, reason=reason)

    def _unknown(self, path: Path, used: Container[Path]) -> str:
        """Return why nothing was made of a value: its key is unknown, or that of a table of which nothing was used."""
        last = next((part for part in reversed(path) if isinstance(part, str)), "")
        for length, part in enumerate(path, 1):
            if not isinstance(part, str) or part in self.known or path[:length] in used:
                continue
            near = find_near(part, self.known)
            if near:
                named = "" if part == last else f"{quote(part)} is "
                return f'{named}not a key of such files; did you mean "{near}"?'
        return "not used where it stands" if last in self.known else "not a key of such files"


def shown(value: object) -> str:
    """Show a value of a file on a line."""
    match value:
        case None:
            return "(nothing)"
        case str():
            return quote(value)
        case Mapping() | list():
            if not value:
                return "{}" if isinstance(value, Mapping) else "[]"
            return f"({len(value)} keys)" if isinstance(value, Mapping) else f"({len(value)} elements)"
        case _:
            return show(value)


def value_at(document: object, path: Path) -> object:
    """Return what is at a path of plain data; None if there is nothing."""
    for part in path:
        match document, part:
            case dict(), str() if part in document:
                document = document[part]
            case list(), int() if part < len(document):
                document = document[part]
            case _:
                return None
    return document


def _has(document: object, path: Path) -> bool:
    return value_at(document, path) is not None


class Item(msgspec.Struct, frozen=True):
    """A value of the file."""

    source: Source
    path: Path
    value: object

    def get(self, *keys: str) -> "Item | None":
        """Return the value at keys, one in the other; None where there is none."""
        here: object = self.value
        for key in keys:
            self.source.known.add(key)
            if not isinstance(here, Mapping) or key not in here:
                return None
            here = here[key]
        return Item(self.source, (*self.path, *keys), here)

    def items(self) -> list[tuple[str, "Item"]]:
        """Return the keys of a mapping with their values; none of anything else."""
        if not isinstance(self.value, Mapping):
            return []
        return [(key, Item(self.source, (*self.path, key), value)) for key, value in self.value.items()]

    def elements(self) -> list["Item"]:
        """Return the elements of a sequence; none of anything else."""
        if not isinstance(self.value, list):
            return []
        return [Item(self.source, (*self.path, index), value) for index, value in enumerate(self.value)]

    def leave(self, reason: str) -> None:
        """Record that the value, with all in it, is left out."""
        self.source.leave(self, reason)


def leave_each(items: Iterable[tuple[str, Item]], reasons: Mapping[str, str]) -> None:
    """Leave out the values whose keys have a reason."""
    for key, item in items:
        item.source.known.update(reasons)
        if key in reasons:
            item.leave(reasons[key])
