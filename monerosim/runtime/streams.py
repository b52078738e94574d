"""Many random streams at once, by counters: one for each of a crowd."""

import numpy as np

from monerosim.runtime import counters
from monerosim.runtime.rng import Rng

_GAMMA = 0x9E3779B97F4A7C15
"""What splitmix64 counts by (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014)."""

_MASK = 2**64 - 1
_FLOAT_BITS = 53


class Streams:
    """A stream for each number from 0, independent of the others: splitmix64, begun at a hash of seed and number.

    Args:
        seed: 64 bits, from :func:`monerosim.runtime.rng.stable_seed`.
        count: How many streams there are.
    """

    def __init__(self, seed: int, count: int) -> None:
        self._seed = counters.key(seed)
        self._drawn = np.zeros(count, dtype=np.int64)

    def of(self, number: int) -> Rng:
        """Return a stream, to be drawn from where it was left."""
        return _Stream(self, number)

    def uniform(self, number: int) -> float:
        """Draw the next of a stream, uniformly from [0, 1)."""
        begun = counters.draw(self._seed, number * _GAMMA & _MASK)
        self._drawn[number] += 1
        drawn = counters.draw(begun, self._drawn.item(number) * _GAMMA & _MASK)
        return (drawn >> (64 - _FLOAT_BITS)) / 2.0**_FLOAT_BITS


class _Stream(Rng):
    """One of them."""

    def __init__(self, streams: Streams, number: int) -> None:
        self._random = lambda: streams.uniform(number)
