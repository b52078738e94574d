"""The performance probe: delays of blocks, how full blocks and pools are, how fast nodes answer."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from actors.probes.probe import Probe, ProbeConfig
from monerosim.config import POSITIVE, Duration, duration
from monerosim.events import NewBlock
from monerosim.monero.fees import PENALTY_FREE_WEIGHT
from monerosim.rpc.errors import RpcError
from monerosim.rpc.node import NodeRpc
from monerosim.units import SECOND


class PerformanceProbeConfig(ProbeConfig, frozen=True):
    """Settings of a performance probe."""

    block_delay: Annotated[
        Duration,
        Meta(extra=POSITIVE, description="How much later than its own node others may have a block of a height."),
    ] = duration("30s")
    block_wait: Annotated[
        int, Meta(ge=1, le=10_000, description="Mean block times without a block that are too many.")
    ] = 20
    answer: Annotated[Duration, Meta(extra=POSITIVE, description="How long a node may take to answer.")] = duration(
        "5s"
    )
    pool: Annotated[int, Meta(ge=0, description="How many transactions a node's txpool may hold.")] = 1000
    fill: Annotated[
        float,
        Meta(ge=0, description="The share of 300 kB that the last blocks may have on average; above it costs rewards."),
    ] = 1.0
    blocks: Annotated[int, Meta(ge=1, le=1000, description="Over how many blocks that is averaged.")] = 20


class PerformanceProbe(Probe[PerformanceProbeConfig]):
    """Finds blocks that come late or not at all, blocks and txpools that are too full, and nodes that answer slowly."""

    def begin(self) -> None:
        """Watch for blocks at its own node."""
        self._delayed: list[str] = []
        self._watched = 0
        self.on(NewBlock, self.on_block)
        super().begin()

    def on_block(self, block: NewBlock) -> None:
        """Look later whether all nodes have such a block."""
        self.after(self.config.block_delay.seconds, self.look_for, block.height)

    def look_for(self, height: int) -> None:
        """Look which nodes have no block of a height yet; of two in a race each node has one."""
        self._watched += 1
        delay = self.config.block_delay.seconds
        for name, node in self.nodes.items():
            try:
                if node.get_info().height <= height:
                    self._delayed.append(f"{name} had no block {height} {delay:g} s after {self.host.own.uses_node}")
            except RpcError as error:
                self.log.debug("{} cannot be asked for a block: {}", name, error)

    def examine(self) -> Iterator[str]:
        """Yield what was late since the last look, and look at each node."""
        late, self._delayed = self._delayed, []
        yield from late
        if not self.nodes:
            yield "nobody that it looks at has a node"
            return
        slowest, fullest = 0.0, 0
        for name, node in self.nodes.items():
            began = self.clock.now()
            try:
                pool = node.get_info().tx_pool_size
            except RpcError as error:
                yield f"{name} does not answer: {error}"
                continue
            took = self.clock.now() - began
            slowest, fullest = max(slowest, took), max(fullest, pool)
            if took > self.config.answer.seconds:
                yield f"{name} took {took:.1f} s to answer"
            if pool > self.config.pool:
                yield f"{name} has {pool} transactions in its txpool, {self.config.pool} are wanted at most"
        self.measured |= {"nodes": len(self.nodes), "blocks_watched": self._watched}
        self.measured |= {"slowest_answer": round(slowest, 3), "fullest_pool": fullest}
        yield from self._examine_blocks(next(iter(self.nodes.values())))

    def _examine_blocks(self, node: NodeRpc) -> Iterator[str]:
        tip = node.get_last_block_header()
        waited = self.clock.microseconds() - self.clock.of_unix(tip.timestamp)
        times = waited / self.host.plan.consensus.block_time
        if times > self.config.block_wait:
            yield f"the last block came {waited / SECOND:.0f} s ago, {times:.1f} mean block times"
        headers = node.get_block_headers_range(max(1, tip.height - self.config.blocks + 1), tip.height)
        fill = sum(header.block_weight for header in headers) / len(headers) / PENALTY_FREE_WEIGHT
        if fill > self.config.fill:
            yield f"the last {len(headers)} blocks are {fill:.0%} full, {self.config.fill:.0%} is wanted at most"
        self.measured["fill"] = round(fill, 4)
