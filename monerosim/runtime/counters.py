"""Counter-based random numbers: a draw depends on its keys, not on what was drawn before.

A draw is a hash of keys (the run's seed, an item, a link), so it depends neither on the order of computing nor on
other items and links. Everything is integer arithmetic: the results are the same on every machine.
"""

from decimal import Decimal, localcontext
from functools import cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from monerosim.runtime.rng import DIVISORS, LN2, ROOT_HALF

TABLE_BITS = 16
"""A quantile table has 2^16 entries: a probability is exact to 2^-17."""

_MASK = 2**64 - 1
# David Stafford's "Mix13", the finaliser of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
# generators, OOPSLA 2014).
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_MEAN_AT_MOST = 100


def key(*parts: bytes | str | int) -> int:
    """Hash names, item hashes and numbers into a 64-bit key (BLAKE2b; the boundaries between parts count)."""
    digest = blake2b(digest_size=8)
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return int.from_bytes(digest.digest(), "little")


def draw(first: int, second: int) -> int:
    """Hash two keys into 64 random bits; the scalar form of :func:`draws`."""
    value = (first + second) & _MASK
    value = ((value ^ (value >> 30)) * _FIRST) & _MASK
    value = ((value ^ (value >> 27)) * _SECOND) & _MASK
    return value ^ (value >> 31)


def draws(first: int, second: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash one key (an item's) with many (one per link) into 64 random bits each.

    All keys have to be hashes themselves (see :func:`key`): they are added and the sum is mixed.
    """
    value = second + np.uint64(first)
    value ^= value >> np.uint64(30)
    value *= np.uint64(_FIRST)
    value ^= value >> np.uint64(27)
    value *= np.uint64(_SECOND)
    value ^= value >> np.uint64(31)
    return value


def logarithms(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return natural logarithms of positive numbers, bit by bit those of :func:`~monerosim.runtime.rng.logarithm`."""
    mantissa, exponent = np.frexp(x)
    is_low = mantissa < ROOT_HALF
    mantissa = np.where(is_low, mantissa * 2, mantissa)
    ratio = (mantissa - 1) / (mantissa + 1)
    square = ratio * ratio
    total = np.zeros_like(ratio)
    for divisor in DIVISORS:
        total = total * square + 1 / divisor
    found: NDArray[np.float64] = 2 * ratio * total + (exponent - is_low) * LN2
    return found


@cache
def poisson_table(mean: int) -> NDArray[np.uint8]:
    """Tabulate the quantiles of a Poisson distribution.

    Returns:
        2^16 counts: the upper 16 bits of a draw index a variate.

    Raises:
        ValueError: The mean is not between 1 and 100 (the counts would not fit a byte).
    """
    if not 1 <= mean <= _MEAN_AT_MOST:
        raise ValueError(f"the mean of a table has to be between 1 and {_MEAN_AT_MOST}, got {mean}")
    size = 2**TABLE_BITS
    counts: list[int] = []
    with localcontext(prec=60):  # Decimal's exp is correctly rounded, so the table is the same everywhere
        probability = Decimal(-mean).exp()
        total, filled, value = Decimal(0), 0, 0
        while filled < size and value < 2 * _MEAN_AT_MOST:
            total += probability
            edge = int((total * size).to_integral_value())
            counts.append(edge - filled)
            filled, value = edge, value + 1
            probability = probability * mean / value
    counts[-1] += size - filled
    table = np.repeat(np.arange(len(counts), dtype=np.uint8), counts)
    table.setflags(write=False)
    return table
