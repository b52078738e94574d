"""A transaction on its way through the network, and what the txpools need of that which carries it."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from monerosim.network.propagation import NEVER

StemEnd: TypeAlias = Literal["", "fluff", "no-stem", "loop", "embargo"]
"""Why a stem ended: its last node was in a fluff epoch, had no connection for stems, had passed it on before, or an
embargo ended first; empty while it goes on."""


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
        slower: How much longer than usual it takes to verify, microseconds.
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
        again_at: When a node will relay it again that has it while a peer lacks it; NEVER if none will.
        held: The nodes that have passed it on in its stem phase, and since when they have it.
        made_public: Since when those that have passed it on have it as a public one, once it is not followed any more.
    """

    def __init__(self, item: bytes, origin: int, size: int) -> None:
        self.item = item
        self.origin = origin
        self.size = size
        self.slower = 0
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
        self.made_public: dict[int, int] = {}
        self.dropped: set[int] = set()
        self.again_at = NEVER
        self.is_told = False

    @classmethod
    def known(cls, item: bytes, arrivals: NDArray[np.int64]) -> "Flight":
        """Return a transaction that nodes have, or will have, at the given times."""
        flight = cls(item, -1, 0)
        flight.arrivals, flight.everywhere_at = arrivals, int(arrivals.max())
        return flight


class PoolContents(Protocol):
    """What is in the nodes' txpools."""

    def received(self, item: bytes, node: int, at: int) -> int:
        """Return since when a transaction is in a node's pool at a time; NEVER if it is not."""


class Transactions(Protocol):
    """What carries transactions, as the txpools need it.

    Attributes:
        pools: What is in the pools.
    """

    pools: PoolContents | None

    def release(self, item: bytes, origin: int, at: int, weight: int, slower: int = 0) -> Flight:
        """Have a node send a transaction of its own wallet."""

    def release_again(self, flight: Flight, origin: int, at: int) -> None:
        """Have a second node send what is on its way."""

    def advance(self, until: int) -> None:
        """Let everything happen up to a time, microseconds."""

    def since(self, flight: Flight, node: int) -> int:
        """Return since when a node has a transaction, in its stem phase or as a public one; NEVER if it has not."""

    def public_since(self, flight: Flight, node: int) -> int:
        """Return since when a node that has a transaction has it as a public one; NEVER if it has not."""

    def arrivals(self, flight: Flight) -> NDArray[np.int64]:
        """Return since when each node has a transaction, as :meth:`since`, shape ``(nodes,)``."""

    def lacking(self, flights: Sequence[Flight], nodes: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which transactions nodes do not have as public ones at times, shape ``(flights, nodes)``."""

    def drop(self, flight: Flight, node: int) -> None:
        """Have a node forget a transaction, until it is handed it again."""

    def ask_for_pool(self, node: int, peer: int, at: int, latency: int) -> None:
        """Have a node ask a peer for what it lacks of the peer's pool."""

    def land(self, flight: Flight) -> None:
        """Follow a transaction no further."""
