"""The order in which a node takes transactions from its pool, and which go when it is full.

``txCompare`` in src/cryptonote_core/tx_pool.h, ``tx_memory_pool::prune`` in src/cryptonote_core/tx_pool.cpp.
"""

from collections.abc import Callable, Iterable

from monerosim.model.records import Transaction
from monerosim.model.rules import Rules
from monerosim.model.txpool import Txpool
from monerosim.model.views import View
from monerosim.units import SECOND

COUNTS_WHEN_PUBLIC_SINCE = (0, 18, 3, 1)
"""The version of monerod from which on a transaction's time is set anew when it becomes public (``set_relayed``)."""

HASH_DECIDES_SINCE = (0, 18, 3, 3)
"""The version of monerod from which on the hash decides between transactions that came in one second."""


class PoolOrder:
    """Sorts pools by fee a byte, and of equal ones by the second of receipt.

    From 0.18.3.3 on the smaller hash is first of those that came in one second. Before, each of two compares as less
    than the other, and the later one ends up first in the ``std::set`` that monerod keeps them in.

    Args:
        txpool: The nodes' pools.
        rules: What the nodes go by.
        views: Returns what each node sees now.
    """

    def __init__(self, txpool: Txpool, rules: Rules, views: Callable[[], Iterable[View]]) -> None:
        self._txpool = txpool
        self._rules = rules
        self._views = views
        txpool.on_released = self._prune

    def of(self, view: View) -> list[Transaction]:
        """Return what is in a node's pool, what pays most first."""
        version = self._rules.version(view.node)
        by_hash, anew = version >= HASH_DECIDES_SINCE, version >= COUNTS_WHEN_PUBLIC_SINCE

        def place(entry: Transaction) -> tuple[float, int, int, bytes]:
            received = self._txpool.received_at(view, entry)
            if anew and (public := self._txpool.public_since(view, entry)) <= view.at:
                received = public
            return -entry.fee / entry.weight, received // SECOND, 0 if by_hash else -received, entry.id

        return sorted(self._txpool.contents(view), key=place)

    def for_block(self, view: View) -> list[Transaction]:
        """Return what a node may put into a block, what pays most first."""
        pool = self.of(view)
        if self._rules.stems_in_blocks:
            return pool
        return [entry for entry in pool if self._txpool.public_since(view, entry) <= view.at]

    def _prune(self) -> None:
        """Have nodes whose pools are too full drop what pays least."""
        most = self._rules.pool_weight
        if self._txpool.weight <= most:
            return
        for view in self._views():
            pool = self.of(view)
            weight = sum(entry.weight for entry in pool)
            # The first one is never dropped, and neither is what a block that left the chain brought.
            for entry in reversed(pool[1:]):
                if weight <= most:
                    break
                if not self._txpool.is_put_back(entry):
                    self._txpool.flush(view, entry)
                    weight -= entry.weight
