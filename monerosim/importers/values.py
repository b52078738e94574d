"""Values of other tools' files: numbers may be written as texts, durations as numbers of seconds."""

import math
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from monerosim.scenario.convert import show
from monerosim.units import MAX_DURATION, SECOND, format_amount, format_duration, parse_amount, parse_duration

_LONGEST_NUMBER = 40


def number(value: object) -> int | float:
    """Read a number, written as one or as a text; whole ones as integers.

    Raises:
        ValueError: It is none.
    """
    exact = _decimal(value)
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _decimal(value: object) -> Decimal:
    plain = value.strip() if isinstance(value, str) else value
    if isinstance(plain, bool) or not isinstance(plain, int | float | str) or len(str(plain)) > _LONGEST_NUMBER:
        raise ValueError(f"expected a number, got {show(value)}")
    try:
        exact = Decimal(str(plain))
    except InvalidOperation as error:
        raise ValueError(f"expected a number, got {show(value)}") from error
    if not exact.is_finite() or abs(exact) >= 10**18 or (exact and abs(exact) < Decimal("1e-12")):
        raise ValueError(f"expected a number of usual size, got {show(value)}")
    return exact


def percent(value: object) -> int | float:
    """Read a share of 1 as a percentage: 0.4 is 40.

    Raises:
        ValueError: It is no number.
    """
    return number(str(_decimal(value) * 100))


def within(least: float, most: float) -> Callable[[object], int | float]:
    """Return a reader of numbers from ``least`` to ``most``."""

    def read(value: object) -> int | float:
        found = number(value)
        if not least <= found <= most:
            raise ValueError(f"expected a number from {least} to {most}, got {show(value)}")
        return found

    return read


def whole(least: int, most: int) -> Callable[[object], int]:
    """Return a reader of whole numbers from ``least`` to ``most``."""

    def read(value: object) -> int:
        found = number(value)
        if not isinstance(found, int) or not least <= found <= most:
            raise ValueError(f"expected a whole number from {least} to {most}, got {show(value)}")
        return found

    return read


def flag(value: object) -> bool:
    """Read true or false, written as such or as a text.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    word = str(value).strip().lower()
    if word not in words:
        raise ValueError(f"expected true or false, got {show(value)}")
    return words[word]


def text(value: object) -> str:
    """Read a text; a number is taken as it is written.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"expected a text, got {show(value)}")  # noqa: TRY004  (what cannot be read is a ValueError)
    return str(value)


def duration(value: object) -> str:
    """Read a duration: a number of seconds (also as a text), or one with a unit, as scenarios write it.

    Raises:
        ValueError: It is none.
    """
    return format_duration(microseconds(value))


def positive_duration(value: object) -> str:
    """Read a duration above zero.

    Raises:
        ValueError: It is none.
    """
    if microseconds(value) == 0:
        raise ValueError(f"expected a duration above 0, got {show(value)}")
    return duration(value)


def microseconds(value: object) -> int:
    """Read a duration, like :func:`duration`, as microseconds.

    Raises:
        ValueError: It is none.
    """
    try:
        seconds = _decimal(value)
    except ValueError:
        if not isinstance(value, str):
            raise ValueError(f"expected a duration, got {show(value)}") from None  # noqa: TRY004  (likewise)
        return parse_duration(value)
    if not 0 <= seconds * SECOND <= MAX_DURATION:
        raise ValueError(f"expected a duration from 0 to a hundred years, got {show(value)}")
    return int((seconds * SECOND).to_integral_value())


def amount(value: object) -> str:
    """Read an amount of XMR: a number (also as a text), or one with a unit, as scenarios write it.

    Raises:
        ValueError: It is none.
    """
    if isinstance(value, float) and math.isfinite(value):
        value = f"{Decimal(str(value)):f}"
    return format_amount(parse_amount(text(value)))


def hashrate(value: object) -> int | float:
    """Read a hashrate.

    Raises:
        ValueError: It is no number above zero.
    """
    found = number(value)
    if found <= 0:
        raise ValueError(f"a hashrate is above 0, got {show(value)}")
    return found
