"""The shorthand of the public monerosim's scenarios: ranges of agents, lists and staggers, automatic times.

The rules are those of docs/SCENARIO_FORMAT.md and scripts/scenario_parser.py in github.com/Fountain5405/monerosim.
"""

import random
import re
from collections.abc import Sequence

import msgspec

from monerosim.importers.source import Item
from monerosim.importers.values import microseconds, number
from monerosim.scenario.problems import Problem, ScenarioError, format_path
from monerosim.scenario.tables import MAX_COUNT
from monerosim.units import SECOND

_RANGE = re.compile(r"(?P<prefix>.+?)\{(?P<first>[0-9]{1,9})(?:\.\.(?P<last>[0-9]{1,9}))?\}")
_SEED = 12345
"""Of random staggers: the default of their parser's ``--seed``."""

_BATCHED_FROM = 50
_WITHIN = 5 * SECOND
_BETWEEN = 1200 * SECOND
_FIRST_BATCH, _LARGEST_BATCH = 5, 200


class Agents(msgspec.Struct, frozen=True):
    """An agent, or a range of them."""

    ids: tuple[str, ...]
    item: Item

    def each(self, key: str) -> list[Item | None]:
        """Return the value of a key for each agent: its own of a list as long as they are many, or the one of all."""
        item = self.item.get(key)
        if item is None or not isinstance(item.value, list) or len(self.ids) == 1:
            return [item] * len(self.ids)
        if len(item.value) != len(self.ids):
            item.leave(f"there are {len(item.value)} values for {len(self.ids)} agents")
            return [None] * len(self.ids)
        return list(item.elements())

    def times(self, key: str, usual: str | int | None) -> list[int | None]:
        """Return a time of each agent, microseconds: what the key says, and its stagger.

        Args:
            key: ``start_time`` or another with durations.
            usual: The stagger of a range that names none.
        """
        items = self.each(key)
        base = [None if item is None else time_of(item) for item in items]
        own = self.item.get(f"{key}_stagger")
        stagger = usual if own is None or len(self.ids) == 1 else own.value
        if len(self.ids) == 1 or stagger is None or None in base:
            return base
        steps = _steps(stagger, len(self.ids))
        if own is not None and steps is None:
            own.leave("not a stagger that is known")
        if steps is not None and isinstance(stagger, dict | list):
            # Drawn and listed values are times themselves, as their parser has it.
            return list(steps)
        return [time + step for time, step in zip(base, steps or [0] * len(base), strict=True) if time is not None]


def read_ids(pattern: str, item: Item) -> Agents:
    """Read an agent's name; ``miner-{001..005}`` is five.

    Raises:
        ScenarioError: The range has no agents, or more than a scenario may have.
    """
    match = _RANGE.fullmatch(pattern)
    if match is None:
        return Agents((pattern,), item)
    first, last = int(match["first"]), int(match["last"] or match["first"])
    if not 0 <= last - first < MAX_COUNT:
        message = f"a range of {max(0, last - first + 1)} agents, 1 to {MAX_COUNT} work"
        raise ScenarioError([Problem(place=format_path(item.path), message=message)])
    width = len(match["first"]) if match["first"].startswith("0") else 0
    return Agents(tuple(f"{match['prefix']}{number:0{width}}" for number in range(first, last + 1)), item)


def time_of(item: Item) -> int | None:
    """Return a time of the file, microseconds; None if it is ``auto`` or none."""
    if item.value == "auto":
        return None
    try:
        return microseconds(item.value)
    except ValueError as error:
        item.leave(str(error))
        return None


def _steps(stagger: object, count: int) -> Sequence[int] | None:
    """Return how much later each of a range is, microseconds, or when it is; None if it is no stagger."""
    if stagger == "batched" or (stagger == "auto" and count >= _BATCHED_FROM):
        return _batches(count)
    if stagger == "auto":
        return [index * _WITHIN for index in range(count)]
    if isinstance(stagger, dict):
        return _drawn(stagger.get("range"), count)
    try:
        if isinstance(stagger, list):
            return [microseconds(value) for value in stagger] if len(stagger) == count else None
        step = microseconds(stagger)
    except ValueError:
        return None
    return [index * step for index in range(count)]


def _drawn(between: object, count: int) -> Sequence[int] | None:
    if not isinstance(between, list) or len(between) != 2:  # noqa: PLR2004  (the least and the most)
        return None
    try:
        least, most = (int(number(value)) for value in between)
    except ValueError:
        return None
    rng = random.Random(_SEED)
    return [rng.randint(least, most) * SECOND for _ in range(count)] if 0 <= least <= most else None


def _batches(count: int) -> Sequence[int]:
    """Return the starts of a large range: five agents, then twice as many every twenty minutes, up to 200."""
    starts: list[int] = []
    begin, size = _BETWEEN, _FIRST_BATCH
    while len(starts) < count:
        starts += [begin + index * _WITHIN for index in range(min(size, count - len(starts)))]
        begin, size = begin + _BETWEEN, min(2 * size, _LARGEST_BATCH)
    return starts
