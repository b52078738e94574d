"""The base of rules: monerod's own, of which a rule takes the place of what it defines."""

from collections.abc import Sequence

from monerosim.config import Config
from monerosim.model.following import Follower
from monerosim.model.formats import TransactionFormat
from monerosim.model.records import Block


class Rule(Config, frozen=True, kw_only=True):
    """Base of rules: each method is monerod's rule, until a derived class says otherwise. Its fields are its keys.

    A block on a node's tip becomes its tip as soon as the node has it, if the node's rules permit it. What a method
    returns follows from its arguments alone, and random numbers come from :meth:`Follower.draw`.
    """

    def prefers(self, node: Follower, block: Block) -> bool | None:
        """Return whether a node leaves its chain for a block that is not on its tip, and that it has just got.

        Args:
            node: The node, still at its old tip.
            block: It is valid, and the node has all below it.

        Returns:
            None to leave it to the node's next rule, and at last to monerod's: the chain with more work.
        """
        del node, block
        return None

    def permits(self, node: Follower, tip: Block) -> bool:
        """Return whether a node may follow the chain that ends in a block; asked while nodes do not all agree.

        Args:
            node: The node.
            tip: A block that it has just got, or its own tip.
        """
        del node, tip
        return True

    def relays(self, node: Follower, block: Block) -> bool:
        """Return whether a node passes on a block that it does not follow; monerod does not.

        Args:
            node: The node.
            block: It has just got it.
        """
        del node, block
        return False

    def accepts(self, block: Block) -> bool:
        """Return whether a block is valid, as monerod's own are; a node does not take one that is not.

        Args:
            block: All below it is valid.
        """
        del block
        return True

    def uncles(self, node: Follower, parent: Block) -> Sequence[Block]:
        """Return the blocks off its chain to which a block refers that the node finds now; monerod's refer to none.

        Args:
            node: The node.
            parent: The block on which it finds one.
        """
        del node, parent
        return ()

    def format(self) -> TransactionFormat | None:
        """Return what transactions look like, always the same object; None to leave it to others, and to monerod."""
        return None
