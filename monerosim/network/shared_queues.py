"""Public transactions on their way where the messages of a node share its uplink.

When a message has left depends on all that left before. So it is put down first, and what leaves within a span
(:mod:`monerosim.network.queues`) is taken up at the span's end, in the order of time: all of it is known by then, and
none of it has arrived.
"""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from monerosim.network.propagation import NEVER
from monerosim.network.queues import Queues
from monerosim.network.uplinks import Uplinks
from monerosim.runtime.counters import draws
from monerosim.units import SECOND

_CLOSED = -1
"""In place of the row of a transaction that is followed no further, though it still leaves."""


class SharedQueues(Queues):
    """Queues whose messages wait for the uplinks of their nodes: those of the wires, which have to be there."""

    _waiting: NDArray[np.int64] = np.zeros((4, 0), dtype=np.int64)
    """What has not left yet: row, link, when it leaves, bits; shape ``(4, messages)``."""

    def catch_up(self, before: int) -> None:
        """Follow what comes before a time, microseconds, so that what a node sends then is behind it."""
        self.finish(before - 1)

    def quiet(self) -> list[int]:
        """List the rows of transactions that are on their way to nobody."""
        waiting = set(self._waiting[0].tolist())
        return [row for row in super().quiet() if row not in waiting]

    def close(self, row: int) -> None:
        """Give a row back, which is forgotten; what nodes still send of it takes up their uplinks."""
        self._waiting[0][self._waiting[0] == row] = _CLOSED
        super().close(row)

    def disconnect(self, connections: Sequence[int], gone: Collection[int], at: int) -> None:
        """Close connections; see :meth:`~monerosim.network.queues.Queues.disconnect`."""
        slots = [self.wires.slot(number) for one in connections for number in (2 * one, 2 * one + 1)]
        self._waiting = self._waiting[:, ~np.isin(self._waiting[1], slots)]
        super().disconnect(connections, gone, at)

    def _is_plain(self) -> bool:
        """Return False: messages wait for each other."""
        return False

    def _follow(self, end: int) -> None:
        super()._follow(end)
        self._depart(end)
        self._plan()
        # All of a transaction's messages have left before it is followed no further.
        waiting = set(self._waiting[0].tolist())
        self.arrived = [row for row in np.flatnonzero(self._left == 0).tolist() if row not in waiting]

    def _plan(self) -> None:
        super()._plan()
        self.due = min(self.due, int(self._waiting[2].min(initial=NEVER)))

    def _travel(
        self, row: NDArray[np.int64], which: NDArray[np.int64], link: NDArray[np.int64], left: NDArray[np.int64]
    ) -> None:
        rows = row.take(which)
        self._waiting = np.hstack([self._waiting, np.stack([rows, link, left, self._bits[rows] // SECOND])])

    def _depart(self, end: int) -> None:
        """Have everything leave that does before a time."""
        leaves = self._waiting[2] < end
        if not leaves.any():
            return
        row, link, left, bits = self._waiting[:, leaves]
        self._waiting = self._waiting[:, ~leaves]
        node = self.wires.source[link]
        # Of several connections at one time any may be first.
        drawn = draws(int(self._seed), self.wires.keys[link] + left.view(np.uint64))
        order = np.lexsort((drawn, left, node))
        row, link, left, bits, node = (column[order] for column in (row, link, left, bits, node))
        waits = self._uplinks().wait(node, left, bits)
        # What leaves over a connection at one time is one message.
        starts = np.concatenate([[0], ((link[1:] != link[:-1]) | (left[1:] != left[:-1])).nonzero()[0] + 1])
        waits = np.maximum.reduceat(waits, starts).repeat(np.diff(starts, append=len(link)))
        followed = (row != _CLOSED).nonzero()[0]
        if len(followed):
            row, link, left, waits = (column[followed] for column in (row, link, left, waits))
            which = np.arange(len(row))
            self._arrive(row, which, link, left, self._sending(row, which, link, left) + waits)

    def _uplinks(self) -> Uplinks:
        if self.wires.uplinks is None:
            raise ValueError("the wires have no uplinks")
        return self.wires.uplinks

    def _move(self, slots: NDArray[np.int64]) -> None:
        self._waiting[1] = slots[self._waiting[1]]
        super()._move(slots)
