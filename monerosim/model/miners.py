"""Miners in daemons (src/cryptonote_basic/miner.cpp): blocks that come by themselves.

A block costs nothing here, so hash rates are a convention: each thread finds one block in the target time on average.
Nothing happens while nobody asks; then the blocks that are due are found one after the other, each at its own time.
"""

from typing import NamedTuple

from monerosim.monero.difficulty import TARGET
from monerosim.runtime.counters import draw, key
from monerosim.runtime.rng import logarithm
from monerosim.units import SECOND


class Miner(NamedTuple):
    """A miner at work.

    Attributes:
        address: Whom its coinbases pay.
        keys: The address's keys, 64 bytes.
        threads: How many there are.
        due: When it finds its next block, microseconds.
    """

    address: str
    keys: bytes
    threads: int
    due: int


class Miners:
    """The miners of a run's nodes.

    Args:
        seed: The run's seed.

    Attributes:
        at_work: By node.
    """

    def __init__(self, seed: int) -> None:
        self.at_work: dict[int, Miner] = {}
        self._key = key(seed, "miner")

    def start(self, node: int, address: str, keys: bytes, threads: int, now: int) -> bool:
        """Start a node's miner; return whether it was not at work already."""
        if node in self.at_work:
            return False
        self.at_work[node] = self._next(node, Miner(address, keys, threads, now))
        return True

    def stop(self, node: int) -> bool:
        """Stop a node's miner; return whether it was at work."""
        return self.at_work.pop(node, None) is not None

    def first_due(self, until: int) -> tuple[int, Miner] | None:
        """Return the node and the miner that find the next block up to a time, and plan the one after it."""
        due = [(miner.due, node) for node, miner in self.at_work.items() if miner.due <= until]
        if not due:
            return None
        node = min(due)[1]
        miner = self.at_work[node]
        self.at_work[node] = self._next(node, miner)
        return node, miner

    def _next(self, node: int, miner: Miner) -> Miner:
        """Draw the exponential time to a miner's next block."""
        drawn = draw(self._key, key(node, miner.due)) >> 11
        wait = -logarithm((drawn + 1) / 2**53) * TARGET * SECOND / miner.threads
        return miner._replace(due=miner.due + 1 + round(wait))
