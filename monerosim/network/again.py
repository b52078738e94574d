"""When a node relays again what stays in its pool (``get_relay_delay`` in src/cryptonote_core/tx_pool.cpp)."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from monerosim.units import SECOND

_SHORTEST = 300 * SECOND
_LONGEST = 4 * 3_600 * SECOND
"""``MIN_RELAY_TIME`` and ``MAX_RELAY_TIME``."""

CHECK_INTERVAL = 120 * SECOND
"""From one look at the pool to the next (``max_relayable_check``)."""

_OLDEST = 36 * 3_600 * SECOND
"""The age from which on nothing is relayed again: half of ``CRYPTONOTE_MEMPOOL_TX_LIVETIME``."""

NEVER_AGAIN = -1
"""In place of a time: it is too old."""

T = TypeVar("T", int, NDArray[np.int64])


def next_look(phase: T, after: int) -> T:
    """Return when a node next looks at its pool, later than a time, microseconds."""
    return after + CHECK_INTERVAL - (after - phase) % CHECK_INTERVAL


def next_relay(received: int, phase: int, after: int) -> int:
    """Return when a node next relays a transaction again.

    Args:
        received: Since when it has the transaction, microseconds.
        phase: When the node looks at its pool, after each whole :data:`CHECK_INTERVAL`.
        after: The time is later than this one.

    Returns:
        Microseconds, :data:`NEVER_AGAIN` if it does not.
    """
    last = received
    while last <= after:
        delay = min((last - received + _SHORTEST) // _SHORTEST * _SHORTEST, _LONGEST)
        last = next_look(phase, last + delay)
        if last - received > _OLDEST:
            return NEVER_AGAIN
    return last
