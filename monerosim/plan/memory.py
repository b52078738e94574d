"""How much memory a plan takes when it is played."""

from collections.abc import Mapping

import msgspec

from monerosim.plan.model import HostPlan, Plan

MB = 1_000_000

NODE = 430 * MB
"""A monerod that verifies blocks: 26 MB resident before the first one, 290 MB after it (RandomX's cache), 350 MB after
30, 420 to 440 MB after 120 (0.18.0.0 on regtest, MALLOC_ARENA_MAX=1, measured)."""

MINING_NODE = 590 * MB
"""A monerod that answers ``generateblocks`` has a second cache: 553 MB after the first block, 578 MB after 120 (the
same measurement)."""

WALLET = 33 * MB
"""A monero-wallet-rpc (measured)."""

AGENT = 40 * MB
"""The Python process of a host: the bound that a test holds it to."""

EMBEDDED = 65 * MB
EMBEDDED_PARTICIPANT = 200_000
"""The embedded engine as a whole, and more for each participant: 80 MB for 104 participants, 118 MB for 304, 242 MB for
1,004, over two simulated hours of 0.1 payments a user and minute (tools/bench.py, measured)."""


class MemoryEstimate(msgspec.Struct, frozen=True):
    """What a run takes at its peak, in bytes."""

    parts: Mapping[str, tuple[int, int]]
    """What there is: how many, and bytes each."""

    @property
    def total(self) -> int:
        """All parts together."""
        return sum(count * each for count, each in self.parts.values())


def estimate_memory(plan: Plan) -> MemoryEstimate | None:
    """Estimate a run's memory.

    Returns:
        None for an engine of which nothing is known here.
    """
    hosts = plan.hosts
    if plan.engine == "embedded":
        return MemoryEstimate({"engine": (1, EMBEDDED), "participants": (len(hosts), EMBEDDED_PARTICIPANT)})
    if plan.engine not in {"local", "shadow"}:
        return None
    producing = {host.uses_node for host in hosts if _produces_blocks(host, plan)} - {None}
    nodes = sum(host.node is not None for host in hosts)
    return MemoryEstimate(
        {
            "nodes that produce blocks": (len(producing), MINING_NODE),
            "other nodes": (nodes - len(producing), NODE),
            "wallets": (sum(len(host.wallets) for host in hosts), WALLET),
            "agents": (len(hosts), AGENT),
        }
    )


def _produces_blocks(host: HostPlan, plan: Plan) -> bool:
    """Tell whether a host has blocks made: a miner, or the funder (the one that begins to act at the bootstrap)."""
    start = plan.bootstrap.start if plan.bootstrap is not None else None
    return any("hashrate" in actor.config or actor.start == start for actor in host.actors)
