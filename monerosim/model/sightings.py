"""When each node had an item first, told once it is settled."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from monerosim.model.records import Block, Transaction
from monerosim.network.propagation import NEVER

Seen: TypeAlias = NDArray[np.int64]
"""When each node had it: microseconds since the run's start, NEVER where it did not, shape ``(nodes,)``."""


class Sightings:
    """Tells when each node had each block and each transaction first.

    Attributes:
        on_block: Called once for each block: when all nodes that get it have it, or at the end.
        on_transaction: Called once for each transaction that was handed to a node: when all nodes agree on a block that
            holds it or rules it out, or at the end.
    """

    def __init__(self) -> None:
        self.on_block: Callable[[Block, Seen], None] | None = None
        self.on_transaction: Callable[[Transaction, Seen], None] | None = None

    @staticmethod
    def mined(block: Block) -> None:
        """Note that whoever has a new block has its transactions."""
        if block.effective is not None:
            for transaction in block.transactions:
                had = transaction.mined
                transaction.mined = block.effective if had is None else np.minimum(had, block.effective)

    def tell_block(self, block: Block, upto: int) -> None:
        """Tell of a block what is so at a time, microseconds."""
        if self.on_block is not None and block.effective is not None:
            self.on_block(block, _upto(block.effective, upto))

    def tell_transaction(self, transaction: Transaction, upto: int) -> None:
        """Tell of a transaction whose arrivals are worked out, as those of its rivals are if anybody asked.

        A node that has one of two rivals, in its pool or on its chain, refuses the other; but it takes it with a block.
        """
        if self.on_transaction is None or transaction.arrivals is None or transaction.everywhere < 0:
            return
        seen = transaction.arrivals
        if transaction.contested:
            rivals = {rival: None for output in transaction.inputs for rival in output.spenders}
            for rival in rivals:
                had = _had(rival)
                if rival is not transaction and had is not None:
                    earlier = (had < seen) | ((had == seen) & (rival.id < transaction.id))
                    seen = np.where(earlier, NEVER, seen)
        if transaction.mined is not None:
            seen = np.minimum(seen, transaction.mined)
        self.on_transaction(transaction, _upto(seen, upto))


def _had(transaction: Transaction) -> Seen | None:
    if transaction.arrivals is None or transaction.mined is None:
        return transaction.arrivals
    return np.minimum(transaction.arrivals, transaction.mined)


def _upto(seen: Seen, upto: int) -> Seen:
    return np.where(seen > upto, NEVER, seen)
