"""Transactions on their way through the network: a stem, then a fluff (Dandelion++).

A node that has passed a transaction on in its stem phase makes it public itself if it has not come back as a public one
when its embargo ends. A stem also ends at a node in a fluff epoch, at one without a connection for stems, and where it
comes back to a node that has passed it on (src/cryptonote_core/tx_pool.cpp, ``add_tx``).
"""

from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from monerosim.network.dandelion import OWN, Connection, Stems
from monerosim.network.propagation import NEVER, UNREACHABLE
from monerosim.network.queues import NO_PLACE, Queues
from monerosim.network.verification import Verification
from monerosim.runtime.counters import TABLE_BITS, draw, key, poisson_table
from monerosim.units import SECOND

StemEnd: TypeAlias = Literal["", "fluff", "no-stem", "loop", "embargo"]
"""Why a stem ended: its last node was in a fluff epoch, had no connection for stems, had passed it on before, or an
embargo ended first; empty while it goes on."""

_FRAME_BYTES = 64
"""The levin header (33 bytes, contrib/epee/include/net/levin_base.h) and the field names of the message."""

_NO_LINK = -1
"""In place of a link: the transaction is of the node's own wallet."""

_EMBARGO = -2
"""In place of a link: the node's embargo of the transaction is over."""


class Stop(NamedTuple):
    """A node on a stem's way."""

    node: int
    since: int
    """When it had verified the transaction, microseconds."""


class StemHop(NamedTuple):
    """A message with a transaction in its stem phase."""

    sender: int
    receiver: int
    received: int
    """When it came, before it was verified, microseconds."""


class Flight:
    """A transaction on its way.

    Attributes:
        item: Its hash.
        origin: The node of its sender.
        size: The bytes of a message with it.
        stops: The nodes on its stem's way, in order; one to which it came back is in it twice.
        end: Why its stem ended.
        published: The node that made it public first, -1 before.
        published_at: When, microseconds.
        embargo_over: The nodes that relay it because their embargo ended.
        everywhere_at: When the last node got it, once that is known; NEVER before.
        key: The key of its flushes and verifications.
        embargoes: The key of its embargoes.
        row: Its row in the queues, -1 once it is not followed any more.
        arrivals: Since when each node has it, once it is not followed any more; None before.
        dropped: The nodes that have forgotten it.
        held: The nodes that have passed it on in its stem phase, and since when they have it.
    """

    def __init__(self, item: bytes, origin: int, size: int) -> None:
        self.item = item
        self.origin = origin
        self.size = size
        self.stops: list[Stop] = []
        self.end: StemEnd = ""
        self.published = -1
        self.published_at = NEVER
        self.embargo_over: set[int] = set()
        self.everywhere_at = NEVER
        self.key = 0
        self.embargoes = 0
        self.row = -1
        self.arrivals: NDArray[np.int64] | None = None
        self.held: dict[int, int] = {}
        self.dropped: set[int] = set()

    @classmethod
    def known(cls, item: bytes, arrivals: NDArray[np.int64]) -> "Flight":
        """Return a transaction that nodes have, or will have, at the given times."""
        flight = cls(item, -1, 0)
        flight.arrivals, flight.everywhere_at = arrivals, int(arrivals.max())
        return flight


class Transactions(Protocol):
    """What carries transactions, as the txpools need it."""

    def release(self, item: bytes, origin: int, at: int, weight: int) -> Flight:
        """Have a node send a transaction of its own wallet."""

    def release_again(self, flight: Flight, origin: int, at: int) -> None:
        """Have a second node send what is on its way."""

    def advance(self, until: int) -> None:
        """Let everything happen up to a time, microseconds."""

    def since(self, flight: Flight, node: int) -> int:
        """Return since when a node has a transaction, in its stem phase or as a public one; NEVER if it has not."""

    def arrivals(self, flight: Flight) -> NDArray[np.int64]:
        """Return since when each node has a transaction, as :meth:`since`, shape ``(nodes,)``."""

    def lacking(self, flights: Sequence[Flight], nodes: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which transactions nodes do not have as public ones at times, shape ``(flights, nodes)``."""

    def drop(self, flight: Flight, node: int) -> None:
        """Have a node forget a transaction, until it is handed it again."""

    def land(self, flight: Flight) -> None:
        """Follow a transaction no further."""


class StemLinks(NamedTuple):
    """The directed links over which stems go, by the numbers that :class:`~monerosim.network.dandelion.Stems` uses."""

    back_places: Sequence[int]
    """The place of the link back among those of the receiver."""
    keys: Sequence[int]
    """A stable key for each."""
    delay: Callable[[bytes, int, int], int]
    """Returns the microseconds that a message takes: of an item, of so many bytes, over a link."""


class TransactionRelay:
    """Follows transactions from node to node (:class:`Transactions`).

    Args:
        queues: The queues of public transactions.
        stems: Where stems go.
        links: The links that stems go over.
        verification: What a node takes to verify a transaction.
        embargo: The mean seconds of an embargo.
        node_keys: A stable key for each node.
        phases: When, after each whole second, each node looks for embargoes that are over, microseconds.
        seed: The key of the draws.

    Attributes:
        queues: The queues of public transactions.
        on_stem_hop: Called with each message of a stem, when it is sent.
        on_landed: Called with each transaction that is followed no further.
    """

    def __init__(
        self,
        queues: Queues,
        stems: Stems,
        links: StemLinks,
        *,
        verification: Verification,
        embargo: int,
        node_keys: Sequence[int],
        phases: Sequence[int],
        seed: int,
    ) -> None:
        self.queues = queues
        self.on_stem_hop: Callable[[Flight, StemHop], None] | None = None
        self.on_landed: Callable[[Flight], None] | None = None
        self._stems = stems
        self._links = links
        self._verification = verification
        self._embargo = poisson_table(embargo)
        self._node_keys = node_keys
        self._phases = phases
        self._seed = seed
        self._events: list[tuple[int, bytes, int, int, Flight]] = []
        self._open: dict[int, Flight] = {}

    def release(self, item: bytes, origin: int, at: int, weight: int) -> Flight:
        """Have a node send a transaction of its own wallet.

        Args:
            item: Its hash.
            origin: The node.
            at: Now, microseconds; :meth:`advance` has been called for it.
            weight: The transaction's weight.
        """
        flight = Flight(item, origin, weight + _FRAME_BYTES)
        flight.key, flight.embargoes = key(self._seed, "flush", item), key(self._seed, "embargo", item)
        flight.row = self.queues.open(flight.key, flight.size)
        self._open[flight.row] = flight
        self._on_stem(flight, origin, at, _NO_LINK)
        return flight

    def release_again(self, flight: Flight, origin: int, at: int) -> None:
        """Have a second node send what is on its way."""
        flight.dropped.discard(origin)
        if self.since(flight, origin) <= at:
            return
        if flight.arrivals is None:
            self._on_stem(flight, origin, at, _NO_LINK)
        else:
            flight.arrivals[origin] = at

    def drop(self, flight: Flight, node: int) -> None:
        """Have a node forget a transaction, until it is handed it again."""
        flight.everywhere_at = NEVER
        if flight.arrivals is None:
            flight.dropped.add(node)
        else:
            flight.arrivals[node] = NEVER

    def advance(self, until: int) -> None:
        """Let everything happen up to a time, microseconds."""
        queues, events = self.queues, self._events
        while True:
            first = events[0][0] if events else NEVER
            if first <= until and first < queues.due + queues.hop:
                at, _, node, link, flight = heappop(events)
                if flight.arrivals is None and not queues.has(flight.row, node, at):
                    if link == _EMBARGO:
                        self._publish(flight, node, at, _NO_LINK, "embargo")
                    else:
                        self._on_stem(flight, node, at, link)
            elif not queues.advance(until):
                return
            while queues.arrived:
                flight = self._open[queues.arrived[-1]]
                self.land(flight)
                flight.everywhere_at = int(self.arrivals(flight).max())

    def land(self, flight: Flight) -> None:
        """Follow a transaction no further: what nodes have of it stays as it is known."""
        if flight.arrivals is None:
            flight.arrivals = self.arrivals(flight)
            if self.on_landed is not None:
                self.on_landed(flight)
            self.queues.close(flight.row)
            del self._open[flight.row]
            flight.row = -1

    def at(self, row: int) -> Flight:
        """Return the transaction that has a row in the queues."""
        return self._open[row]

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
        stem = self._stems.find(node, at, OWN if own else self._links.keys[link])
        if stem is None:
            self._publish(flight, node, at, link, "no-stem")
            return
        flight.held[node] = at
        drawn = draw(flight.embargoes, self._node_keys[node]) >> (64 - TABLE_BITS)
        # The time is kept in whole seconds, and looked at once a second (``core::on_idle``).
        over = (at + int(self._embargo[drawn]) * SECOND) // SECOND * SECOND + self._phases[node]
        heappush(self._events, (over, flight.item, node, _EMBARGO, flight))
        self._pass_on(flight, node, at, stem)

    def _pass_on(self, flight: Flight, node: int, at: int, stem: Connection) -> None:
        received = at + self._links.delay(flight.item, flight.size, stem.link)
        if received >= UNREACHABLE:
            # Lost on the way: monerod notices only when the embargo ends.
            return
        if self.on_stem_hop is not None:
            self.on_stem_hop(flight, StemHop(node, stem.peer, received))
        verified = received + self._verify(flight, stem.peer)
        heappush(self._events, (verified, flight.item, stem.peer, stem.link, flight))

    def _verify(self, flight: Flight, node: int) -> int:
        if self._verification.distribution == "fixed":
            return self._verification.mean
        return int(self._verification.draw(flight.key, np.array([self._node_keys[node]], dtype=np.uint64))[0])

    def _publish(self, flight: Flight, node: int, at: int, link: int, why: StemEnd) -> None:
        if flight.published < 0:
            flight.published, flight.published_at, flight.end = node, at, why
        if why == "embargo":
            flight.embargo_over.add(node)
        self.queues.start(flight.row, node, at, NO_PLACE if link == _NO_LINK else self._links.back_places[link])
