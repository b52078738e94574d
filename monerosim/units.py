"""Durations and amounts: reading, writing and internal units.

Internally, time is integer microseconds (:data:`SECOND` of them a second) and an amount is integer atomic units
(piconero, 10^-12 XMR). Integers keep a run's result independent of the machine's floating-point library.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

SECOND = 1_000_000
"""Microseconds in a second."""

XMR = 10**12
"""Atomic units in one XMR (``COIN`` in monero's src/cryptonote_config.h)."""

MAX_DURATION = 100 * 365 * 86_400 * SECOND
"""The longest duration accepted: a hundred years, so that sums stay within 64 bits."""

MAX_AMOUNT = 2**64 - 1
"""The largest amount of atomic units (``MONEY_SUPPLY`` in monero's src/cryptonote_config.h)."""

_SCALE = {"us": 1, "ms": 1_000, "s": SECOND, "m": 60 * SECOND, "h": 3_600 * SECOND, "d": 86_400 * SECOND}
_UNITS: Mapping[str, Decimal | int] = {
    **dict.fromkeys(("ns", "nanosecond", "nanoseconds"), Decimal("0.001")),
    # The micro sign, and the Greek letter.
    **dict.fromkeys(("us", "\N{MICRO SIGN}s", "\N{GREEK SMALL LETTER MU}s", "microsecond", "microseconds"), 1),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1_000),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), SECOND),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60 * SECOND),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3_600 * SECOND),
    **dict.fromkeys(("d", "day", "days"), 86_400 * SECOND),
    **dict.fromkeys(("w", "wk", "week", "weeks"), 7 * 86_400 * SECOND),
}
"""Microseconds of each unit: those of Shadow (src/main/utility/units.rs) among others.

Case does not matter, but in "M", which may be a month."""

DURATION_UNITS = "ns, us, ms, s, m or min, h, d, w, and their names"

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([^\W\d_]+)\s*")
MAX_TEXT = 80
"""The most characters of a duration or an amount: longer texts are rejected before their digits are parsed."""

_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(XMR|monero|piconeros?|atomic units?)?", re.IGNORECASE)


_BITS = {
    "": 1,
    **dict.fromkeys(("k", "kilo"), 10**3),
    **dict.fromkeys(("m", "mega"), 10**6),
    **dict.fromkeys(("g", "giga"), 10**9),
    **dict.fromkeys(("t", "tera"), 10**12),
    **dict.fromkeys(("ki", "kibi"), 2**10),
    **dict.fromkeys(("mi", "mebi"), 2**20),
    **dict.fromkeys(("gi", "gibi"), 2**30),
    **dict.fromkeys(("ti", "tebi"), 2**40),
}
_BANDWIDTH = re.compile(
    rf"([0-9]{{1,12}}(?:\.[0-9]{{1,12}})?)\s*({'|'.join(_BITS)})(?:bits?(?:/s|/sec|/second|ps)?|(?-i:b)ps)",
    re.IGNORECASE,
)


def parse_duration(text: str) -> int:
    """Read a duration such as ``"90s"``, ``"2 hours"``, ``"1h 30m"`` or ``"50ms"``.

    Returns:
        Microseconds, rounded; what is shorter than one but not zero is one.

    Raises:
        ValueError: The text is not a duration, or the duration is longer than :data:`MAX_DURATION`.
    """
    stripped = text.strip() if len(text) <= MAX_TEXT else ""
    position, total = 0, Decimal(0)
    while position < len(stripped) and (part := _PART.match(stripped, position)):
        unit = None if part[2] == "M" else _UNITS.get(part[2].lower())
        if unit is None:
            break
        total += Decimal(part[1]) * unit
        position = part.end()
    if not stripped or position != len(stripped):
        raise ValueError(
            f'expected a duration such as "90s", "50ms" or "2h", got {text[:60]!r} (units: {DURATION_UNITS})'
        )
    if total > MAX_DURATION:
        raise ValueError(f"a duration may be at most a hundred years, got {text[:60]!r}")
    return max(1, int(total.to_integral_value())) if total else 0


def format_duration(microseconds: int) -> str:
    """Write a duration the way :func:`parse_duration` reads it, in the largest units: ``"1h30m"``."""
    if microseconds == 0:
        return "0s"
    parts, rest = [], abs(microseconds)
    for unit, scale in reversed(_SCALE.items()):
        count, rest = divmod(rest, scale)
        if count:
            parts.append(f"{count}{unit}")
    return ("-" if microseconds < 0 else "") + "".join(parts)


def format_clock(microseconds: int) -> str:
    """Write a point in time as ``h:mm:ss.mmm``, negative before the scenario's time zero."""
    sign = "-" if microseconds < 0 else ""
    milliseconds = abs(microseconds) // 1_000
    seconds, milliseconds = divmod(milliseconds, 1_000)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{milliseconds:03d}"


def parse_amount(value: str | float) -> int:
    """Read an amount: ``"10 XMR"``, ``"0.5"``, ``"500 piconero"`` or a number of XMR.

    Returns:
        Atomic units.

    Raises:
        ValueError: Not an amount, negative, finer than an atomic unit, or above :data:`MAX_AMOUNT`.
    """
    if isinstance(value, bool):
        raise ValueError(f"expected an amount, got {value}")  # noqa: TRY004  (whatever is not an amount is a ValueError)
    text = value.strip() if isinstance(value, str) else f"{Decimal(repr(value)):f}"
    match = _AMOUNT.fullmatch(text) if len(text) <= MAX_TEXT else None
    if match is None:
        raise ValueError(
            f'expected an amount such as "10 XMR" or a number of XMR, got {str(value)[:60]!r} (units: XMR, piconero)'
        )
    atomic = Decimal(match[1]) * (1 if (match[2] or "").lower().startswith(("pico", "atomic")) else XMR)
    if atomic != atomic.to_integral_value():
        raise ValueError(f"an amount may have at most 12 decimals (the atomic unit), got {str(value)[:60]!r}")
    if atomic > MAX_AMOUNT:
        raise ValueError(f"an amount may be at most {MAX_AMOUNT / XMR:.0f} XMR, got {str(value)[:60]!r}")
    return int(atomic)


def format_amount(atomic: int) -> str:
    """Write atomic units as XMR without trailing zeros: ``"0.6 XMR"``."""
    sign = "-" if atomic < 0 else ""
    whole, part = divmod(abs(atomic), XMR)
    decimals = f".{part:012d}".rstrip("0").rstrip(".")
    return f"{sign}{whole}{decimals} XMR"


def parse_bandwidth(text: str) -> int:
    """Read a bandwidth such as ``"100 Mbit"``.

    Returns:
        Bits a second.

    Raises:
        ValueError: The text is no bandwidth, or less than a bit a second.
    """
    match = _BANDWIDTH.fullmatch(text.strip())
    bits = int(Decimal(match[1]) * _BITS[match[2].lower()]) if match else 0
    if bits < 1:
        raise ValueError(
            f'expected a bandwidth such as "100 Mbit" or "1 Gbit", got {text[:60]!r} '
            "(units: bit, kbit, Mbit, Gbit, Tbit, Kibit, Mibit, Gibit, Tibit, and their names)"
        )
    return bits


def format_count(number: int, what: str) -> str:
    """Return how many there are of what, such as ``1 node`` or ``12 nodes``; the plural is regular."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def format_bytes(number: int) -> str:
    """Write a number of bytes in the largest decimal unit: ``11.4 GB``, ``430 MB``, ``0.2 MB``."""
    if number >= 10**9:
        return f"{number / 1e9:.1f} GB"
    return f"{number / 1e6:.0f} MB" if number >= 10**7 else f"{number / 1e6:.1f} MB"
