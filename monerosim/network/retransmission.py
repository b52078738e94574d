"""Delays by packet loss: TCP sends again after a timeout that doubles each time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monerosim.network.propagation import UNREACHABLE
from monerosim.runtime.counters import draws
from monerosim.units import SECOND

_SEGMENT_BYTES = 1_448
"""TCP's payload in an Ethernet frame of 1,500 bytes, with timestamps."""

_TRIES = 15
"""Retransmissions of a segment before the connection is given up (Linux, ``tcp_retries2``)."""

_SHORTEST_TIMEOUT = SECOND // 5
_LONGEST_TIMEOUT = 120 * SECOND
"""Linux's and Shadow's ``TCP_RTO_MIN`` and ``TCP_RTO_MAX``."""


class Retransmissions:
    """The delays by packet loss, for each kind of link.

    A message of n segments is delayed by the segment that is lost most often: it needs k retries or more with
    probability 1 - (1 - loss^k)^n. The first timeout is the smoothed round trip and four times its variation, at least
    0.2 s (RFC 6298, and Shadow's src/main/host/descriptor/tcp.c, ``_tcp_updateRTTEstimate``); here round trips do not
    vary. Linux has the least time for the variation's part alone, so there it is the round trip and 0.2 s.

    Args:
        loss: The share of packets lost on each kind of link, 0 to 1. With 1, nothing ever arrives.
        latency: The one-way latency of each kind, microseconds.

    Attributes:
        any: Some kind of link loses packets.
    """

    def __init__(self, loss: Sequence[float], latency: Sequence[int]) -> None:
        self.set_kinds(loss, latency)

    def set_kinds(self, loss: Sequence[float], latency: Sequence[int]) -> None:
        """Replace the kinds of links, by as many or more."""
        self.any = any(share > 0 for share in loss)
        self._loss = np.array(loss, dtype=np.float64)
        delays = np.zeros((len(loss), _TRIES + 1), dtype=np.int64)
        for kind, one_way in enumerate(latency):
            timeout = max(2 * one_way, _SHORTEST_TIMEOUT)
            for tries in range(_TRIES):
                delays[kind, tries + 1] = delays[kind, tries] + min(timeout << tries, _LONGEST_TIMEOUT)
        delays[self._loss >= 1, :] = UNREACHABLE
        self._delays = delays
        self._bounds: dict[int, NDArray[np.uint64]] = {}

    def add(
        self,
        waits: NDArray[np.int64],
        item: int,
        keys: NDArray[np.uint64],
        kind: NDArray[np.int64],
        size: int,
    ) -> None:
        """Add a message's delays to its waits on the links, in place.

        Args:
            waits: Microseconds, shape ``(links,)``.
            item: The message's key.
            keys: A key for each link, shape ``(links,)``.
            kind: Each link's kind, shape ``(links,)``.
            size: The message's bytes.
        """
        segments = -(-size // _SEGMENT_BYTES)
        bounds = self._bounds.get(segments)
        if bounds is None:
            bounds = self._bounds[segments] = self._tabulate(segments)
        drawn = draws(item, keys) >> np.uint64(11)
        hit = np.flatnonzero(drawn < bounds[0][kind])
        retries = np.count_nonzero(drawn[hit] < bounds[:, kind[hit]], axis=0)
        waits[hit] = np.minimum(waits[hit] + self._delays[kind[hit], retries], UNREACHABLE)

    def _tabulate(self, segments: int) -> NDArray[np.uint64]:
        """Return the probabilities of k retries or more, in units of 2^-53, in row k - 1, shape ``(tries, kinds)``.

        Computed by multiplications alone, whose results are the same on every machine.
        """
        lost = np.ones_like(self._loss)
        rows = []
        for _ in range(_TRIES):
            lost = lost * self._loss
            rows.append(((1.0 - _power(1.0 - lost, segments)) * 2.0**53).astype(np.uint64))
        return np.stack(rows)


def _power(base: NDArray[np.float64], exponent: int) -> NDArray[np.float64]:
    result = np.ones_like(base)
    while exponent:
        if exponent & 1:
            result = result * base
        base, exponent = base * base, exponent >> 1
    return result
