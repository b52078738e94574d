"""How long items took to the nodes, from events alone."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_world import make_host_plan, make_plan

from monerosim.events import BlockSpread, NodeSynced, TransactionSpread
from monerosim.plan.plan import NodePlan
from monerosim.report.spread import Propagation, Propagations, Times, first_seen
from monerosim.units import SECOND


def block(*after, first=0):
    return BlockSpread("aa", 1, first, after)


def of(*events):
    counted = Propagations()
    for event in events:
        assert counted.take(event)
    return counted.result()


def test_names_are_those_of_the_plans_nodes_in_the_order_of_arrival():
    node = NodePlan(p2p_port=1, rpc_port=2, start=0, ready_after=0, peers=())
    hosts = [make_host_plan(name) for name in ("alice", "bob", "carol", "dave", "erin")]
    hosts = [hosts[0], *(msgspec.structs.replace(host, node=node) for host in hosts[1:])]
    spread = TransactionSpread("aa", 7, (5, -1, 0, 5))
    assert list(first_seen(spread, make_plan(*hosts)).items()) == [("dave", 7), ("bob", 12), ("erin", 12)]


def test_half_and_all_are_counted_from_the_first_node():
    seconds = [(0, 4, 1, 2, 3), (9, 1, 5, 0, 2)]
    (found,) = of(*(block(*(SECOND * at for at in after), first=SECOND) for after in seconds)).values()
    assert found == Propagation(items=2, half=Times(2, 2, 2, 2), everywhere=2, all=Times(4, 6.5, 9, 9))


@pytest.mark.parametrize(
    ("after", "half", "everywhere"),
    [((0, -1, -1, -1), None, 0), ((0, 3, -1, -1), 3, 0), ((-1, 0, 3, 5), 3, 0), ((0, 1, 2, 3), 1, 1), ((0,), 0, 1)],
)
def test_nodes_that_never_had_it_count(after, half, everywhere):
    found = of(block(*(at * SECOND if at > 0 else at for at in after)))["blocks"]
    assert (found.items, found.everywhere) == (1, everywhere)
    assert found.half == (None if half is None else Times(half, half, half, half))
    assert (found.all is None) == (everywhere == 0)


def test_what_is_first_seen_in_the_bootstrap_does_not_count():
    assert of(block(0, 1, first=-1)) == {}
    assert set(of(block(0, 1, first=-1), TransactionSpread("aa", 0, (0, 1)))) == {"transactions"}


def test_other_events_are_not_taken():
    assert not Propagations().take(NodeSynced(1, 2))


@given(st.lists(st.integers(0, 10**9), min_size=1))
def test_times_are_in_order_and_nine_of_ten_are_within(values):
    (found,) = of(*(block(0, value) for value in values)).values()
    times = found.all
    assert times.least == min(values) / SECOND
    assert times.most == max(values) / SECOND
    assert times.least <= times.median <= times.nine_tenths <= times.most
    within = [value for value in values if value / SECOND <= times.nine_tenths]
    below = [value for value in values if value / SECOND < times.nine_tenths]
    assert len(below) < 0.9 * len(values) <= len(within)
