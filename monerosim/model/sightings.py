"""What nodes have seen, reported once it is settled: blocks, transactions, reorganisations."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from monerosim.model.records import ArrivalTimes, Block, Transaction
from monerosim.network.propagation import NEVER


class Reorganisation(NamedTuple):
    """A node left its branch for one with more work."""

    at: int
    """Microseconds since the run's start."""
    node: int
    old: Block
    new: Block
    depth: int
    """Blocks of the old branch it gave up."""


class Sightings:
    """Reports when each node had each block and each transaction first, and when one left its branch.

    Attributes:
        on_found: Called once for each block, when it is found.
        on_block: Called once for each block, with when each node had it: when all nodes that get it have it, or at the
            end.
        on_transaction: Called once for each transaction that was handed to a node: when all nodes agree on a block that
            contains it or rules it out, or at the end.
        on_reorganisation: Called for each node that leaves its branch, in the order of time.
    """

    def __init__(self) -> None:
        self.on_found: list[Callable[[Block], None]] = []
        self.on_block: Callable[[Block, ArrivalTimes], None] | None = None
        self.on_transaction: Callable[[Transaction, ArrivalTimes], None] | None = None
        self.on_reorganisation: Callable[[Reorganisation], None] | None = None

    def report_found(self, block: Block) -> None:
        """Report a block that was found just now."""
        for listener in self.on_found:
            listener(block)

    def report_block(self, block: Block, until: int) -> None:
        """Report which nodes had a block up to a time, microseconds."""
        if self.on_block is not None and block.arrival_times is not None:
            self.on_block(block, _cut(block.arrival_times, until))

    def report_transaction(
        self, transaction: Transaction, first_seen: Callable[[Transaction], ArrivalTimes], until: int
    ) -> None:
        """Report which nodes had a transaction up to a time.

        Of two transactions that conflict a node takes the one it has first, in its pool or with a block, and refuses
        the other one unless it comes with a block.

        Args:
            transaction: It is on its way.
            first_seen: Returns when each node had a transaction, by itself or with a block.
            until: Microseconds.
        """
        if self.on_transaction is None or transaction.reported:
            return
        transaction.reported = True
        seen = first_seen(transaction)
        if transaction.conflicted:
            for rival in transaction.rivals():
                if rival is not transaction:
                    had = first_seen(rival)
                    earlier = (had < seen) | ((had == seen) & (rival.id < transaction.id))
                    seen = np.where(earlier, NEVER, seen)
            for mined in transaction.mined_arrivals:
                seen = np.minimum(seen, mined)
        self.on_transaction(transaction, _cut(seen, until))

    def report_reorganisations(self, seen: list[Reorganisation]) -> None:
        """Report reorganisations that were settled together."""
        if self.on_reorganisation is not None:
            for reorganisation in sorted(seen, key=lambda entry: (entry.at, entry.node)):
                self.on_reorganisation(reorganisation)


def _cut(seen: ArrivalTimes, until: int) -> ArrivalTimes:
    return np.where(seen > until, NEVER, seen)
