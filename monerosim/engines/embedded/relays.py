"""Records who relayed what to whom, and the stems of transactions, where the table ``[record]`` asks for it.

There are many more messages than anything else in a run, so they stay in arrays until they are written down: an event
has all messages with an item that were sent within a while.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from monerosim.events import ItemRelayed, Record, TransactionStem
from monerosim.events.relays import RelayKind
from monerosim.model import Blockchain
from monerosim.model.flood import Hops
from monerosim.model.records import Block
from monerosim.network.flight import Flight, StemHop
from monerosim.network.queues import Messages
from monerosim.network.transactions import TransactionRelay
from monerosim.plan.plan import RecordPlan

_MANY = 50_000
"""Messages that are kept until those that have come are written down."""


class RelayRecorder:
    """Listens to the blocks and transactions on their way.

    Args:
        blockchain: The run's.
        plan: What is recorded.
        names: The hosts that have a node, in the network's order.
        time_zero: The scenario's time zero, microseconds.
        record: Writes down an event.
    """

    def __init__(
        self,
        blockchain: Blockchain,
        plan: RecordPlan,
        names: Sequence[str],
        time_zero: int,
        record: Callable[[Record], None],
    ) -> None:
        self._names = names
        self._time_zero = time_zero
        self._record = record
        self._now = blockchain.now
        relay = blockchain.relay
        if not isinstance(relay, TransactionRelay):
            raise TypeError(f"a {type(relay).__name__} does not tell its messages")
        self._transactions = relay
        self._blocks = blockchain.views.relay
        self._of_stems = {index for index, name in enumerate(names) if name in plan.stems}
        self._watched = np.isin(np.array(names), np.array(plan.relays)) if plan.relays else np.zeros(0, dtype=np.bool_)
        self._all = bool(len(self._watched) and self._watched.all())
        self._kept = 0
        self._public: list[tuple[NDArray[np.int64], ...]] = []
        """Transactions that were put into queues: number, link, when they leave, when they come."""
        self._counted: list[tuple[NDArray[np.int64], ...]] = []
        """Those that have left and not come: number, sender, receiver, when they come, how many in the message."""
        self._numbers: dict[Flight, int] = {}
        self._flights: dict[int, Flight] = {}
        self._number_of_row = np.zeros(0, dtype=np.int64)
        self._single: dict[tuple[bytes, RelayKind], list[Hops]] = {}
        """Messages with one item."""
        if plan.relays:
            self._transactions.on_opened = self._on_opened
            self._transactions.queues.on_messages = self._on_messages
            self._transactions.queues.on_disconnected = self._on_disconnected
            self._transactions.queues.on_renumbered = self._on_renumbered
            self._transactions.on_stem_hop = self._on_stem_hop
            self._blocks.on_hops = self._on_block
            self._blocks.on_fetched = self._on_fetched
        if plan.stems:
            self._transactions.on_landed = self._on_landed

    def finish(self, at: int) -> None:
        """Write down what has come up to the end of the run."""
        if self._of_stems:
            for flight in self._transactions.flights():
                self._on_landed(flight)
        if len(self._watched):
            self._blocks.tell_hops()
            self._flush(at)

    def _on_messages(self, messages: Messages) -> None:
        row, link, left, taken = messages
        if not self._all:
            wires = self._transactions.queues.wires
            kept = self._watched[wires.source[link]] | self._watched[wires.target[link]]
            row, link, left, taken = row[kept], link[kept], left[kept], taken[kept]
        if not len(row):
            return
        self._public.append((self._number_of_row.take(row), link, left, left + taken))
        self._count(len(row))

    def _on_disconnected(self, slots: NDArray[np.int64], at: int) -> None:
        """Write down what has left over links; what waits for them never leaves."""
        self._flush(at)
        self._public = [tuple(column[~np.isin(part[1], slots)] for column in part) for part in self._public]

    def _on_renumbered(self, slots: NDArray[np.int64]) -> None:
        self._public = [(number, slots[link], *times) for number, link, *times in self._public]

    def _on_opened(self, flight: Flight) -> None:
        number = self._numbers.get(flight)
        if number is None:
            number = self._numbers[flight] = 0 if not self._flights else next(reversed(self._flights)) + 1
            self._flights[number] = flight
        if flight.row >= len(self._number_of_row):
            self._number_of_row = np.resize(self._number_of_row, 2 * flight.row + 1)
        self._number_of_row[flight.row] = number

    def _count(self, messages: int) -> None:
        self._kept += messages
        if self._kept > _MANY:
            self._flush(min(self._transactions.queues.due, self._now()))

    def _on_stem_hop(self, flight: Flight, hop: StemHop) -> None:
        self._keep(flight.item, "stem", hop.sender, hop.receiver, hop.received)

    def _on_fetched(self, block: Block, node: int, sender: int, at: int) -> None:
        self._keep(block.id, "fetched", sender, node, at)

    def _keep(self, item: bytes, kind: RelayKind, sender: int, receiver: int, received: int) -> None:
        if self._watched[sender] or self._watched[receiver]:
            hop = Hops(*(np.array([value]) for value in (sender, receiver, received)))
            self._single.setdefault((item, kind), []).append(hop)

    def _on_block(self, block: Block, hops: Hops) -> None:
        kept = self._watched[hops.sender] | self._watched[hops.receiver]
        if kept.any():
            self._single.setdefault((block.id, "block"), []).append(Hops(*(column[kept] for column in hops)))
            self._count(int(kept.sum()))

    def _flush(self, until: int) -> None:
        """Write down the messages that have come up to a time, when nothing more can be put into them."""
        self._kept = 0
        for (item, kind), parts in list(self._single.items()):
            hops = Hops(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
            come = hops.received <= until
            if come.any():
                self._write(item, kind, Hops(*(column[come] for column in hops)), None)
            if come.all():
                del self._single[item, kind]
            else:
                self._single[item, kind] = [Hops(*(column[~come] for column in hops))]
        if self._public or self._counted:
            self._flush_public(until)

    def _flush_public(self, until: int) -> None:
        if self._public:
            number, link, left, received = (np.concatenate(parts) for parts in zip(*self._public, strict=True))
            gone, waits = (left <= until).nonzero()[0], (left > until).nonzero()[0]
            self._public = [(number.take(waits), link.take(waits), left.take(waits), received.take(waits))]
            # The messages of a link are in the order of their times already.
            gone = gone.take(_sorted(link.take(gone)))
            self._counted.append(self._counted_of(*(it.take(gone) for it in (number, link, left, received))))
        columns = [np.concatenate(parts) for parts in zip(*self._counted, strict=True)]
        come, waits = (columns[3] <= until).nonzero()[0], (columns[3] > until).nonzero()[0]
        self._counted = [tuple(column.take(waits) for column in columns)]
        if len(come):
            come = come.take(_sorted(columns[0].take(come)))
            number, sender, receiver, received, count = (column.take(come) for column in columns)
            starts = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), len(number)]
            for begin, end in pairwise(starts):
                hops = Hops(sender[begin:end], receiver[begin:end], received[begin:end])
                self._write_public(self._flights[number.item(begin)], hops, count[begin:end])
        waits_of = np.bincount(np.concatenate([part[0] for part in (*self._public, *self._counted)]))
        for flight, one in list(self._numbers.items()):
            if flight.arrivals is not None and (one >= len(waits_of) or not waits_of[one]):
                del self._numbers[flight], self._flights[one]

    def _counted_of(
        self, number: NDArray[np.int64], link: NDArray[np.int64], left: NDArray[np.int64], received: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], ...]:
        """Return what has left with the number of transactions in each message, which has come when all of it has.

        Args:
            number: The items, by the links and times at which they left.
            link: The links.
            left: The times.
            received: When each came.
        """
        if not len(number):
            return number, link, link, received, left
        wires = self._transactions.queues.wires
        starts = np.concatenate([[0], ((link[1:] != link[:-1]) | (left[1:] != left[:-1])).nonzero()[0] + 1])
        count = np.diff(starts, append=len(number))
        came = np.maximum.reduceat(received, starts).repeat(count)
        return number, wires.source.take(link), wires.target.take(link), came, count.repeat(count)

    def _write_public(self, flight: Flight, hops: Hops, count: NDArray[np.int64]) -> None:
        if not flight.embargo_over:
            self._write(flight.item, "fluff", hops, count)
            return
        over = np.isin(hops.sender, list(flight.embargo_over))
        kinds: tuple[tuple[RelayKind, NDArray[np.bool_]], ...] = (("fluff", ~over), ("embargo", over))
        for kind, which in kinds:
            if which.any():
                self._write(flight.item, kind, Hops(*(column[which] for column in hops)), count[which])

    def _write(self, item: bytes, kind: RelayKind, hops: Hops, count: NDArray[np.int64] | None) -> None:
        used = np.zeros(len(self._names), dtype=np.bool_)
        used[hops.sender] = used[hops.receiver] = True
        place = used.cumsum() - 1
        first, last = int(hops.received.argmin()), int(hops.received.max())
        since = hops.received.item(first)
        event = ItemRelayed(
            item.hex(),
            kind,
            tuple(self._names[node] for node in np.flatnonzero(used).tolist()),
            since - self._time_zero,
            tuple((hops.received - since).tolist()),
            tuple(place[hops.sender].tolist()),
            tuple(place[hops.receiver].tolist()),
            () if count is None or (count == 1).all() else tuple(count.tolist()),
        )
        node = self._names[hops.receiver.item(first)]
        self._record(Record(last - self._time_zero, node, "node", "", event))

    def _on_landed(self, flight: Flight) -> None:
        if self._of_stems.isdisjoint(stop.node for stop in flight.stops) or flight.published < 0:
            return
        event = TransactionStem(
            flight.item.hex(),
            tuple(self._names[stop.node] for stop in flight.stops),
            tuple(stop.since - self._time_zero for stop in flight.stops),
            flight.end or "unknown",
            self._names[flight.published],
        )
        self._record(Record(flight.published_at - self._time_zero, self._names[flight.origin], "node", "", event))


def _sorted(values: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the places of values in their order, of equal ones as they stand: short integers are sorted fastest."""
    if not len(values):
        return np.zeros(0, dtype=np.intp)
    span = values - values.min()
    places: NDArray[np.intp] = span.astype(np.min_scalar_type(int(span.max()))).argsort(kind="stable")
    return places
