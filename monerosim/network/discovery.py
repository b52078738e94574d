"""How nodes find their peers, as monerod 0.18.0.0 does (src/p2p/net_node.inl).

A node dials until it has as many outgoing connections as it wants: two anchors, then the white list up to 70 %, then
the gray list; later on what it lacks from the gray list first (``connections_maker``, each second). It prefers peers of
a /16 in which it has none, and of the white list looks at the twenty that were seen last, the latest most often
(``make_new_connection_from_peerlist``). In a handshake, and once a minute over each connection, it is told up to 250
addresses of the other's white list that it has not been told there. Each 101 seconds, if it has all its outgoing
connections, it drops one that it did not make as an anchor (``update_sync_search`` in
src/cryptonote_protocol/cryptonote_protocol_handler.inl): the last in a table that is ordered by random identifiers, so
any of them. Once a minute it tries one of the gray list (``gray_peerlist_housekeeping``).

Dialling takes no time here, and everything happens on whole seconds. A node's seconds of the minute are drawn; in
monerod they count from its start. All nodes count as synchronised, as they are but for moments.
"""

from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from monerosim.network.peer_lists import PeerLists, members
from monerosim.runtime.counters import draw, key
from monerosim.runtime.rng import Rng, stable_seed
from monerosim.units import SECOND

OUT_PEERS = 12
"""``P2P_DEFAULT_CONNECTIONS_COUNT`` in src/cryptonote_config.h, as those that follow."""

_WHITE_PERCENT = 70
"""``P2P_DEFAULT_WHITELIST_CONNECTIONS_PERCENT``"""

_ANCHORS = 2
"""``P2P_DEFAULT_ANCHOR_CONNECTIONS_COUNT``"""

_FORGET_FAILURE = 3_600 * SECOND
"""``P2P_FAILED_ADDR_FORGET_SECONDS``"""

TIMED_SYNC = 60 * SECOND
"""``P2P_DEFAULT_HANDSHAKE_INTERVAL``"""

_HOUSEKEEPING = 60 * SECOND
"""``m_gray_peerlist_housekeeping_interval`` in src/p2p/net_node.h."""

DROP_INTERVAL = 101 * SECOND
"""``m_sync_search_checker`` in src/cryptonote_protocol/cryptonote_protocol_handler.h."""

_RECENT = 20
"""The peers of the white list that are looked at."""

_DRAWS = 3
"""Draws from a list until it is given up: ``(max_random_index + 1) * 3``, where the index stays 0."""

_RETRY = 60 * SECOND
"""How long a node that knows nobody to dial waits; monerod tries each second, with the same result."""

_SEED_RETRY = 5 * SECOND
"""How long it waits where no seed node answers (``P2P_DEFAULT_CONNECTION_TIMEOUT``)."""

Reach: TypeAlias = Literal["reachable", "unreachable", "hidden"]
"""Whether others can dial a node: an unreachable one tells its port, but is behind a router; a hidden one does not."""


class PeerNode(msgspec.Struct, frozen=True, kw_only=True):
    """A node as far as its peers are concerned."""

    name: str
    address: int
    """IPv4."""
    reach: Reach = "reachable"
    out_peers: int = OUT_PEERS
    in_peers: int | None = None
    """None for any number."""
    begin: int = 0
    """When it begins to dial and can be dialled, microseconds."""
    dials: bool = True
    """False for one that has no connections at all."""


class Change(NamedTuple):
    """A connection that was made or is over."""

    at: int
    """Microseconds."""
    dialer: int
    listener: int
    is_open: bool


class _Kind:
    """What a node does at a time, in this order."""

    START = 0
    DROP = 1
    MAKE = 2
    SYNC = 3
    HOUSEKEEPING = 4


class _Node:
    """What a node knows and has."""

    def __init__(self, own: PeerNode, seed: int) -> None:
        self.own = own
        self.rng = Rng(stable_seed(seed, "discovery", own.name))
        self.key = key(seed, "discovery", own.name)
        self.draws = 0
        self.lists = PeerLists()
        self.is_up = False
        self.out_peers = own.out_peers
        self.in_peers = own.in_peers
        self.outgoing: dict[int, int] = {}
        self.incoming: dict[int, int] = {}
        self.as_anchors: set[int] = set()
        self.failed: dict[int, int] = {}
        self.told: dict[int, int] = {}
        """What it has told each peer over the connection with it, as bits."""
        self.bans: dict[tuple[int, int], int] = {}
        """Until when addresses are banned, by network and prefix length."""
        self.makes_at = -1
        self.number = 0
        """Of its starts: what was planned before one does not happen."""

    def next_draw(self) -> int:
        """Return a new key of something to draw."""
        self.draws += 1
        return draw(self.key, self.draws)

    def blocks(self, address: int, at: int) -> bool:
        """Return whether an address is banned at a time."""
        for (network, length), until in self.bans.items() if self.bans else ():
            if until > at and address >> (32 - length) == network >> (32 - length):
                return True
        return False


class Discovery:
    """Follows the connections of all nodes.

    Args:
        seed: The run's.
        nodes: The nodes.
        seed_nodes: Those that nodes ask which know nobody else.
    """

    def __init__(self, seed: int, nodes: Sequence[PeerNode], seed_nodes: Sequence[int]) -> None:
        self._nodes = [_Node(own, seed) for own in nodes]
        self._subnets = [own.address >> 16 for own in nodes]
        self._seeds = list(seed_nodes)
        self._connects: Callable[[int, int], bool] = lambda _one, _other: True
        self._events: list[tuple[int, int, int, int]] = []
        self._changes: list[Change] = []
        self._phases = [
            tuple(
                key(seed, purpose, own.name) % interval // SECOND * SECOND
                for purpose, interval in (
                    ("timed sync", TIMED_SYNC),
                    ("drop", DROP_INTERVAL),
                    ("housekeeping", _HOUSEKEEPING),
                )
            )
            for own in nodes
        ]
        for number, own in enumerate(nodes):
            if own.dials:
                self._plan(own.begin, _Kind.START, number)

    def _plan(self, at: int, kind: int, node: int) -> None:
        heappush(self._events, (-(-at // SECOND) * SECOND, kind, node, self._nodes[node].number))

    @property
    def due(self) -> int | None:
        """When something happens next, microseconds; None if nothing does."""
        return self._events[0][0] if self._events else None

    def advance(self, until: int) -> list[Change]:
        """Let everything happen up to a time, microseconds, and return how connections changed since the last call."""
        while self._events and self._events[0][0] <= until:
            at, kind, node, number = heappop(self._events)
            if number == self._nodes[node].number:
                self._act(at, kind, node)
        changes, self._changes = self._changes, []
        return changes

    def _act(self, at: int, kind: int, node: int) -> None:
        me = self._nodes[node]
        sync, drop, housekeeping = self._phases[node]
        if kind == _Kind.START:
            me.is_up = True
            self._plan_make(at, node)
            for what, phase in ((_Kind.SYNC, sync), (_Kind.DROP, drop), (_Kind.HOUSEKEEPING, housekeeping)):
                self._plan(at + phase + SECOND, what, node)
        elif kind == _Kind.MAKE:
            if me.makes_at == at:
                me.makes_at = -1
                self._make(at, node)
        elif kind == _Kind.SYNC:
            self._plan(at + TIMED_SYNC, kind, node)
            self._sync(at, node)
        elif kind == _Kind.DROP:
            self._plan(at + DROP_INTERVAL, kind, node)
            self._drop(at, node)
        else:
            self._plan(at + _HOUSEKEEPING, kind, node)
            self._try_gray(at, node)

    def _plan_make(self, at: int, node: int) -> None:
        me = self._nodes[node]
        if me.is_up and len(me.outgoing) < me.out_peers and (me.makes_at < 0 or at < me.makes_at):
            me.makes_at = -(-at // SECOND) * SECOND
            self._plan(me.makes_at, _Kind.MAKE, node)

    def _make(self, at: int, node: int) -> None:
        """Dial until there are enough outgoing connections, or nobody is left to dial (``connections_maker``)."""
        me = self._nodes[node]
        before = len(me.outgoing)
        if not me.lists.white:
            self._ask_seed(at, node)
        white = me.out_peers * _WHITE_PERCENT // 100
        if len(me.outgoing) < white:
            while len(me.outgoing) < min(_ANCHORS, me.out_peers) and self._dial_anchor(at, node):
                pass
            while len(me.outgoing) < white and self._dial_listed(at, node, white=True):
                pass
        for is_white in (False, True):
            while len(me.outgoing) < me.out_peers and self._dial_listed(at, node, white=is_white):
                pass
        if len(me.outgoing) == before and before < me.out_peers:
            self._plan_make(at + (_RETRY if self._ask_seed(at, node) else _SEED_RETRY), node)
        else:
            self._plan_make(at + SECOND, node)

    def _dial_anchor(self, at: int, node: int) -> bool:
        """Dial the first of the anchors that can be; the others are forgotten (``get_and_empty_anchor_peerlist``)."""
        me = self._nodes[node]
        anchors = list(me.lists.anchors)
        me.lists.anchors.clear()
        for peer in anchors:
            if self._is_wanted(at, node, peer) and self._dial(at, node, peer):
                me.as_anchors.add(peer)
                return True
        return False

    def _dial_listed(self, at: int, node: int, *, white: bool) -> bool:
        """Dial one of a list (``make_new_connection_from_peerlist``)."""
        me = self._nodes[node]
        tried: set[int] = set()
        for _ in range(_DRAWS):
            found = self._candidates(node, white=white)
            if not found:
                return False
            if white:
                most = min(len(found) - 1, _RECENT)
                drawn = me.rng.integer(0, 16 * most)
                place = drawn**3 // (most * most * 16**3) if most else 0
            else:
                place = me.rng.integer(0, len(found) - 1)
            peer = found[place]
            if peer not in tried and self._is_wanted(at, node, peer) and self._dial(at, node, peer):
                return True
            tried.add(peer)
        return False

    def _candidates(self, node: int, *, white: bool) -> list[int]:
        """Return peers of a list in subnets of which the node has none; if there are none such, any of the list."""
        me, subnets = self._nodes[node], self._subnets
        there = {subnets[peer] for peer in me.outgoing}
        there.update(subnets[peer] for peer in me.incoming)
        if not white:
            return [peer for peer in me.lists.gray if subnets[peer] not in there] or list(me.lists.gray)
        found: list[int] = []
        for peer in reversed(me.lists.white):
            if subnets[peer] not in there:
                found.append(peer)
                if len(found) == _RECENT:
                    break
        return found or list(me.lists.white)[: -_RECENT - 1 : -1]

    def _is_wanted(self, at: int, node: int, peer: int) -> bool:
        me = self._nodes[node]
        used = peer == node or peer in me.outgoing or peer in me.incoming
        return not used and not self._failed_lately(at, me, peer) and not me.blocks(self._nodes[peer].own.address, at)

    def _failed_lately(self, at: int, me: _Node, peer: int) -> bool:
        return peer in me.failed and at - me.failed[peer] <= _FORGET_FAILURE

    def _answers(self, at: int, node: int, peer: int) -> bool:
        """Return whether a peer answers a node that dials it."""
        it, me = self._nodes[peer], self._nodes[node]
        if not self._connects(node, peer):
            return False
        if not it.is_up or it.own.reach != "reachable" or it.blocks(me.own.address, at):
            return False
        return it.in_peers is None or len(it.incoming) < it.in_peers

    def _dial(self, at: int, node: int, peer: int) -> bool:
        """Dial a peer, and shake hands."""
        me, it = self._nodes[node], self._nodes[peer]
        if not self._answers(at, node, peer):
            me.failed[peer] = at
            return False
        me.outgoing[peer] = it.incoming[node] = at
        me.lists.anchors[peer] = None
        it.told[node] = self._shake_hands(at, node, peer)
        me.lists.see(peer, at)
        me.told[peer] = 0
        self._changes.append(Change(at, node, peer, is_open=True))
        return True

    def _shake_hands(self, at: int, node: int, peer: int) -> int:
        """Have a node be told of a peer's white list, and that peer get to know the node, if it can be dialled."""
        it = self._nodes[peer]
        head = it.lists.head(0, it.next_draw())
        self._hear(at, node, head)
        if self._nodes[node].own.reach == "reachable":
            it.lists.meet(node, at)
        return head

    def _hear(self, at: int, node: int, told: int) -> None:
        me = self._nodes[node]
        new = me.lists.unknown(told & ~(1 << node))
        if not new:
            return
        for peer in members(new):
            if not self._failed_lately(at, me, peer) and not me.blocks(self._nodes[peer].own.address, at):
                me.lists.hear(peer)
        self._plan_make(at + SECOND, node)

    def _ask_seed(self, at: int, node: int) -> bool:
        """Take the list of peers of a seed node, and return whether one answered (``connect_to_seed``)."""
        me = self._nodes[node]
        first = me.rng.integer(0, max(len(self._seeds) - 1, 0))
        for seed in (*self._seeds[first:], *self._seeds[:first]):
            if seed != node and seed not in me.outgoing and seed not in me.incoming:
                if self._answers(at, node, seed):
                    self._shake_hands(at, node, seed)
                    return True
                me.failed[seed] = at
        return False

    def _sync(self, at: int, node: int) -> None:
        """Ask all peers for addresses (``peer_sync_idle_maker``)."""
        me = self._nodes[node]
        for peer in (*me.outgoing, *me.incoming):
            it = self._nodes[peer]
            new = it.lists.head(it.told[node], it.next_draw())
            if new:
                it.told[node] |= new
                self._hear(at, node, new)
        for peer in me.outgoing:
            me.lists.see(peer, at)

    def _drop(self, at: int, node: int) -> None:
        """Drop one outgoing connection, if there are all (``update_sync_search``)."""
        me = self._nodes[node]
        others = [peer for peer in me.outgoing if peer not in me.as_anchors]
        if len(me.outgoing) >= me.out_peers and others:
            self._close(at, node, me.rng.choice(others))

    def _try_gray(self, at: int, node: int) -> None:
        """See whether a peer of the gray list answers: then it is white, else forgotten."""
        me = self._nodes[node]
        if not me.lists.gray:
            return
        peer = me.rng.choice(list(me.lists.gray))
        if self._answers(at, node, peer):
            self._shake_hands(at, node, peer)
            me.lists.see(peer, at)
        else:
            me.lists.forget_gray(peer)
            me.failed[peer] = at

    def _close(self, at: int, dialer: int, listener: int, *, stopping: bool = False) -> None:
        me, it = self._nodes[dialer], self._nodes[listener]
        del me.outgoing[listener], it.incoming[dialer], me.told[listener], it.told[dialer]
        me.as_anchors.discard(listener)
        if not stopping:
            me.lists.anchors.pop(listener, None)
        self._changes.append(Change(at, dialer, listener, is_open=False))
        self._plan_make(at + SECOND, dialer)

    def outgoing(self, node: int) -> dict[int, int]:
        """Return the peers that a node has dialled, and since when, microseconds."""
        return dict(self._nodes[node].outgoing)

    def incoming(self, node: int) -> dict[int, int]:
        """Return the peers that have dialled a node, and since when, microseconds."""
        return dict(self._nodes[node].incoming)

    def lists(self, node: int) -> PeerLists:
        """Return what peers a node knows."""
        return self._nodes[node].lists

    def is_banned(self, node: int, peer: int, at: int) -> bool:
        """Return whether a node has banned a peer."""
        return self._nodes[node].blocks(self._nodes[peer].own.address, at)

    def ban(self, node: int, network: int, length: int, until: int, at: int) -> None:
        """Have a node ban an address or a subnet, or lift a ban (``block_host``, ``block_subnet``).

        Args:
            node: The node.
            network: The address, or the subnet's.
            length: Bits of the prefix; 32 for one address.
            until: When the ban ends, microseconds; a time that is past lifts it.
            at: Now.
        """
        me = self._nodes[node]
        if until <= at:
            me.bans.pop((network, length), None)
            return
        me.bans[network, length] = until
        for peer in [peer for peer in me.outgoing if self.is_banned(node, peer, at)]:
            self._close(at, node, peer)
        for peer in [peer for peer in me.incoming if self.is_banned(node, peer, at)]:
            self._close(at, peer, node)
        known = (*me.lists.white, *me.lists.gray)
        for peer in [peer for peer in known if self.is_banned(node, peer, at)]:
            me.lists.forget_white(peer)
            me.lists.forget_gray(peer)

    def limit(self, node: int, at: int, *, out_peers: int | None = None, in_peers: int | None = None) -> None:
        """Tell a node how many connections to have; those beyond are closed (``change_max_out_public_peers``)."""
        me = self._nodes[node]
        if out_peers is not None:
            me.out_peers = out_peers
            while len(me.outgoing) > out_peers:
                self._close(at, node, me.rng.choice(list(me.outgoing)))
            self._plan_make(at + SECOND, node)
        if in_peers is not None:
            me.in_peers = in_peers
            while len(me.incoming) > in_peers:
                self._close(at, me.rng.choice(list(me.incoming)), node)

    def reconsider(self, connects: Callable[[int, int], bool], at: int) -> None:
        """Close the connections between nodes that cannot be connected any more.

        Args:
            connects: Returns whether two nodes can be, from now on.
            at: Now.
        """
        self._connects = connects
        for node, me in enumerate(self._nodes):
            for peer in [peer for peer in me.outgoing if not connects(node, peer)]:
                self._close(at, node, peer)

    def stop(self, nodes: Iterable[int], at: int) -> None:
        """Have nodes go down: their connections end, their lists are kept."""
        for node in nodes:
            me = self._nodes[node]
            for peer in list(me.outgoing):
                self._close(at, node, peer, stopping=True)
            for peer in list(me.incoming):
                self._close(at, peer, node)
            me.is_up = False
            me.makes_at = -1
            me.number += 1

    def start(self, nodes: Iterable[int], at: int) -> None:
        """Have nodes be up again."""
        for node in nodes:
            self._nodes[node].failed.clear()
            self._plan(at, _Kind.START, node)
