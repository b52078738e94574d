"""Looks out for what nodes see, for those who are to know of it at that instant."""

from collections.abc import Callable
from functools import partial

import numpy as np

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
        self._nodes = np.zeros(0, dtype=np.int64)
        self._moved_nodes: set[int] = set()
        """Those at which something has happened since the last look."""
        self._due = NEVER

    def watch(self, node: int, changed: Callable[[], None]) -> None:
        """Call a function whenever a node has another tip than before.

        Args:
            node: Its index in the network.
            changed: The function; it is called by the one that calls what is due.
        """
        if not self._watchers:
            self._blockchain.views.on_moved.append(self._moved)
        self._watchers.setdefault(node, []).append(changed)
        self._tips[node] = self._blockchain.view(node).tip
        self._nodes = np.array(sorted(self._watchers), dtype=np.int64)
        self._plan()

    def _moved(self, node: int) -> None:
        """Plan a look now where something happened at a node that is watched, else when something comes to one."""
        if node in self._watchers:
            self._moved_nodes.add(node)
            self._plan_at(self._blockchain.now())
        else:
            self._plan()

    def _plan(self) -> None:
        self._plan_at(self._blockchain.views.next_change(self._nodes, self._blockchain.now()))

    def _plan_at(self, due: int) -> None:
        if due < self._due:
            self._due = due
            self._call_at(due, partial(self._look, due))

    def _look(self, due: int) -> None:
        if due != self._due:
            return
        self._due = NEVER
        moved, self._moved_nodes = self._moved_nodes, set()
        for node in sorted(moved.union(self._blockchain.views.reached(self._nodes, due))):
            tip = self._blockchain.view(node).tip
            if tip is not self._tips[node]:
                self._tips[node] = tip
                for changed in self._watchers[node]:
                    changed()
        self._plan()
