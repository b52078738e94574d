"""The peer-to-peer network of a run: when a block or a transaction reaches each node.

The time of a hop, from the moment a node has an item until its peer has it and may relay it, is made of

- the latency of the path between the two;
- the message's size over the slower of the two bandwidths. A block is relayed "fluffy": its header, its coinbase and
  the hashes of its transactions, which the receiver has in its pool (``relay_block`` in monero's
  src/cryptonote_protocol/cryptonote_protocol_handler.inl clears the transactions). A receiver that lacks one requests
  it; that extra round trip is not modelled. Messages to several peers do not share the sender's bandwidth;
- the receiver's verification, which comes before it relays (``handle_notify_new_fluffy_block`` there);
- TCP's retransmissions, where packets are lost;
- a transaction's wait for the next flush of the connection (:attr:`RelayTimings.flush_incoming`). Blocks do not wait.

For Dandelion++ see :mod:`monerosim.network.dandelion`.
"""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from monerosim.network.dandelion import Connection, Dandelion, StemPath, Stems
from monerosim.network.propagation import NEVER, UNREACHABLE, Links
from monerosim.network.retransmission import Retransmissions
from monerosim.runtime.counters import TABLE_BITS, draws, key, poisson_table
from monerosim.units import SECOND

__all__ = ["NEVER", "Link", "P2PNetwork", "Peer", "RelayTimings", "TransactionRoute"]

_STEP = SECOND // 4
"""Flush times are drawn in quarter seconds (``fluff_stepsize`` in src/cryptonote_protocol/levin_notify.cpp)."""

_BLOCK_BYTES = 300
"""A block's header, coinbase transaction and message frame: a few hundred bytes."""

_HASH_BYTES = 32
_TYPICAL_WEIGHT = 2_000
"""The weight of a transaction of two inputs and two outputs, to estimate a block's number of hashes from its weight."""

_FRAME_BYTES = 64
"""The levin header (33 bytes, contrib/epee/include/net/levin_base.h) and the field names of the message."""


class RelayTimings(msgspec.Struct, frozen=True, kw_only=True):
    """The time a node takes to verify and relay, in microseconds unless stated otherwise."""

    block_validation: int = 200_000
    """A block: RandomX in light mode, 0.14 s measured with monerod 0.18, and the other checks."""
    transaction_validation: int = 80_000
    """A transaction: the time to receive, parse, process and send stated in src/cryptonote_core/tx_pool.cpp."""
    flush_incoming: int = 20
    """Mean quarter seconds that a transaction waits for a flush towards a peer that dialled this node.

    ``CRYPTONOTE_DANDELIONPP_FLUSH_AVERAGE``, 5 s. The wait is Poisson distributed, not exponential
    (``random_poisson_subseconds``, ``fluff_notify`` in src/cryptonote_protocol/levin_notify.cpp), so 95 % lie
    between 3 and 7.25 s. A transaction that finds others waiting on the connection leaves with them in monerod, so
    under heavy traffic waits are shorter than here, where one item's waits do not depend on others.
    """
    flush_outgoing: int = 10
    """The same towards a peer this node dialled: half (``fluff_average_out``), 2.5 s."""


class Link(NamedTuple):
    """A connection between two nodes, given as indices; both relay over it."""

    dialer: int
    listener: int
    latency: int
    """One way, microseconds."""
    loss: float
    """Share of packets lost, 0 to 1."""
    bandwidth: int
    """Bits per second, of the slower end."""


class Peer(NamedTuple):
    """A connection as one of its nodes sees it."""

    node: int
    incoming: bool
    """The peer dialled this node."""


class TransactionRoute(NamedTuple):
    """Arrival times of a transaction: microseconds, NEVER where it does not arrive, shape ``(nodes,)`` each."""

    public: NDArray[np.int64]
    """When a node has it as public: a restricted RPC shows it, any block may include it."""
    stem_or_public: NDArray[np.int64]
    """When a node has it at all, in its stem phase or later."""
    stem: StemPath | None
    """Its stem phase; None without Dandelion++."""


class P2PNetwork:
    """Nodes, the connections between them, and the propagation of items.

    Arrivals depend only on the seed, the item, and the names and links on the path: neither the order of calls nor
    other items nor other participants change them, except by offering a faster path.

    Args:
        seed: The run's seed.
        names: The nodes' names.
        links: The connections.
        relay: The time that verifying and relaying takes.
        dandelion: Dandelion++'s parameters; None to relay transactions to all at once.
        ready: The time at which each node is up, microseconds. Nothing arrives earlier (a node gets what was sent
            before by synchronising). If left out, all are up from the start.

    Raises:
        ValueError: A name or a connection occurs twice, or a link names no node, leads from a node to itself or has
            no bandwidth.
    """

    def __init__(
        self,
        *,
        seed: int,
        names: Sequence[str],
        links: Sequence[Link],
        relay: RelayTimings = RelayTimings(),  # noqa: B008 - immutable
        dandelion: Dandelion | None = Dandelion(),  # noqa: B008 - immutable
        ready: Sequence[int] | None = None,
    ) -> None:
        self.nodes = len(names)
        self.names = tuple(names)
        _check(names, links)
        self._seed = seed
        self._relay = relay
        self._peers = _peers(self.nodes, links)
        ends = np.array([(link.dialer, link.listener) for link in links], dtype=np.int64).reshape(-1, 2)
        # connection c is the directed links 2c, from the dialer, and 2c + 1, to it
        self._links = Links(self.nodes, ends.reshape(-1), ends[:, ::-1].reshape(-1))
        order = self._links.order
        node_keys = np.array([key("node", name) for name in names], dtype=np.uint64)
        link_keys = _link_keys(node_keys, ends)
        self._keys = link_keys[order]
        self._place = np.argsort(order)
        kinds: dict[tuple[int, float, int], int] = {}
        kind = [kinds.setdefault((link.latency, link.loss, link.bandwidth), len(kinds)) for link in links]
        self._kind = np.repeat(np.array(kind, dtype=np.int64), 2)[order]
        self._latency = np.array([latency for latency, _, _ in kinds], dtype=np.int64)
        self._bandwidth = np.array([bandwidth for _, _, bandwidth in kinds], dtype=np.int64)
        self._loss = Retransmissions([loss for _, loss, _ in kinds], self._latency.tolist())
        self._flush = np.concatenate([poisson_table(relay.flush_outgoing), poisson_table(relay.flush_incoming)])
        self._flush_offset = (order & 1) << TABLE_BITS
        self._ready = None if ready is None or not any(ready) else np.array(ready, dtype=np.int64)
        self._stems = None
        if dandelion is not None:
            outgoing: list[list[Connection]] = [[] for _ in names]
            for index, link in enumerate(links):
                outgoing[link.dialer].append(Connection(link.listener, 2 * index))
            up = [0] * self.nodes if ready is None else list(ready)
            self._stems = Stems(key(seed, "dandelion"), dandelion, node_keys.tolist(), link_keys.tolist(), outgoing, up)

    def peers(self, node: int) -> list[Peer]:
        """Return the connections of a node: those it dialled, then those that dialled it."""
        return list(self._peers[node])

    def block_arrivals(self, item: bytes, origin: int, released: int, weight: int) -> NDArray[np.int64]:
        """Return when each node has verified a block.

        Args:
            item: The block's identifier.
            origin: The node that mined it.
            released: The time at which the origin relays it, microseconds.
            weight: The block's weight.

        Returns:
            Microseconds, :data:`NEVER` where it does not arrive, shape ``(nodes,)``; ``released`` at the origin.
        """
        return self.relay_block(item, [(origin, released)], weight)

    def relay_block(
        self,
        item: bytes,
        starts: Sequence[tuple[int, int]],
        weight: int,
        *,
        silent: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.int64]:
        """Return when each node has a block that some nodes have since the given times.

        Args:
            item: The block's identifier.
            starts: Nodes and times in microseconds.
            weight: The block's weight.
            silent: Nodes that relay nothing, shape ``(nodes,)``.

        Returns:
            As :meth:`block_arrivals`.
        """
        size = _BLOCK_BYTES + _HASH_BYTES * (weight // _TYPICAL_WEIGHT)
        waits = self._hops(item, size, self._relay.block_validation)
        return self._links.search(waits, starts, ready=self._ready, silent=silent)

    def transaction_arrivals(self, item: bytes, origin: int, released: int, weight: int) -> NDArray[np.int64]:
        """Return when each node has a transaction in its txpool, the stem phase included.

        That is what monerod's unrestricted RPC shows (``allow_sensitive`` in ``on_get_transaction_pool``,
        src/rpc/core_rpc_server.cpp), and what a block template takes on regtest, where stems are mined too
        (``m_mine_stem_txes``, set by ``core::init`` for ``FAKECHAIN``). See :meth:`route_transaction` for the
        public pool.

        Args:
            item: The transaction's identifier.
            origin: The node that sends it.
            released: The time of sending, microseconds.
            weight: The transaction's weight.

        Returns:
            Microseconds, :data:`NEVER` where it does not arrive, shape ``(nodes,)``; ``released`` at the origin.
        """
        return self.route_transaction(item, origin, released, weight).stem_or_public

    def route_transaction(self, item: bytes, origin: int, released: int, weight: int) -> TransactionRoute:
        """Return the arrivals of a transaction in its stem phase and as a public one.

        Args:
            item: The transaction's identifier.
            origin: The node that sends it.
            released: The time of sending, microseconds.
            weight: The transaction's weight.
        """
        if self._stems is None:
            public = self.relay_transaction(item, [(origin, released)], weight)
            return TransactionRoute(public=public, stem_or_public=public, stem=None)
        hops = self._transaction_hops(item, weight)
        stem = self._stems.walk(item, origin, released, lambda link: int(hops[self._place[link]]))
        hops += self._flushes(item)
        if stem.unused is not None:
            hops[self._place[stem.unused]] = UNREACHABLE
        public = self._links.search(hops, stem.starts, ready=self._ready)
        stem_or_public = public.copy()
        for node, since in stem.passed:
            stem_or_public[node] = min(stem_or_public[node], since)
        return TransactionRoute(public=public, stem_or_public=stem_or_public, stem=stem)

    def relay_transaction(
        self,
        item: bytes,
        starts: Sequence[tuple[int, int]],
        weight: int,
        *,
        silent: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.int64]:
        """Return when each node has a public transaction that some nodes have since the given times.

        Args:
            item: The transaction's identifier.
            starts: Nodes and times in microseconds.
            weight: The transaction's weight.
            silent: Nodes that relay nothing, shape ``(nodes,)``.

        Returns:
            Microseconds, :data:`NEVER` where it does not arrive, shape ``(nodes,)``.
        """
        waits = self._transaction_hops(item, weight)
        waits += self._flushes(item)
        return self._links.search(waits, starts, ready=self._ready, silent=silent)

    def _transaction_hops(self, item: bytes, weight: int) -> NDArray[np.int64]:
        return self._hops(item, weight + _FRAME_BYTES, self._relay.transaction_validation)

    def _hops(self, item: bytes, size: int, validation: int) -> NDArray[np.int64]:
        sending = -(-size * 8 * SECOND // self._bandwidth)
        waits = np.take(self._latency + sending + validation, self._kind)
        if self._loss.any:
            self._loss.add(waits, key(self._seed, "loss", item), self._keys, self._kind, size)
        return waits

    def _flushes(self, item: bytes) -> NDArray[np.int64]:
        drawn = draws(key(self._seed, "flush", item), self._keys)
        drawn >>= np.uint64(64 - TABLE_BITS)
        place = drawn.view(np.int64)
        place += self._flush_offset
        waits = np.take(self._flush, place, mode="clip").astype(np.int64)
        waits *= _STEP
        return waits


def _check(names: Sequence[str], links: Sequence[Link]) -> None:
    if len(set(names)) != len(names):
        raise ValueError("two nodes have the same name")
    dialled = set()
    for link in links:
        if not (0 <= link.dialer < len(names) and 0 <= link.listener < len(names)):
            raise ValueError(f"a link names a node outside 0 to {len(names) - 1}: {link}")
        if link[:2] in dialled:
            raise ValueError(f"{names[link.dialer]} dials {names[link.listener]} twice")
        dialled.add(link[:2])
        if link.bandwidth <= 0 or link.latency < 0 or not 0 <= link.loss <= 1:
            raise ValueError(f"not a possible link: {link}")


def _link_keys(node_keys: NDArray[np.uint64], ends: NDArray[np.int64]) -> NDArray[np.uint64]:
    dialers, listeners = node_keys[ends[:, 0]], node_keys[ends[:, 1]]
    connections = draws(key("connection"), draws(key("dialer"), dialers) + listeners)
    return np.stack([draws(key("there"), connections), draws(key("back"), connections)], axis=1).reshape(-1)


def _peers(nodes: int, links: Sequence[Link]) -> list[list[Peer]]:
    outgoing: list[list[Peer]] = [[] for _ in range(nodes)]
    incoming: list[list[Peer]] = [[] for _ in range(nodes)]
    for link in links:
        outgoing[link.dialer].append(Peer(link.listener, incoming=False))
        incoming[link.listener].append(Peer(link.dialer, incoming=True))
    return [list(chain(dialled, dialling)) for dialled, dialling in zip(outgoing, incoming, strict=True)]
