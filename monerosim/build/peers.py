"""The connections of a plan's nodes, as their own flags have them.

The peers of a node are exclusive ones, so monerod itself heeds none of these flags as it does in the wild.
"""

from collections.abc import Mapping, Sequence

import msgspec

from monerosim.plan.flags import flag_name, flag_value
from monerosim.plan.plan import NodePlan
from monerosim.topology import choose_limited_peers, choose_peers

_KILOBYTE = 8 * 1024
"""Bits in a kilobyte of monerod's (``set_target_speed`` in contrib/epee/src/network_throttle-detail.cpp)."""


def peers_of(nodes: Mapping[str, NodePlan], connections: Mapping[str, int], seed: int) -> dict[str, tuple[str, ...]]:
    """Choose whom each node dials.

    One with ``--offline`` has no connections, one with ``--hide-my-port`` or ``--in-peers`` no or so many incoming
    ones, one with ``--out-peers`` at most so many outgoing ones.

    Args:
        nodes: The nodes, by their hosts.
        connections: How many each is to dial.
        seed: The run's seed.
    """
    given = {name: {flag_name(flag): flag_value(flag) for flag in node.flags} for name, node in nodes.items()}
    names = [name for name, flags in given.items() if "--offline" not in flags]
    wanted = {name: min(connections[name], int(given[name].get("--out-peers", connections[name]))) for name in names}
    limits = {name: int(given[name]["--in-peers"]) for name in names if "--in-peers" in given[name]}
    limits |= {name: 0 for name in names if "--hide-my-port" in given[name] or nodes[name].reach != "reachable"}
    if limits:
        chosen = choose_limited_peers(names, seed=seed, connections=wanted, incoming=limits)
    else:
        by_number = {it: choose_peers(names, seed=seed, connections=it) for it in set(wanted.values())}
        chosen = {name: by_number[wanted[name]][name] for name in names}
    return {name: chosen.get(name, ()) for name in nodes}


def discovering(node: NodePlan, connections: int) -> NodePlan:
    """Return a node that finds its peers itself, with the limits that its flags have.

    Args:
        node: The node.
        connections: How many it dials, unless its flags say otherwise.
    """
    given = {flag_name(flag): flag_value(flag) for flag in node.flags}
    return msgspec.structs.replace(
        node,
        reach="hidden" if "--hide-my-port" in given else node.reach,
        out_peers=int(given.get("--out-peers", connections)),
        in_peers=int(given["--in-peers"]) if "--in-peers" in given else None,
        dials="--offline" not in given,
    )


def rate_limit(flags: Sequence[str]) -> int | None:
    """Return the bits per second to which a node's flags limit it, of the slower way; None if they do not."""
    given = {flag_name(flag): flag_value(flag) for flag in flags}
    # --limit-rate is for a way that has no limit of its own (set_rate_limit in src/p2p/net_node.inl).
    ways = (given.get(way, given.get("--limit-rate")) for way in ("--limit-rate-up", "--limit-rate-down"))
    rates = [int(rate) for rate in ways if rate is not None]
    return min(rates) * _KILOBYTE if rates else None
