"""What each node sees at a time: which blocks have reached it, and the tip of the chain it follows.

A block's arrival times come from the network when it is found; a node's view at a time follows from them. Times that
nobody can ask for any more are settled: each node's tip is written down, reorganisations and arrivals are reported, and
the arrival times are dropped.
"""

from collections.abc import Callable
from functools import reduce
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from monerosim.model.block_network import BlockNetwork
from monerosim.model.chain import Chain
from monerosim.model.flood import Pools
from monerosim.model.following import Following
from monerosim.model.records import ArrivalTimes, Block
from monerosim.model.relaying import BlockRelay
from monerosim.model.sightings import Reorganisation, Sightings
from monerosim.network.dandelion import HeightAt
from monerosim.network.flight import Transactions
from monerosim.network.propagation import NEVER
from monerosim.network.relay import Peer, Rewiring
from monerosim.units import SECOND

HORIZON = 120 * SECOND
"""How far back a node's view can be asked for, microseconds."""


class P2PNetwork(BlockNetwork, Protocol):
    """The connections between nodes, and when items reach nodes over them (:mod:`monerosim.network.relay`)."""

    @property
    def height_memory(self) -> int:
        """How far back the heights of nodes are asked for, microseconds."""

    def upgrade(self, node: int, version: tuple[int, ...]) -> None:
        """Have a node run another version of monerod."""

    def relay_transactions(self, height_at: HeightAt) -> Transactions:
        """Return what carries the run's transactions."""

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
        pools: The nodes' txpools.
        following: Which chain each node follows; None if all go by monerod's rules.

    Attributes:
        due: When some of them have to be settled, microseconds.
        relay: The blocks on their way.
        following: As given.
        on_moved: Called with the node at which a block was found, handed in or lost, before anything follows from it;
            -1 where it is not one node alone.
        on_disturbed: Called where blocks may take other ways than the last one that was found: one was handed in or
            lost, or the network has changed.
    """

    def __init__(
        self,
        chain: Chain,
        network: P2PNetwork,
        sightings: Sightings,
        pools: Pools,
        following: Following | None = None,
    ) -> None:
        self.due = NEVER
        self.relay = BlockRelay(network, pools, following)
        self.following = following
        if following is not None:
            following.tip_at = self._tip
        self.on_moved: list[Callable[[int], None]] = []
        self.on_disturbed: list[Callable[[], None]] = []
        self._unreported: dict[Block, ArrivalTimes] = {}
        self._unanimous: Block | None = None
        """The block found last, if it was one that all nodes follow as soon as they have it."""
        self._reported: set[Block] = set()
        self._chain = chain
        self._network = network
        self._sightings = sightings
        self._settled_until = -1
        self._tips = np.zeros(network.nodes, dtype=np.int64)
        self._heights = np.zeros(network.nodes, dtype=np.int64)
        self._down = np.zeros(network.nodes, dtype=np.bool_)
        self._awaited: dict[Block, ArrivalTimes] = {}
        """Blocks that were reported, and that nodes lack which are down."""

    def view(self, node: int, at: int) -> View:
        """Return what a node sees.

        By monerod's rules it follows the chain of most work, of equal ones the one it had first.

        Args:
            node: Its index in the network.
            at: Microseconds, not before the time that was settled.
        """
        self.advance(at)
        return View(node, at, self._tip(node, at))

    def advance(self, until: int) -> None:
        """Let the blocks go on their ways up to a time, microseconds."""
        if self.relay.advance(until):
            self._plan_settling()

    def _tip(self, node: int, at: int) -> Block:
        if self.following is not None:
            return self._decided_tip(self.following, node, at)
        best = self._chain.blocks[self._tips.item(node)]
        first = NEVER
        for block, arrivals in reversed(self.relay.arrivals.items()):
            arrival = arrivals.item(node)
            if self._settled_until < arrival <= at:
                work, most = block.cumulative_difficulty, best.cumulative_difficulty
                if work > most or (work == most and arrival <= first < NEVER):
                    best, first = block, arrival
                if self.relay.most_work_before[block] < best.cumulative_difficulty:
                    break
        return best

    def _decided_tip(self, following: Following, node: int, at: int) -> Block:
        """Return what a node that may have rules of its own follows: what it decided last, or what all follow since."""
        decisions = following.decisions(node, self._settled_until, at)
        since, best = decisions[-1] if decisions else (self._settled_until, self._chain.blocks[self._tips.item(node)])
        for block, until in self.relay.followed_by_all.items():
            arrival = self.relay.arrivals[block].item(node)
            if since < arrival <= min(at, until):
                since, best = arrival, block
        return best

    def knows(self, view: View, block: Block) -> bool:
        """Return whether a node has a block, on any branch."""
        return _arrival(block, view.node) <= view.at or self._chain.contains(view.tip, block)

    def alternative_blocks(self, view: View) -> list[Block]:
        """Return the blocks a node knows that are not on its chain, in the order they were found."""
        return [block for block in self._chain.off(view.tip) if _arrival(block, view.node) <= view.at]

    def siblings(self, parent: Block) -> int:
        """Return how many blocks on a parent have been found lately."""
        return self.relay.siblings(parent)

    def spread(self, block: Block) -> None:
        """Send a block, found just now, from its node to the others."""
        now = block.found
        self.relay.advance(now)
        if self.following is not None:
            self.following.add(block)
        alike = self._network.uplinks is None and (self.following is None or self.following.all_accept(block))
        if alike and self._all_follow(block.parent, now) and not self._network.is_kept(block.id):
            self.relay.flood(block)
            self._unanimous = block
        else:
            self.relay.send(block, lambda node: self._tip(node, now))
            self._unanimous = None
        self.due = min(self.due, block.last_arrival + HORIZON)
        self._tell_moved(block.node)

    @property
    def agreed(self) -> Block | None:
        """The block that was found last, if all nodes follow it as soon as they have it."""
        return self._unanimous

    def next_change(self, nodes: NDArray[np.int64], after: int) -> int:
        """Return a time later than another up to which no block reaches any of some nodes, microseconds.

        What was under way at that time is taken into account, nothing that begins later.

        Args:
            nodes: Their indices in the network.
            after: Microseconds.
        """
        return self.relay.next_change(nodes, after)

    def reached(self, nodes: NDArray[np.int64], at: int) -> list[int]:
        """Return those of some nodes that a block reaches at a time, microseconds."""
        self.relay.advance(at)
        return self.relay.reached(nodes, at)

    def _tell_moved(self, node: int) -> None:
        for listener in self.on_moved:
            listener(node)

    def _disturb(self, node: int = -1) -> None:
        """Take in that blocks may go other ways from now on."""
        self._unanimous = None
        self._plan_settling()
        self._tell_moved(node)
        for listener in self.on_disturbed:
            listener()

    def reconnect(self, now: int) -> None:
        """Have nodes exchange their tips where connections of the network were cut and are back, microseconds."""
        self.relay.advance(now)
        self.relay.reconnect(now, lambda node: self._tip(node, now), self._chain.blocks)
        self._disturb()

    def rewire(self, now: int, change: Rewiring, apply: Callable[[], None]) -> None:
        """Let the network change, now.

        Args:
            now: Microseconds.
            change: How it changes.
            apply: Changes it.
        """
        self.relay.advance(now)
        self._down[list(change.up)] = False
        agreed = self.relay.is_quiet and self._all_follow(self._chain.main[-1], now)
        if agreed:
            apply()
            self.relay.links_changed()
            for link in change.open:
                self.relay.meet(link, now)
        else:
            returning = self._returning(change)
            self.relay.rewire(now, lambda node: self._tip(node, now), change, apply, returning)
        self._down[list(change.down)] = True
        if agreed:
            self._plan_settling()
            self._tell_moved(-1)
        else:
            self._disturb()

    def _returning(self, change: Rewiring) -> list[Block]:
        """Return the blocks that come to nodes over new connections, in the order they were found.

        Where no connections change, nodes tell what they have kept to themselves.
        """
        ends = np.array([link[:2] for link in change.open], dtype=np.int64).reshape(-1, 2)
        blocks = []
        for block, arrivals in (*self._awaited.items(), *self._unreported.items(), *self.relay.arrivals.items()):
            has = arrivals[ends] < NEVER
            if (has[:, 0] != has[:, 1]).any() if change != Rewiring() else not self._all_have(arrivals, NEVER - 1):
                blocks.append(block)
        for block in blocks:
            if self._awaited.pop(block, None) is not None:
                self._note_return(block)
            self._unreported.pop(block, None)
        return sorted(blocks, key=lambda block: block.index)

    def hand(self, view: View, block: Block) -> None:
        """Hand a node a block that others have already, now."""
        self.relay.advance(view.at)
        self._note_return(block)
        self.relay.hand(block, view.node, view.at, lambda node: self._tip(node, view.at))
        self._disturb(view.node)

    def take_off(self, view: View, tip: Block) -> None:
        """Have a node forget the blocks of its chain above ``tip``, now; peers give them back by the timed sync."""
        # What happens at this very instant may come after it.
        self.settle(view.at - 1)
        self.relay.advance(view.at)
        lost = [self._chain.at(view.tip, height) for height in range(tip.height + 1, view.tip.height + 1)]
        for block in lost:
            self._note_return(block)
        self._tips[view.node], self._heights[view.node] = tip.index, tip.height
        if self.following is not None:
            self.following.decide(view.node, tip, view.at)
        self.relay.lose(lost, view.node, view.at, lambda node: self._tip(node, view.at))
        self._disturb(view.node)

    def _note_return(self, block: Block) -> None:
        """Note that a block is under way that was reported before."""
        if block not in self.relay.arrivals:
            self._reported.add(block)

    def _all_follow(self, block: Block | None, now: int) -> bool:
        """Return whether all nodes have a block as their tip, and nothing else is under way."""
        if block is not self._chain.main[-1]:
            # Who found the last block of the main chain follows that.
            return False
        if block is self._unanimous and block.arrival_times is not None:
            return self._all_have(block.arrival_times, now)
        under_way = list(self.relay.arrivals.items())
        if any(one.last_arrival > now or not self._chain.contains(block, one) for one, _ in under_way):
            return False
        if not all(self._chain.contains(block, tip) for tip in self._settled_tips()):
            return False
        arrivals = self.relay.arrivals.get(block)
        if arrivals is None:
            return bool(((self._tips == block.index) | self._down).all())
        return self._all_have(arrivals, now)

    def _all_have(self, arrivals: ArrivalTimes, at: int) -> bool:
        """Return whether all nodes that are up have a block at a time."""
        return bool(((arrivals <= at) | self._down).all())

    def _settled_tips(self) -> list[Block]:
        """Return the tips, as far as they are settled, of all nodes that are up; of all nodes, if none is."""
        up = ~self._down
        tips = self._tips[up] if up.any() else self._tips
        return [self._chain.blocks[index] for index in np.unique(tips).tolist()]

    def _plan_settling(self) -> None:
        self.due = min((block.last_arrival + HORIZON for block in self.relay.arrivals), default=NEVER)

    def settle(self, until: int) -> bool:
        """Write down all tips as of a time, report reorganisations, and drop arrival times nobody can ask for any more.

        Returns:
            Whether a block was under way, so that tips may have moved.
        """
        if until <= self._settled_until:
            return False
        quiet = self.relay.advance(until)
        if not self.relay.any_found(until):
            # Thousands of blocks may be found within the horizon, and this is asked for at each.
            self._settled_until = until
            if quiet:
                self._plan_settling()
            return False
        moving = sorted(
            (block for block in self.relay.arrivals if block.found <= until), key=lambda block: block.height
        )
        self._settle_tips(moving, until)
        self._settled_until = until
        for block in moving:
            if block.last_arrival <= until:
                arrivals = self.relay.arrivals[block]
                self.relay.forget(block)
                self._unreported[block] = arrivals
        self._report_blocks(until)
        self._plan_settling()
        return bool(moving)

    def _settle_tips(self, moving: list[Block], until: int) -> None:
        """Write down the tips as of a time, and report who left a branch."""
        if not moving:
            return
        if self._in_line(moving):
            for block in moving:
                # On one chain the higher block has more work; work itself may be above 64 bits.
                has = (self.relay.arrivals[block] <= until) & (self._heights < block.height)
                self._tips[has] = block.index
                self._heights[has] = block.height
        elif self.following is None:
            self._settle_branches(moving, until)
        else:
            self._settle_decisions(self.following, until)

    def _report_blocks(self, until: int) -> None:
        """Report blocks that all nodes have; one that was kept back, or lost a race, may reach more nodes later on."""
        for block, arrivals in list(self._unreported.items()):
            if self._all_have(arrivals, until):
                if block not in self._reported:
                    self._sightings.report_block(block, until)
                del self._unreported[block]
                if arrivals.max() <= until:
                    block.arrival_times = None
                else:
                    self._awaited[block] = arrivals

    def finish(self, at: int) -> None:
        """Report the blocks that are under way when the run ends."""
        for block in dict.fromkeys((*self._unreported, *self.relay.arrivals)):
            if block not in self._reported:
                self._sightings.report_block(block, at)

    def common_block(self) -> Block:
        """Return the last block of all chains that a node follows or may still come to follow."""
        # A branch that every node has left may still be followed in what is not settled yet.
        return reduce(self._chain.fork, [*self._settled_tips(), *self.relay.arrivals])

    def _in_line(self, moving: list[Block]) -> bool:
        """Return whether blocks and all tips lie on one chain, so that no node can have left a branch."""
        last = moving[-1]
        return all(self._chain.contains(last, block) for block in moving) and all(
            self._chain.contains(last, tip) for tip in self._settled_tips()
        )

    def _settle_branches(self, moving: list[Block], until: int) -> None:
        arrivals = np.array([self.relay.arrivals[block] for block in moving], dtype=np.int64)
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
            self._heights[node] = tip.height
        self._sightings.report_reorganisations(seen)

    def _settle_decisions(self, following: Following, until: int) -> None:
        """Settle the tips of nodes that may have rules of their own."""
        seen: list[Reorganisation] = []
        tips = []
        for node in range(self._network.nodes):
            tip = self._chain.blocks[self._tips.item(node)]
            for at, new in following.decisions(node, self._settled_until, until):
                fork = self._chain.fork(tip, new)
                if fork is not tip and new is not fork:
                    seen.append(Reorganisation(at, node, tip, new, tip.height - fork.height))
                tip = new
            tips.append(self._decided_tip(following, node, until))
        self._tips[:] = [tip.index for tip in tips]
        self._heights[:] = [tip.height for tip in tips]
        self._sightings.report_reorganisations(seen)


def _arrival(block: Block, node: int) -> int:
    return -1 if block.arrival_times is None else block.arrival_times.item(node)
