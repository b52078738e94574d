"""Transactions on their way through the network: a stem, then a fluff (Dandelion++).

A node that has passed a transaction on in its stem phase makes it public itself if it has not come back as a public one
when its embargo ends. A stem also ends at a node in a fluff epoch, at one without a connection for stems, and where it
comes back to a node that has passed it on (src/cryptonote_core/tx_pool.cpp, ``add_tx``).
"""

from collections.abc import Callable, Collection, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monerosim.network.again import NEVER_AGAIN, next_look, next_relay
from monerosim.network.dandelion import OWN, Connection, Stems
from monerosim.network.flight import Flight, PoolContents, StemEnd, StemHop, Stop
from monerosim.network.propagation import NEVER, UNREACHABLE
from monerosim.network.queues import NO_PLACE, Queues
from monerosim.network.silences import Silences
from monerosim.network.verification import Verification
from monerosim.network.wires import LinkValues
from monerosim.runtime.counters import TABLE_BITS, draw, key, poisson_table
from monerosim.units import SECOND

_FRAME_BYTES = 64
"""The levin header (33 bytes, contrib/epee/include/net/levin_base.h) and the field names of the message."""

_NO_LINK = -1
"""In place of a link: the transaction is of the node's own wallet."""

_EMBARGO = -2
"""In place of a link: the node's embargo of the transaction is over."""

_AGAIN = -3
"""In place of a link: the node relays what stays in its pool again."""

_COMPLEMENT = -4
"""In place of a link: a peer's pool has come that the node asked for."""


_HANDED = -5
"""In place of a link: it came with the pool of a peer that the node asked for."""

_NOBODY = Flight(b"", -1, 0)
"""In place of a transaction."""


class StemLinks(NamedTuple):
    """The directed links over which stems go, by the numbers that :class:`~monerosim.network.dandelion.Stems` uses."""

    back_place: Callable[[int, int], int | None]
    """Returns the place of the link back among those of the receiver; None if the connection is there no more."""
    key: Callable[[int], int]
    """Returns a stable key of a link."""
    delay: Callable[[bytes, int, int, int], int]
    """Returns the microseconds that a message takes: of an item, of so many bytes, over a link, sent at a time."""


class TransactionRelay:
    """Follows transactions from node to node (:class:`~monerosim.network.flight.Transactions`).

    Args:
        queues: The queues of public transactions.
        stems: Where stems go.
        links: The links that stems go over.
        verification: What a node takes to verify a transaction.
        embargo: The mean seconds of an embargo.
        node_keys: A stable key for each node.
        phases: When, after each whole second, each node looks for embargoes that are over, microseconds.
        pool_phases: When, after each whole two minutes, each node looks for what it relays again, microseconds.
        silences: What nodes keep to themselves.
        seed: The key of the draws.

    Attributes:
        queues: The queues of public transactions.
        on_opened: Called with each transaction that has got a row in the queues.
        on_stem_hop: Called with each message of a stem, when it is sent.
        on_landed: Called with each transaction that is followed no further.
        pools: What is in the nodes' pools; if None, everything that has come to them.
    """

    def __init__(  # noqa: PLR0913 - what a node does with transactions has so many parts
        self,
        queues: Queues,
        stems: Stems,
        links: StemLinks,
        *,
        verification: Verification,
        embargo: int,
        node_keys: Sequence[int],
        phases: Sequence[int],
        pool_phases: Sequence[int],
        silences: Silences,
        seed: int,
    ) -> None:
        self.queues = queues
        self.on_opened: Callable[[Flight], None] | None = None
        self.on_stem_hop: Callable[[Flight, StemHop], None] | None = None
        self.on_landed: Callable[[Flight], None] | None = None
        self.pools: PoolContents | None = None
        self._stems = stems
        self._links = links
        self._verification = verification
        self._embargo = poisson_table(embargo)
        self._node_keys = node_keys
        self._phases = phases
        self._pool_phases = np.array(pool_phases, dtype=np.int64)
        self._silences = silences
        self._seed = seed
        self._events: list[tuple[int, bytes, int, int, int, Flight]] = []
        self._number = 0
        self._is_looking = False
        self._open: dict[int, Flight] = {}
        self._parked: dict[Flight, None] = {}
        """Transactions that are on their way to nobody, though some nodes lack them."""
        self._down: set[int] = set()
        self._postponed: dict[int, list[tuple[int, bytes, int, Flight]]] = {}
        self._complements: dict[int, tuple[int, int]] = {}

    def release(self, item: bytes, origin: int, at: int, weight: int, slower: int = 0) -> Flight:
        """Have a node send a transaction of its own wallet.

        Args:
            item: Its hash.
            origin: The node.
            at: Now, microseconds; :meth:`advance` has been called for it.
            weight: The transaction's weight.
            slower: How much longer than usual it takes to verify, microseconds.
        """
        flight = Flight(item, origin, weight + _FRAME_BYTES)
        flight.slower = slower
        flight.key, flight.embargoes = key(self._seed, "flush", item), key(self._seed, "embargo", item)
        if self.queues.is_full:
            self._park()
        self._follow(flight, self.queues.open(flight.key, flight.size, slower))
        self._on_stem(flight, origin, at, _NO_LINK)
        return flight

    def release_again(self, flight: Flight, origin: int, at: int) -> None:
        """Have a second node send what is on its way."""
        flight.dropped.discard(origin)
        if self.since(flight, origin) <= at:
            return
        self._hand(flight, origin, at, _NO_LINK)

    def _hand(self, flight: Flight, node: int, at: int, link: int) -> None:
        """Have a node treat a transaction in its stem phase that others have and it has not."""
        if flight.arrivals is not None:
            if flight not in self._parked or not self._is_lacked(flight.arrivals, node):
                flight.arrivals[node] = at
                return
            self._take_up(flight)
        self._on_stem(flight, node, at, link)

    def _is_lacked(self, arrivals: NDArray[np.int64], node: int) -> bool:
        """Return whether a node has peers that have no transaction of these arrivals."""
        return bool((arrivals[self.queues.neighbours(node)] == NEVER).any())

    def _take_up(self, flight: Flight) -> None:
        """Follow a transaction again that is on its way to nobody."""
        if flight.arrivals is not None:
            del self._parked[flight]
            self._follow(flight, self.queues.reopen(flight.key, flight.size, flight.slower, flight.arrivals))
            flight.arrivals = None

    def _follow(self, flight: Flight, row: int) -> None:
        flight.row = row
        self._open[row] = flight
        if self.on_opened is not None:
            self.on_opened(flight)

    def drop(self, flight: Flight, node: int) -> None:
        """Have a node forget a transaction, until it is handed it again."""
        flight.everywhere_at = NEVER
        if flight.arrivals is None:
            flight.dropped.add(node)
        else:
            flight.arrivals[node] = NEVER

    def advance(self, until: int) -> None:
        """Let everything happen up to a time, microseconds."""
        if self._is_looking:
            return
        queues, events = self.queues, self._events
        while True:
            first = events[0][0] if events else NEVER
            if first <= until and first < queues.due + queues.hop:
                queues.catch_up(first)
                self._happen(*heappop(events))
            elif not queues.advance(until):
                return
            while queues.arrived:
                self._set_down(self._open[queues.arrived[-1]])

    def _happen(self, at: int, item: bytes, node: int, link: int, number: int, flight: Flight) -> None:
        if node in self._down:
            if link == _EMBARGO:
                self._postponed.setdefault(node, []).append((at, item, link, flight))
        elif link == _COMPLEMENT:
            self._on_complement(node, *self._complements.pop(number), at)
        elif link == _AGAIN:
            self._on_again(flight, node, at)
        elif flight.arrivals is None and not self.queues.has(flight.row, node, at):
            if link == _EMBARGO:
                self._publish(flight, node, at, _NO_LINK, "embargo")
            else:
                self._on_stem(flight, node, at, link)

    def _push(self, at: int, item: bytes, node: int, link: int, flight: Flight) -> None:
        self._number += 1
        heappush(self._events, (at, item, node, link, self._number, flight))

    def finish(self, until: int) -> None:
        """Let everything happen up to a time, so that the network may change then."""
        self.advance(until)
        self.queues.finish(until)
        self.advance(until)

    def catch_up(self, before: int) -> None:
        """Let happen what comes before a time, so that what a node sends then is behind it on its uplink."""
        if not self._is_looking:
            self.advance(before - 1)
            self.queues.catch_up(before)

    def disconnect(self, connections: Sequence[int], down: Collection[int], at: int) -> None:
        """Close connections, and take nodes down (:meth:`~monerosim.network.queues.Queues.disconnect`)."""
        self._down.update(down)
        self.queues.disconnect(connections, down, at)

    def connect(self, connections: Sequence[tuple[int, LinkValues]], up: Sequence[int], at: int) -> None:
        """Open connections, and have nodes up again.

        What stays in a pool is not sent over a new connection; it is relayed again some time.

        Args:
            connections: The number of each, and its two links.
            up: The nodes.
            at: Now, microseconds; :meth:`finish` has been called for it.
        """
        for flight in self._parked:
            if flight.arrivals is not None and (flight.arrivals[list(up)] == NEVER).any():
                flight.everywhere_at = NEVER
        for node in up:
            self._down.discard(node)
            self._stems.restart(node, at)
            for due, item, link, flight in self._postponed.pop(node, ()):
                self._push(max(due, at), item, node, link, flight)
        self.queues.connect(connections, up, at)
        self._park()
        if connections:
            source = np.concatenate([ends.source for _, ends in connections])
            target = np.concatenate([ends.target for _, ends in connections])
            for flight in (*self.flights(), *self._parked):
                has = self._public(flight) <= at
                if (has[source] & ~has[target]).any():
                    self._plan_again(flight, at)

    def silence(self) -> None:
        """Take in that nodes keep other things to themselves from now on."""
        self.queues.keeps = self._keeps if self._silences else None

    def _keeps(self, row: int, node: int) -> bool:
        return self._silences.keeps(node, "transactions", self._open[row].item)

    def ask_for_pool(self, node: int, peer: int, at: int, latency: int) -> None:
        """Have a node ask a peer for what it lacks of the peer's pool (``NOTIFY_GET_TXPOOL_COMPLEMENT``).

        Args:
            node: The node.
            peer: The peer.
            at: When it asks, microseconds.
            latency: Microseconds one way.
        """
        self._push(at + 2 * latency, b"", node, _COMPLEMENT, _NOBODY)
        self._complements[self._number] = peer, latency

    def _on_complement(self, node: int, peer: int, latency: int, at: int) -> None:
        if peer in self._down:
            return
        for flight in (*self.flights(), *self._parked):
            if self._received(flight, peer, at - latency) <= at - latency and self.since(flight, node) > at:
                flight.dropped.discard(node)
                self._hand(flight, node, at, _HANDED)

    def _public(self, flight: Flight) -> NDArray[np.int64]:
        """Return since when each node has a transaction as a public one."""
        return self.queues.public(flight.row) if flight.arrivals is None else flight.arrivals

    def _received(self, flight: Flight, node: int, at: int) -> int:
        """Return since when a public transaction is in a node's pool, NEVER if it is not."""
        if self.pools is None:
            return self._public(flight).item(node)
        if self._public(flight)[node] > at:
            return NEVER
        # All that is before it has happened, and what is at this instant may be what looks.
        self._is_looking = True
        try:
            return self.pools.received(flight.item, node, at)
        finally:
            self._is_looking = False

    def _park(self) -> None:
        """Follow no further what is on its way to nobody, though some nodes lack it."""
        for row in self.queues.quiet():
            flight = self._open[row]
            has = self.queues.public(row) < NEVER
            # One that has it in its stem phase only makes it public yet.
            if flight.published >= 0 and has[list(flight.held)].all():
                self._set_down(flight)

    def _set_down(self, flight: Flight) -> None:
        """Follow a transaction no further, unless one of those that lack it can get it later."""
        self.land(flight)
        arrivals = self.arrivals(flight)
        lacking = np.flatnonzero(arrivals == NEVER).tolist()
        if self._down.issuperset(lacking):
            flight.everywhere_at = int(arrivals[arrivals < NEVER].max())
        if lacking:
            self._parked[flight] = None

    def _plan_again(self, flight: Flight, after: int) -> None:
        """Have the first node relay a transaction again, of those that have a peer that lacks it."""
        has, wires = self._public(flight) <= after, self.queues.wires
        new = wires.is_open & has[wires.source] & ~has[wires.target]
        nodes = np.flatnonzero(np.bincount(wires.source[new]))
        looks = next_look(self._pool_phases[nodes], after)
        order = looks.argsort(kind="stable")
        first: tuple[int, int] | None = None
        for look, node in zip(looks[order].tolist(), nodes[order].tolist(), strict=True):
            if first is not None and first < (look, node):
                # Nobody relays before it looks.
                break
            # What is on the node's chain may be in its pool again by its next look.
            received = min(self._received(flight, node, after), after)
            due = look if received == after else next_relay(received, self._pool_phases.item(node), after)
            if due != NEVER_AGAIN and (first is None or (due, node) < first):
                first = due, node
        if first is not None and first[0] < flight.again_at:
            flight.again_at = first[0]
            self._push(*(first[0], flight.item, first[1]), _AGAIN, flight)

    def _on_again(self, flight: Flight, node: int, at: int) -> None:
        if at != flight.again_at:
            return
        flight.again_at = NEVER
        if flight.arrivals is not None and flight not in self._parked:
            return
        self._plan_again(flight, at)
        received = self._received(flight, node, at)
        if received >= at or next_relay(received, self._pool_phases.item(node), at - 1) != at:
            return
        if self._is_lacked(self._public(flight), node):
            self._take_up(flight)
            self.queues.start_again(flight.row, node, at)

    def land(self, flight: Flight) -> None:
        """Follow a transaction no further: what nodes have of it stays as it is known."""
        self._parked.pop(flight, None)
        if flight.arrivals is None:
            flight.arrivals = self.arrivals(flight)
            for node in flight.held.keys() - flight.made_public.keys():
                flight.made_public[node] = self.queues.since(flight.row, node)
            if self.on_landed is not None and not flight.is_told:
                flight.is_told = True
                self.on_landed(flight)
            self.queues.close(flight.row)
            del self._open[flight.row]
            flight.row = -1

    def flights(self) -> list[Flight]:
        """List the transactions that are followed, in the order of their rows."""
        return [self._open[row] for row in sorted(self._open)]

    def since(self, flight: Flight, node: int) -> int:
        """Return since when a node has a transaction, in its stem phase or as a public one; NEVER if it has not."""
        if flight.arrivals is not None:
            return flight.arrivals.item(node)
        if node in flight.dropped:
            return NEVER
        return min(self.queues.since(flight.row, node), flight.held.get(node, NEVER))

    def public_since(self, flight: Flight, node: int) -> int:
        """Return since when a node that has a transaction has it as a public one; NEVER if it has not."""
        if node in flight.made_public:
            return flight.made_public[node]
        return self.queues.since(flight.row, node) if flight.arrivals is None else flight.arrivals.item(node)

    def arrivals(self, flight: Flight) -> NDArray[np.int64]:
        """Return since when each node has a transaction, as :meth:`since`, shape ``(nodes,)``."""
        if flight.arrivals is not None:
            return flight.arrivals
        arrivals = self.queues.public(flight.row)
        for node, since in flight.held.items():
            arrivals[node] = min(arrivals[node], since)
        arrivals[list(flight.dropped)] = NEVER
        return arrivals

    def lacking(self, flights: Sequence[Flight], nodes: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which transactions nodes do not have as public ones at times, shape ``(flights, nodes)``.

        Args:
            flights: Of which all are on their way.
            nodes: The nodes.
            at: For each node, microseconds; not before what :meth:`advance` was last called for.
        """
        return self.queues.lacking([flight.row for flight in flights], nodes, at)

    def _on_stem(self, flight: Flight, node: int, at: int, link: int) -> None:
        """Have a node treat a transaction in its stem phase (``dandelionpp_notify``).

        Args:
            flight: The transaction.
            node: The node that has it now.
            at: Since when.
            link: The directed link that it came by; none if it is of the node's own wallet.
        """
        flight.stops.append(Stop(node, at))
        if node in flight.held:
            self._publish(flight, node, at, link, "loop")
            return
        own = link == _NO_LINK
        if self._stems.epoch(node, at).fluffing and not (own and self._stems.stems_own(node)):
            self._publish(flight, node, at, link, "fluff")
            return
        source = OWN if own else self._node_keys[node] if link == _HANDED else self._links.key(link)
        stem = self._stems.find(node, at, source)
        if stem is None:
            self._publish(flight, node, at, link, "no-stem")
            return
        flight.held[node] = at
        drawn = draw(flight.embargoes, self._node_keys[node]) >> (64 - TABLE_BITS)
        # The time is kept in whole seconds, and looked at once a second (``core::on_idle``).
        over = (at + int(self._embargo[drawn]) * SECOND) // SECOND * SECOND + self._phases[node]
        self._push(over, flight.item, node, _EMBARGO, flight)
        self._pass_on(flight, node, at, stem)

    def _pass_on(self, flight: Flight, node: int, at: int, stem: Connection) -> None:
        if self._silences.keeps(node, "stems", flight.item):
            return
        received = at + self._links.delay(flight.item, flight.size, stem.link, at)
        if received >= UNREACHABLE:
            # Lost on the way: monerod notices only when the embargo ends.
            return
        if self.on_stem_hop is not None:
            self.on_stem_hop(flight, StemHop(node, stem.peer, received))
        verified = received + self._verify(flight, stem.peer)
        self._push(verified, flight.item, stem.peer, stem.link, flight)

    def _verify(self, flight: Flight, node: int) -> int:
        if self._verification.distribution == "fixed":
            return self._verification.mean + flight.slower
        drawn = self._verification.draw(flight.key, np.array([self._node_keys[node]], dtype=np.uint64))
        return int(drawn[0]) + flight.slower

    def _publish(self, flight: Flight, node: int, at: int, link: int, why: StemEnd) -> None:
        if flight.published < 0:
            flight.published, flight.published_at, flight.end = node, at, why
        if why == "embargo":
            flight.embargo_over.add(node)
        place = self._links.back_place(link, node) if link >= 0 else None
        self.queues.start(flight.row, node, at, NO_PLACE if place is None else place)
