"""The difficulty of each chain's next block, fixed or by the timestamps of the blocks before."""

from monerosim.model.chain import Chain
from monerosim.model.records import Block
from monerosim.monero.difficulty import BLOCKS, next_difficulty
from monerosim.units import SECOND


class Difficulty:
    """Works out difficulties.

    Args:
        chain: All blocks of the run.
        first: Of every block if it is fixed; otherwise of the first ones.
        target: Seconds between two blocks at which it aims; None if it is fixed.
        until: Up to when blocks do not move it, microseconds. By then it is as if the chain had found a block every
            ``target`` seconds for as long as daemons look back.
        epoch: Unix time of the run's start, seconds.
    """

    def __init__(self, chain: Chain, first: int, *, target: int | None, until: int, epoch: int) -> None:
        self.first = first
        self.target = target
        self._chain = chain
        self._until = until
        self._began = epoch + until // SECOND
        self._known: dict[Block, int] = {}

    def after(self, parent: Block) -> int:
        """Return the difficulty of the block that follows another one."""
        if self.target is None or parent.found < self._until or parent.parent is None:
            return self.first
        found = self._known.get(parent)
        if found is None:
            found = self._known[parent] = self._after(parent, self.target)
        return found

    def _after(self, parent: Block, target: int) -> int:
        window = self._chain.recent(parent, BLOCKS)
        own = [block for block in window if block.parent is not None and block.found >= self._until]
        before = own[0].cumulative_difficulty - own[0].difficulty
        lacking = range(BLOCKS - len(own) - 1, -1, -1)
        times = [self._began - steps * target for steps in lacking] + [block.timestamp for block in own]
        work = [before - steps * self.first for steps in lacking] + [block.cumulative_difficulty for block in own]
        return next_difficulty(times, work, target)
