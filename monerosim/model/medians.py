"""The median block weights of a chain, and the fees that a node recommends by them."""

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence

from monerosim.model.chain import Chain
from monerosim.model.records import Block
from monerosim.model.start import Past
from monerosim.monero.emission import base_reward
from monerosim.monero.fees import PENALTY_FREE_WEIGHT, fees_per_byte
from monerosim.monero.weights import (
    FLOOR,
    LONG_TERM_WINDOW,
    SHORT_TERM_WINDOW,
    Medians,
    effective_median,
    median,
    surge_limit,
)


class BlockWeights:
    """Works out the medians of each chain.

    Where no block of a chain and of its past weighs more than the penalty-free weight, nothing needs to be gathered.

    Args:
        chain: All blocks of the run.
        past: The weights before the run; None if its first block is the first of all.
        until: Up to when the run's blocks count as those of the past, microseconds.
    """

    def __init__(self, chain: Chain, past: Past | None = None, until: int = 0) -> None:
        self._chain = chain
        self._past = past
        self._until = until
        self._is_heavy: dict[Block, bool] = {chain.main[0]: chain.main[0].medians != FLOOR}
        """Whether a chain's last block, one before it or the past weighs more than the penalty-free weight."""
        self._long_term_weights = _LongTermWeights(chain, self.counts)

    def counts(self, block: Block) -> bool:
        """Return whether a block's weight counts, and not one of the past in its place."""
        return self._past is None or (block.parent is not None and block.found >= self._until)

    def add(self, block: Block) -> None:
        """Work out the medians after a block, whose parent's are known."""
        parent = block.parent
        if parent is None:
            return
        heavy = self._is_heavy[parent] or (self.counts(block) and block.weight > PENALTY_FREE_WEIGHT)
        self._is_heavy[block] = heavy
        if not self.counts(block):
            block.medians = parent.medians
        elif heavy:
            long_term = self._long_term(block, 0)
            block.medians = Medians(long_term, effective_median(long_term, self._short_term(block, 0)))

    def fees(self, tip: Block, grace_blocks: int) -> list[int]:
        """Return the fee a byte recommended for the priorities 1 to 4, atomic units.

        Args:
            tip: The end of the node's chain.
            grace_blocks: For how many more blocks the fee is to be enough, whatever these weigh.
        """
        medians = FLOOR
        if self._is_heavy[tip]:
            grace = min(grace_blocks, SHORT_TERM_WINDOW - 1)
            long_term = self._long_term(tip, grace)
            medians = Medians(long_term, effective_median(long_term, self._short_term(tip, grace)))
        return fees_per_byte(base_reward(tip.generated), *medians)

    def _long_term(self, tip: Block, zeros: int) -> int:
        """Return the long-term median (``m_long_term_block_weights_cache_rolling_median``)."""
        own = self._long_term_weights.of(tip, LONG_TERM_WINDOW - zeros)
        if self._past is None:
            return max(PENALTY_FREE_WEIGHT, _median(own, (zeros, 0), (0, 0)))
        before = LONG_TERM_WINDOW - zeros - len(own)
        return max(PENALTY_FREE_WEIGHT, _median(own, (zeros, 0), (before, self._past.long_term_median)))

    def _short_term(self, tip: Block, zeros: int) -> int:
        window = SHORT_TERM_WINDOW - zeros
        own = [block.weight for block in self._chain.recent(tip, window) if self.counts(block)]
        before = [] if self._past is None else [self._past.short_term_median] * (window - len(own))
        return median([0] * zeros + own + before)


class _LongTermWeights:
    """What a chain's own blocks count in the long-term median, in the order of size, moved along from tip to tip.

    Args:
        chain: All blocks of the run.
        counts: Returns whether a block is one of them.
    """

    def __init__(self, chain: Chain, counts: Callable[[Block], bool]) -> None:
        self._chain = chain
        self._counts = counts
        self._tip = chain.main[0]
        self._ordered: list[int] = []
        self._put(self._tip)

    def of(self, tip: Block, window: int) -> Sequence[int]:
        """Return the weights of the last ``window`` blocks of the chain that ends in ``tip``."""
        self._move(tip)
        surplus = min(LONG_TERM_WINDOW, tip.height + 1) - window
        if surplus <= 0:
            return self._ordered
        ordered = list(self._ordered)
        for block in self._chain.recent(tip, LONG_TERM_WINDOW)[:surplus]:
            if self._counts(block):
                del ordered[bisect_left(ordered, _counted(block))]
        return ordered

    def _move(self, tip: Block) -> None:
        fork = self._chain.fork(self._tip, tip)
        for block in reversed(self._chain.recent(self._tip, self._tip.height - fork.height)):
            self._take(block)
            if block.height >= LONG_TERM_WINDOW:
                self._put(self._chain.at(block, block.height - LONG_TERM_WINDOW))
        for block in self._chain.recent(tip, tip.height - fork.height):
            self._put(block)
            if block.height >= LONG_TERM_WINDOW:
                self._take(self._chain.at(block, block.height - LONG_TERM_WINDOW))
        self._tip = tip

    def _put(self, block: Block) -> None:
        if self._counts(block):
            insort(self._ordered, _counted(block))

    def _take(self, block: Block) -> None:
        if self._counts(block):
            del self._ordered[bisect_left(self._ordered, _counted(block))]


def _counted(block: Block) -> int:
    """Return what a block counts: at most 1.7 of the median before it."""
    before = block.parent.medians.long_term if block.parent is not None else PENALTY_FREE_WEIGHT
    return min(block.weight, surge_limit(before))


def _median(ordered: Sequence[int], *repeated: tuple[int, int]) -> int:
    """Return the median of numbers in the order of size and of others that are there several times.

    Args:
        ordered: The ones.
        repeated: Of each of the others how often it is there, and the number.
    """
    places = [(bisect_left(ordered, number), count, number) for count, number in sorted(repeated, key=lambda it: it[1])]
    length = len(ordered) + sum(count for _, count, _ in places)

    def at(rank: int) -> int:
        before = 0
        for place, count, number in places:
            if rank < place + before:
                break
            if rank < place + before + count:
                return number
            before += count
        return ordered[rank - before]

    return (at((length - 1) // 2) + at(length // 2)) // 2 if length else 0
