"""Records who relayed what to whom, and the stems of transactions, where the table ``[record]`` asks for it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monerosim.events import Record, Relayed, TransactionStem
from monerosim.events.relays import RelayKind
from monerosim.model import Blockchain
from monerosim.model.flood import Hops
from monerosim.model.records import Block
from monerosim.network.queues import Messages
from monerosim.network.transactions import Flight, StemHop, TransactionRelay
from monerosim.plan.plan import RecordPlan

_MANY = 10_000
"""Messages that are kept until those that have left are written down."""


class _Hop(NamedTuple):
    received: int
    receiver: int
    sender: int
    item: bytes
    kind: RelayKind
    message: int


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
        self._pending: list[_Hop] = []
        self._messages: dict[tuple[int, int, int], list[Flight]] = {}
        relay = blockchain.relay
        if not isinstance(relay, TransactionRelay):
            raise TypeError(f"a {type(relay).__name__} does not tell its messages")
        self._transactions = relay
        self._blocks = blockchain.views.relay
        self._of_stems = {index for index, name in enumerate(names) if name in plan.stems}
        self._watched = np.isin(np.array(names), np.array(plan.relays)) if plan.relays else np.zeros(0, dtype=np.bool_)
        if plan.relays:
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
            for hop in sorted(hop for hop in self._pending if hop.received <= at):
                self._write(hop)

    def _on_messages(self, messages: Messages) -> None:
        wires = self._transactions.queues.wires
        kept = self._watched[wires.source[messages.link]] | self._watched[wires.target[messages.link]]
        arrived = messages.left[kept] + messages.taken[kept]
        columns = (messages.row[kept], messages.link[kept], messages.left[kept], arrived)
        for row, link, left, at in zip(*(column.tolist() for column in columns), strict=True):
            self._messages.setdefault((left, link, at), []).append(self._transactions.at(row))
        if len(self._messages) > _MANY:
            self._flush(self._transactions.queues.due)

    def _on_disconnected(self, slots: NDArray[np.int64], at: int) -> None:
        self._flush(at)
        gone = set(slots.tolist())
        self._messages = {message: flights for message, flights in self._messages.items() if message[1] not in gone}

    def _on_renumbered(self, slots: NDArray[np.int64]) -> None:
        self._messages = {(left, slots.item(link), at): flights for (left, link, at), flights in self._messages.items()}

    def _flush(self, until: int) -> None:
        """Take up the messages that have left, of which is known what they contain."""
        wires = self._transactions.queues.wires
        gone = sorted(message for message in self._messages if message[0] <= until)
        for message in gone:
            flights = self._messages.pop(message)
            _, link, at = message
            sender, receiver = wires.source.item(link), wires.target.item(link)
            for flight in sorted(flights, key=lambda flight: flight.item):
                kind: RelayKind = "embargo" if sender in flight.embargo_over else "fluff"
                self._pending.append(_Hop(at, receiver, sender, flight.item, kind, len(flights)))
        late = []
        for hop in sorted(self._pending):
            if hop.received <= until:
                self._write(hop)
            else:
                late.append(hop)
        self._pending = late

    def _on_stem_hop(self, flight: Flight, hop: StemHop) -> None:
        if self._watched[hop.sender] or self._watched[hop.receiver]:
            self._pending.append(_Hop(hop.received, hop.receiver, hop.sender, flight.item, "stem", 1))

    def _on_block(self, block: Block, hops: Hops) -> None:
        kept = self._watched[hops.sender] | self._watched[hops.receiver]
        columns = (hops.sender[kept], hops.receiver[kept], hops.received[kept])
        for sender, receiver, received in zip(*(column.tolist() for column in columns), strict=True):
            self._pending.append(_Hop(received, receiver, sender, block.id, "block", 1))

    def _on_fetched(self, block: Block, node: int, sender: int, at: int) -> None:
        if self._watched[node] or self._watched[sender]:
            self._pending.append(_Hop(at, node, sender, block.id, "fetched", 1))

    def _write(self, hop: _Hop) -> None:
        event = Relayed(hop.item.hex(), self._names[hop.sender], hop.kind, hop.message)
        self._record(Record(hop.received - self._time_zero, self._names[hop.receiver], "node", "", event))

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
