"""The tree of blocks: which branch is the main chain, and what the chain of a tip contains.

Almost every tip lies on the main chain or a few blocks off it, so a look-up costs the length of the branch, not the
height.
"""

from monerosim.model.records import Block, Output, Transaction, genesis
from monerosim.monero.constants import COINBASE_UNLOCK, FIRST_TIME, SPENDABLE_AGE
from monerosim.monero.difficulty import TARGET, TIMESTAMP_WINDOW, earliest_timestamp

_LEEWAY = 120
"""Seconds before its time at which an output may be spent (``CRYPTONOTE_LOCKED_TX_ALLOWED_DELTA_SECONDS_V2``)."""


class Chain:
    """All blocks of a run.

    Args:
        first: The genesis block; an empty chain's if left out.

    Attributes:
        blocks: In the order they were found.
        main: The chain of most work, by height; of equal ones the first found.
        by_id: All blocks by hash.
    """

    def __init__(self, first: Block | None = None) -> None:
        first = genesis() if first is None else first
        self.blocks = [first]
        self.main = [first]
        self.by_id = {first.id: first}
        self._side: list[Block] = []

    def add(self, block: Block) -> None:
        """Add a block whose parent is known; its chain becomes the main chain if it has the most work."""
        block.index = len(self.blocks)
        self.blocks.append(block)
        self.by_id[block.id] = block
        for transaction in (block.coinbase, *block.transactions):
            transaction.blocks.append(block)
        if block.cumulative_difficulty > self.main[-1].cumulative_difficulty:
            branch, step = [block], block.parent
            while step is not None and not self.on_main(step):
                branch.append(step)
                step = step.parent
            left = self.main[branch[-1].height :]
            if left or len(branch) > 1:
                joined = set(branch)
                self._side = sorted(
                    (*left, *(one for one in self._side if one not in joined)), key=lambda one: one.index
                )
            del self.main[branch[-1].height :]
            self.main.extend(reversed(branch))
        else:
            self._side.append(block)

    def on_main(self, block: Block) -> bool:
        """Return whether a block is on the main chain."""
        return block.height < len(self.main) and self.main[block.height] is block

    def at(self, tip: Block, height: int) -> Block:
        """Return the block at a height, at most the tip's, of the chain that ends in ``tip``."""
        while tip.height > height and not self.on_main(tip):
            tip = _parent(tip)
        return tip if tip.height == height else self.main[height]

    def recent(self, tip: Block, count: int) -> list[Block]:
        """Return the last blocks of the chain that ends in ``tip``, or all if they are fewer; ``tip`` comes last."""
        first, branch = max(tip.height + 1 - count, 0), list[Block]()
        while tip.height >= first and not self.on_main(tip):
            branch.append(tip)
            if tip.parent is None:
                break
            tip = tip.parent
        return [*self.main[first : tip.height + 1], *reversed(branch)] if self.on_main(tip) else branch[::-1]

    def contains(self, tip: Block, block: Block) -> bool:
        """Return whether ``block`` is ``tip`` or one of its ancestors."""
        return block.height <= tip.height and self.at(tip, block.height) is block

    def fork(self, one: Block, other: Block) -> Block:
        """Return the last block two chains have in common."""
        one, other = self.at(one, min(one.height, other.height)), self.at(other, min(one.height, other.height))
        while one is not other:
            one, other = _parent(one), _parent(other)
        return one

    def block_of(self, tip: Block, transaction: Transaction) -> Block | None:
        """Return the block of ``tip``'s chain that contains a transaction, None if there is none."""
        for block in transaction.blocks:
            if self.contains(tip, block):
                return block
        return None

    def spent(self, tip: Block, output: Output, besides: Transaction | None = None) -> bool:
        """Return whether a transaction other than ``besides`` spends an output on ``tip``'s chain."""
        return any(spender is not besides and self.block_of(tip, spender) is not None for spender in output.spenders)

    def spendable(self, tip: Block, output: Output) -> bool:
        """Return whether the block after ``tip`` may spend an output: it exists and is not locked."""
        block = self.block_of(tip, output.transaction)
        if block is None or unlock_height(output, block) > tip.height + 1:
            return False
        until = unlock_second(output)
        return not until or until <= self.adjusted_time(tip) + _LEEWAY

    def adjusted_time(self, tip: Block) -> int:
        """Return the unix time by which the block after ``tip`` is judged (``Blockchain::get_adjusted_time``).

        Returns:
            Seconds; 0 for a chain too short for it.
        """
        if tip.height + 1 < TIMESTAMP_WINDOW:
            return 0
        middle = earliest_timestamp([block.timestamp for block in self.recent(tip, TIMESTAMP_WINDOW)])
        return min(middle + (TIMESTAMP_WINDOW + 1) * TARGET // 2, tip.timestamp + TARGET)

    def valid(self, tip: Block, transaction: Transaction) -> bool:
        """Return whether the block after ``tip`` may contain a transaction."""
        return self.block_of(tip, transaction) is None and all(
            self.spendable(tip, output) and not self.spent(tip, output) for output in transaction.inputs
        )

    def off(self, tip: Block) -> list[Block]:
        """Return the blocks that are not on ``tip``'s chain, in the order they were found."""
        side = self._side
        fork = self.fork(tip, self.main[-1])
        ahead = self.main[fork.height + 1 :]
        if not ahead and fork is tip:
            return list(side)
        return sorted(
            (block for block in (*side, *ahead) if not self.contains(tip, block)), key=lambda block: block.index
        )

    def output_indices(self, block: Block, transaction: Transaction) -> list[int]:
        """Return the global indices of a transaction's outputs: their places among ``block``'s chain's ring members."""
        first = 0 if block.parent is None else block.parent.outputs
        for earlier in (block.coinbase, *block.transactions):
            if earlier is transaction:
                break
            first += len(earlier.outputs)
        return list(range(first, first + len(transaction.outputs)))

    def ring_members(self, tip: Block) -> int:
        """Return how many outputs can be ring members at ``tip``: those that could be spent.

        monero-wallet-rpc asks for 75 outputs at least ten blocks deep and uses those that are unlocked (``get_outs`` in
        src/wallet/wallet2.cpp). At most 50 of them are locked coinbases, so it lacks members exactly when fewer than
        the ring's size are unlocked (measured: the first payment works at 76 blocks).
        """
        height = tip.height + 1
        coinbases = max(height - COINBASE_UNLOCK, 0)
        deep = self._deep(tip)
        return coinbases + deep.outputs - deep.height

    def ring_places(self, tip: Block) -> int:
        """Return from how many places ring members are taken at ``tip``: of those, locked coinbases are passed over."""
        return self._deep(tip).outputs

    def _deep(self, tip: Block) -> Block:
        """Return the last block whose outputs are old enough to be ring members."""
        return self.at(tip, max(tip.height + 1 - SPENDABLE_AGE, 0))


def unlock_height(output: Output, block: Block) -> int:
    """Return the height of the first block that may spend an output created in ``block``, if its time has come."""
    if not output.transaction.inputs:
        return block.height + output.transaction.format.coinbase_unlock
    locked = output.transaction.unlock_time
    return max(block.height + output.transaction.format.spendable_age, 0 if locked >= FIRST_TIME else locked)


def unlock_second(output: Output) -> int:
    """Return the unix time until which an output is locked; 0 if it is not locked by time."""
    locked = output.transaction.unlock_time
    return locked if locked >= FIRST_TIME else 0


def _parent(block: Block) -> Block:
    if block.parent is None:
        raise ValueError("two chains do not have the genesis block in common")
    return block.parent
