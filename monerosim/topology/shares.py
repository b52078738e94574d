"""Values that are drawn by shares: ``{ "20 Mbit" = 3, "1 Gbit" = 1 }`` is 20 Mbit for three of four."""

from collections.abc import Callable, Iterator, Mapping
from math import fsum

from monerosim.runtime.counters import key

Shares = dict[str, float]
"""Values as a scenario writes them, and how often each is drawn."""


class Drawn:
    """Values with their shares.

    Args:
        shares: The values as text, and how often each is drawn, above 0.
        parse: Reads a value.
    """

    def __init__(self, shares: Mapping[str, float], parse: Callable[[str], float]) -> None:
        self._values = [parse(text) for text in shares]
        self._weights = list(shares.values())
        self._total = fsum(self._weights)

    def at(self, *parts: str | int) -> float:
        """Return the value that some parts stand for, the same for the same parts."""
        target = key(*parts) / 2**64 * self._total
        for value, weight in zip(self._values, self._weights, strict=True):
            target -= weight
            if target < 0:
                return value
        return self._values[-1]


def share_problems(name: str, shares: Shares, parse: Callable[[str], float]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Check a table of shares: its values, and that each is drawn."""
    for text, share in shares.items():
        try:
            parse(text)
        except ValueError as error:
            yield (name, text), str(error)
        if share <= 0:
            yield (name, text), f"the share has to be above 0, got {share}"
