"""What a node sends shares its uplink: first come, first served, whatever the connections."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monerosim.units import SECOND

ENOUGH = 100_000_000
"""Bits a second from which on messages do not wait: a transaction takes a fifth of a millisecond then."""

_TIME_BITS = 45
"""Times are below 2^45 microseconds, a year: what is of different nodes is kept apart above."""


class Uplinks:
    """The uplinks of all nodes.

    Args:
        bandwidth: The bits a second that each node sends, 0 where its messages do not wait for each other.
    """

    def __init__(self, bandwidth: Sequence[int]) -> None:
        self._bandwidth = np.array(bandwidth, dtype=np.int64)
        self._free_at = np.zeros(len(bandwidth), dtype=np.int64)

    @classmethod
    def of_slow(cls, bandwidth: Sequence[int]) -> "Uplinks | None":
        """Return the uplinks of nodes of which some are slow enough for messages to wait; None if none is.

        Args:
            bandwidth: The bits a second that each node sends.
        """
        shared = [bits if bits < ENOUGH else 0 for bits in bandwidth]
        return cls(shared) if any(shared) else None

    def wait(self, node: NDArray[np.int64], at: NDArray[np.int64], bits: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how long messages wait for those before them, and take them up.

        Args:
            node: Who sends each, in ascending order, shape ``(messages,)``.
            at: When, microseconds; of one node in ascending order, and no earlier than what was sent before.
            bits: The size of each.

        Returns:
            Microseconds, until a message begins to leave, shape ``(messages,)``.
        """
        waits = np.zeros(len(node), dtype=np.int64)
        shared = (self._bandwidth[node] > 0).nonzero()[0]
        if not len(shared):
            return waits
        node, at = node[shared], at[shared]
        taken = -(-bits[shared] * SECOND // self._bandwidth[node])
        first = np.concatenate([[True], node[1:] != node[:-1]])
        begins, which = first.nonzero()[0], first.cumsum() - 1
        before = taken.cumsum() - taken
        before -= before[begins][which]
        # A message begins when the last of a row without a gap has left: the row began with the latest of these.
        idle = np.maximum(at, np.where(first, self._free_at[node], 0)) - before
        idle += which << _TIME_BITS
        starts = np.maximum.accumulate(idle) - (which << _TIME_BITS) + before
        lasts = np.concatenate([begins[1:], [len(node)]]) - 1
        self._free_at[node[lasts]] = starts[lasts] + taken[lasts]
        waits[shared] = starts - at
        return waits
