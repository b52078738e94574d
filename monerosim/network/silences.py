"""What nodes keep to themselves instead of relaying it."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

Silent: TypeAlias = Literal["blocks", "transactions", "stems"]
"""A kind of item that a node may keep to itself: public transactions, or those in their stem phase."""

KINDS: tuple[Silent, ...] = ("blocks", "transactions", "stems")


class Silences:
    """Which nodes do not relay which items."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, Silent | bytes], None] = {}

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._kept)

    def tell(self, nodes: Iterable[int], what: Silent | bytes, *, silent: bool) -> None:
        """Have nodes keep something to themselves, or relay it again.

        Args:
            nodes: The nodes.
            what: A kind of item, or an item's hash.
            silent: Whether they keep it.
        """
        for node in nodes:
            if silent:
                self._kept[node, what] = None
            else:
                self._kept.pop((node, what), None)

    def nodes(self) -> set[int]:
        """Return the nodes that keep something to themselves."""
        return {node for node, _ in self._kept}

    def keeps(self, node: int, kind: Silent, item: bytes) -> bool:
        """Return whether a node keeps an item of a kind to itself."""
        return bool(self._kept) and ((node, kind) in self._kept or (node, item) in self._kept)
