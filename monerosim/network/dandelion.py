"""Dandelion++: the way a transaction takes before all may see it.

A node sends its own transactions, and those it gets in their stem phase, to one of two outgoing connections, without
delay. For a whole epoch it is either a node that passes stems on or one that ends them ("fluffs"): then, or when no
stem is left, or when the transaction comes by a second time, it is relayed to all. A node that has passed a stem on
fluffs it itself when its embargo is over and it has not come back.

Where this is simpler than monerod: which of the stems a source gets is drawn independently, while
``connection_map::get_stem`` (src/net/dandelionpp.cpp) keeps the numbers of sources a stem balanced. That would make
the way of one transaction depend on those before.
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
    """The parameters, with the values of monero's src/cryptonote_config.h (``CRYPTONOTE_DANDELIONPP_...``)."""

    stems: int = 2
    """Outgoing connections chosen an epoch (``STEMS``)."""
    fluff_probability: int = 20
    """Of 100 epochs, how many are spent fluffing (``FLUFF_PROBABILITY``)."""
    epoch: int = 600 * SECOND
    """The shortest epoch in microseconds (``MIN_EPOCH``)."""
    epoch_range: int = 30 * SECOND
    """An epoch is longer than that by up to this, uniformly, in microseconds (``EPOCH_RANGE``)."""
    embargo: int = 39
    """Seconds after which a node fluffs what it passed on, on average (``EMBARGO_AVERAGE``).

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
    """The nodes that held it in their stem pool, the origin first, and since when."""
    starts: tuple[tuple[int, int], ...]
    """Who relays it to all if it has not come by before, and when: the end of the stem, then the embargoes."""
    unused: int | None
    """The link back to the sender, over which the end of the stem does not relay it."""


class Stems:
    """What every node's Dandelion++ does, at any time.

    Args:
        seed: The key of the run's Dandelion++ draws.
        parameters: The protocol's parameters.
        node_keys: A stable key a node.
        link_keys: A stable key a directed link.
        outgoing: The outgoing connections of each node.
        ready: When each node is up (its first epoch begins), microseconds.
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
        """Follow a transaction from the node whose wallet sends it until it is relayed to all.

        Args:
            item: What identifies the transaction.
            origin: The node it is released at.
            released: When, microseconds.
            hop: How long a directed link takes to pass the transaction on, microseconds, from
                :data:`~monerosim.network.propagation.UNREACHABLE` on if it never does.
        """
        passed: dict[int, int] = {}
        node, time, came_by = origin, released, None
        while node not in passed:
            # a node stems what its own wallet sends even in a fluffing epoch (dandelionpp_notify, levin_notify.cpp)
            epoch, fluffing = self.epoch(node, time)
            chosen = None if fluffing and came_by is not None else self._stem(node, time, epoch, came_by)
            if chosen is None:
                break
            passed[node] = time
            node, time, came_by = chosen.peer, time + hop(chosen.link), chosen.link
            if time >= UNREACHABLE:  # lost on the way: monerod does not learn of it before the embargo is over
                break
        embargoes = key(self._seed, "embargo", item)
        waits = {stem: self._embargo[draw(embargoes, self._node_keys[stem]) >> _UPPER] for stem in passed}
        late = tuple((stem, since + int(waits[stem]) * SECOND) for stem, since in passed.items())
        unused = None if came_by is None else came_by ^ 1
        end = ((node, time),) if time < UNREACHABLE else ()
        return StemPath(passed=tuple(passed.items()), starts=end + late, unused=unused)

    def epoch(self, node: int, time: int) -> tuple[int, bool]:
        """Tell the number of a node's epoch at a time, and whether the node is fluffing in it."""
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
