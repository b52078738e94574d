"""Durations and amounts as people write them."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monerosim.units import (
    MAX_AMOUNT,
    MAX_DURATION,
    SECOND,
    XMR,
    format_amount,
    format_clock,
    format_count,
    format_duration,
    parse_amount,
    parse_duration,
)

near_misses = st.text(st.sampled_from("0123456789. +-eEsmhdunixXMR٣²,_\n"), max_size=20)


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("0s", 0),
        ("90s", 90 * SECOND),
        ("2h", 7200 * SECOND),
        ("50ms", 50_000),
        ("1us", 1),
        ("5m", 300 * SECOND),
        ("5min", 300 * SECOND),
        ("1d", 86_400 * SECOND),
        ("1h 30m", 5400 * SECOND),
        ("1h30m", 5400 * SECOND),
        (" 1.5 h ", 5400 * SECOND),
        ("1m500ms", 60 * SECOND + 500_000),
        ("0.000001s", 1),
        ("36500d", MAX_DURATION),
    ],
)
def test_durations(text, microseconds):
    assert parse_duration(text) == microseconds


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "5", "s", "-5s", "+5s", "5 parsecs", "5s!", "1e3s", ".5s", "5.s", "1,5s", "5M", "1h -5m", "٣s",
        "1_000s", "nans", "infs", "s5", "9" * 5000 + "s", "9" * 1_100_000 + "s", "36501d", "0." + "0" * 100 + "1s",
    ],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match=r"duration") as caught:
        parse_duration(text)
    assert len(str(caught.value)) < 500


@given(st.integers(0, MAX_DURATION))
def test_durations_survive_being_written(microseconds):
    assert parse_duration(format_duration(microseconds)) == microseconds


@given(st.integers(0, 10**9), st.integers(0, 999_999), st.sampled_from(["us", "ms", "s", "m", "min", "h"]))
def test_decimals_are_exact(whole, decimals, unit):
    scale = {"us": 1, "ms": 1000, "s": SECOND, "m": 60 * SECOND, "min": 60 * SECOND, "h": 3600 * SECOND}[unit]
    exact = (whole * 10**6 + decimals) * scale
    if exact <= MAX_DURATION * 10**6:
        read = parse_duration(f"{whole}.{decimals:06d}{unit}")
        # What is not zero is never read as zero.
        assert abs(read * 10**6 - exact) <= 500_000 or (read == 1 and 0 < exact < 500_000)


@given(st.text() | near_misses)
def test_any_text_is_a_duration_or_a_value_error(text):
    try:
        assert 0 <= parse_duration(text) <= MAX_DURATION
    except ValueError:
        return


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [(0, "0s"), (1, "1us"), (5400 * SECOND, "1h30m"), (-90 * SECOND, "-1m30s"), (86_400 * SECOND + 1_001, "1d1ms1us")],
)
def test_durations_are_written_in_the_largest_units(microseconds, text):
    assert format_duration(microseconds) == text


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (0, "0:00:00.000"),
        (999, "0:00:00.000"),
        (3_723_004_000, "1:02:03.004"),
        (-90_500_000, "-0:01:30.500"),
        (100 * 3600 * SECOND, "100:00:00.000"),
    ],
)
def test_points_in_time(microseconds, text):
    assert format_clock(microseconds) == text


@pytest.mark.parametrize(
    ("value", "atomic"),
    [
        ("10 XMR", 10 * XMR),
        ("10xmr", 10 * XMR),
        ("0.5", XMR // 2),
        (" 1 ", XMR),
        (10, 10 * XMR),
        (0.1, XMR // 10),
        (1e-12, 1),
        ("0.000000000001 XMR", 1),
        ("18446744.073709551615", MAX_AMOUNT),
        (0, 0),
        (1e6, 10**18),
    ],
)
def test_amounts(value, atomic):
    assert parse_amount(value) == atomic


@pytest.mark.parametrize(
    "value",
    [
        "", "XMR", "-1", "+1", "1e3", "1,5", ".5", "5.", "10 BTC", "٣", "1_000", "nan", "inf", "0.0000000000001",
        "18446744.073709551616", "9" * 100_000, 0.1 + 0.2, -1, -0.5, 1e-13, 5e-324, 1e308, math.nan, math.inf,
        -math.inf, 10**400, 10**5000, True, False,
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_is_no_amount(value):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the messages are many)
        parse_amount(value)
    assert len(str(caught.value)) < 500


@given(st.integers(0, MAX_AMOUNT))
def test_amounts_survive_being_written(atomic):
    assert parse_amount(format_amount(atomic)) == atomic


@given(st.integers(0, 10**7))
def test_numbers_of_xmr_are_taken_as_they_are_written(thousandths):
    assert parse_amount(thousandths / 1000) == thousandths * XMR // 1000


@given(st.text() | near_misses | st.integers() | st.floats() | st.booleans())
def test_anything_is_an_amount_or_a_value_error(value):
    try:
        atomic = parse_amount(value)
    except ValueError:
        return
    assert 0 <= atomic <= MAX_AMOUNT
    if not isinstance(value, str):
        assert Decimal(repr(value)) * XMR == atomic


@pytest.mark.parametrize(
    ("atomic", "text"),
    [(0, "0 XMR"), (6 * 10**11, "0.6 XMR"), (XMR, "1 XMR"), (1, "0.000000000001 XMR"), (-(10**11), "-0.1 XMR")],
)
def test_amounts_are_written_with_no_needless_zeros(atomic, text):
    assert format_amount(atomic) == text


WORDS = {
    "2 hours": 7_200 * SECOND,
    "90 sec": 90 * SECOND,
    "3 minutes": 180 * SECOND,
    "1 day": 86_400 * SECOND,
    "2 weeks": 14 * 86_400 * SECOND,
    "10 MIN": 600 * SECOND,
    "2H": 7_200 * SECOND,
    "1 Hour 30 Mins": 5_400 * SECOND,
    "500 ns": 1,
    "1 ns": 1,
    "0 ns": 0,
    "1500 ns": 2,
    "600 \N{MICRO SIGN}s": 600,
    "600 \N{GREEK SMALL LETTER MU}s": 600,
    "20 milliseconds": 20_000,
}
"""What Shadow and tornettools take too, and what people write."""


@pytest.mark.parametrize(("text", "microseconds"), WORDS.items(), ids=WORDS)
def test_durations_in_other_words(text, microseconds):
    assert parse_duration(text) == microseconds


def test_what_is_no_duration_is_told_the_units():
    with pytest.raises(ValueError, match="units: ns, us, ms, s, m or min, h, d, w"):
        parse_duration("3 fortnights")


def test_amounts_in_other_words():
    assert parse_amount("2 monero") == 2 * XMR
    assert parse_amount("7 piconero") == 7
    with pytest.raises(ValueError, match="units: XMR, piconero"):
        parse_amount("5 kXMR")


@pytest.mark.parametrize(("number", "text"), [(0, "0 nodes"), (1, "1 node"), (2, "2 nodes")])
def test_one_of_a_kind_has_no_plural(number, text):
    assert format_count(number, "node") == text
