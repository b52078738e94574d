"""Three nodes that log messages: alice dials bob, bob dials carol, carol dials alice."""

import msgspec
from small_world import make_host_plan, make_plan

from monerosim.plan.plan import NodePlan, RecordPlan
from monerosim.units import SECOND

PEERS = {"alice": ("bob",), "bob": ("carol",), "carol": ("alice",)}
ADDRESSES = {"alice": "127.1.0.1", "bob": "127.1.0.2", "carol": "127.1.0.3"}


def network(*, peers=PEERS, addresses=ADDRESSES, time_zero=60 * SECOND, **record):
    hosts = [
        msgspec.structs.replace(
            make_host_plan(name),
            address=addresses[name],
            node=NodePlan(p2p_port=18080, rpc_port=18081, start=0, ready_after=0, peers=dialled),
        )
        for name, dialled in peers.items()
    ]
    plan = make_plan(*hosts, time_zero=time_zero)
    return msgspec.structs.replace(plan, record=RecordPlan(**record))
