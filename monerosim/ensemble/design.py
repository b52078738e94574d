"""Which runs a sweep has: the values of the keys that vary, and the seeds, the same for every value."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import msgspec
import numpy as np
import tomli

from monerosim.scenario.tables import SweepTable
from monerosim.scenario.toml import write_value
from monerosim.units import format_duration, parse_duration

MAX_RUNS = 1_000_000
"""The most runs of one sweep."""

SEEDS_APART = 1_000_000
"""By how much the seeds of two points differ at least, where points have seeds of their own."""

_TOKEN = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'|.""", re.DOTALL)
"""A text in quotes, or a single character."""

_RANGE = re.compile(r"(?P<low>.+?)\.\.(?P<high>.+)", re.DOTALL)


class DesignError(ValueError):
    """What shall vary cannot be understood; the message is for the user."""


class Variation(msgspec.Struct, frozen=True, kw_only=True):
    """A key of the scenario and the values it takes, as TOML."""

    key: str
    values: tuple[str, ...]


class Point(msgspec.Struct, frozen=True):
    """A value of each key that varies, as TOML, in the order in which they were named."""

    values: dict[str, str]

    @property
    def changes(self) -> tuple[str, ...]:
        """The same as ``--set`` takes it."""
        return tuple(f"{key}={value}" for key, value in self.values.items())


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """Every point is played with every seed."""

    points: tuple[Point, ...]
    seeds: tuple[int, ...]
    common: bool = True
    """Whether all points have the same seeds; else each point has seeds of its own, so that points are independent."""

    def __post_init__(self) -> None:
        if not self.seeds:
            raise DesignError("there is no seed")
        if len(self.points) * len(self.seeds) > MAX_RUNS:
            raise DesignError(
                f"{len(self.points)} combinations of values with {len(self.seeds)} seeds each are more than "
                f"{MAX_RUNS} runs"
            )

    def runs(self) -> Iterator[tuple[Point, int]]:
        """Return each run: all points with the first seed, then all with the second, and so on."""
        for seed in self.seeds:
            for number, point in enumerate(self.points):
                yield point, seed if self.common else seed + number * SEEDS_APART


def grid(variations: Sequence[Variation]) -> tuple[Point, ...]:
    """Return every combination of values."""
    keys = _distinct(variations)
    return tuple(Point(dict(zip(keys, values, strict=True))) for values in product(*(v.values for v in variations)))


def paired(variations: Sequence[Variation]) -> tuple[Point, ...]:
    """Return the first values of all keys, then the second values, and so on.

    Raises:
        DesignError: They have not as many values each.
    """
    keys = _distinct(variations)
    if len({len(variation.values) for variation in variations}) > 1:
        counts = ", ".join(f"{variation.key} has {len(variation.values)}" for variation in variations)
        raise DesignError(f"keys that vary together have as many values each: {counts}")
    return tuple(Point(dict(zip(keys, row, strict=True))) for row in zip(*(v.values for v in variations), strict=True))


def design_of(table: SweepTable) -> Design:
    """Return the design that a scenario's table ``[sweep]`` comes to.

    Raises:
        DesignError: Its values cannot be understood, or do not go together; the message begins with the key.
    """
    try:
        seeds = read_seeds(table.seeds)
    except DesignError as error:
        raise DesignError(f"sweep.seeds: {error}") from error
    if bool(table.sample) != bool(table.points):
        raise DesignError("sweep.points: it goes with sweep.sample, and sample with points")
    if table.sample and (table.vary or table.zip):
        raise DesignError("sweep.sample: it draws points of its own; vary and zip are for values that are named")
    variations = [variation_of(key, values) for key, values in table.vary.items()]
    if table.sample:
        points = latin_hypercube(table.sample, table.points)
    else:
        points = (paired if table.zip else grid)(variations) if variations else (Point({}),)
    return Design(points=points, seeds=seeds)


def latin_hypercube(ranges: Mapping[str, str], count: int, seed: int = 1) -> tuple[Point, ...]:
    """Draw points that are spread over ranges: of each key, one value in each of ``count`` equal slices.

    McKay, Beckman and Conover 1979, doi 10.1080/00401706.1979.10489755.

    Args:
        ranges: ``LOW..HIGH`` by key: two integers, two numbers or two durations.
        count: How many points.
        seed: Of the draw; that of the runs is another.

    Raises:
        DesignError: A range cannot be read.
    """
    if count < 1:
        raise DesignError("a sample has one point at least")
    rng = np.random.Generator(np.random.PCG64(seed))
    columns = []
    for key, text in ranges.items():
        slices = (rng.permutation(count) + rng.random(count)) / count
        columns.append([interpolate(key, text, float(share)) for share in slices])
    return tuple(Point(dict(zip(ranges, row, strict=True))) for row in zip(*columns, strict=True))


def read_variation(text: str) -> Variation:
    """Read ``KEY=V1,V2,...``; a value is TOML, or a text without its quotes.

    Raises:
        DesignError: It has another form.
    """
    key, values = _split(text)
    found = tuple(split_values(values))
    if not found:
        raise DesignError(f"{text}: expected KEY=V1,V2,..., such as network.latency=50ms,200ms")
    return Variation(key=key, values=found)


def variation_of(key: str, values: Sequence[object]) -> Variation:
    """Make a variation of Python values."""
    if isinstance(values, str) or not values:
        raise DesignError(f"{key}: expected a list of values")
    return Variation(key=key, values=tuple(write_value(value) for value in values))


def read_range(text: str) -> tuple[str, str]:
    """Read ``KEY=LOW..HIGH``.

    Raises:
        DesignError: It has another form.
    """
    key, values = _split(text)
    _ends(key, values)
    return key, values


def read_seeds(text: str) -> tuple[int, ...]:
    """Read ``1..30`` or ``1,2,7``, or several of both with commas between them.

    Raises:
        DesignError: It has another form.
    """
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,18})\s*(?:\.\.\s*(\d{1,18})\s*)?", part)
        if match is None:
            raise DesignError(f'expected seeds such as "1..30" or "1,2,7", got "{text[:60]}"')
        first = int(match[1])
        last = int(match[2]) if match[2] else first
        if last < first or last - first >= MAX_RUNS:
            raise DesignError(f'"{part.strip()}" has no seeds, or more than {MAX_RUNS}')
        seeds += range(first, last + 1)
    return tuple(dict.fromkeys(seeds))


def split_values(text: str) -> Iterator[str]:
    """Split at commas that stand in no quotes and no brackets."""
    part, depth = "", 0
    for sign in _TOKEN.findall(text):
        if sign == "," and depth == 0:
            yield part.strip()
            part = ""
            continue
        depth += (sign in "[{") - (sign in "]}")
        part += sign
    if part.strip():
        yield part.strip()


def plain_value(value: str) -> object:
    """Return a value of a point as people read it: texts without their quotes."""
    try:
        return tomli.loads(f"value = {value}")["value"]
    except ValueError:
        return value


def plain_column(texts: Sequence[str]) -> list[object]:
    """Return the values of a key: numbers if all are, else texts."""
    values = [plain_value(text) for text in texts]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return values
    return [str(value) for value in values]


def interpolate(key: str, text: str, share: float) -> str:
    """Return the value at a share of the way through ``LOW..HIGH``, as TOML.

    Raises:
        DesignError: It is no range of integers, numbers or durations.
    """
    low, high = _ends(key, text)
    if isinstance(low, str) and isinstance(high, str):
        first, last = parse_duration(low), parse_duration(high)
        return f'"{format_duration(round(first + (last - first) * share))}"'
    if isinstance(low, str) or isinstance(high, str):
        raise DesignError(f"{key}: {text} are a number and a duration")
    value = low + (high - low) * share
    return str(round(value)) if isinstance(low, int) and isinstance(high, int) else repr(float(f"{value:.6g}"))


def _ends(key: str, text: str) -> tuple[int | float | str, int | float | str]:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise DesignError(f"{key}: expected a range LOW..HIGH, such as 10..40 or 50ms..2s")
    return _end(key, match["low"]), _end(key, match["high"])


def _end(key: str, text: str) -> int | float | str:
    try:
        value = tomli.loads(f"value = {text}")["value"]
    except ValueError:
        value = text.strip()
    if isinstance(value, str):
        try:
            parse_duration(value)
        except ValueError as error:
            raise DesignError(f"{key}: {error}") from error
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DesignError(f"{key}: {text} is neither a number nor a duration")
    return value


def _split(text: str) -> tuple[str, str]:
    match = re.match(r"""((?:[^"'=]|"(?:[^"\\]|\\.)*"|'[^']*')+)=""", text)
    if match is None or not match[1].strip():
        raise DesignError(f'expected KEY=..., such as network.latency=50ms,200ms, got "{text[:60]}"')
    return match[1].strip(), text[match.end() :].strip()


def _distinct(variations: Sequence[Variation]) -> list[str]:
    keys = [variation.key for variation in variations]
    for key in keys:
        if keys.count(key) > 1:
            raise DesignError(f"{key} is named twice")
    return keys
