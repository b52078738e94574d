"""Public transactions on their way: a queue for each connection, which is flushed as a whole.

A node that has got a public transaction puts it into the queue of each connection but the one that it came by. The
first one to wait sets the time of the flush; what comes until then leaves with it in one message (``fluff_notify`` and
``fluff_flush`` in src/cryptonote_protocol/levin_notify.cpp). So when a transaction arrives somewhere depends on others,
and all are followed together, in the order of time.

From node to node a transaction takes at least a latency and a verification. What happens within such a span does not
follow from what else happens in it, so a span is computed at once for all nodes, connections and transactions.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monerosim.network.propagation import NEVER
from monerosim.network.retransmission import Retransmissions
from monerosim.network.span import PLACE_BITS, STRETCH, Span, is_compiled
from monerosim.network.verification import Verification
from monerosim.network.wires import LinkValues, Wires
from monerosim.runtime.counters import TABLE_BITS, draws, poisson_table
from monerosim.units import SECOND

FLUSH_STEP = SECOND // 4
"""Flush times are drawn in quarter seconds (``fluff_stepsize`` in src/cryptonote_protocol/levin_notify.cpp)."""

NO_PLACE = 2**PLACE_BITS - 1
"""Stands for no connection where a place among a node's connections is asked for."""

_NOT_YET = NEVER >> PLACE_BITS
"""The time of an arrival that is not known: later than all that are."""

_ROWS = 16
"""Transactions for which there is room at first."""

_UNUSED = 2**32
"""In place of the number of nodes that lack a transaction, where there is none."""

_OF_TIMES = np.uint64(0x9E3779B97F4A7C15)
"""An odd number, which makes keys of times."""


class Messages(NamedTuple):
    """Transactions that left over connections; arrays of shape ``(sent,)``."""

    row: NDArray[np.int64]
    link: NDArray[np.int64]
    left: NDArray[np.int64]
    """When, microseconds; those of one link and time were one message."""
    taken: NDArray[np.int64]
    """How long the message was on its way, microseconds."""


class Queues:
    """The queues of all connections, and the transactions in them: each has a row while it is on its way.

    Args:
        wires: The connections.
        node_keys: A key for each node, shape ``(nodes,)``.
        flush_incoming: The mean quarter seconds until the flush towards a peer that dialled the node.
        flush_outgoing: The same towards a peer that the node dialled.
        verification: What a node takes to verify a transaction.
        losses: The links' losses.
        seed: The key of the draws.

    Attributes:
        due: The earliest arrival that has not been followed further, microseconds; NEVER if there is none.
        hop: The least time from node to node, microseconds.
        arrived: The rows of transactions that all nodes have got.
        wires: The connections.
        on_messages: Called with what leaves over the connections, as it is put into their queues.
        on_disconnected: Called with slots whose links end, and when: what leaves them later does not leave at all.
        on_renumbered: Called with the new slot of each old one.
        keeps: Returns whether a node keeps the transaction of a row to itself; None if no node does.
    """

    def __init__(
        self,
        wires: Wires,
        node_keys: NDArray[np.uint64],
        *,
        flush_incoming: int,
        flush_outgoing: int,
        verification: Verification,
        losses: Retransmissions,
        seed: int,
    ) -> None:
        self.due = NEVER
        self.hop = max(int(wires.latency.min(initial=NEVER)) + verification.shortest, 1)
        self.arrived: list[int] = []
        self.on_messages: Callable[[Messages], None] | None = None
        self.on_disconnected: Callable[[NDArray[np.int64], int], None] | None = None
        self.on_renumbered: Callable[[NDArray[np.int64]], None] | None = None
        self.keeps: Callable[[int, int], bool] | None = None
        self.wires = wires
        self._node_keys = node_keys
        self._verification = verification
        self._losses = losses
        self._seed = np.uint64(seed)
        self._nodes = len(node_keys)
        self._flush = np.concatenate([poisson_table(flush_outgoing), poisson_table(flush_incoming)])
        self._flush_offset = wires.incoming.astype(np.int64) << TABLE_BITS
        self._flush_at = np.zeros(len(wires.target), dtype=np.int64)
        self._flush_before = np.zeros(len(wires.target), dtype=np.int64)
        self._like = bool(len(wires.kind)) and int(wires.kind.max()) == 0
        self._last_up = int(wires.since.max(initial=0))
        self._public = np.full((_ROWS, self._nodes), _NOT_YET, dtype=np.int64)
        self._coming = np.full((_ROWS, self._nodes), NEVER, dtype=np.int64)
        self._soonest = np.zeros((_ROWS, -(-self._nodes // STRETCH)), dtype=np.int64)
        """The earliest code of each stretch of a row; 0 where the library has to look for it."""
        self._left = np.full(_ROWS, _UNUSED, dtype=np.int64)
        self._keys = np.zeros(_ROWS, dtype=np.uint64)
        self._bits = np.zeros(_ROWS, dtype=np.int64)
        self._took = np.zeros(_ROWS, dtype=np.int64)
        self._down: dict[int, None] = {}
        self._slower = np.zeros(_ROWS, dtype=np.int64)
        self._is_any_slower = False
        self._free = list(range(_ROWS - 1, -1, -1))
        self._rows = 0
        self._span: Span | None = None

    def open(self, item: int, size: int, slower: int = 0) -> int:
        """Return a row for a transaction.

        Args:
            item: Its key.
            size: Its bytes, with the message's frame.
            slower: How much longer than usual it takes to verify, microseconds.
        """
        if not self._free:
            self._grow()
        row = self._free.pop()
        self._left[row] = self._nodes - len(self._down)
        self._rows = max(self._rows, row + 1)
        self._keys[row], self._bits[row] = item, 8 * size * SECOND
        self._slower[row] = slower
        self._is_any_slower |= bool(slower)
        if self._like:
            self._took[row] = self.wires.latency[0] - (-self._bits[row] // self.wires.bandwidth[0])
        return row

    @property
    def is_full(self) -> bool:
        """Whether there is no row for one more transaction yet."""
        return not self._free

    def reopen(self, item: int, size: int, slower: int, public: NDArray[np.int64]) -> int:
        """Return a row for a transaction that some nodes have.

        Args:
            item: Its key.
            size: Its bytes, with the message's frame.
            slower: As :meth:`open` takes it.
            public: Since when each node has it, as :meth:`public` returned it.
        """
        row = self.open(item, size, slower)
        self._public[row] = np.where(public == NEVER, _NOT_YET, public)
        self._left[row] = np.count_nonzero(public == NEVER) - np.count_nonzero(public[list(self._down)] == NEVER)
        return row

    def quiet(self) -> list[int]:
        """List the rows of transactions that are on their way to nobody."""
        free = set(self._free)
        quiet = (self._coming[: self._rows] == NEVER).all(axis=1)
        return [row for row in np.flatnonzero(quiet).tolist() if row not in free]

    def close(self, row: int) -> None:
        """Give a row back, which is forgotten."""
        self._public[row], self._coming[row], self._soonest[row] = _NOT_YET, NEVER, NEVER
        self._left[row] = _UNUSED
        if row in self.arrived:
            self.arrived.remove(row)
        self._free.append(row)
        self._free.sort(reverse=True)
        free = set(self._free)
        while self._rows - 1 in free:
            self._rows -= 1
        self._plan()

    def _grow(self) -> None:
        rows = len(self._keys)
        room = np.full((rows, self._nodes), NEVER, dtype=np.int64)
        self._public = np.vstack([self._public, room >> PLACE_BITS])
        self._coming = np.vstack([self._coming, room])
        self._soonest = np.vstack([self._soonest, np.zeros_like(self._soonest)])
        self._left = np.concatenate([self._left, np.full(rows, _UNUSED, dtype=np.int64)])
        self._keys, self._bits = np.resize(self._keys, 2 * rows), np.resize(self._bits, 2 * rows)
        self._took, self._slower = np.resize(self._took, 2 * rows), np.resize(self._slower, 2 * rows)
        self._free = list(range(2 * rows - 1, rows - 1, -1))
        self._span = None

    def public(self, row: int) -> NDArray[np.int64]:
        """Return when each node has a transaction as public.

        Returns:
            Microseconds, certain up to :attr:`due` and a :attr:`hop`, :data:`~monerosim.network.propagation.NEVER`
            where none is known; shape ``(nodes,)``.
        """
        public: NDArray[np.int64] = self._public[row].copy()
        public[public == _NOT_YET] = NEVER
        return public

    def since(self, row: int, node: int) -> int:
        """Return since when a node has a transaction as public, as :meth:`public`."""
        since = self._public.item(row, node)
        return NEVER if since == _NOT_YET else since

    def has(self, row: int, node: int, at: int) -> bool:
        """Return whether a node has a transaction as public at a time, microseconds."""
        return self._public.item(row, node) <= at

    def lacking(self, rows: list[int], nodes: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which transactions nodes do not have as public at the given times, shape ``(rows, nodes)``."""
        return np.stack([self._public[row][nodes] > at for row in rows])

    def start(self, row: int, node: int, at: int, came_by: int = NO_PLACE) -> None:
        """Have a node relay a transaction to all.

        Args:
            row: The transaction's.
            node: The node.
            at: When, microseconds; not before :attr:`due`.
            came_by: The place, among the node's connections, of the one over which it is not relayed.
        """
        if at < self._public.item(row, node):
            self._public[row, node] = at
            self._coming[row, node] = at << PLACE_BITS | came_by
            self._soonest[row, node // STRETCH] = 0
            self.due = min(self.due, at)

    def start_again(self, row: int, node: int, at: int) -> None:
        """Have a node that has a transaction relay it once more, to all; not before :attr:`due`."""
        self._coming[row, node] = at << PLACE_BITS | NO_PLACE
        self._soonest[row, node // STRETCH] = 0
        self._left[row] += 1
        self.due = min(self.due, at)

    def advance(self, until: int) -> bool:
        """Follow what comes up to a time by one span, if the whole span is before it; return whether it was.

        Args:
            until: Microseconds. Starts up to then have been told.

        The rows of transactions that all nodes have got by then are in :attr:`arrived` until they are closed.
        """
        if self.due + self.hop > until + 1:
            return False
        self._follow(self.due + self.hop)
        return True

    def finish(self, until: int) -> None:
        """Follow all that comes up to a time, also within a span that goes on after it."""
        while self.due <= until:
            self._follow(min(self.due + self.hop, until + 1))

    def catch_up(self, before: int) -> None:
        """Follow what messages that leave at a time have to wait for: nothing, where they do not share uplinks."""

    def _follow(self, end: int) -> None:
        """Follow what comes before a time, at most a :attr:`hop` after :attr:`due`."""
        if self._is_plain():
            self._follow_plain(end)
        else:
            self._follow_any(end)

    def _is_plain(self) -> bool:
        """Return whether nothing is lost or kept back, so that a compiled library can follow it."""
        special = self.keeps is not None or self._losses.any
        return not special and self._last_up <= self.due and is_compiled()

    def _follow_plain(self, end: int) -> None:
        if self._span is None:
            self._span = Span(
                self.wires,
                self._verification,
                flush_step=FLUSH_STEP,
                coming=self._coming,
                public=self._public,
                left=self._left,
                soonest=self._soonest,
                items=self._keys,
                bits=self._bits,
                slower=self._slower,
                flush_at=self._flush_at,
                flush_before=self._flush_before,
                flush_offset=self._flush_offset,
                flush=self._flush,
                node_keys=self._node_keys,
            )
        self.due = self._span.follow(self._rows, end, recording=self.on_messages is not None)
        if self.on_messages is not None:
            self.on_messages(Messages(*self._span.messages()))
        self._note_arrived(self._left[: self._rows])

    def _note_arrived(self, left: NDArray[np.int64]) -> None:
        if not left.all():
            self.arrived += [one for one in np.flatnonzero(self._left == 0).tolist() if one not in self.arrived]

    def _follow_any(self, end: int) -> None:
        coming = self._coming[: self._rows].reshape(-1)
        places = (coming < end << PLACE_BITS).nonzero()[0]
        codes = coming[places]
        order = codes.argsort(kind="stable")
        places, codes = places[order], codes[order]
        coming[places] = NEVER
        self._soonest[:] = 0
        row = places // self._nodes
        self._left -= np.bincount(row, minlength=len(self._left))
        self._relay(row, places - row * self._nodes, codes)
        self._plan()
        self._note_arrived(self._left[row])

    def _plan(self) -> None:
        self.due = NEVER
        if self._rows:
            first = int(self._coming[: self._rows].min())
            self.due = NEVER if first == NEVER else first >> PLACE_BITS

    def _relay(self, row: NDArray[np.int64], node: NDArray[np.int64], codes: NDArray[np.int64]) -> None:
        """Put transactions that nodes got into the queues of their connections, in the order of time.

        Args:
            row: The transaction of each arrival, shape ``(arrivals,)``.
            node: Where it arrives.
            codes: When and over which connection.
        """
        wires = self.wires
        if self.keeps is not None:
            ends = zip(row.tolist(), node.tolist(), strict=True)
            relayed = np.array([not self.keeps(*pair) for pair in ends], dtype=np.bool_)
            row, node, codes = row[relayed], node[relayed], codes[relayed]
        came_by = codes & NO_PLACE
        count = wires.degree[node] - (came_by != NO_PLACE)
        end = count.cumsum()
        if not len(end) or not end[-1]:
            return
        # From here on there is an entry for each message; `which` is the arrival that it follows.
        begin = end - count
        which = np.arange(len(row)).repeat(count)
        number = np.arange(len(which))
        link = (wires.first[node] - begin).take(which)
        link += number
        link += number >= (begin + came_by).take(which)
        if not wires.all_open:
            there = wires.is_open.take(link).nonzero()[0]
            which, link = which.take(there), link.take(there)
        left = self._leave(self._keys[row], which, link, (codes >> PLACE_BITS).take(which))
        self._travel(row, which, link, left)

    def _travel(
        self, row: NDArray[np.int64], which: NDArray[np.int64], link: NDArray[np.int64], left: NDArray[np.int64]
    ) -> None:
        """Have messages go on their way, each a row's of a given place, over a link, when it leaves."""
        self._arrive(row, which, link, left, self._sending(row, which, link, left))

    def _arrive(
        self,
        row: NDArray[np.int64],
        which: NDArray[np.int64],
        link: NDArray[np.int64],
        left: NDArray[np.int64],
        sending: NDArray[np.int64],
    ) -> None:
        """Plan the arrivals of messages that take so long."""
        wires = self.wires
        arrived = left + sending
        place = (row * self._nodes).take(which)
        place += wires.target.take(link)
        public = self._public.reshape(-1)
        new = (arrived + self._verification.shortest < public.take(place)).nonzero()[0]
        if self.on_messages is not None:
            self.on_messages(Messages(row.take(which), link, left, sending))
        place, arrived, link = place.take(new), arrived.take(new), link.take(new)
        arrived += self._verify(row.take(which.take(new)), link)
        arrived <<= PLACE_BITS
        arrived |= wires.back.take(link)
        coming = self._coming.reshape(-1)
        np.minimum.at(coming, place, arrived)
        # What a node has got has no time in `coming`, and its time in `public` is earlier than all that come now.
        public[place] = coming.take(place) >> PLACE_BITS

    def disconnect(self, connections: Sequence[int], gone: Collection[int], at: int) -> None:
        """Close connections: what has left over them arrives, what waits in their queues never leaves.

        Args:
            connections: Their numbers.
            gone: Nodes that go down: what is on its way to them is lost.
            at: Now, microseconds; everything has been followed up to then (:meth:`finish`).
        """
        wires = self.wires
        self._soonest[:] = 0
        slots = [wires.slot(number) for one in connections for number in (2 * one, 2 * one + 1)]
        lost = {pair: None for slot in slots for pair in self._lost(slot, at)}
        for connection in connections:
            wires.close(connection)
        if self.on_disconnected is not None:
            self.on_disconnected(np.array(slots, dtype=np.int64), at)
        for row, node in lost:
            self._public[row, node], self._coming[row, node] = _NOT_YET, NEVER
        for row, node in lost:
            self._come_otherwise(row, node, at)
        for node in gone:
            self._down[node] = None
            self._left[: self._rows] -= self._public[: self._rows, node] > at
            never = self._coming[: self._rows, node] < NEVER
            self._public[: self._rows, node][never] = _NOT_YET
            self._coming[: self._rows, node] = NEVER
        for slot in slots:
            # The place may be another link's by the time that what came by this one is relayed.
            coming = self._coming[: self._rows, wires.target[slot]]
            coming[(coming < NEVER) & (coming & NO_PLACE == wires.back[slot])] |= NO_PLACE
        self._plan()

    def _lost(self, slot: int, at: int) -> Iterable[tuple[int, int]]:
        """Return the rows that come to a link's target over it first, and have not left by a time; and that node."""
        if self._flush_at[slot] <= at:
            return
        node = self.wires.target.item(slot)
        coming, has = self._coming[: self._rows, node], self._public[: self._rows, self.wires.source[slot]]
        by_it = (coming < NEVER) & (coming & NO_PLACE == self.wires.back[slot])
        # What has come since the last flush waits for the next one.
        waits = (has >= self._flush_before[slot]) & (has <= at)
        for row in np.flatnonzero(by_it & waits).tolist():
            yield row, node

    def _come_otherwise(self, row: int, node: int, at: int) -> None:
        """Have a transaction come to a node by the first of the links that have it under way or in their queues."""
        wires = self.wires
        place = np.arange(wires.degree[node])
        own = wires.first[node] + place
        peer = wires.target[own]
        link = wires.first[peer] + wires.back[own]
        has = self._public[row, peer]
        left = np.where(has < self._flush_before[link], self._flush_before[link], self._flush_at[link])
        sends = (wires.target[link] == node) & (wires.back[link] == place) & (wires.opened[link] <= has)
        sends &= (has <= at) & (left > has) & (wires.is_open[link] | (left <= at))
        if self.keeps is not None:
            sends &= [not self.keeps(row, one) for one in peer.tolist()]
        place, link, left = place[sends], link[sends], left[sends]
        if len(place):
            rows, which = np.array([row]), np.zeros(len(place), dtype=np.int64)
            arrived = left + self._sending(rows, which, link, left)
            # Over a link that was closed before, it has come already, to a node that was not there.
            codes = (arrived + self._verify(rows[which], link))[arrived > at] << PLACE_BITS | place[arrived > at]
            self._coming[row, node] = code = int(codes.min(initial=NEVER))
            self._public[row, node] = _NOT_YET if code == NEVER else code >> PLACE_BITS

    def connect(self, connections: Sequence[tuple[int, LinkValues]], up: Iterable[int], at: int) -> None:
        """Open connections, and have nodes up again.

        Args:
            connections: The number of each, and its two links.
            up: The nodes.
            at: Now, microseconds.
        """
        wires = self.wires
        for node in up:
            del self._down[node]
            self._left[: self._rows] += self._public[: self._rows, node] > at
        for connection, ends in connections:
            if not all(wires.has_room(node) for node in ends.source.tolist()):
                self._move(wires.make_room())
            for slot in wires.open(connection, ends, at):
                self._flush_at[slot] = self._flush_before[slot] = 0
                self._flush_offset[slot] = wires.incoming.item(slot) << TABLE_BITS
            self._take_in(ends)

    def alter(self, connection: int, ends: LinkValues) -> None:
        """Change what a connection takes and loses, for all that is sent from now on."""
        self.wires.alter(connection, ends)
        self._take_in(ends)

    def _take_in(self, ends: LinkValues) -> None:
        self.hop = max(min(self.hop, int(ends.latency.min()) + self._verification.shortest), 1)
        self._like = self._like and not ends.kind.any()

    def _move(self, slots: NDArray[np.int64]) -> None:
        for name in ("_flush_at", "_flush_before", "_flush_offset"):
            wider = np.zeros(len(self.wires.target), dtype=np.int64)
            wider[slots] = getattr(self, name)
            setattr(self, name, wider)
        self._span = None
        if self.on_renumbered is not None:
            self.on_renumbered(slots)

    def neighbours(self, node: int) -> NDArray[np.int64]:
        """Return the nodes that a node has connections with."""
        own = slice(self.wires.first.item(node), self.wires.first.item(node) + self.wires.degree.item(node))
        peers: NDArray[np.int64] = self.wires.target[own][self.wires.is_open[own]]
        return peers

    def _verify(self, row: NDArray[np.int64], link: NDArray[np.int64]) -> NDArray[np.int64] | int:
        took: NDArray[np.int64] | int = self._verification.mean
        if self._verification.distribution != "fixed":
            took = self._verification.draw(self._keys[row], self._node_keys[self.wires.target[link]])
        return took + self._slower[row] if self._is_any_slower else took

    def _leave(
        self, keys: NDArray[np.uint64], which: NDArray[np.int64], link: NDArray[np.int64], at: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return when each leaves: with what waits on its connection, or at a time that it sets."""
        left = self._flush_at.take(link)
        alone = (left <= at).nonzero()[0]
        while len(alone):
            its, since = link.take(alone), at.take(alone)
            drawn = draws(0, keys.take(which.take(alone)) + self.wires.keys.take(its))
            drawn >>= np.uint64(64 - TABLE_BITS)
            wait = self._flush.take(drawn.view(np.int64) + self._flush_offset.take(its)) * np.int64(FLUSH_STEP)
            # A flush that is drawn for at once is one all the same: it has to be later than what sets it.
            np.maximum(wait, 1, out=wait)
            wait += since
            self._flush_before[its] = self._flush_at.take(its)
            # Of several on one connection the first sets the time: the last one to be written.
            self._flush_at[its[::-1]] = wait[::-1]
            left[alone] = wait = self._flush_at.take(its)
            alone = alone[wait <= since]
        return left

    def _sending(
        self, row: NDArray[np.int64], which: NDArray[np.int64], link: NDArray[np.int64], left: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return how long each is on its way."""
        wires = self.wires
        if self._like:
            took = self._took[row].take(which)
        else:
            took = wires.latency.take(link) - (-self._bits[row].take(which) // wires.bandwidth.take(link))
        if self._losses.any:
            times = left.view(np.uint64) * _OF_TIMES
            keys = draws(int(self._seed), wires.keys.take(link) + times)
            self._losses.add(took, 0, keys, wires.kind.take(link), int(self._bits[row].max() // (8 * SECOND)))
        if self._last_up > int(left.min(initial=NEVER)):
            # One that is not up yet asks for the pool when it has synchronised (NOTIFY_GET_TXPOOL_COMPLEMENT).
            took = np.maximum(took, wires.since[link] + 2 * wires.latency[link] - left)
        return took
