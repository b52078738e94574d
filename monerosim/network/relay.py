"""The peer-to-peer network of a run: when a block or a transaction reaches each node.

The time of a hop, from the moment a node has an item until its peer has it and may relay it, is made of

- the latency of the path between the two;
- the message's size over the slower of the two bandwidths. A block is relayed "fluffy": its header, its coinbase and
  the hashes of its transactions, which the receiver has in its pool (``relay_block`` in monero's
  src/cryptonote_protocol/cryptonote_protocol_handler.inl clears the transactions);
- the wait for what the sender sent before, to whomever, where uplinks are shared (:mod:`monerosim.network.uplinks`);
- the receiver's verification, which comes before it relays (``handle_notify_new_fluffy_block`` there);
- TCP's retransmissions, where packets are lost;
- a transaction's wait for the next flush of the connection (:mod:`monerosim.network.queues`). Blocks do not wait.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from monerosim.network.again import CHECK_INTERVAL
from monerosim.network.connections import Connections, Link, LinkTo, Peer
from monerosim.network.dandelion import Connection, Dandelion, HeightAt, Stems
from monerosim.network.propagation import NEVER
from monerosim.network.queues import Queues
from monerosim.network.shared_queues import SharedQueues
from monerosim.network.silences import Silences, Silent
from monerosim.network.transactions import StemLinks, TransactionRelay
from monerosim.network.uplinks import Uplinks
from monerosim.network.verification import Verification
from monerosim.network.wires import Wires
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


class Rewiring(NamedTuple):
    """A change of a network at an instant."""

    close: Sequence[tuple[int, int]] = ()
    """Connections that end: who dialled, and whom. What has left over them arrives; what waits to leave does not."""
    open: Sequence[Link] = ()
    """Connections that are made."""
    alter: Sequence[Link] = ()
    """Connections with what they take and lose from now on; what has left comes as it would have."""
    down: Sequence[int] = ()
    """Nodes that go down; all their connections have to be closed. What is on its way to them is lost."""
    up: Sequence[int] = ()
    """Nodes that are up again, with the blocks and the pool that they had."""


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
        begin: The time at which each daemon is started, microseconds: its first epoch of Dandelion++ begins, and its
            timed syncs count from then. If left out, the former is 0, and when in a minute a node syncs is drawn.
        versions: The version of monerod that each node runs; 0.18.0.0 if left out.
        uplinks: The nodes' uplinks; if left out, messages to several peers do not wait for each other.

    Attributes:
        names: The nodes' names.
        uplinks: As given.
        links: The connections there are at the beginning.
        connections: Those there are now.
        silences: What nodes keep to themselves.

    Raises:
        ValueError: A name or a connection occurs twice, or a link names no node, leads from a node to itself or has
            no bandwidth.
    """

    def __init__(  # noqa: PLR0913 - a network has so many parts
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
        uplinks: Uplinks | None = None,
    ) -> None:
        if len(set(names)) != len(names):
            raise ValueError("two nodes have the same name")
        self.nodes = len(names)
        self.names = tuple(names)
        self._seed = seed
        self._relay = relay
        self._dandelion = dandelion
        self._node_keys = np.array([key("node", name) for name in names], dtype=np.uint64)
        self._up = np.array([0] * self.nodes if ready is None else ready, dtype=np.int64)
        self.connections = Connections(self.names, self._node_keys, links, self._up)
        self.links = tuple(links)
        self.uplinks = uplinks
        self._begin = [0] * self.nodes if begin is None else list(begin)
        self._ready = self._up if self._up.any() else None
        self._own_always = [version >= OWN_STEMS_SINCE for version in versions or ()] or [False] * self.nodes
        # The first is made when the daemon is idle for the first time, a second after its start (``idle_worker``).
        self._phases = [(at + SECOND) % _TIMED_SYNC for at in begin or ()] or [
            key(seed, "timed sync", name) % _TIMED_SYNC for name in names
        ]
        self._outgoing: list[list[Connection]] = [[] for _ in names]
        self._transactions: TransactionRelay | None = None
        self.silences = Silences()
        self._down: set[int] = set()

    def peers(self, node: int) -> list[Peer]:
        """Return the connections of a node: those it dialled, then those that dialled it."""
        return self.connections.peers(node)

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
        links, numbers = self.connections.search()
        waits = self._hops(item, weight, numbers)
        waits += self.block_verification(item)[links.target]
        return links.search(waits, [(origin, released)], ready=self._ready)

    def block_verification(self, item: bytes) -> NDArray[np.int64]:
        """Return how long each node takes to verify a block, microseconds, shape ``(nodes,)``."""
        return self._relay.block.draw(key(self._seed, "verification", item), self._node_keys)

    def request_waits(self, place: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how long nodes wait for transactions that they ask for and verify, microseconds, 0 for none.

        Args:
            place: The links that they come by.
            count: How many.
        """
        kind = self.connections.kind[place]
        one = self._relay.transaction.mean + _TYPICAL_WEIGHT * 8 * SECOND // self.connections.bandwidth[kind]
        return np.where(count > 0, 2 * self.connections.latency[kind] + count * one, 0)

    def block_hops(self, item: bytes, weight: int) -> NDArray[np.int64]:
        """Return how long a block takes over each link until the receiver has it, before it verifies it.

        Args:
            item: What identifies the block.
            weight: The block's weight.

        Returns:
            Microseconds, :data:`UNREACHABLE` and more where it never arrives, shape ``(links,)``.
        """
        return self._hops(item, weight, slice(None))

    def _hops(self, item: bytes, weight: int, numbers: NDArray[np.int64] | slice) -> NDArray[np.int64]:
        connections, size = self.connections, _message_bytes(weight)
        sending = -(-size * 8 * SECOND // connections.bandwidth)
        kind = connections.kind[numbers]
        waits = np.take(connections.latency + sending, kind)
        if connections.losses.any:
            connections.losses.add(waits, key(self._seed, "loss", item), connections.keys[numbers], kind, size)
        return waits

    def uplink_waits(self, node: int, at: int, item: bytes, weight: int, links: Sequence[LinkTo]) -> list[int]:
        """Return how long the messages with a block that a node relays wait for its uplink, microseconds.

        Args:
            node: The node.
            at: When, microseconds; what blocks do is asked for in the order of time.
            item: What identifies the block.
            weight: The block's weight.
            links: Those over which it is sent, in any order.
        """
        if not links or self.uplinks is None:
            return [0] * len(links)
        drawn = draws(key(self._seed, "order", item), self.connections.keys[[link.place for link in links]])
        waits = np.empty(len(links), dtype=np.int64)
        waits[drawn.argsort(kind="stable")] = self._wait(node, at, [_message_bytes(weight)] * len(links))
        return waits.tolist()

    def answer_time(self, node: int, at: int, size: int, link: LinkTo) -> int:
        """Return how long the blocks that a peer has asked for take until it has them, microseconds.

        Args:
            node: The node that sends them.
            at: When it has been asked.
            size: Their bytes, transactions included.
            link: The one to the peer.
        """
        kind = self.connections.kind.item(link.place)
        sending = -(-size * 8 * SECOND // self.connections.bandwidth.item(kind))
        return self._wait(node, at, [size]).item() + sending + link.latency

    def _wait(self, node: int, at: int, sizes: Sequence[int]) -> NDArray[np.int64]:
        """Return how long messages of so many bytes wait for a node's uplink, which they share."""
        if self.uplinks is None:
            return np.zeros(len(sizes), dtype=np.int64)
        if self._transactions is not None:
            self._transactions.catch_up(at)
        count = len(sizes)
        return self.uplinks.wait(np.full(count, node), np.full(count, at), 8 * np.array(sizes, dtype=np.int64))

    def links_from(self, node: int) -> list[LinkTo]:
        """Return the links to a node's peers."""
        return self.connections.links_from(node)

    def is_down(self, node: int) -> bool:
        """Return whether a node that was up is down."""
        return node in self._down

    def keeps_blocks(self, node: int, item: bytes) -> bool:
        """Return whether a node keeps a block to itself."""
        return self.silences.keeps(node, "blocks", item)

    def is_kept(self, item: bytes) -> bool:
        """Return whether some node keeps a block to itself."""
        return any(self.keeps_blocks(node, item) for node in self.silences.nodes())

    def ready(self, node: int) -> int:
        """Return when a node is up, microseconds."""
        return self._up.item(node)

    def next_timed_sync(self, node: int, after: int) -> int:
        """Return when a node next tells its peers its tip, later than a time, microseconds."""
        return after + _TIMED_SYNC - (after - self._phases[node]) % _TIMED_SYNC

    def upgrade(self, node: int, version: tuple[int, ...]) -> None:
        """Have a node relay by the rules of another version of monerod from now on."""
        self._own_always[node] = version >= OWN_STEMS_SINCE

    @property
    def height_memory(self) -> int:
        """How far back the heights of nodes are asked for, microseconds: an epoch, and two timed syncs before it."""
        return self._dandelion.epoch + self._dandelion.epoch_range + 2 * _TIMED_SYNC

    def relay_transactions(self, height_at: HeightAt) -> TransactionRelay:
        """Return what carries the run's transactions.

        Args:
            height_at: Returns the height of a node's chain at a time that is no later than what is followed.
        """
        connections = self.connections
        dandelion, seed = self._dandelion, key(self._seed, "dandelion")
        wires = Wires(self.nodes, connections.values(slice(None)), self.uplinks)
        since = connections.values(slice(None)).since.tolist()
        for number in range(0, len(since), 2):
            self._add_outgoing(number, since[number])
        node_keys = self._node_keys.tolist()
        stems = Stems(
            seed, dandelion, node_keys, self._outgoing, self._begin, self._own_always, self._last_told, height_at
        )
        queues = (Queues if self.uplinks is None else SharedQueues)(
            wires,
            self._node_keys,
            flush_incoming=dandelion.flush_incoming,
            flush_outgoing=dandelion.flush_outgoing,
            verification=self._relay.transaction,
            losses=connections.losses,
            seed=key(self._seed, "loss"),
        )
        self._transactions = TransactionRelay(
            queues,
            stems,
            StemLinks(wires.back_place, connections.key, self._stem_delay),
            verification=self._relay.transaction,
            embargo=dandelion.embargo,
            node_keys=node_keys,
            phases=[key(self._seed, "idle", name) % SECOND for name in self.names],
            pool_phases=[key(self._seed, "relay again", name) % CHECK_INTERVAL for name in self.names],
            silences=self.silences,
            seed=self._seed,
        )
        return self._transactions

    def _add_outgoing(self, link: int, since: int) -> None:
        connections = self.connections
        source, target = connections.source.item(link), connections.target.item(link)
        latency = connections.latency.item(connections.kind.item(link))
        self._outgoing[source].append(Connection(target, link, connections.keys.item(link), since, latency))

    def silence(self, nodes: Sequence[int], what: Silent | bytes, *, silent: bool) -> None:
        """Have nodes keep something to themselves from now on, or relay it again (:class:`Silences`)."""
        self.silences.tell(nodes, what, silent=silent)
        if self._transactions is not None:
            self._transactions.silence()

    def rewire(self, at: int, change: Rewiring) -> None:
        """Change the network, now: connections, what they take and lose, and which nodes are up.

        Blocks have to be told of it, too (:meth:`monerosim.model.Blockchain.rewire`).

        Args:
            at: Microseconds; no earlier than all that has been asked for.
            change: What changes.

        Raises:
            KeyError: A connection that is to be closed or altered is not there.
            ValueError: One that is to be opened is there, or cannot be.
        """
        connections, relay = self.connections, self._transactions
        self._down.update(change.down)
        self._down.difference_update(change.up)
        if relay is None:
            raise ValueError("nothing carries the transactions yet")
        relay.finish(at)
        closed = [connections.close(dialer, listener) for dialer, listener in change.close]
        for dialer, _ in change.close:
            open_ones = connections.outgoing(dialer)
            self._outgoing[dialer][:] = [one for one in self._outgoing[dialer] if one.link in open_ones]
        relay.disconnect(closed, change.down, at)
        for number in (connections.alter(link) for link in change.alter):
            relay.queues.alter(number, connections.values(slice(2 * number, 2 * number + 2)))
        opened = [connections.open(link) for link in change.open]
        for number in opened:
            self._add_outgoing(2 * number, at)
        both = [(number, connections.values(slice(2 * number, 2 * number + 2), at)) for number in opened]
        relay.connect(both, change.up, at)

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

    def _stem_delay(self, item: bytes, size: int, link: int, at: int) -> int:
        connections, one = self.connections, slice(link, link + 1)
        kind = connections.kind.item(link)
        took = connections.latency.item(kind) - (-size * 8 * SECOND // connections.bandwidth.item(kind))
        if self.uplinks is not None:
            took += self._wait(connections.source.item(link), at, [size]).item()
        if not connections.losses.any:
            return took
        waits, kinds = np.array([took]), connections.kind[one]
        connections.losses.add(waits, key(self._seed, "loss", item), connections.keys[one], kinds, size)
        return int(waits[0])


def _message_bytes(weight: int) -> int:
    """Return the size of a message with a block of a weight."""
    return _BLOCK_BYTES + _HASH_BYTES * (weight // _TYPICAL_WEIGHT)
