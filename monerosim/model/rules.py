"""What of the nodes' rules differs between networks."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from monerosim.units import SECOND

Version: TypeAlias = tuple[int, ...]
"""A version of monerod: ``(0, 18, 3, 3)``."""

OLDEST: Version = (0, 18, 0, 0)
"""The version whose rules are followed where nothing else is said."""

POOL_LIFETIME = 3 * 86_400 * SECOND
"""How long a transaction stays in a pool, microseconds (``CRYPTONOTE_MEMPOOL_TX_LIVETIME``)."""


class Rules(NamedTuple):
    """What nodes go by."""

    versions: Sequence[Version] | None = None
    """The version of monerod that each node runs; :data:`OLDEST` if left out."""
    pool_lifetime: int = POOL_LIFETIME
    """How long a transaction stays in a node's pool, microseconds."""

    def version(self, node: int) -> Version:
        """Return the version of monerod that a node runs."""
        return OLDEST if self.versions is None else self.versions[node]
