"""Dandelion++: the path of a transaction before it is public.

A node sends its own transactions, and those it gets in their stem phase, to one of two outgoing connections, without
delay. For a whole epoch a node either passes stems on or ends them ("fluffs"). A stem also ends at a node without
stem connections, and where the transaction arrives a second time; from there it is relayed to all. A node that has
passed a transaction on in its stem phase fluffs it itself if it has not come back when its embargo ends.

One simplification: the stem for a source is drawn independently, while ``connection_map::get_stem``
(src/net/dandelionpp.cpp) balances the number of sources between stems. That would make the path of a transaction
depend on those before it.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from monerosim.network.propagation import UNREACHABLE
from monerosim.runtime.counters import TABLE_BITS, draw, key, poisson_table
from monerosim.units import SECOND

_UPPER = 64 - TABLE_BITS


class Dandelion(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters, with the defaults of monero's src/cryptonote_config.h (``CRYPTONOTE_DANDELIONPP_...``)."""

    stems: int = 2
    """Outgoing connections chosen for each epoch (``STEMS``)."""
    fluff_probability: int = 20
    """Percentage of epochs spent fluffing (``FLUFF_PROBABILITY``)."""
    epoch: int = 600 * SECOND
    """The shortest epoch in microseconds (``MIN_EPOCH``)."""
    epoch_range: int = 30 * SECOND
    """The most by which an epoch is longer, uniformly distributed, in microseconds (``EPOCH_RANGE``)."""
    embargo: int = 39
    """Mean seconds after which a node fluffs a transaction that it passed on (``EMBARGO_AVERAGE``).

    Poisson distributed in whole seconds (``random_poisson_seconds`` in src/cryptonote_core/tx_pool.cpp), so most
    lie between 27 and 51 s.
    """


class Connection(NamedTuple):
    """An outgoing connection of a node."""

    peer: int
    link: int
    """The directed link from the node to its peer; the one back is ``link ^ 1``."""


class StemPath(NamedTuple):
    """The stem phase of one transaction."""

    passed: tuple[tuple[int, int], ...]
    """The nodes that have it as a stem, the origin first, and since when."""
    starts: tuple[tuple[int, int], ...]
    """The nodes that relay it to all unless it reached them before, and when: the stem's end, then the embargoes."""
    unused: int | None
    """The link back to the previous node, over which the stem's end does not relay it."""


class Stems:
    """The Dandelion++ state of every node at any time.

    Args:
        seed: The key of the run's Dandelion++ draws.
        parameters: The protocol's parameters.
        node_keys: A stable key for each node.
        link_keys: A stable key for each directed link.
        outgoing: The outgoing connections of each node.
        ready: The time at which each node is up and its first epoch begins, microseconds.
    """

    def __init__(
        self,
        seed: int,
        parameters: Dandelion,
        node_keys: Sequence[int],
        link_keys: Sequence[int],
        outgoing: Sequence[Sequence[Connection]],
        ready: Sequence[int],
    ) -> None:
        self._seed = seed
        self._parameters = parameters
        self._node_keys = node_keys
        self._link_keys = link_keys
        self._outgoing = outgoing
        self._ready = ready
        self._ends: dict[int, list[int]] = {}
        self._embargo = poisson_table(parameters.embargo)

    def walk(self, item: bytes, origin: int, released: int, hop: Callable[[int], int]) -> StemPath:
        """Return the stem phase of a transaction, from the node whose wallet sends it until it is relayed to all.

        Args:
            item: The transaction's identifier.
            origin: The node at which it is released.
            released: The time of release, microseconds.
            hop: Returns the microseconds that a directed link takes to pass the transaction on;
                :data:`~monerosim.network.propagation.UNREACHABLE` or more if it never does.
        """
        passed: dict[int, int] = {}
        node, time, came_by = origin, released, None
        while node not in passed:
            # its own wallet's transactions become stems even in a fluffing epoch (dandelionpp_notify, levin_notify.cpp)
            epoch, fluffing = self.epoch(node, time)
            chosen = None if fluffing and came_by is not None else self._stem(node, time, epoch, came_by)
            if chosen is None:
                break
            passed[node] = time
            node, time, came_by = chosen.peer, time + hop(chosen.link), chosen.link
            if time >= UNREACHABLE:  # lost on the way: monerod notices only when the embargo ends
                break
        embargoes = key(self._seed, "embargo", item)
        waits = {stem: self._embargo[draw(embargoes, self._node_keys[stem]) >> _UPPER] for stem in passed}
        late = tuple((stem, since + int(waits[stem]) * SECOND) for stem, since in passed.items())
        unused = None if came_by is None else came_by ^ 1
        end = ((node, time),) if time < UNREACHABLE else ()
        return StemPath(passed=tuple(passed.items()), starts=end + late, unused=unused)

    def epoch(self, node: int, time: int) -> tuple[int, bool]:
        """Return the number of a node's epoch at a time, and whether the node fluffs in it."""
        ends = self._ends.setdefault(node, [])
        mine = draw(self._seed, self._node_keys[node])
        while not ends or ends[-1] <= time:
            begin = ends[-1] if ends else self._ready[node]
            extra = key(mine, "length", len(ends)) % (self._parameters.epoch_range + 1)
            ends.append(begin + self._parameters.epoch + extra)
        number = bisect_right(ends, time)
        return number, key(mine, "fluffing", number) % 100 < self._parameters.fluff_probability

    def _stem(self, node: int, time: int, epoch: int, came_by: int | None) -> Connection | None:
        mine = key(draw(self._seed, self._node_keys[node]), "stems", epoch)
        up = [connection for connection in self._outgoing[node] if self._ready[connection.peer] <= time]
        up.sort(key=lambda connection: draw(mine, self._link_keys[connection.link]))
        chosen = up[: self._parameters.stems]
        if not chosen:
            return None
        source = 0 if came_by is None else self._link_keys[came_by]
        return chosen[key(mine, "source", source) % len(chosen)]
