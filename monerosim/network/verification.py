"""How long a node takes to verify a block or a transaction: fixed, or drawn for each item and node."""

from functools import cache
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from monerosim.runtime.counters import TABLE_BITS, draws, key, logarithms

_UNIT_BITS = 20
_UNIFORM_BITS = 32
_PURPOSE = key("verification")


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution of times, microseconds."""

    mean: int
    distribution: Literal["fixed", "uniform", "exponential"] = "fixed"
    """``fixed``: always the mean. ``uniform``: from ``least`` to as far above the mean. ``exponential``: beyond
    ``least``."""
    least: int = 0

    @property
    def shortest(self) -> int:
        """The shortest time there is."""
        return self.mean if self.distribution == "fixed" else self.least

    @property
    def purpose(self) -> int:
        """The key of its draws."""
        return _PURPOSE

    def quantiles(self) -> NDArray[np.int64]:
        """Tabulate the quantiles of the exponential distribution of mean 2^20, as :meth:`draw` takes them."""
        return _exponential()

    def draw(self, item: int | NDArray[np.uint64], nodes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the times that nodes take for items, the shape of ``nodes``.

        Args:
            item: The item's key, or one for each of ``nodes``.
            nodes: The nodes' keys.
        """
        if self.distribution == "fixed":
            return np.full(nodes.shape, self.mean, dtype=np.int64)
        drawn = draws(self.purpose, nodes + np.uint64(item) if isinstance(item, int) else nodes + item)
        beyond = self.mean - self.least
        if self.distribution == "uniform":
            share = (drawn >> np.uint64(64 - _UNIFORM_BITS)).astype(np.int64)
            return self.least + (share * (2 * beyond + 1) >> _UNIFORM_BITS)
        waits = np.take(_exponential(), (drawn >> np.uint64(64 - TABLE_BITS)).astype(np.int64))
        waits *= beyond
        waits >>= _UNIT_BITS
        waits += self.least
        return waits


@cache
def _exponential() -> NDArray[np.int64]:
    """Tabulate the quantiles of the exponential distribution of mean 2^20."""
    size = 2**TABLE_BITS
    shares = (2 * np.arange(size) + 1) / (2 * size)
    table: NDArray[np.int64] = (-logarithms(shares) * 2**_UNIT_BITS).astype(np.int64)
    return table
