"""What each node sees at a time: which blocks have reached it, and the tip of the chain it follows.

A block's arrival times come from the network when it is found; a node's view at a time follows from them. Times that
nobody can ask for any more are settled: each node's tip is written down, reorganisations and arrivals are reported, and
the arrival times are dropped.
"""

from functools import reduce
from typing import NamedTuple, Protocol

import numpy as np

from monerosim.model.chain import Chain
from monerosim.model.records import ArrivalTimes, Block
from monerosim.model.sightings import Reorganisation, Sightings
from monerosim.network.p2p import Peer
from monerosim.network.propagation import NEVER
from monerosim.units import SECOND

HORIZON = 120 * SECOND
"""How far back a node's view can be asked for, microseconds."""


class P2PNetwork(Protocol):
    """The connections between nodes, and when items reach nodes over them (:mod:`monerosim.network.p2p`)."""

    nodes: int

    def block_arrivals(self, item: bytes, origin: int, released: int, weight: int) -> ArrivalTimes:
        """Return when each node has verified a block."""

    def transaction_arrivals(self, item: bytes, origin: int, released: int, weight: int) -> ArrivalTimes:
        """Return when each node has a transaction."""

    def peers(self, node: int) -> list[Peer]:
        """Return the connections of a node."""


class View(NamedTuple):
    """What a node sees at a time."""

    node: int
    """The node's index in the network."""
    at: int
    """Microseconds since the run's start."""
    tip: Block
    """The end of the chain it follows."""


class Views:
    """The nodes' views of the chain.

    Args:
        chain: All blocks of the run.
        network: What carries blocks to the nodes.
        sightings: Where arrivals and reorganisations are reported.

    Attributes:
        in_flight: Blocks that some node may have received since the time that was settled, and when each node does.
        due: When some of them have to be settled, microseconds.
    """

    def __init__(self, chain: Chain, network: P2PNetwork, sightings: Sightings) -> None:
        self.in_flight: dict[Block, ArrivalTimes] = {}
        self.due = NEVER
        self._chain = chain
        self._network = network
        self._sightings = sightings
        self._settled_until = -1
        self._tips = np.zeros(network.nodes, dtype=np.int64)
        self._work = np.ones(network.nodes, dtype=np.int64)

    def view(self, node: int, at: int) -> View:
        """Return what a node sees: it follows the chain of most work, of equal ones the one it had first.

        Args:
            node: Its index in the network.
            at: Microseconds, not before the time that was settled.
        """
        best = self._chain.blocks[self._tips.item(node)]
        first = NEVER
        for block, arrivals in self.in_flight.items():
            arrival = arrivals.item(node)
            if self._settled_until < arrival <= at:
                work, most = block.cumulative_difficulty, best.cumulative_difficulty
                if work > most or (work == most and arrival < first < NEVER):
                    best, first = block, arrival
        return View(node, at, best)

    def knows(self, view: View, block: Block) -> bool:
        """Return whether a node has a block, on any branch."""
        return _arrival(block, view.node) <= view.at or self._chain.contains(view.tip, block)

    def alternative_blocks(self, view: View) -> list[Block]:
        """Return the blocks a node knows that are not on its chain, in the order they were found."""
        return [block for block in self._chain.off(view.tip) if _arrival(block, view.node) <= view.at]

    def spread(self, block: Block) -> None:
        """Send a block, found just now, from its node to all others."""
        arrivals = self._network.block_arrivals(block.id, block.node, block.found, block.weight)
        before = None if block.parent is None else block.parent.arrival_times
        if before is not None:
            # A node that never got the parent by itself fetches it when a child comes.
            arrivals = np.where(before < NEVER, np.maximum(arrivals, before), arrivals)
        arrivals[block.node] = block.found
        block.arrival_times = self.in_flight[block] = arrivals
        block.last_arrival = int(arrivals[arrivals < NEVER].max())
        self.due = min(self.due, block.last_arrival + HORIZON)

    def settle(self, until: int) -> bool:
        """Write down all tips as of a time, report reorganisations, and drop arrival times nobody can ask for any more.

        Returns:
            Whether a block was under way, so that tips may have moved.
        """
        if until <= self._settled_until:
            return False
        moving = sorted((block for block in self.in_flight if block.found <= until), key=lambda block: block.height)
        if moving and self._in_line(moving):
            for block in moving:
                has = (self.in_flight[block] <= until) & (self._work < block.cumulative_difficulty)
                self._tips[has] = block.index
                self._work[has] = block.cumulative_difficulty
        elif moving:
            self._settle_branches(moving, until)
        self._settled_until = until
        for block in moving:
            if block.last_arrival <= until:
                arrivals = self.in_flight.pop(block)
                self._sightings.report_block(block, until)
                if arrivals.max() < NEVER:
                    block.arrival_times = None
        self.due = min((block.last_arrival + HORIZON for block in self.in_flight), default=NEVER)
        return bool(moving)

    def finish(self, at: int) -> None:
        """Report the blocks that are under way when the run ends."""
        for block in self.in_flight:
            self._sightings.report_block(block, at)

    def common_block(self) -> Block:
        """Return the last block of all chains that a node follows or may still come to follow."""
        tips: list[int] = np.unique(self._tips).tolist()
        # A branch that every node has left may still be followed in what is not settled yet.
        return reduce(self._chain.fork, [*(self._chain.blocks[index] for index in tips), *self.in_flight])

    def _in_line(self, moving: list[Block]) -> bool:
        """Return whether blocks and all tips lie on one chain, so that no node can have left a branch."""
        last = moving[-1]
        return all(self._chain.contains(last, block) for block in moving) and all(
            self._chain.contains(last, self._chain.blocks[index]) for index in np.unique(self._tips).tolist()
        )

    def _settle_branches(self, moving: list[Block], until: int) -> None:
        arrivals = np.array([self.in_flight[block] for block in moving], dtype=np.int64)
        seen: list[Reorganisation] = []
        for node in np.flatnonzero(((arrivals > self._settled_until) & (arrivals <= until)).any(axis=0)).tolist():
            tip = self._chain.blocks[self._tips.item(node)]
            events = sorted((at, order) for order, at in enumerate(arrivals[:, node].tolist()))
            for at, order in events:
                block = moving[order]
                if self._settled_until < at <= until and block.cumulative_difficulty > tip.cumulative_difficulty:
                    fork = self._chain.fork(tip, block)
                    if fork is not tip:
                        seen.append(Reorganisation(at, node, tip, block, tip.height - fork.height))
                    tip = block
            self._tips[node] = tip.index
            self._work[node] = tip.cumulative_difficulty
        self._sightings.report_reorganisations(seen)


def _arrival(block: Block, node: int) -> int:
    return -1 if block.arrival_times is None else block.arrival_times.item(node)
