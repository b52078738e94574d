"""How much memory a plan takes when it is played."""

from collections.abc import Mapping

import msgspec

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

WALLET = 14 * MB
"""A monero-wallet-rpc: 1,413 MB for 106; a few MB more where there are few to share with (82 MB for 5)."""

AGENT = 26 * MB
"""The Python process of a host: 2,929 MB for 117, 153 MB for 6. A test holds it to a bound."""

SHADOW = 180 * MB
SHADOW_PROCESS = 150_000
"""Shadow itself, and more for each program: 184 MB for 14, 213 MB for 236."""

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
    producing = {host.uses_node for host in hosts if _produces_blocks(host)} - {None}
    nodes = sum(host.node is not None for host in hosts)
    parts = {
        "nodes that produce blocks": (len(producing), MINING_NODE),
        "other nodes": (nodes - len(producing), NODE),
        "wallets": (sum(len(host.wallets) for host in hosts), WALLET),
        "agents": (len(hosts), AGENT),
    }
    if plan.engine == "shadow":
        programs = sum(len(host.processes) for host in hosts)
        parts["Shadow"] = (1, SHADOW + programs * SHADOW_PROCESS)
    return MemoryEstimate(parts)


def _produces_blocks(host: HostPlan) -> bool:
    """Return whether a host has its node make blocks."""
    return any(actor.role in {MINER, FUNDER} for actor in host.actors)
