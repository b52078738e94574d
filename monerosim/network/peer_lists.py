"""The lists of peers that a node keeps (src/p2p/net_peerlist.h of monerod 0.18.0.0).

Sets of nodes are the bits of integers.
"""

from collections.abc import Iterator
from hashlib import shake_128

WHITE_LIMIT = 1_000
"""Peers that were connected (``P2P_LOCAL_WHITE_PEERLIST_LIMIT`` in src/cryptonote_config.h)."""

GRAY_LIMIT = 5_000
"""Peers that others told of (``P2P_LOCAL_GRAY_PEERLIST_LIMIT``)."""

IN_HANDSHAKE = 250
"""Addresses in an answer (``P2P_DEFAULT_PEERS_IN_HANDSHAKE``)."""


_DENSITY_BITS = 8


class PeerLists:
    """A node's white, gray and anchor lists.

    Attributes:
        white: Peers by when they were seen last, microseconds, the latest last.
        gray: Peers that others told of, in the order they came.
        anchors: Peers of outgoing connections, in the order they were made, which a node dials first when it starts.
    """

    def __init__(self) -> None:
        self.white: dict[int, int] = {}
        self.gray: dict[int, None] = {}
        self.anchors: dict[int, None] = {}
        self._whites = 0
        self._grays = 0

    def see(self, peer: int, at: int) -> None:
        """Take in that a peer was connected just now (``set_peer_just_seen``)."""
        self.white.pop(peer, None)
        self._add_white(peer, at)

    def meet(self, peer: int, at: int) -> None:
        """Take in a peer that dialled and could be dialled back: one that is known keeps its time."""
        if peer not in self.white:
            self._add_white(peer, at)

    def _add_white(self, peer: int, at: int) -> None:
        self.white[peer] = at
        self._whites |= 1 << peer
        if len(self.white) > WHITE_LIMIT:
            self.forget_white(next(iter(self.white)))
        if peer in self.gray:
            self.forget_gray(peer)

    def forget_white(self, peer: int) -> None:
        """Take a peer off the white list."""
        if peer in self.white:
            del self.white[peer]
            self._whites &= ~(1 << peer)

    def forget_gray(self, peer: int) -> None:
        """Take a peer off the gray list."""
        if peer in self.gray:
            del self.gray[peer]
            self._grays &= ~(1 << peer)

    def head(self, told: int, draw: int) -> int:
        """Return up to 250 of the white list at random, as bits, without what was told before (``get_peerlist_head``).

        Args:
            told: What was told before, as bits: it counts among the 250.
            draw: The key of what is drawn.
        """
        count = len(self.white)
        if not self._whites & ~told:
            return 0
        if count <= IN_HANDSHAKE:
            return self._whites & ~told
        chosen = self._whites & _random_bits(draw, self._whites.bit_length(), (IN_HANDSHAKE << _DENSITY_BITS) // count)
        spare = chosen.bit_count() - IN_HANDSHAKE
        while spare > 0:
            chosen &= chosen - 1
            spare -= 1
        return chosen & ~told

    def unknown(self, told: int) -> int:
        """Return those of the peers that a peer has told, as bits, that are on neither list."""
        return told & ~self._whites & ~self._grays

    def hear(self, peer: int) -> None:
        """Put a peer that another told of on the gray list (``append_with_peer_gray``)."""
        self.gray[peer] = None
        self._grays |= 1 << peer
        if len(self.gray) > GRAY_LIMIT:
            self.forget_gray(next(iter(self.gray)))


def _random_bits(draw: int, size: int, density: int) -> int:
    """Draw bits, each of which is set with a probability of so many 256ths."""
    bytes_each = -(-size // 8)
    drawn = shake_128(draw.to_bytes(8, "little")).digest(_DENSITY_BITS * bytes_each)
    bits = 0
    for place in range(_DENSITY_BITS):
        more = int.from_bytes(drawn[place * bytes_each : (place + 1) * bytes_each], "little")
        bits = bits | more if density >> place & 1 else bits & more
    return bits


def members(bits: int) -> Iterator[int]:
    """Return the nodes that bits stand for, in their order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
