"""Configurations: durations and amounts on their way between people, plans and actors."""

import json
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from monerosim.config import Amount, Config, Duration, amount, dump_config, duration, load_config, schema_hook
from monerosim.units import MAX_AMOUNT, MAX_DURATION, SECOND, XMR


class Shop(Config, frozen=True):
    opens: Duration = duration("90s")
    price: Amount = amount("0.5 XMR")
    count: int = 3


class Street(Config, frozen=True):
    shop: Shop = msgspec.field(default_factory=Shop)
    waits: tuple[Duration, ...] = ()
    limit: Amount | None = None


def test_defaults_are_integers_inside():
    shop = load_config({}, Shop)
    assert shop == Shop()
    assert (shop.opens, shop.price) == (90 * SECOND, XMR // 2)
    assert isinstance(shop.opens, Duration)
    assert shop.opens.seconds == 90.0


@pytest.mark.parametrize(
    ("written", "microseconds"),
    [("2h", 7200 * SECOND), (5, 5 * SECOND), (0.25, SECOND // 4), (0, 0), (1e-6, 1), (Duration(7), 7)],
)
def test_durations_are_read(written, microseconds):
    assert load_config({"opens": written}, Shop).opens == microseconds


@pytest.mark.parametrize(("written", "atomic"), [("2 XMR", 2 * XMR), (2, 2 * XMR), (0.1, XMR // 10), (Amount(7), 7)])
def test_amounts_are_read(written, atomic):
    assert load_config({"price": written}, Shop).price == atomic


@pytest.mark.parametrize("key", ["opens", "price"])
@pytest.mark.parametrize(
    "value",
    ["soon", -1, math.nan, math.inf, 1e300, 10**400, 10**5000, "9" * 1_100_000 + "s", True, None, [], {}, b"1"],
    ids=lambda value: type(value).__name__,
)
def test_other_values_are_validation_errors_that_name_the_place(key, value):
    with pytest.raises(msgspec.ValidationError, match=rf"`\$\.shop\.{key}`"):
        load_config({"shop": {key: value}}, Street)


def test_unknown_keys_are_errors():
    with pytest.raises(msgspec.ValidationError, match="unknown field `closes`"):
        load_config({"closes": 1}, Shop)


def test_configurations_cannot_be_changed():
    with pytest.raises(AttributeError):
        Shop().count = 4


durations = st.integers(0, MAX_DURATION).map(Duration)
amounts = st.integers(0, MAX_AMOUNT).map(Amount)
shops = st.builds(Shop, opens=durations, price=amounts, count=st.integers(-(2**63), 2**63 - 1))
streets = st.builds(Street, shop=shops, waits=st.lists(durations, max_size=3).map(tuple), limit=st.none() | amounts)


@given(streets)
def test_configurations_survive_the_plan(street):
    plain = json.loads(json.dumps(dump_config(street)))
    assert load_config(plain, Street) == street


def test_defaults_are_dumped_too():
    assert dump_config(Shop()) == {"opens": "1m30s", "price": "0.5 XMR", "count": 3}


def test_the_schema_describes_what_is_read():
    schema = msgspec.json.schema(Street, schema_hook=schema_hook)
    validator = Draft202012Validator(schema)
    for good in ({}, {"shop": {"opens": "2h", "price": 3.5}, "waits": ["1s", 2]}, {"limit": None}):
        assert validator.is_valid(good)
        load_config(good, Street)
    for bad in ({"shop": {"opens": []}}, {"waits": "1s"}, {"shops": {}}):
        assert not validator.is_valid(bad)


def test_other_types_are_a_mistake_of_who_writes_the_configuration():
    class Odd(Config, frozen=True):
        odd: complex

    with pytest.raises(NotImplementedError, match="cannot hold a complex"):
        load_config({"odd": 1}, Odd)
    with pytest.raises(TypeError, match="complex"):
        msgspec.json.schema(Odd, schema_hook=schema_hook)


def test_other_values_cannot_be_dumped():
    class Odd(Config, frozen=True):
        odd: complex = 1j

    with pytest.raises(NotImplementedError, match="cannot hold a complex"):
        dump_config(Odd())
