"""Where a chain begins: with nothing, or with what other blocks left that the run does not have one by one."""

from typing import NamedTuple

from monerosim.monero.emission import GENESIS_REWARD
from monerosim.monero.fees import PENALTY_FREE_WEIGHT
from monerosim.monero.weights import Medians, effective_median


class Past(NamedTuple):
    """The weights of the blocks before a run, as many as the medians count."""

    long_term_median: int = PENALTY_FREE_WEIGHT
    """Bytes."""
    short_term_median: int = PENALTY_FREE_WEIGHT
    """Bytes."""

    @property
    def medians(self) -> Medians:
        """What the block after them is judged by."""
        long_term = max(PENALTY_FREE_WEIGHT, self.long_term_median)
        return Medians(long_term, effective_median(long_term, self.short_term_median))


class Start(NamedTuple):
    """Where a chain begins."""

    supply: int = GENESIS_REWARD
    """The coins that there are, atomic units. The genesis block's coinbase creates them, except for those below."""
    endowment: tuple[int, ...] = ()
    """Those of them that the block at height 1 creates for its miner beyond the reward, an amount an output, so that
    somebody has coins to begin with."""
    past: Past | None = None
    """The weights before the run; None if the run's first block is the first of all."""
    until: int = 0
    """Up to when the run's own blocks count as those of the past, microseconds: the bootstrap's must not move a median
    or a difficulty that the run is to begin with."""
    granted: tuple[tuple[bytes, int], ...] = ()
    """Those coins that the block at height 1 creates for others than its miner: the keys of an address, 64 bytes, and
    the amount of each output."""

    @property
    def before(self) -> int:
        """What the genesis block creates, atomic units."""
        return self.supply - sum(self.endowment) - sum(amount for _, amount in self.granted)


GENESIS = Start()
"""An empty chain, as regtest's."""
