"""Makes four blocks, then a branch from two blocks below the tip until it overtakes."""

from collections.abc import Sequence

from actors import GenerateBlocks, GetAddresses
from monerosim import Behaviour, Config

TRUNK = 4
BELOW = 2
"""The branch leaves the chain so many blocks below the tip, and overtakes with one more."""

INTERVAL = 4.0
"""Seconds from step to step: enough for a block to reach the peer."""


class Brancher(Behaviour[Config]):
    """Has its node generate blocks, each on the one before."""

    default_node = True
    default_wallet = True
    needs = frozenset({"node", "wallet"})

    def begin(self) -> None:
        """Wait until the nodes have found each other."""
        self._left = BELOW + 1
        self.after(2 * INTERVAL, self.make_chain)

    def make_chain(self) -> None:
        """Make the chain that the branch leaves."""
        self._parent = self._generate(TRUNK)[TRUNK - BELOW - 1]
        self.after(INTERVAL, self.add)

    def add(self) -> None:
        """Add a block to the branch."""
        (self._parent,) = self._generate(1, self._parent)
        self._left -= 1
        if self._left:
            self.after(INTERVAL, self.add)

    def _generate(self, count: int, parent: str = "") -> Sequence[str]:
        address = self.ask(self.host.actor("wallet"), GetAddresses())[0]
        return self.ask(self.host.actor("node"), GenerateBlocks(count, address, prev_block=parent)).blocks
