"""Nearly valid scenarios, and damaged ones: what a person, an editor or a disk makes of a good one."""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from monerosim.runtime.rng import Rng
from monerosim.scenario.toml import write_toml

Place: TypeAlias = tuple[Any, Any]
"""A table or an array, and a key or an index in it."""

_ODD: tuple[object, ...] = (
    *(
        "",
        " ",
        "text",
        "-1",
        "0",
        "1e9",
        "\u00fc",
        "user 1",
        "100%",
        "x" * 300,
        "./evil.py:Class",
        "../up",
        "2 hours",
        "90 sec",
    ),
    *(
        "3 minutes",
        "500 ns",
        "10 Gbps",
        "1 bit",
        "99999999999 Gbit",
        "1us",
        "10m",
        "36500d",
        "1 kXMR",
        "0 XMR",
        "1e-30 XMR",
    ),
    *(0, 1, -1, 2, 3, 64, 1000, 100_000, 100_001, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63) - 1, 10**20, 10**17, 10**30),
    *(0.0, -0.0, 0.5, 1.0, 0.99, 1e-320, 1e-9, 1e9, 1e18, 1e308, -1e308, float("inf"), float("-inf"), float("nan")),
    *(True, False, [], {}, [[]], [{}], [1, "two"], {"kind": "ring"}, {"a": {"b": {}}}, [0] * 50),
)

_NUMBERS = ("0", "0.000000001", "1", "99", "1000000", "99999999999", "9999999999999999999999", "-5")
_UNITS = ("s", "ms", "us", "m", "h", "d", "XMR", "mXMR", "bit", "kbit", "Mbit", "Gbit", "KiB", "%", "")

_NOISE = (
    "[",
    "]",
    "{",
    "}",
    "=",
    ",",
    '"',
    "'",
    '"""',
    "#",
    "\n",
    ".",
    "\\",
    "\0",
    "\ud7ff",
    "[[",
    "]]",
    "inf",
    "nan",
    "1979-05-27",
)


def make_mistakes(document: Mapping[str, Any], rng: Rng) -> dict[str, Any]:
    """Put one to three mistakes into a copy of a scenario's document."""
    broken = copy.deepcopy(dict(document))
    for _ in range(1 if rng.random() < 0.6 else rng.integer(2, 3)):  # noqa: PLR2004  (mostly a single one)
        # Each table as often as the others, however many keys they have.
        places = list(_places(rng.choice(list(_tables(broken))) if rng.random() < 0.8 else broken))  # noqa: PLR2004
        if places:
            rng.choice(_MISTAKES)(rng.choice(places), rng, broken)
    return broken


def damage(document: Mapping[str, Any], rng: Rng) -> bytes:
    """Write a scenario's document, and damage the file."""
    raw = write_toml(document).encode()
    for _ in range(rng.integer(1, 3)):
        raw = rng.choice(_DAMAGES)(raw, rng)
    return raw


def _tables(document: dict[str, Any]) -> Iterator[Any]:
    """List the tables that have a header each."""
    for value in document.values():
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        tables = [item for item in inner if isinstance(item, dict) and item]
        yield from tables or [value]


def _places(value: Any) -> Iterator[Place]:
    items: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(value, dict):
        items = iter(list(value.items()))
    elif isinstance(value, list):
        items = iter(list(enumerate(value)))
    for key, inner in items:
        yield value, key
        yield from _places(inner)


def _replace(place: Place, rng: Rng, _: Any) -> None:
    table, key = place
    table[key] = copy.deepcopy(rng.choice(_ODD))


def _extreme(place: Place, rng: Rng, document: Any) -> None:
    """Make a number very large or very small, or of the other sign; of a text that begins with one, that."""
    table, key = place
    value = table[key]
    if isinstance(value, str) and value[:1].isdigit():
        unit = value.lstrip("0123456789.").strip()
        table[key] = f"{rng.choice(_NUMBERS)} {rng.choice([unit, unit, rng.choice(_UNITS)])}".strip()
    elif isinstance(value, bool) or not isinstance(value, int | float):
        _replace(place, rng, document)
    elif rng.random() < 0.6:  # noqa: PLR2004  (integers stay integers, mostly)
        table[key] = value * rng.choice([-1, 0, 10, 1000, 10**6, 10**12, 10**20])
    else:
        table[key] = float(value) * rng.choice([1e-3, 1e-9, 1e-300, 1e300])


def _remove(place: Place, _: Rng, __: Any) -> None:
    table, key = place
    del table[key]


def _misspell(place: Place, rng: Rng, _: Any) -> None:
    table, key = place
    if isinstance(table, dict):
        items = list(table.items())
        table.clear()
        table.update((_typo(name, rng) if name == key else name, value) for name, value in items)
    elif isinstance(table[key], str):
        table[key] = _typo(table[key], rng)


def _mistype(place: Place, rng: Rng, document: Any) -> None:
    """Misspell a text, such as a name or an enumeration's value."""
    table, key = place
    if isinstance(table[key], str):
        table[key] = _typo(table[key], rng)
    else:
        _misspell(place, rng, document)


def _unit(place: Place, rng: Rng, document: Any) -> None:
    table, key = place
    value = table[key]
    if isinstance(value, str) and value[:1].isdigit():
        number = value.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
        table[key] = f"{number}{rng.choice(['', ' '])}{rng.choice(_UNITS)}"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        table[key] = f"{value} {rng.choice(_UNITS)}"
    else:
        _replace(place, rng, document)


def _move(place: Place, rng: Rng, document: Any) -> None:
    """Copy a value to another place: a key in a table that does not have it, a wrong reference."""
    table, key = place
    other, where = rng.choice(list(_places(document)))
    value = copy.deepcopy(table[key])
    other[key if isinstance(other, dict) and isinstance(table, dict) else where] = value


def _wrap(place: Place, rng: Rng, _: Any) -> None:
    table, key = place
    depth = rng.choice([1, 1, 2, 40])
    for _ in range(depth):
        table[key] = [table[key]] if rng.random() < 0.5 else {"x": table[key]}  # noqa: PLR2004  (as often the one)


def _repeat(place: Place, rng: Rng, _: Any) -> None:
    table, key = place
    if isinstance(table, list):
        table.extend(copy.deepcopy(table[key]) for _ in range(rng.choice([1, 2, 30])))
    else:
        table[f"{key}-2"] = copy.deepcopy(table[key])


_MISTAKES: tuple[Callable[[Place, Rng, Any], None], ...] = (
    _replace,
    _replace,
    _extreme,
    _extreme,
    _remove,
    _misspell,
    _mistype,
    _unit,
    _move,
    _wrap,
    _repeat,
)


def _typo(text: str, rng: Rng) -> str:
    at = rng.integer(0, max(0, len(text) - 1))
    return rng.choice(
        [text[:at] + text[at + 1 :], text[:at] + "x" + text[at:], text.upper(), text.replace("-", "_"), text + "s"]
    )


def _flip(raw: bytes, rng: Rng) -> bytes:
    at = rng.integer(0, max(0, len(raw) - 1))
    return raw[:at] + bytes([rng.integer(0, 255)]) + raw[at + 1 :]


def _insert(raw: bytes, rng: Rng) -> bytes:
    at = rng.integer(0, len(raw))
    return raw[:at] + rng.choice(_NOISE).encode() + raw[at:]


def _truncate(raw: bytes, rng: Rng) -> bytes:
    return raw[: rng.integer(0, len(raw))]


def _cut_out(raw: bytes, rng: Rng) -> bytes:
    first, last = sorted((rng.integer(0, len(raw)), rng.integer(0, len(raw))))
    return raw[:first] + raw[min(last, first + 60) :]


def _double(raw: bytes, rng: Rng) -> bytes:
    """Have a line, or a table, twice."""
    lines = raw.split(b"\n")
    first = rng.integer(0, len(lines) - 1)
    last = min(len(lines), first + rng.integer(1, 5))
    return b"\n".join([*lines[:last], *lines[first:]])


def _swap(raw: bytes, rng: Rng) -> bytes:
    lines = raw.split(b"\n")
    one, two = rng.integer(0, len(lines) - 1), rng.integer(0, len(lines) - 1)
    lines[one], lines[two] = lines[two], lines[one]
    return b"\n".join(lines)


def _nest(raw: bytes, rng: Rng) -> bytes:
    depth = rng.choice([10, 40, 3000])
    return (
        raw + b"\nx = " + rng.choice([b"[" * depth + b"]" * depth, b"{a=" * depth + b"1" + b"}" * depth, b"[" * depth])
    )


def _deep_key(raw: bytes, rng: Rng) -> bytes:
    return raw + b"\n[" + b".".join([b"a"] * rng.choice([10, 40, 5000])) + b"]\n"


def _digits(raw: bytes, rng: Rng) -> bytes:
    return raw + b"\nx = " + rng.choice([b"9", b"0.", b"1e"]) + b"9" * rng.choice([20, 400, 5000])


def _encode(raw: bytes, rng: Rng) -> bytes:
    return raw.decode("utf-8", "replace").encode(rng.choice(["utf-16", "utf-8-sig", "latin-1", "utf-32"]), "replace")


def _returns(raw: bytes, rng: Rng) -> bytes:
    return raw.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\x0b", b"\n\n"]))


_DAMAGES: tuple[Callable[[bytes, Rng], bytes], ...] = (
    _flip,
    _flip,
    _insert,
    _insert,
    _truncate,
    _cut_out,
    _double,
    _swap,
    _nest,
    _deep_key,
    _digits,
    _encode,
    _returns,
)
