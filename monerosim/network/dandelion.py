"""Dandelion++: where a node sends a transaction before it is public (src/cryptonote_protocol/levin_notify.cpp).

A node sends its own transactions, and those that it gets in their stem phase, to one of two outgoing connections,
without delay. For a whole epoch a node either passes stems on or ends them ("fluffs"). Sources of stems are shared out
between the two (``connection_map`` in src/net/dandelionpp.cpp). Only such connections qualify whose peer has told a
height that is no lower than the node's own; where none is left, the stem ends.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from monerosim.runtime.counters import draw, key
from monerosim.units import SECOND

OWN = 0
"""The source of a node's own transactions, in place of a link's key."""

_TRIES = 2
"""Attempts to find a stem; after each, connections that do not qualify any more are replaced
(``dandelionpp_notify``)."""

HeightAt: TypeAlias = Callable[[int, int], int]
"""Returns the height of a node's chain at a time, microseconds."""


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
    flush_incoming: int = 20
    """Mean quarter seconds from the first transaction that waits for a peer that dialled this node until all that wait
    are sent.

    ``FLUSH_AVERAGE``, 5 s. Poisson distributed, not exponential (``random_poisson_subseconds``, ``fluff_notify`` in
    src/cryptonote_protocol/levin_notify.cpp), so 95 % lie between 3 and 7.25 s.
    """
    flush_outgoing: int = 10
    """The same towards a peer that this node dialled: half (``fluff_average_out``), 2.5 s."""


class Connection(NamedTuple):
    """An outgoing connection of a node."""

    peer: int
    link: int
    """The directed link from the node to its peer."""
    key: int
    """A stable key of that link."""
    since: int
    """When it is made: both nodes are up, microseconds."""
    latency: int
    """Microseconds one way."""


class Epoch:
    """A node's choices of an epoch: its stems, and which source has which (``connection_map``).

    Args:
        draws: The key of the epoch's draws.
        fluffing: Stems end at the node.
        stems: How many connections are chosen.
        eligible: The connections that qualify at its beginning.
    """

    def __init__(self, draws: int, *, fluffing: bool, stems: int, eligible: Sequence[Connection]) -> None:
        self.fluffing = fluffing
        self._draws = draws
        self._out: list[Connection | None] = list(self._shuffled(eligible, "stems")[:stems])
        self._usage = [0] * stems
        self._index: dict[int, int] = {}
        self._updates = 0

    def _shuffled(self, connections: Sequence[Connection], *purpose: str | int) -> list[Connection]:
        mine = key(self._draws, *purpose)
        return sorted(connections, key=lambda connection: draw(mine, connection.key))

    def stem(self, source: int) -> Connection | None:
        """Return the stem of a source, None if there is none (``get_stem``).

        Args:
            source: The key of the link that the transaction came by, or :data:`OWN`.
        """
        index = self._index.get(source)
        if index is not None and self._out[index] is None:
            self._usage[index] -= 1
            del self._index[source]
            index = None
        if index is None:
            index = self._least_used(source)
            if index is None:
                return None
            self._index[source] = index
            self._usage[index] += 1
        return self._out[index]

    def _least_used(self, source: int) -> int | None:
        """Return the place of the stem that has the fewest sources; of several, one at random (``select_stem``)."""
        places = [place for place, connection in enumerate(self._out) if connection is not None]
        least = min((self._usage[place] for place in places), default=0)
        places = [place for place in places if self._usage[place] == least]
        return places[key(self._draws, "source", source) % len(places)] if places else None

    def update(self, eligible: Sequence[Connection]) -> None:
        """Drop the stems that do not qualify any more and fill up their places (``connection_map::update``)."""
        self._updates += 1
        current = list(eligible)
        for place, connection in enumerate(self._out):
            if connection in current:
                current.remove(connection)
            else:
                self._out[place] = None
        if None not in self._out and len(self._out) == len(self._usage):
            return
        spare = self._shuffled(current, "update", self._updates)
        self._out += [None] * (len(self._usage) - len(self._out))
        for place, connection in enumerate(self._out):
            if connection is None and spare:
                self._out[place] = spare.pop()


class Stems:
    """The Dandelion++ state of every node at any time; asked in the order of time.

    Args:
        seed: The key of the run's Dandelion++ draws.
        parameters: The protocol's parameters.
        node_keys: A stable key for each node.
        outgoing: The outgoing connections of each node.
        begin: When each node's daemon starts, and with it the first epoch, microseconds.
        own_always: Whether each node passes on its own transactions as stems in fluff epochs, too.
        last_told: Returns when a node's peer last told its height, up to a time: when the peer had that height.
        height_at: Returns the height of a node's chain at a time.
    """

    def __init__(
        self,
        seed: int,
        parameters: Dandelion,
        node_keys: Sequence[int],
        outgoing: Sequence[Sequence[Connection]],
        begin: Sequence[int],
        own_always: Sequence[bool],
        last_told: Callable[[int, Connection, int], int],
        height_at: HeightAt,
    ) -> None:
        self._seed = seed
        self._parameters = parameters
        self._node_keys = node_keys
        self._outgoing = outgoing
        self._begin = begin
        self._own_always = own_always
        self._last_told = last_told
        self._height_at = height_at
        self._ends: dict[int, list[int]] = {}
        self._epochs: dict[int, tuple[int, Epoch]] = {}
        self._lives: dict[int, int] = {}

    def stems_own(self, node: int) -> bool:
        """Return whether a node passes on its own transactions as stems even in a fluff epoch."""
        return self._own_always[node]

    def epoch(self, node: int, time: int) -> Epoch:
        """Return a node's epoch at a time, microseconds."""
        number, begin = self._number(node, time)
        current = self._epochs.get(node)
        if current is None or current[0] != number:
            mine = self._key(node)
            fluffing = key(mine, "fluffing", number) % 100 < self._parameters.fluff_probability
            current = (
                number,
                Epoch(
                    key(mine, "epoch", number),
                    fluffing=fluffing,
                    stems=self._parameters.stems,
                    eligible=self._eligible(node, begin),
                ),
            )
            self._epochs[node] = current
        return current[1]

    def find(self, node: int, time: int, source: int) -> Connection | None:
        """Return the connection to which a node passes a stem on, None if none qualifies.

        Args:
            node: The node.
            time: Microseconds.
            source: The key of the link that the transaction came by, or :data:`OWN`.
        """
        epoch = self.epoch(node, time)
        for _ in range(_TRIES):
            found = epoch.stem(source)
            if found is not None and found in self._outgoing[node]:
                return found
            epoch.update(self._eligible(node, time))
        return None

    def restart(self, node: int, at: int) -> None:
        """Begin a node's first epoch anew: its daemon was started again."""
        self._lives[node] = self._lives.get(node, 0) + 1
        self._ends[node] = [at]
        self._epochs.pop(node, None)

    def _key(self, node: int) -> int:
        mine = draw(self._seed, self._node_keys[node])
        return key(mine, "life", self._lives[node]) if node in self._lives else mine

    def _number(self, node: int, time: int) -> tuple[int, int]:
        """Return the number of a node's epoch at a time, and when it began."""
        ends = self._ends.setdefault(node, [self._begin[node]])
        mine = self._key(node)
        while ends[-1] <= time:
            extra = key(mine, "length", len(ends)) % (self._parameters.epoch_range + 1)
            ends.append(ends[-1] + self._parameters.epoch + extra)
        number = max(bisect_right(ends, time), 1)
        return number, ends[number - 1]

    def _eligible(self, node: int, time: int) -> list[Connection]:
        """Return the connections whose peers have told a height no lower than the node's (``get_out_connections``)."""
        own = self._height_at(node, time)
        return [
            connection
            for connection in self._outgoing[node]
            if connection.since <= time
            and self._height_at(connection.peer, self._last_told(node, connection, time)) >= own
        ]
