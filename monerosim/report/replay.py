"""What a replay draws: where nodes and connections are, and when each node had each block and transaction.

Times are whole milliseconds since the scenario's time zero, rounded up, so that at each of them the nodes that have an
item are exactly those of the sightings.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Literal, TypeAlias

import msgspec

from monerosim.events import (
    BlockContents,
    BlockSpread,
    PaymentSent,
    PeerConnected,
    PeerDisconnected,
    Record,
    TransactionSpread,
    TransactionStem,
)
from monerosim.plan.plan import Plan
from monerosim.report.spread import recorded_nodes
from monerosim.units import SECOND

MOST_NODES = 300
"""Nodes of the largest network that is replayed by a server."""

MOST_ON_PAGE = 100
"""Nodes of the largest network that is replayed in a page that needs no server."""

_MOST_TIMES = 400_000
"""Times of nodes that a replay has at most, of the first items: 2 MB of a page."""

Kind: TypeAlias = Literal["block", "transaction"]


class Node(msgspec.Struct, frozen=True):
    """A node, and where it is drawn: in a square from 0 to 1."""

    name: str
    x: float
    y: float


class Link(msgspec.Struct, frozen=True):
    """A connection: two places in the list of nodes, and while it stood."""

    one: int
    other: int
    since: int
    until: int | None


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """A block or a transaction on its way."""

    kind: Kind
    id: str
    first: int
    """When the first node had it."""
    after: tuple[int, ...]
    """How much later each node had it; -1 for one that never had it."""
    by: str = ""
    """The participant that found or sent it; empty where that is not known."""
    height: int = 0
    previous: str = ""
    """Of a block: its parent."""
    work: int = 0
    """Of a block: the difficulty of the chain up to it."""
    amount: int = 0
    """Of a payment, atomic units."""
    stem: tuple[tuple[int, int], ...] = ()
    """Of a transaction: the nodes of its stem phase, and when it came to each."""
    end: str = ""
    """How its stem phase ended."""


class Replay(msgspec.Struct, frozen=True):
    """What there is to replay of a run."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    items: tuple[Item, ...]
    """In the order in which the first nodes had them."""
    begin: int
    end: int
    left_out: int
    """Items after those, which would be too many."""
    absent: str = ""
    """Why there is nothing to replay; empty if there is."""


def replay_of(plan: Plan, records: Iterable[Record], most_nodes: int) -> Replay:
    """Return what there is to replay of a run so far.

    Args:
        plan: The run's plan.
        records: Its events.
        most_nodes: Nodes of the largest network that is replayed.
    """
    names = recorded_nodes(plan)
    begin, end = (_up(time) for time in (-plan.time_zero, plan.stop - plan.time_zero))
    if not names or len(names) > most_nodes:
        absent = f"there are {len(names)} nodes; of up to {most_nodes} their network is drawn"
        return Replay((), (), (), begin, end, 0, absent if names else "there are no nodes")
    if plan.record.spreads == "quantiles":
        absent = 'quantiles were recorded, which tell of no single node: set record.spreads = "all" or "sample"'
        return Replay((), (), (), begin, end, 0, absent)
    collected = _Collected(names)
    for record in records:
        collected.take(record)
    links, items = collected.links(), collected.items()
    kept = items[: max(1, _MOST_TIMES // len(names))]
    return Replay(_placed(names, links), links, kept, begin, end, len(items) - len(kept))


class _Collected:
    """The events of a run that a replay is made of."""

    def __init__(self, names: Sequence[str]) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._open: dict[tuple[str, str], list[int]] = {}
        self._links: list[Link] = []
        self._spreads: list[BlockSpread | TransactionSpread] = []
        self._contents: dict[str, BlockContents] = {}
        self._sent: dict[str, tuple[str, PaymentSent]] = {}
        self._stems: dict[str, TransactionStem] = {}

    def take(self, record: Record) -> None:
        """Take an event."""
        match record.data:
            case PeerConnected(peer=peer):
                self._open.setdefault((record.participant, peer), []).append(record.t)
            case PeerDisconnected(peer=peer):
                since = self._open.get((record.participant, peer))
                self._link(record.participant, peer, since.pop(0) if since else None, record.t)
            case BlockSpread() | TransactionSpread() as spread:
                self._spreads.append(spread)
            case BlockContents(hash=item) as contents:
                self._contents[item] = contents
            case PaymentSent(txid=item) as sent:
                self._sent[item] = record.participant, sent
            case TransactionStem(txid=item) as stem:
                self._stems[item] = stem
            case _:
                pass

    def links(self) -> tuple[Link, ...]:
        """Return the connections between nodes that are drawn."""
        for (one, other), opened in self._open.items():
            for since in opened:
                self._link(one, other, since, None)
        self._open.clear()
        return tuple(self._links)

    def items(self) -> tuple[Item, ...]:
        """Return the items, in the order in which the first nodes had them."""
        return tuple(sorted(map(self._item, self._spreads), key=lambda item: (item.first, item.id)))

    def _link(self, one: str, other: str, since: int | None, until: int | None) -> None:
        if one in self._places and other in self._places:
            began = _up(since) if since is not None else -(2**53)
            ended = None if until is None else _up(until)
            self._links.append(Link(self._places[one], self._places[other], began, ended))

    def _item(self, spread: BlockSpread | TransactionSpread) -> Item:
        first = _up(spread.first)
        after = tuple(-1 if delay < 0 else _up(spread.first + delay) - first for delay in spread.delays)
        if isinstance(spread, BlockSpread):
            contents = self._contents.get(spread.hash)
            more: dict[str, Any] = {}
            if contents is not None:
                work = contents.cumulative_difficulty or contents.height
                more = {"by": contents.miner or contents.node, "previous": contents.previous, "work": work}
            return Item("block", spread.hash, first, after, height=spread.height, **more)
        sender, sent = self._sent.get(spread.txid, ("", None))
        stem = self._stems.get(spread.txid)
        way = zip(stem.nodes, stem.since, strict=True) if stem is not None else ()
        return Item(
            "transaction",
            spread.txid,
            first,
            after,
            by=sender,
            amount=sent.amount if sent is not None else 0,
            stem=tuple((self._places[node], _up(since)) for node, since in way if node in self._places),
            end=stem.end if stem is not None else "",
        )


def _placed(names: Sequence[str], links: Iterable[Link]) -> tuple[Node, ...]:
    """Place nodes so that those with connections are near to each other; the same network is always drawn alike."""
    import networkx as nx  # noqa: PLC0415  (slow to import)

    graph = nx.Graph()
    graph.add_nodes_from(range(len(names)))
    graph.add_edges_from((link.one, link.other) for link in links)
    at = nx.spring_layout(graph, seed=1, iterations=30)
    values = [float(value) for value in chain.from_iterable(at.values())]
    low, high = min(values), max(values)
    size = (high - low) or 1
    return tuple(
        Node(name, *(round((float(value) - low) / size, 3) for value in at[place])) for place, name in enumerate(names)
    )


def _up(time: int) -> int:
    """Return microseconds as milliseconds, rounded up."""
    return -(-time // (SECOND // 1000))
