"""Spreads, with the nodes' names."""

import msgspec
from small_world import make_host_plan, make_plan

from monerosim.events import TransactionSpread
from monerosim.plan.plan import NodePlan
from monerosim.report.spread import first_seen


def test_names_are_those_of_the_plans_nodes_in_the_order_of_arrival():
    node = NodePlan(p2p_port=1, rpc_port=2, start=0, ready_after=0, peers=())
    hosts = [make_host_plan(name) for name in ("alice", "bob", "carol", "dave", "erin")]
    hosts = [hosts[0], *(msgspec.structs.replace(host, node=node) for host in hosts[1:])]
    spread = TransactionSpread("aa", 7, (5, -1, 0, 5))
    assert list(first_seen(spread, make_plan(*hosts)).items()) == [("dave", 7), ("bob", 12), ("erin", 12)]
