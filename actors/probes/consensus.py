"""The consensus probe: whether all nodes have one chain, and whether that chain is sound."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from actors.probes.chain import ChainAudit
from actors.probes.probe import Probe, ProbeConfig
from monerosim.monero.emission import GENESIS_REWARD
from monerosim.rpc.errors import RpcError
from monerosim.rpc.node import NodeRpc


class ConsensusProbeConfig(ProbeConfig, frozen=True):
    """Settings of a consensus probe."""

    depth: Annotated[
        int, Meta(ge=0, le=720, description="Blocks at the top of a chain about which nodes may disagree.")
    ] = 3
    lag: Annotated[int, Meta(ge=0, le=720, description="Blocks that a node may be behind the highest.")] = 3


class ConsensusProbe(Probe[ConsensusProbeConfig]):
    """Finds nodes that are behind or on another branch, outputs that are spent twice, and coins from nowhere.

    The chain that it examines is that of the highest node.
    """

    def begin(self) -> None:
        """Begin with an empty chain."""
        self._audit = self._new_audit()
        super().begin()

    def examine(self) -> Iterator[str]:
        """Compare the nodes' chains, and look at the blocks that are new on the highest one."""
        heights: dict[str, int] = {}
        for name, node in self.nodes.items():
            try:
                heights[name] = node.get_info().height - 1
            except RpcError as error:
                yield f"{name} does not answer: {error}"
        if not heights:
            return
        best = max(heights, key=lambda name: heights[name])
        highest = heights[best]
        self.measured |= {"nodes": len(heights), "height": highest}
        for name, height in heights.items():
            if highest - height > self.config.lag:
                yield f"{name} is at height {height}, {highest - height} blocks behind {best}"
            fork = _fork(self.nodes[name], self.nodes[best], height - self.config.depth)
            if fork:
                yield f"{name}, at height {height}, has other blocks than {best} from height {fork} on"
        yield from self._examine_chain(best, highest - self.config.depth)
        self.measured |= {"blocks": self._audit.height, "transactions": self._audit.transactions}

    def _examine_chain(self, best: str, top: int) -> Iterator[str]:
        node, audit = self.nodes[best], self._audit
        if audit.height and node.on_get_block_hash(audit.height) != audit.hash:
            yield f"{best} has replaced block {audit.hash}, at height {audit.height}, and maybe others below"
            self._audit = audit = self._new_audit()
        yield from audit.go_on(node, top)

    def _new_audit(self) -> ChainAudit:
        start = self.host.plan.consensus.start
        return ChainAudit(GENESIS_REWARD if start is None else start.supply)


def _fork(one: NodeRpc, other: NodeRpc, top: int) -> int:
    """Return the least height at which two nodes have other blocks; 0 if they agree up to the top."""
    if top <= 0 or one.on_get_block_hash(top) == other.on_get_block_hash(top):
        return 0
    low, high = 0, top
    while high - low > 1:
        middle = (low + high) // 2
        if one.on_get_block_hash(middle) == other.on_get_block_hash(middle):
            low = middle
        else:
            high = middle
    return high
