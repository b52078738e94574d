"""The peer-to-peer network of a run: when a block or a transaction reaches each node.

The time of a hop, from the moment a node has an item until its peer has it and may relay it, is made of

- the latency of the path between the two;
- the message's size over the slower of the two bandwidths. A block is relayed "fluffy": its header, its coinbase and
  the hashes of its transactions, which the receiver has in its pool (``relay_block`` in monero's
  src/cryptonote_protocol/cryptonote_protocol_handler.inl clears the transactions). Messages to several peers do not
  share the sender's bandwidth;
- the receiver's verification, which comes before it relays (``handle_notify_new_fluffy_block`` there);
- TCP's retransmissions, where packets are lost;
- a transaction's wait for the next flush of the connection (:mod:`monerosim.network.queues`). Blocks do not wait.
"""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from monerosim.network.dandelion import Connection, Dandelion, HeightAt, Stems
from monerosim.network.propagation import NEVER, Links
from monerosim.network.queues import Queues, Wires
from monerosim.network.retransmission import Retransmissions
from monerosim.network.transactions import StemLinks, TransactionRelay
from monerosim.network.verification import Verification
from monerosim.runtime.counters import draws, key
from monerosim.units import SECOND

__all__ = ["NEVER", "Link", "LinkTo", "Peer", "RelayNetwork", "RelayTimings"]

_TIMED_SYNC = 60 * SECOND
"""From one timed sync of a node to the next (``P2P_DEFAULT_HANDSHAKE_INTERVAL`` in src/cryptonote_config.h)."""

_BLOCK_BYTES = 300
"""A block's header, coinbase transaction and message frame: a few hundred bytes."""

_HASH_BYTES = 32
_TYPICAL_WEIGHT = 2_000
"""The weight of a transaction of two inputs and two outputs, to estimate a block's number of hashes from its weight."""

OWN_STEMS_SINCE = (0, 18, 2, 0)
"""The version of monerod from which on own transactions are stems in fluff epochs, too (``dandelionpp_notify`` in
src/cryptonote_protocol/levin_notify.cpp; pull request 8627)."""


class RelayTimings(msgspec.Struct, frozen=True, kw_only=True):
    """The time that a node takes to verify."""

    block: Verification = Verification(mean=80_000, distribution="uniform", least=15_000)
    """A block, its transactions aside: from RandomX's time in light mode on a fast machine, 15 ms (research-lab issue
    144), to the 0.14 s measured with monerod 0.18.0.0 and Debian's RandomX, and the other checks."""
    transaction: Verification = Verification(mean=80_000)
    """A transaction: the time to receive, parse, process and send stated in src/cryptonote_core/tx_pool.cpp."""


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


class LinkTo(NamedTuple):
    """A node's connection to a peer, in the direction to the peer."""

    peer: int
    place: int
    """Its place among what :meth:`RelayNetwork.block_hops` returns."""
    latency: int
    """Microseconds one way."""


class RelayNetwork:
    """Nodes, the connections between them, and the propagation of items.

    Random numbers depend on the seed, the item, and the names and links on the path alone: neither the order of calls
    nor other participants change them.

    Args:
        seed: The run's seed.
        names: The nodes' names.
        links: The connections.
        relay: The time that verifying takes.
        dandelion: Dandelion++'s parameters.
        ready: The time at which each node is up, microseconds. Nothing arrives earlier (a node gets what was sent
            before by synchronising). If left out, all are up from the start.
        begin: The time at which each daemon is started, microseconds: its first epoch of Dandelion++ begins. If left
            out, at 0.
        versions: The version of monerod that each node runs; 0.18.0.0 if left out.

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
        dandelion: Dandelion = Dandelion(),  # noqa: B008 - immutable
        ready: Sequence[int] | None = None,
        begin: Sequence[int] | None = None,
        versions: Sequence[tuple[int, ...]] | None = None,
    ) -> None:
        self.nodes = len(names)
        self.names = tuple(names)
        _check(names, links)
        self._seed = seed
        self._relay = relay
        self._dandelion = dandelion
        self._peers = _peers(self.nodes, links)
        self._outgoing: list[list[LinkTo]] | None = None
        # connection c is the directed links 2c, from the dialer, and 2c + 1, to it
        self._ends = np.array([(link.dialer, link.listener) for link in links], dtype=np.int64).reshape(-1, 2)
        self._links = Links(self.nodes, self._ends.reshape(-1), self._ends[:, ::-1].reshape(-1))
        self._node_keys = np.array([key("node", name) for name in names], dtype=np.uint64)
        self._link_keys = _link_keys(self._node_keys, self._ends)
        self._keys = self._link_keys[self._links.order]
        self._place = np.argsort(self._links.order)
        kinds: dict[tuple[int, float, int], int] = {}
        kind = [kinds.setdefault((link.latency, link.loss, link.bandwidth), len(kinds)) for link in links]
        self._kind_of = np.repeat(np.array(kind, dtype=np.int64), 2)
        self._kind = self._kind_of[self._links.order]
        self._latency = np.array([latency for latency, _, _ in kinds], dtype=np.int64)
        self._bandwidth = np.array([bandwidth for _, _, bandwidth in kinds], dtype=np.int64)
        self._loss = Retransmissions([loss for _, loss, _ in kinds], self._latency.tolist())
        self._up = np.array([0] * self.nodes if ready is None else ready, dtype=np.int64)
        self._begin = [0] * self.nodes if begin is None else list(begin)
        self._ready = self._up if self._up.any() else None
        self._own_always = [version >= OWN_STEMS_SINCE for version in versions or ()] or [False] * self.nodes
        self._phases = [key(seed, "timed sync", name) % _TIMED_SYNC for name in names]

    def peers(self, node: int) -> list[Peer]:
        """Return the connections of a node: those it dialled, then those that dialled it."""
        return list(self._peers[node])

    def block_arrivals(self, item: bytes, origin: int, released: int, weight: int) -> NDArray[np.int64]:
        """Return when each node has verified a block whose transactions all nodes have.

        Args:
            item: The block's identifier.
            origin: The node that mined it.
            released: The time at which the origin relays it, microseconds.
            weight: The block's weight.

        Returns:
            Microseconds, :data:`NEVER` where it does not arrive, shape ``(nodes,)``; ``released`` at the origin.
        """
        waits = self.block_hops(item, weight)
        waits += self.block_verification(item)[self._links.target]
        return self._links.search(waits, [(origin, released)], ready=self._ready)

    def block_verification(self, item: bytes) -> NDArray[np.int64]:
        """Return how long each node takes to verify a block, microseconds, shape ``(nodes,)``."""
        return self._relay.block.draw(key(self._seed, "verification", item), self._node_keys)

    def request_waits(self, place: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how long nodes wait for transactions that they ask for and verify, microseconds, 0 for none.

        Args:
            place: The links that they come by.
            count: How many.
        """
        kind = self._kind[place]
        one = self._relay.transaction.mean + _TYPICAL_WEIGHT * 8 * SECOND // self._bandwidth[kind]
        return np.where(count > 0, 2 * self._latency[kind] + count * one, 0)

    def block_hops(self, item: bytes, weight: int) -> NDArray[np.int64]:
        """Return how long a block takes over each link until the receiver has it, before it verifies it.

        Args:
            item: What identifies the block.
            weight: The block's weight.

        Returns:
            Microseconds, :data:`UNREACHABLE` and more where it never arrives, shape ``(links,)``.
        """
        size = _BLOCK_BYTES + _HASH_BYTES * (weight // _TYPICAL_WEIGHT)
        sending = -(-size * 8 * SECOND // self._bandwidth)
        waits = np.take(self._latency + sending, self._kind)
        if self._loss.any:
            self._loss.add(waits, key(self._seed, "loss", item), self._keys, self._kind, size)
        return waits

    def links_from(self, node: int) -> list[LinkTo]:
        """Return the links to a node's peers."""
        if self._outgoing is None:
            self._outgoing = [[] for _ in range(self.nodes)]
            latency = np.take(self._latency, self._kind).tolist()
            ends = zip(self._links.source.tolist(), self._links.target.tolist(), strict=True)
            for index, (source, target) in enumerate(ends):
                self._outgoing[source].append(LinkTo(target, index, latency[index]))
        return self._outgoing[node]

    def ready(self, node: int) -> int:
        """Return when a node is up, microseconds."""
        return self._up.item(node)

    def next_timed_sync(self, node: int, after: int) -> int:
        """Return when a node next tells its peers its tip, later than a time, microseconds."""
        return after + _TIMED_SYNC - (after - self._phases[node]) % _TIMED_SYNC

    @property
    def height_memory(self) -> int:
        """How far back the heights of nodes are asked for, microseconds: an epoch, and two timed syncs before it."""
        return self._dandelion.epoch + self._dandelion.epoch_range + 2 * _TIMED_SYNC

    def relay_transactions(self, height_at: HeightAt) -> TransactionRelay:
        """Return what carries the run's transactions.

        Args:
            height_at: Returns the height of a node's chain at a time that is no later than what is followed.
        """
        wires, rank = self._wires()
        dandelion, seed = self._dandelion, key(self._seed, "dandelion")
        since, latency = wires.since.tolist(), wires.latency.tolist()
        link_keys, place = self._link_keys.tolist(), rank.tolist()
        outgoing: list[list[Connection]] = [[] for _ in range(self.nodes)]
        for number, (dialer, listener) in enumerate(self._ends.tolist()):
            at, link = place[2 * number], 2 * number
            outgoing[dialer].append(Connection(listener, link, link_keys[link], since[at], latency[at]))
        node_keys = self._node_keys.tolist()
        stems = Stems(seed, dandelion, node_keys, outgoing, self._begin, self._own_always, self._last_told, height_at)
        queues = Queues(
            wires,
            self._node_keys,
            flush_incoming=dandelion.flush_incoming,
            flush_outgoing=dandelion.flush_outgoing,
            verification=self._relay.transaction,
            losses=self._loss,
            seed=key(self._seed, "loss"),
        )
        return TransactionRelay(
            queues,
            stems,
            StemLinks(wires.back[rank].tolist(), link_keys, self._stem_delay),
            verification=self._relay.transaction,
            embargo=dandelion.embargo,
            node_keys=node_keys,
            phases=[key(self._seed, "idle", name) % SECOND for name in self.names],
            seed=self._seed,
        )

    def _wires(self) -> tuple[Wires, NDArray[np.int64]]:
        """Return the links by their senders, and the place of each directed link among them."""
        source, target = self._ends.reshape(-1), self._ends[:, ::-1].reshape(-1)
        order = np.argsort(source, kind="stable")
        rank = np.argsort(order)
        count = np.bincount(source, minlength=self.nodes)
        first = np.cumsum(count) - count
        number = np.arange(len(source))
        back = rank[number ^ 1] - first[target]
        kind = self._kind_of[order]
        wires = Wires(
            first=first,
            degree=count,
            source=source[order],
            target=target[order],
            back=back[order],
            incoming=(number & 1 == 1)[order],
            keys=self._link_keys[order],
            kind=kind,
            latency=self._latency[kind],
            bandwidth=self._bandwidth[kind],
            since=np.maximum(self._up[source], self._up[target])[order],
        )
        return wires, rank

    def _last_told(self, node: int, connection: Connection, at: int) -> int:
        """Return when a node's peer had the height that it last told the node up to a time.

        Heights are told when the connection is made and by the timed syncs of both ends, whose request and answer both
        have the sender's (``process_payload_sync_data``, ``COMMAND_TIMED_SYNC``); not by blocks.
        """
        latency = connection.latency
        answered = self._last_timed_sync(node, at - 2 * latency)
        asked = self._last_timed_sync(connection.peer, at - latency)
        told, had = max((answered + 2 * latency, answered + latency), (asked + latency, asked))
        return had if told > connection.since else connection.since

    def _last_timed_sync(self, node: int, until: int) -> int:
        return until - (until - self._phases[node]) % _TIMED_SYNC

    def _stem_delay(self, item: bytes, size: int, link: int) -> int:
        kind = self._kind_of.item(link)
        took = self._latency.item(kind) - (-size * 8 * SECOND // self._bandwidth.item(kind))
        if not self._loss.any:
            return took
        waits, at = np.array([took]), slice(link, link + 1)
        self._loss.add(waits, key(self._seed, "loss", item), self._link_keys[at], self._kind_of[at], size)
        return int(waits[0])


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
