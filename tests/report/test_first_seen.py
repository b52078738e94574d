"""Spreads, with the nodes' names."""

import msgspec
from small_world import make_host_plan, make_plan

from monerosim.events import TransactionSpread
from monerosim.plan.plan import NodePlan
from monerosim.report.spread import Half, first_seen, half_of_nodes, interval_places


def test_names_are_those_of_the_plans_nodes_in_the_order_of_arrival():
    node = NodePlan(p2p_port=1, rpc_port=2, start=0, ready_after=0, peers=())
    hosts = [make_host_plan(name) for name in ("alice", "bob", "carol", "dave", "erin")]
    hosts = [hosts[0], *(msgspec.structs.replace(host, node=node) for host in hosts[1:])]
    spread = TransactionSpread("aa", 7, (5, -1, 0, 5))
    assert list(first_seen(spread, make_plan(*hosts)).items()) == [("dave", 7), ("bob", 12), ("erin", 12)]


def test_the_bounds_of_a_median_are_those_of_the_sign_test():
    # The usual table of distribution-free intervals, from 1: 1 to 6, 2 to 9, 6 to 15, 40 to 61.
    assert [interval_places(count) for count in (5, 6, 10, 20, 100)] == [(-1, 5), (0, 5), (1, 8), (5, 14), (39, 60)]


def test_half_the_nodes_of_a_sample_have_bounds():
    sample = TransactionSpread("aa", 7, (60, 10, 30, 20, 50, 40), (), 0, "ab")
    assert half_of_nodes(sample) == Half(30, 10, 60)
    assert half_of_nodes(msgspec.structs.replace(sample, delays=(60, 10, 30, 20, -1, 40), missing=3)) == Half(
        30, 10, None
    )
    assert half_of_nodes(msgspec.structs.replace(sample, delays=(60, 10, -1, -1, -1, -1), missing=9)) is None
    assert half_of_nodes(msgspec.structs.replace(sample, whole="")) == Half(30, 30, 30)
