"""Which runs a sweep has."""

from itertools import product

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from monerosim.ensemble.design import (
    Design,
    DesignError,
    Point,
    Variation,
    grid,
    interpolate,
    latin_hypercube,
    paired,
    read_range,
    read_seeds,
    read_variation,
    split_values,
    variation_of,
)
from monerosim.scenario.toml import write_value

SCALARS = st.one_of(st.integers(-1000, 1000), st.booleans(), st.text(max_size=10), st.floats(0, 1).map(lambda x: x))
VALUES = st.one_of(
    SCALARS, st.lists(st.integers(0, 9), max_size=3), st.dictionaries(st.text("ab", min_size=1), SCALARS)
)


@given(st.lists(VALUES, min_size=1, max_size=5))
def test_values_are_split_as_they_were_written(values):
    texts = [write_value(value) for value in values]
    assert list(split_values(",".join(texts))) == texts
    assert variation_of("key", values).values == tuple(texts)


def test_a_grid_has_every_combination_and_the_first_key_varies_slowest():
    points = grid([Variation(key="a", values=("1", "2")), Variation(key="b", values=("3", "4", "5"))])
    assert [tuple(point.values.values()) for point in points] == list(product(("1", "2"), ("3", "4", "5")))
    assert points[0].changes == ("a=1", "b=3")


def test_keys_that_vary_together_have_as_many_values_each():
    points = paired([Variation(key="a", values=("1", "2")), Variation(key="b", values=("3", "4"))])
    assert points == (Point({"a": "1", "b": "3"}), Point({"a": "2", "b": "4"}))
    with pytest.raises(DesignError, match="a has 2, b has 1"):
        paired([Variation(key="a", values=("1", "2")), Variation(key="b", values=("3",))])


@given(st.integers(1, 40), st.integers(0, 5))
def test_a_latin_hypercube_has_one_value_of_each_key_in_each_slice(count, seed):
    points = latin_hypercube({"share": "0.0..1.0", "wait": "0s..1000s"}, count, seed)
    assert len(points) == count
    shares = [float(point.values["share"]) for point in points]
    assert sorted(int(share * count * 0.9999999) for share in shares) == list(range(count)) or count > 30
    assert all(0 <= share <= 1 for share in shares)
    assert points == latin_hypercube({"share": "0.0..1.0", "wait": "0s..1000s"}, count, seed)


@pytest.mark.parametrize(
    ("text", "share", "value"),
    [("10..20", 0.5, 15), ("1.0..2.0", 0.25, 1.25), ("50ms..150ms", 0.5, "100ms"), ('"1s".."3s"', 0.5, "2s")],
)
def test_a_range_is_of_integers_numbers_or_durations(text, share, value):
    assert tomli.loads(f"v = {interpolate('key', text, share)}")["v"] == value


@pytest.mark.parametrize("text", ["5", "1..2s", "true..false", "a..b", ".."])
def test_other_ranges_are_refused_by_key(text):
    with pytest.raises(DesignError, match=r"^key: "):
        interpolate("key", text, 0.5)


def test_a_range_belongs_to_a_key():
    assert read_range("a.b = 1..2") == ("a.b", "1..2")
    with pytest.raises(DesignError, match=r"^a\.b: expected a range"):
        read_range("a.b=12")


@pytest.mark.parametrize(
    ("text", "seeds"), [("1..4", (1, 2, 3, 4)), ("7", (7,)), ("1,5..6, 9", (1, 5, 6, 9)), ("2,2,1", (2, 1))]
)
def test_seeds_are_ranges_and_numbers(text, seeds):
    assert read_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "4..1", "a", "1...3", "-1..3", "1..99999999"])
def test_what_are_no_seeds_is_refused(text):
    with pytest.raises(DesignError):
        read_seeds(text)


@pytest.mark.parametrize("text", ["network.latency", "=1", "network.latency=", ""])
def test_a_variation_has_a_key_and_values(text):
    with pytest.raises(DesignError, match="KEY="):
        read_variation(text)


def test_a_key_in_quotes_may_have_an_equals_sign():
    assert read_variation('"a=b".c=1, [2, 3],"x,y"') == Variation(key='"a=b".c', values=("1", "[2, 3]", '"x,y"'))


def test_all_points_are_played_with_a_seed_before_the_next():
    design = Design(points=grid([Variation(key="a", values=("1", "2"))]), seeds=(3, 4))
    assert [(point.values["a"], seed) for point, seed in design.runs()] == [("1", 3), ("2", 3), ("1", 4), ("2", 4)]


def test_a_key_varies_once():
    with pytest.raises(DesignError, match="a is named twice"):
        grid([Variation(key="a", values=("1",)), Variation(key="a", values=("2",))])


def test_a_sweep_is_bounded():
    with pytest.raises(DesignError, match="1000000 runs"):
        Design(points=(Point({}),) * 2000, seeds=tuple(range(1000)))
