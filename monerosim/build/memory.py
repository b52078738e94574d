"""How much memory the programs of a plan take when it is played."""

from monerosim.plan.plan import HostPlan, Plan
from monerosim.plan.roles import FUNDER, MINER

MB = 1_000_000

NODE = 330 * MB
"""A monerod that verifies blocks: 26 MB before the first one, and RandomX's cache of 256 MiB from then on.

This and what follows is measured with tools/measure_shadow.py (memory that several share is divided among them, at the
peak of a run): hundred-users.toml has 4,806 MB for 10 such nodes and 3 of the next kind, smoke.toml 1,254 MB for 2 and
1.
"""

MINING_NODE = 590 * MB
"""A monerod that answers ``generateblocks`` has a second cache."""

SPARED_NODE = 15 * MB
"""A monerod that computes no hash, and so has no cache (tools/measure_shadow.py)."""

WALLET = 14 * MB
"""A monero-wallet-rpc: 1,413 MB for 106; a few MB more where there are few to share with (82 MB for 5)."""

AGENT = 26 * MB
"""The Python process of a host: 2,929 MB for 117, 153 MB for 6. A test holds it to a bound."""


def memory_of_programs(plan: Plan) -> dict[str, tuple[int, int]]:
    """Estimate the memory of a plan's programs.

    Returns:
        By their kind: how many there are, and bytes each.
    """
    hosts = plan.hosts
    producing = {host.uses_node for host in hosts if _produces_blocks(host)} - {None}
    nodes = sum(host.node is not None for host in hosts)
    spared = plan.shadow.proof_of_work == "skipped"
    return {
        "nodes that produce blocks": (len(producing), SPARED_NODE if spared else MINING_NODE),
        "other nodes": (nodes - len(producing), SPARED_NODE if spared else NODE),
        "wallets": (sum(len(host.wallets) for host in hosts), WALLET),
        "agents": (len(hosts), AGENT),
    }


def _produces_blocks(host: HostPlan) -> bool:
    """Return whether a host has its node make blocks."""
    return any(actor.role in {MINER, FUNDER} for actor in host.actors)
