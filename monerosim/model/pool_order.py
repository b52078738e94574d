"""The order in which a node takes transactions from its pool (``txCompare`` in src/cryptonote_core/tx_pool.h)."""

from collections.abc import Callable

from monerosim.model.records import Transaction
from monerosim.model.rules import Version
from monerosim.model.txpool import Txpool
from monerosim.model.views import View
from monerosim.units import SECOND

HASH_DECIDES_SINCE = (0, 18, 3, 3)
"""The version of monerod from which on the hash decides between transactions that came in one second."""


class PoolOrder:
    """Sorts pools by fee a byte, and of equal ones by the second of receipt.

    From 0.18.3.3 on the smaller hash is first of those that came in one second. Before, each of two compares as less
    than the other, and the later one ends up first in the ``std::set`` that monerod keeps them in.

    Args:
        txpool: The nodes' pools.
        version_of: Returns the version of monerod that a node runs.
    """

    def __init__(self, txpool: Txpool, version_of: Callable[[int], Version]) -> None:
        self._txpool = txpool
        self._version_of = version_of

    def of(self, view: View) -> list[Transaction]:
        """Return what is in a node's pool, what pays most first."""
        by_hash = self._version_of(view.node) >= HASH_DECIDES_SINCE

        def place(entry: Transaction) -> tuple[float, int, int, bytes]:
            received = self._txpool.received_at(view, entry)
            return -entry.fee / entry.weight, received // SECOND, 0 if by_hash else -received, entry.id

        return sorted(self._txpool.contents(view), key=place)
