"""Making a scenario that shows a fault as small as it can be and still show it."""

import copy
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import msgspec

from monerosim.swarm.cases import Case

Path: TypeAlias = tuple[str | int, ...]

_MOST_TRIALS = 400

_REFERENCES = ("node", "who", "to", "sweep_to", "recipients", "end_when_gone")


def shrink(case: Case, shows: Callable[[Case], bool]) -> Case:
    """Take away what a fault does not need.

    Args:
        case: The case that shows it.
        shows: Return whether a smaller case shows the same fault.
    """
    shrinker = _Shrinker(shows)
    return shrinker.lines(case) if case.document is None else shrinker.document(case)


class _Shrinker:
    def __init__(self, shows: Callable[[Case], bool]) -> None:
        self._shows = shows
        self._left = _MOST_TRIALS

    def _try(self, case: Case) -> bool:
        self._left -= 1
        return self._left >= 0 and self._shows(case)

    def document(self, case: Case) -> Case:
        """Remove tables, keys and elements, the largest first, until none can go."""
        if case.mishap != "none" and self._try(plain := msgspec.structs.replace(case, mishap="none")):
            case = plain
        smaller = True
        while smaller and self._left > 0:
            smaller = False
            for change in (_without, _simpler):
                case, changed = self._pass(case, change)
                smaller = smaller or changed
        return case

    def _pass(self, case: Case, change: "Callable[[dict[str, Any], Path], dict[str, Any] | None]") -> tuple[Case, bool]:
        changed = False
        paths = sorted(_paths(case.document), key=len)
        for path in _late_first(paths):
            smaller = change(case.document or {}, path)
            if smaller is not None and self._try(candidate := case.with_document(smaller)):
                case, changed = candidate, True
        return case, changed

    def lines(self, case: Case) -> Case:
        """Remove lines, and then bytes, in ever smaller chunks."""
        lines = self._chunks(case, case.raw.splitlines(keepends=True))
        case = msgspec.structs.replace(case, raw=b"".join(lines))
        pieces = self._chunks(case, [case.raw[at : at + 1] for at in range(len(case.raw))])
        return msgspec.structs.replace(case, raw=b"".join(pieces))

    def _chunks(self, case: Case, items: list[bytes]) -> list[bytes]:
        size = max(1, len(items) // 2)
        while True:
            at = 0
            while at < len(items):
                rest = items[:at] + items[at + size :]
                if self._try(msgspec.structs.replace(case, raw=b"".join(rest))):
                    items = rest
                else:
                    at += size
            if size == 1 or self._left <= 0:
                return items
            size //= 2


def _late_first(paths: list[Path]) -> list[Path]:
    """Order paths from the outside in; of an array the last element first, so that the others keep their numbers."""
    return sorted(paths, key=lambda path: (len(path), [(-part if isinstance(part, int) else 0) for part in path]))


def _paths(value: object, path: Path = ()) -> Iterator[Path]:
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, inner in items:
        yield (*path, key)
        yield from _paths(inner, (*path, key))


def _holder(document: dict[str, Any], path: Path) -> Any:
    """Find the table or the array that a path ends in; None if it is gone."""
    here: Any = document
    for part in path[:-1]:
        if not _has(here, part):
            return None
        here = here[part]
    return here if _has(here, path[-1]) else None


def _has(value: Any, part: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, dict) and part in value


def _without(document: dict[str, Any], path: Path) -> dict[str, Any] | None:
    """Remove what a path leads to; with a participant also what refers to it."""
    smaller = copy.deepcopy(document)
    holder = _holder(smaller, path)
    if holder is None:
        return None
    del holder[path[-1]]
    if path[0] == "participants" and len(path) == 2:  # noqa: PLR2004  (a participant's name)
        _forget(smaller, str(path[1]))
    return smaller


def _forget(value: Any, name: str) -> None:
    """Remove references to a participant, and what it is told to do."""
    items = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    for key, inner in reversed(items):
        by_name = isinstance(inner, str) and (key in _REFERENCES or isinstance(value, list)) and _means(inner, name)
        told = isinstance(inner, dict) and isinstance(value, list) and _means(str(inner.get("who")), name)
        if by_name or told:
            del value[key]
        else:
            _forget(inner, name)


def _means(text: str, name: str) -> bool:
    """Return whether a text is a participant's name, or that of a member of the group."""
    group, _, number = text.rpartition("-")
    return text == name or (group == name and number.isdigit())


def _simpler(document: dict[str, Any], path: Path) -> dict[str, Any] | None:
    """Make a group a single participant, or a list of actors its usual short form."""
    smaller = copy.deepcopy(document)
    holder = _holder(smaller, path)
    if not isinstance(holder, dict):
        return None
    value = holder[path[-1]]
    if path[-1] == "count" and isinstance(value, int) and value > 1:
        holder["count"] = value - 1 if value < 5 else value // 2  # noqa: PLR2004  (few are counted down)
        return smaller
    if path[-1] == "actors" and "kind" not in holder and isinstance(value, list) and len(value) == 1:
        (actor,) = value
        if isinstance(actor, dict) and isinstance(actor.get("use"), str):
            del holder["actors"]
            kept = {key: item for key, item in holder.items() if key != "node"}
            replaced = {"kind": actor["use"], **{key: item for key, item in actor.items() if key != "use"}, **kept}
            holder.clear()
            holder.update(replaced)
            return smaller
    return None
