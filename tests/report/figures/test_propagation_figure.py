"""How long items took to the nodes, from events alone."""

import pytest
from figure_records import taken
from hypothesis import given
from hypothesis import strategies as st

from monerosim.events import BlockSpread, NodeSynced, TransactionSpread
from monerosim.report.figures.propagation import ItemPropagation, Propagation, PropagationFigure, Times
from monerosim.units import SECOND


def block(*after, first=0):
    return BlockSpread("aa", 1, first, after)


def of(*events):
    return taken(PropagationFigure, *events)


def test_half_and_all_are_counted_from_the_first_node():
    seconds = [(0, 4, 1, 2, 3), (9, 1, 5, 0, 2)]
    found = of(*(block(*(SECOND * at for at in after), first=SECOND) for after in seconds))
    assert found.blocks == ItemPropagation(items=2, half=Times(2, 2, 2, 2, 2), all=Times(2, 4, 6.5, 9, 9))
    assert found.transactions == ItemPropagation()


@pytest.mark.parametrize(
    ("after", "half", "everywhere"),
    [((0, -1, -1, -1), None, 0), ((0, 3, -1, -1), 3, 0), ((-1, 0, 3, 5), 3, 0), ((0, 1, 2, 3), 1, 1), ((0,), 0, 1)],
)
def test_nodes_that_never_had_it_count(after, half, everywhere):
    found = of(block(*(at * SECOND if at > 0 else at for at in after))).blocks
    assert found.items == 1
    assert found.half == (None if half is None else Times(1, half, half, half, half))
    assert (found.all.n if found.all else 0) == everywhere


def test_what_is_first_seen_in_the_bootstrap_does_not_count():
    assert of(block(0, 1, first=-1)) == Propagation()
    found = of(block(0, 1, first=-1), TransactionSpread("aa", 0, (0, 1)))
    assert (found.blocks.items, found.transactions.items) == (0, 1)


def test_other_events_do_not_count():
    assert of(NodeSynced(1, 2)) == Propagation()


def test_each_distribution_is_a_row():
    result = of(block(0, SECOND), TransactionSpread("aa", 0, (0, 2 * SECOND, -1)))
    rows = PropagationFigure.rows(result)
    assert [column.heading for column in rows.columns] == ["propagation", "n", "min", "median", "p90", "max"]
    assert rows.rows == (
        ("block, 50 % of nodes", 1, 0, 0, 0, 0),
        ("block, all nodes", 1, 1, 1, 1, 1),
        ("transaction, 50 % of nodes", 1, 2, 2, 2, 2),
    )


@given(st.lists(st.integers(0, 10**9), min_size=1))
def test_times_are_in_order_and_nine_of_ten_are_within(values):
    times = of(*(block(0, value) for value in values)).blocks.all
    assert times.n == len(values)
    assert times.min == min(values) / SECOND
    assert times.max == max(values) / SECOND
    assert times.min <= times.median <= times.p90 <= times.max
    within = [value for value in values if value / SECOND <= times.p90]
    below = [value for value in values if value / SECOND < times.p90]
    assert len(below) < 0.9 * len(values) <= len(within)
