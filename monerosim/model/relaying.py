"""How blocks pass from node to node, by monerod's rules (src/cryptonote_protocol/cryptonote_protocol_handler.inl).

A node relays a block only if the block joined its main chain (``bvc.m_added_to_main_chain`` in
``handle_notify_new_fluffy_block``; ``core::handle_block_found`` for a block of its own). So a branch stays where it was
made until it has most work; then its tip is sent, and who lacks the blocks before it asks the sender for its chain
(``NOTIFY_REQUEST_CHAIN``, ``NOTIFY_REQUEST_GET_OBJECTS``: two round trips, and one more for each further span of
blocks), without relaying what it got in this way (``try_add_next_blocks``). Whatever has not come by then comes by the
timed sync, in which nodes that are connected exchange their tips once a minute (``process_payload_sync_data``).

A block is sent without its transactions; a node that lacks some of them asks the sender for them, which takes another
round trip, and verifies them before the block (``NOTIFY_REQUEST_FLUFFY_MISSING_TX``).

Nearly all blocks are found while all nodes agree on the tip. Such a block is relayed by every node, so the network's
shortest-arrival search has its arrival times at once, if all nodes have its transactions; if not, it is followed in
spans (:mod:`~monerosim.model.flood`). Any other one is followed message by message.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from monerosim.model.block_network import BlockNetwork
from monerosim.model.flood import Flood, Hops, Neighbours, Pools
from monerosim.model.following import Following
from monerosim.model.records import ArrivalTimes, Block
from monerosim.network.propagation import NEVER, UNREACHABLE
from monerosim.network.relay import Link, LinkTo, Rewiring

CHAIN_REQUEST_TRIPS = 4
"""Messages one after the other until a node has the first blocks of a chain it lacks: chain request and its answer,
blocks' request and its answer."""

SPAN = 20
"""Blocks that are asked for at once (``BLOCKS_SYNCHRONIZING_DEFAULT_COUNT`` in src/cryptonote_config.h)."""


_FEW = 8
"""Numbers of which the least is found sooner without numpy."""


class _Kind:
    """What can happen to a node, in the order of what happens at one time."""

    VERIFIED = 0
    """It has verified a block that a peer has sent."""
    RECEIVED = 1
    """A peer's block has come."""
    SYNCED = 2
    """A peer has told its tip."""
    FETCHED = 3
    """A span of a peer's chain, which was asked for, is there."""
    ASKED = 4
    """The peer sends it, where that takes up its uplink."""


class BlockRelay:
    """Follows the blocks on their way.

    Args:
        network: The connections.
        pools: The nodes' txpools.
        following: Which chain each node follows; None if all go by monerod's rules.

    Attributes:
        arrivals: Of the blocks that are under way, or have been lately: when each node has each. Times later than the
            last :meth:`advance` are known only where nothing can change them.
        most_work_before: The most work of those of them that were found before each.
        followed_by_all: Up to when the arrivals of blocks that all nodes follow at once are those of
            :attr:`arrivals`, if some nodes have rules of their own: what follows is decided one by one.
        on_hops: Called with the messages in which nodes that relay a block send it.
        on_fetched: Called with a block, the node that got it as an answer, the node that sent it, and when.
        on_in_step: Called with a node that has told or heard a peer's tip on a connection that was made later than at
            the beginning, once it has that tip; with the peer, and when.
    """

    def __init__(self, network: BlockNetwork, pools: Pools, following: Following | None = None) -> None:
        self.arrivals: dict[Block, ArrivalTimes] = {}
        self.most_work_before: dict[Block, int] = {}
        self.followed_by_all: dict[Block, int] = {}
        self.on_hops: Callable[[Block, Hops], None] | None = None
        self.on_fetched: Callable[[Block, int, int, int], None] | None = None
        self.on_in_step: Callable[[int, int, int], None] | None = None
        self._siblings: Counter[Block | None] = Counter()
        self._network = network
        self._pools = pools
        self._following = following
        self._flood: Flood | None = None
        self._events: list[tuple[int, int, int, int, int, bytes]] = []
        self._tips: list[Block] = []
        self._hops: dict[Block, list[int]] = {}
        self._verification: dict[Block, NDArray[np.int64]] = {}
        self._blocks: dict[bytes, Block] = {}
        self._fetching: set[tuple[int, int]] = set()
        self._new: set[tuple[int, int]] = set()
        """Nodes that have not told yet that they are in step with a peer of a new connection."""
        self._is_advancing = False
        self._verifying: dict[tuple[int, bytes], int] = {}
        self._delivered: dict[int, int] = {}
        """When the last block on each link comes, by the links' places: TCP delivers in order."""
        self._vain_until = 0
        """When the last message comes that has a block which its receiver has already, or verifies."""
        self._neighbours: Neighbours | None = None
        self._untold: list[Block] = []
        """Blocks whose messages follow from their arrivals, as long as nothing comes between."""

    @property
    def is_quiet(self) -> bool:
        """Whether the arrival times of all blocks are known."""
        return not self._events and self._flood is None

    def flood(self, block: Block) -> None:
        """Send a block that every node will follow and relay."""
        if self._following is not None:
            self.followed_by_all[block] = NEVER
        if self._pools.everywhere(block):
            arrivals = self._network.block_arrivals(block.id, block.node, block.found, block.weight)
            arrivals[block.node] = block.found
            self._take_up(block, arrivals)
            block.last_arrival = int(arrivals[arrivals < NEVER].max())
            self._untold.append(block)
            return
        self._flood = Flood(
            block,
            self._all_neighbours(),
            hops=self._network.block_hops(block.id, block.weight),
            verification=self._network.block_verification(block.id),
            request=self._network.request_waits,
            pools=self._pools,
            on_hops=self.on_hops,
        )
        self._take_up(block, self._flood.arrivals)
        block.last_arrival = NEVER
        self._advance_flood(block.found)

    def _all_neighbours(self) -> Neighbours:
        if self._neighbours is None:
            nodes, network = range(self._network.nodes), self._network
            links = [network.links_from(node) for node in nodes]
            self._neighbours = Neighbours(links, [network.ready(node) for node in nodes])
        return self._neighbours

    def tell_hops(self, until: int = NEVER) -> None:
        """Tell the messages of the blocks that every node relays, as far as their senders have them at a time."""
        for block in self._untold:
            arrivals = self.arrivals.get(block)
            if self.on_hops is not None and arrivals is not None:
                hops = self._all_hops(block, arrivals)
                sent = arrivals[hops.sender] <= until
                self.on_hops(block, Hops(hops.sender[sent], hops.receiver[sent], hops.received[sent]))
        self._untold.clear()

    def _all_hops(self, block: Block, arrivals: ArrivalTimes) -> Hops:
        """Return all messages with a block that every node relays to all peers but the one that it has it from."""
        links = self._all_neighbours()
        hops = self._network.block_hops(block.id, block.weight)[links.place]
        received = np.maximum(arrivals[links.source] + hops, links.ready[links.target])
        first = received + self._network.block_verification(block.id)[links.target] <= arrivals[links.target]
        sender = np.full(links.nodes, -1, dtype=np.int64)
        sender[links.target[first]] = links.source[first]
        sent = (received < UNREACHABLE) & (sender[links.source] != links.target)
        return Hops(links.source[sent], links.target[sent], received[sent])

    def send(self, block: Block, tip_of: Callable[[int], Block]) -> None:
        """Send a block message by message, as each node treats it.

        Args:
            block: Found just now; :meth:`advance` has been called for this time.
            tip_of: Returns the tip that a node follows now.
        """
        if not self._events:
            self._begin(block.found, tip_of)
        self._take_up(block, np.full(self._network.nodes, NEVER, dtype=np.int64))
        block.last_arrival = NEVER
        self._take(block.node, block, block.found, sender=-1, relays=True)
        if self.is_quiet:
            self._settle_down(block.found)

    def reconnect(self, now: int, tip_of: Callable[[int], Block], blocks: Sequence[Block]) -> None:
        """Have nodes exchange their tips where connections were cut and are back.

        Args:
            now: Microseconds; :meth:`advance` has been called for this time.
            tip_of: Returns the tip that a node follows now.
            blocks: All blocks, in the order they were found.
        """
        if not self._events:
            self._begin(now, tip_of)
        self.arrivals.clear()
        self.most_work_before.clear()
        self._siblings.clear()
        for block in blocks:
            if block.arrival_times is not None:
                self._take_up(block, block.arrival_times)
                block.last_arrival = NEVER
        self.followed_by_all = {one: until for one, until in self.followed_by_all.items() if one in self.arrivals}
        if self.is_quiet:
            self._settle_down(now)

    def rewire(
        self,
        now: int,
        tip_of: Callable[[int], Block],
        change: Rewiring,
        apply: Callable[[], None],
        blocks: Sequence[Block],
    ) -> None:
        """Let the network change, and go on with what is under way.

        A block that has left over a connection arrives, if its receiver is up; what a node has asked for over one that
        is closed does not come.

        Args:
            now: Microseconds; :meth:`advance` has been called for this time.
            tip_of: Returns the tip that a node follows now.
            change: How it changes.
            apply: Changes it.
            blocks: Blocks that come to nodes over new connections, in the order they were found.
        """
        if not self._events:
            self._begin(now, tip_of)
        apply()
        self.links_changed()
        for block in blocks:
            if block.arrival_times is not None and block not in self.arrivals:
                self._take_up(block, block.arrival_times)
            block.last_arrival = NEVER
        for node in change.down:
            for arrivals in self.arrivals.values():
                arrivals[node] = NEVER if arrivals[node] > now else arrivals[node]
        self._hang_up(change)
        for link in change.open:
            self._shake_hands(link, now)
        if self.is_quiet:
            self._settle_down(now)

    def links_changed(self) -> None:
        """Take in that the links are others now."""
        self.tell_hops()
        self._neighbours = None
        self._hops.clear()
        self._delivered.clear()

    def _hang_up(self, change: Rewiring) -> None:
        """Forget what was asked for or told over closed connections, and all that nodes that go down were to get."""
        cut = {*change.close, *((listener, dialer) for dialer, listener in change.close)}
        cut -= {(node, link.peer) for node, _ in cut for link in self._network.links_from(node)}
        down = set(change.down)

        def comes(event: tuple[int, int, int, int, int, bytes]) -> bool:
            _, kind, _, node, sender, _ = event
            return node not in down and (kind in (_Kind.VERIFIED, _Kind.RECEIVED) or (node, sender) not in cut)

        self._events = [event for event in self._events if comes(event)]
        heapify(self._events)
        self._fetching = {pair for pair in self._fetching if pair not in cut and pair[0] not in down}
        self._new -= cut
        self._verifying = {place: due for place, due in self._verifying.items() if place[0] not in down}

    def meet(self, link: Link, at: int) -> None:
        """Take in that nodes have a new connection that follow the same tip."""
        if self.on_in_step is not None:
            self.on_in_step(link.listener, link.dialer, at + link.latency)
            self.on_in_step(link.dialer, link.listener, at + 2 * link.latency)

    def _shake_hands(self, link: Link, at: int) -> None:
        """Have the ends of a new connection tell their tips (``COMMAND_HANDSHAKE``: a request and its answer)."""
        for node, sender, trips in ((link.listener, link.dialer, 1), (link.dialer, link.listener, 2)):
            self._new.add((node, sender))
            self._push(at + trips * link.latency, _Kind.SYNCED, node, sender, self._tips[sender])

    def any_found(self, until: int) -> bool:
        """Return whether a block that is under way was found by a time, microseconds."""
        first = next(iter(self.arrivals), None)
        return first is not None and first.found <= until

    def hand(self, block: Block, node: int, at: int, tip_of: Callable[[int], Block]) -> None:
        """Hand a node a block that other nodes have; it relays the block if that joins its main chain.

        Args:
            block: Some nodes do not have it.
            node: One that has its parent.
            at: Now; :meth:`advance` has been called for this time.
            tip_of: Returns the tip that a node follows now.
        """
        if not self._events:
            self._begin(at, tip_of)
        if block not in self.arrivals and block.arrival_times is not None:
            self._take_up(block, block.arrival_times)
        block.last_arrival = NEVER
        self._take(node, block, at, sender=-1, relays=True)
        if self.is_quiet:
            self._settle_down(at)

    def lose(self, blocks: Sequence[Block], node: int, at: int, tip_of: Callable[[int], Block]) -> None:
        """Have a node lose the last blocks of its chain; a peer that has them tells so at the next timed sync.

        Args:
            blocks: The lowest first.
            node: The node.
            at: Now; :meth:`advance` has been called for this time.
            tip_of: Returns the tip that a node follows now: the block below for the one that loses some.
        """
        if not self._events:
            self._begin(at, tip_of)
        self._tips[node] = tip_of(node)
        for block in blocks:
            if block not in self.arrivals:
                known = block.arrival_times
                self._take_up(block, np.full(self._network.nodes, -1, dtype=np.int64) if known is None else known)
            self.arrivals[block][node] = block.last_arrival = NEVER
        if self.is_quiet:
            self._settle_down(at)

    def advance(self, until: int) -> bool:
        """Let everything happen up to a time, microseconds; return whether that was the last of it."""
        if self._flood is not None:
            return self._advance_flood(until)
        if self._is_advancing or not self._events or self._events[0][0] > until:
            return False
        self._is_advancing = True
        try:
            self._follow(until)
        finally:
            self._is_advancing = False
        return self.is_quiet

    def _follow(self, until: int) -> None:
        while self._events and self._events[0][0] <= until:
            time, kind, _, node, sender, identity = heappop(self._events)
            if kind == _Kind.RECEIVED:
                self._on_receipt(node, self._blocks[identity], time, sender)
            elif kind == _Kind.VERIFIED:
                self._on_verified(node, self._blocks[identity], time, sender)
            elif kind == _Kind.SYNCED:
                self._on_sync(node, time, sender)
            elif kind == _Kind.ASKED:
                self._on_asked(node, time, sender)
            else:
                self._on_chain(node, time, sender)
            if not self._events:
                self._settle_down(time)

    def _advance_flood(self, until: int) -> bool:
        flood = self._flood
        if flood is None:
            return False
        flood.advance(until)
        if not flood.is_over:
            return False
        flood.block.last_arrival = int(flood.arrivals[flood.arrivals < NEVER].max())
        self._flood = None
        return True

    def next_change(self, nodes: NDArray[np.int64], after: int) -> int:
        """Return a time later than another up to which no block reaches any of some nodes, microseconds."""
        due = self._events[0][0] if self._events else NEVER
        if self._flood is not None:
            due = min(due, self._flood.next_time())
        for block, arrivals in self.arrivals.items():
            if block.last_arrival > after:
                due = min(due, _next_arrival(arrivals[nodes], after))
        return max(due, after + 1)

    def reached(self, nodes: NDArray[np.int64], at: int) -> list[int]:
        """Return those of some nodes that a block reaches at a time up to which everything has happened."""
        reached = np.zeros(len(nodes), dtype=np.bool_)
        for block, arrivals in self.arrivals.items():
            if block.last_arrival >= at:
                reached |= arrivals[nodes] == at
        return [int(node) for node in nodes[reached]]

    def has(self, node: int, block: Block, at: int) -> bool:
        """Return whether a node has a block at a time up to which everything has happened."""
        return block.arrival_times is None or block.arrival_times.item(node) <= at

    def forget(self, block: Block) -> None:
        """Forget a block that is not under way any more."""
        if block in self._untold:
            self.tell_hops()
        del self.arrivals[block], self.most_work_before[block]
        self.followed_by_all.pop(block, None)
        self._siblings[block.parent] -= 1

    def siblings(self, parent: Block) -> int:
        """Return how many blocks on a parent have been under way lately."""
        return self._siblings[parent]

    def _take_up(self, block: Block, arrivals: ArrivalTimes) -> None:
        last = next(reversed(self.arrivals), None)
        before = 0 if last is None else max(self.most_work_before[last], last.cumulative_difficulty)
        self.most_work_before[block] = before
        self._siblings[block.parent] += 1
        block.arrival_times = self.arrivals[block] = arrivals
        self._blocks[block.id] = block

    def _begin(self, now: int, tip_of: Callable[[int], Block]) -> None:
        """Take the blocks that are under way apart into what each node still sends to each of its peers."""
        self.tell_hops(now)
        self._tips = [tip_of(node) for node in range(self._network.nodes)]
        if self._following is not None:
            for node, tip in enumerate(self._tips):
                self._following.decide(node, tip, now)
            self.followed_by_all = {block: min(until, now) for block, until in self.followed_by_all.items()}
        flood, self._flood = self._flood, None
        if flood is not None:
            for node in np.flatnonzero(flood.verified < NEVER).tolist():
                self._verify(node, flood.block, flood.verified.item(node), int(flood.sender[node]))
        for block, arrivals in self.arrivals.items():
            if block.last_arrival <= now:
                continue
            hops = self._hops_of(block)
            coming = [] if flood is not None and block is flood.block else np.flatnonzero(arrivals > now).tolist()
            for node in np.flatnonzero(arrivals <= now).tolist():
                if not self._network.keeps_blocks(node, block.id):
                    had = arrivals.item(node)
                    waiting = [link for link in self._network.links_from(node) if arrivals.item(link.peer) > now]
                    self._deliver(block, node, [(link, had + hops[link.place]) for link in waiting], now=now)
            arrivals[coming] = NEVER
            block.last_arrival = NEVER

    def _settle_down(self, now: int) -> None:
        """No message is on its way: go on with the timed syncs that have something to tell, or be quiet."""
        now = max(now, self._vain_until)
        agreed = len({tip for node, tip in enumerate(self._tips) if not self._network.is_down(node)}) == 1
        for node, tip in enumerate(() if agreed else self._tips):
            for link in self._network.links_from(node):
                if self._network.keeps_blocks(node, tip.id):
                    break
                if not self.has(link.peer, tip, now) and self._accepts(link.peer, tip):
                    told = min(self._network.next_timed_sync(end, now) for end in (node, link.peer)) + link.latency
                    self._push(max(told, self._network.ready(link.peer)), _Kind.SYNCED, link.peer, node, tip)
        if self._events:
            return
        for block, arrivals in self.arrivals.items():
            if block.last_arrival == NEVER:
                block.last_arrival = int(arrivals[arrivals < NEVER].max(initial=-1))
        for cache in (self._hops, self._verification, self._fetching, self._verifying, self._delivered):
            cache.clear()
        self._blocks = {block.id: block for block in self.arrivals}

    def _push(self, due: int, kind: int, node: int, sender: int, block: Block) -> None:
        # Two messages at one time are taken in an order that the scenario alone decides.
        heappush(self._events, (due, kind, block.height, node, sender, block.id))

    def _hops_of(self, block: Block) -> list[int]:
        found = self._hops.get(block)
        if found is None:
            found = self._hops[block] = self._network.block_hops(block.id, block.weight).tolist()
        return found

    def _verification_of(self, node: int, block: Block) -> int:
        if block not in self._verification:
            self._verification[block] = self._network.block_verification(block.id)
        return self._verification[block].item(node)

    def _take(self, node: int, block: Block, at: int, *, sender: int, relays: bool) -> None:
        """Have a node take a block whose parent it has."""
        if block.arrival_times is not None:
            block.arrival_times[node] = at
            block.last_arrival = max(block.last_arrival, at)
        if not self._join(node, block, at) and not (relays and self._passes_on(node, block, at)):
            return
        if not relays or self._network.keeps_blocks(node, block.id):
            return
        hops = self._hops_of(block)
        links = [link for link in self._network.links_from(node) if link.peer != sender]
        waits = self._network.uplink_waits(node, at, block.id, block.weight, links)
        coming = [(link, at + wait + hops[link.place]) for link, wait in zip(links, waits, strict=True)]
        sent = self._deliver(block, node, coming, now=at)
        if self.on_hops is not None and sent:
            receiver, received = np.array(sent, dtype=np.int64).T
            self.on_hops(block, Hops(np.full(len(sent), node), receiver, received))

    def _deliver(
        self, block: Block, sender: int, coming: Iterable[tuple[LinkTo, int]], *, now: int
    ) -> list[tuple[int, int]]:
        """Have a block come to peers, after what was sent over the same links before.

        Args:
            block: The block.
            sender: The node that sends it.
            coming: The links, and when it comes over each; not at all, if that is :data:`UNREACHABLE` or later.
            now: Microseconds.

        Returns:
            Whom it comes to, and when.
        """
        delivered, verifying, ready = self._delivered, self._verifying, self._network.ready
        sent: list[tuple[int, int]] = []
        for (peer, place, _), earliest in coming:
            if earliest >= UNREACHABLE:
                continue
            due = max(earliest, ready(peer), delivered.get(place, 0))
            delivered[place] = due
            sent.append((peer, due))
            if self.has(peer, block, now) or (peer, block.id) in verifying:
                # Two of three messages tell their receiver nothing.
                self._vain_until = max(self._vain_until, due)
            else:
                self._push(due, _Kind.RECEIVED, peer, sender, block)
        return sent

    def _join(self, node: int, block: Block, at: int) -> bool:
        """Have a node go over to a block that it has just got, if it does; return whether it did."""
        tip = self._tips[node]
        if self._following is None:
            joined = block.cumulative_difficulty > tip.cumulative_difficulty
        else:
            joined = self._following.follows(node, tip, block, at)
        if joined:
            self._tips[node] = block
        return joined

    def _passes_on(self, node: int, block: Block, at: int) -> bool:
        """Return whether a node passes on a block that it does not follow."""
        return self._following is not None and self._following.relays(node, self._tips[node], block, at)

    def _accepts(self, node: int, block: Block) -> bool:
        """Return whether a block and all below it are valid by a node's rules."""
        return self._following is None or self._following.accepts(node, block)

    def _on_receipt(self, node: int, block: Block, at: int, sender: int) -> None:
        """Have a node verify a block, when it has the block's transactions and has verified its parent."""
        if self.has(node, block, at) or (node, block.id) in self._verifying or not self._accepts(node, block):
            return
        parent = block.parent
        begin = at
        if parent is not None and not self.has(node, parent, at):
            begin = self._verifying.get((node, parent.id), NEVER)
            if begin == NEVER:
                self._fetch(node, at, sender)
                return
        self._pools.advance(at)
        asked = self._request_wait(node, block, at, sender) if block.transactions else 0
        if asked is not None:
            self._verify(node, block, max(begin, at + asked) + self._verification_of(node, block), sender)

    def _request_wait(self, node: int, block: Block, at: int, sender: int) -> int | None:
        """Return how long a node waits for transactions of a block that it lacks; None if there is nobody to ask."""
        lacking = self._pools.lacking(block, np.array([node]), np.array([at]))
        link = self._link(sender, node)
        if link is None:
            return None if lacking.any() else 0
        return int(self._network.request_waits(np.array([link.place]), lacking)[0])

    def _verify(self, node: int, block: Block, due: int, sender: int) -> None:
        self._verifying[node, block.id] = due
        self._push(due, _Kind.VERIFIED, node, sender, block)

    def _on_verified(self, node: int, block: Block, at: int, sender: int) -> None:
        self._verifying.pop((node, block.id), None)
        if not self.has(node, block, at):
            self._take(node, block, at, sender=sender, relays=True)

    def _link(self, node: int, peer: int) -> LinkTo | None:
        return next((link for link in self._network.links_from(node) if link.peer == peer), None)

    def _on_sync(self, node: int, at: int, sender: int) -> None:
        if self.has(node, self._tips[sender], at):
            self._in_step(node, sender, at)
        elif self._accepts(node, self._tips[sender]) and not self._network.keeps_blocks(sender, self._tips[sender].id):
            self._fetch(node, at, sender)

    def _in_step(self, node: int, sender: int, at: int) -> None:
        if (node, sender) in self._new:
            self._new.discard((node, sender))
            if self.on_in_step is not None:
                self.on_in_step(node, sender, at)

    def _fetch(self, node: int, at: int, sender: int) -> None:
        """Have a node ask a peer for its chain; meanwhile it ignores what that peer sends."""
        if (node, sender) not in self._fetching and self._link(node, sender) is not None:
            self._fetching.add((node, sender))
            self._ask(node, at, sender, CHAIN_REQUEST_TRIPS)

    def _ask(self, node: int, at: int, sender: int, trips: int) -> None:
        """Have a node ask for the first span of blocks that it lacks, and verify them with what it gets."""
        link = self._link(node, sender)
        if link is not None and self._network.uplinks is not None:
            self._push(at + (trips - 1) * link.latency, _Kind.ASKED, node, sender, self._tips[sender])
            return
        span = self._lacking(node, sender, at)[-SPAN:]
        due = at + (0 if link is None else trips * link.latency)
        due += sum(self._verification_of(node, block) for block in span)
        self._push(due, _Kind.FETCHED, node, sender, self._tips[sender])

    def _on_asked(self, node: int, at: int, sender: int) -> None:
        """Have a peer send a span of blocks with all their transactions."""
        link = self._link(sender, node)
        if link is not None:
            span = self._lacking(node, sender, at)[-SPAN:]
            due = at + self._network.answer_time(sender, at, sum(block.weight for block in span), link)
            due += sum(self._verification_of(node, block) for block in span)
            self._push(due, _Kind.FETCHED, node, sender, self._tips[sender])

    def _on_chain(self, node: int, at: int, sender: int) -> None:
        lacking = self._lacking(node, sender, at)
        for block in reversed(lacking[-SPAN:]):
            self._take(node, block, at, sender=sender, relays=False)
            if self.on_fetched is not None:
                self.on_fetched(block, node, sender, at)
        if len(lacking) > SPAN:
            self._ask(node, at, sender, CHAIN_REQUEST_TRIPS // 2)
        else:
            self._fetching.discard((node, sender))
            self._in_step(node, sender, at)

    def _lacking(self, node: int, sender: int, at: int) -> list[Block]:
        """Return the blocks of a peer's chain that a node does not have, the tip first."""
        found: list[Block] = []
        step: Block | None = self._tips[sender]
        while step is not None and not self.has(node, step, at):
            found.append(step)
            step = step.parent
        return [block for block in found if self._accepts(node, block)]


def _next_arrival(arrivals: ArrivalTimes, after: int) -> int:
    """Return the first time later than another; NEVER if there is none."""
    if len(arrivals) <= _FEW:
        return min((time for time in arrivals.tolist() if time > after), default=NEVER)
    return int(arrivals.min(initial=NEVER, where=arrivals > after))
