"""The median block weights of a chain, and the fees that a node recommends by them."""

from monerosim.model.chain import Chain
from monerosim.model.records import Block
from monerosim.monero.emission import base_reward
from monerosim.monero.fees import PENALTY_FREE_WEIGHT, fees_per_byte
from monerosim.monero.weights import (
    LONG_TERM_WINDOW,
    SHORT_TERM_WINDOW,
    Medians,
    effective_median,
    median,
    surge_limit,
)


class BlockWeights:
    """Works out the medians of each chain.

    Nearly always both are the penalty-free weight, because at least half of the blocks weigh no more; how many weigh
    more is counted, so that weights are gathered only where that may be otherwise.

    Args:
        chain: All blocks of the run.
    """

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._heavy: dict[Block, int] = {chain.main[0]: 0}
        """How many blocks weigh more than the penalty-free weight, up to each block."""

    def add(self, block: Block) -> None:
        """Work out the medians after a block, whose parent's are known."""
        parent = block.parent
        if parent is None:
            return
        self._heavy[block] = self._heavy[parent] + (block.weight > PENALTY_FREE_WEIGHT)
        if not self._heavy[block]:
            return
        long_term = max(PENALTY_FREE_WEIGHT, self._long_term(block, LONG_TERM_WINDOW, 0))
        short_term = self._short_term(block, SHORT_TERM_WINDOW, 0)
        block.medians = Medians(long_term, effective_median(long_term, short_term))

    def fees(self, tip: Block, grace_blocks: int) -> list[int]:
        """Return the fee a byte recommended for the priorities 1 to 4, atomic units.

        Args:
            tip: The end of the node's chain.
            grace_blocks: For how many more blocks the fee is to be enough, whatever these weigh.
        """
        grace = min(grace_blocks, SHORT_TERM_WINDOW - 1)
        long_term = max(PENALTY_FREE_WEIGHT, self._long_term(tip, LONG_TERM_WINDOW, grace))
        short_term = self._short_term(tip, SHORT_TERM_WINDOW - grace, grace)
        return fees_per_byte(base_reward(tip.generated), long_term, effective_median(long_term, short_term))

    def _long_term(self, tip: Block, window: int, zeros: int) -> int:
        """Return the long-term median (``m_long_term_block_weights_cache_rolling_median``)."""
        if self._is_light(tip, window, zeros):
            return 0
        counted = [0] * zeros
        step: Block | None = tip
        while step is not None and len(counted) < window:
            before = step.parent.medians.long_term if step.parent is not None else PENALTY_FREE_WEIGHT
            counted.append(min(step.weight, surge_limit(before)))
            step = step.parent
        return median(counted)

    def _short_term(self, tip: Block, window: int, zeros: int) -> int:
        if self._is_light(tip, window, zeros):
            return 0
        weights = [0] * zeros
        step: Block | None = tip
        while step is not None and len(weights) < window + zeros:
            weights.append(step.weight)
            step = step.parent
        return median(weights)

    def _is_light(self, tip: Block, window: int, zeros: int) -> bool:
        """Return whether less than half of a chain's last blocks weigh more than the penalty-free weight."""
        count = min(window, tip.height + 1)
        before = self._chain.at(tip, tip.height - count) if count <= tip.height else None
        heavy = self._heavy[tip] - (self._heavy[before] if before is not None else 0)
        return 2 * heavy < count + zeros
