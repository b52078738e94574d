"""Random numbers that are the same on every machine: one stream for each actor and purpose."""

import math
from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

T = TypeVar("T")

ROOT_HALF = 0.7071067811865476
DIVISORS = range(23, 0, -2)
"""The terms of the logarithm's series that there are."""
_FACTORS = range(18, 0, -1)


LN2 = 0.6931471805599453
_LEAST_PROBABILITY = 1e-12
_MOST_TRIALS = 10**12


def logarithm(x: float) -> float:
    """Return the natural logarithm of a positive number, the same to the last bit on every machine.

    The C library's result differs between machines in the last bit. This uses only operations that IEEE 754 defines
    exactly (``+``, ``-``, ``*``, ``/``): log(m 2^e) = e log 2 + 2 artanh((m - 1) / (m + 1)), as a series.
    """
    mantissa, exponent = math.frexp(x)
    if mantissa < ROOT_HALF:
        mantissa *= 2
        exponent -= 1
    ratio = (mantissa - 1) / (mantissa + 1)
    square = ratio * ratio
    total = 0.0
    for divisor in DIVISORS:
        total = total * square + 1 / divisor
    return 2 * ratio * total + exponent * LN2


def power_of_e(x: float) -> float:
    """Return e to the power of a number, the same to the last bit on every machine (see :func:`logarithm`).

    e^x = 2^n e^r with r at most half of log 2, and e^r as its Taylor series.
    """
    twos = round(x / LN2)
    rest, total = x - twos * LN2, 1.0
    for divisor in _FACTORS:
        total = 1 + total * rest / divisor
    return math.ldexp(total, twos)


def stable_seed(*parts: str | int) -> int:
    """Hash the parts that identify a stream (the scenario's seed, a participant, a purpose) to 64 bits.

    The hash depends on the parts alone, so adding a participant leaves the others' streams as they were.
    """
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


class Rng:
    """A stream of random numbers.

    :class:`monerosim.runtime.streams.Streams` has many such in little memory.

    All are derived from :meth:`random.Random.random`, the only method whose results Python promises to keep between
    versions.

    Args:
        seed: 64 bits, usually from :func:`stable_seed`.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed).random

    def random(self) -> float:
        """Draw uniformly from [0, 1)."""
        return self._random()

    def uniform(self, low: float, high: float) -> float:
        """Draw uniformly from [low, high)."""
        return low + (high - low) * self._random()

    def integer(self, low: int, high: int) -> int:
        """Draw an integer uniformly from low to high, both included; ranges up to 2^106.

        Raises:
            ValueError: ``high`` is below ``low``.
        """
        if high < low:
            raise ValueError(f"there is no integer from {low} to {high}")
        wide = (int(self._random() * 2**53) << 53) | int(self._random() * 2**53)
        return low + (wide * (high - low + 1) >> 106)

    def choice(self, items: Sequence[T]) -> T:
        """Draw one of the items.

        Raises:
            IndexError: There are no items.
        """
        return items[int(self._random() * len(items))]

    def weighted(self, items: Sequence[T], weights: Sequence[float]) -> T:
        """Draw one of the items with a probability proportional to its weight.

        Raises:
            IndexError: There are no items, or no weight is positive.
        """
        target = self._random() * math.fsum(weights)
        chosen: T | None = None
        for item, weight in zip(items, weights, strict=True):
            if weight > 0:
                chosen = item
                target -= weight
                if target < 0:
                    break
        if chosen is None:
            raise IndexError("there is nothing to choose from")
        return chosen

    def exponential(self, mean: float) -> float:
        """Draw the wait for an event of a Poisson process with this mean wait."""
        return -logarithm(1.0 - self._random()) * mean

    def normal(self) -> float:
        """Draw from the standard normal distribution (Marsaglia's polar method, doi 10.1137/1006063)."""
        while True:
            x, y = 2 * self._random() - 1, 2 * self._random() - 1
            square = x * x + y * y
            if 0 < square < 1:
                return x * math.sqrt(-2 * logarithm(square) / square)

    def log_normal(self, mean: float, sigma: float) -> float:
        """Draw a number whose logarithm is normal.

        Args:
            mean: The mean of such numbers.
            sigma: The standard deviation of their logarithms.
        """
        return mean * power_of_e(sigma * self.normal() - sigma * sigma / 2)

    def pareto(self, low: float, high: float, tail: float) -> float:
        """Draw from a Pareto distribution that ends at ``high``: above x are about ``(low / x) ** tail`` of all.

        Args:
            low: The least, above 0.
            high: The most.
            tail: The exponent, above 0: the smaller, the heavier the tail.
        """
        cut = 1 - power_of_e(tail * logarithm(low / high))
        return low * power_of_e(-logarithm(1 - cut * self._random()) / tail)

    def geometric(self, probability: float) -> int:
        """Draw the number of trials up to and including the first success, at this probability per trial.

        Raises:
            ValueError: The probability is not in (0, 1].
        """
        if not 0 < probability <= 1:
            raise ValueError(f"a probability has to be above 0 and at most 1, got {probability}")
        if probability == 1:
            return 1
        # Below this, 1 - probability rounds to 1, and the number of trials is beyond any run.
        if probability < _LEAST_PROBABILITY:
            return _MOST_TRIALS
        return 1 + int(logarithm(1.0 - self._random()) / logarithm(1.0 - probability))
