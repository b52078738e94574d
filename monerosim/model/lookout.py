"""Looks out for what nodes see, for those who are to know of it at that instant."""

from collections.abc import Callable
from functools import partial

from monerosim.model.blockchain import Blockchain
from monerosim.model.records import Block
from monerosim.network.propagation import NEVER


class Lookout:
    """Calls back when the tip of a node's chain changes.

    Args:
        blockchain: The run's blocks.
        call_at: Has a function called at a time, microseconds since the run's start.
    """

    def __init__(self, blockchain: Blockchain, call_at: Callable[[int, Callable[[], None]], object]) -> None:
        self._blockchain = blockchain
        self._call_at = call_at
        self._watchers: dict[int, list[Callable[[], None]]] = {}
        self._tips: dict[int, Block] = {}
        self._due = NEVER

    def watch(self, node: int, changed: Callable[[], None]) -> None:
        """Call a function whenever a node has another tip than before.

        Args:
            node: Its index in the network.
            changed: The function; it is called by the one that calls what is due.
        """
        self._watchers.setdefault(node, []).append(changed)
        self._tips[node] = self._blockchain.view(node).tip
        self._blockchain.views.on_moved = self._plan
        self._plan(-1)

    def _plan(self, node: int) -> None:
        """Plan the next look: now where something happened at a node that is watched."""
        now = self._blockchain.now()
        due = now if node in self._watchers else self._blockchain.views.next_change(tuple(self._watchers), now)
        if due < self._due:
            self._due = due
            self._call_at(due, partial(self._look, due))

    def _look(self, due: int) -> None:
        if due != self._due:
            return
        self._due = NEVER
        for node, watchers in self._watchers.items():
            tip = self._blockchain.view(node).tip
            if tip is not self._tips[node]:
                self._tips[node] = tip
                for changed in watchers:
                    changed()
        self._plan(-1)
