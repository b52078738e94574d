"""When nodes had what, from whom, and how they were connected."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from monerosim.events import (
    BlockSpread,
    ItemRelayed,
    PeerConnected,
    PeerDisconnected,
    Record,
    TransactionSpread,
    TransactionStem,
    TxpoolRecorded,
)
from monerosim.plan.plan import Plan
from monerosim.tables.maker import Maker, Rows, Sightings
from monerosim.tables.schema import Column, Table

_SIGHTING = (
    Column("node", "name", "the participant whose node it is"),
    Column("t_us", "time", "when it had it first"),
)

BLOCK_SIGHTINGS = Table(
    "block_sightings",
    "When each node had each block first, on whichever branch; a row an item and node. Where a sample was recorded, "
    "its nodes; empty where quantiles were (record.spreads).",
    (Column("hash", "name", "the block"), *_SIGHTING),
)

TX_SIGHTINGS = Table(
    "tx_sightings",
    "When each node had each transaction first, in its txpool or in a block; a row an item and node. Where a sample "
    "was recorded, its nodes; empty where quantiles were (record.spreads).",
    (Column("txid", "name", "the transaction"), *_SIGHTING),
)

RELAYS = Table(
    "relays",
    "Who sent what to whom; empty unless relays were recorded.",
    (
        Column("item", "text", "hash of the block or the transaction"),
        Column("sender", "name", "the participant whose node sent it; an address where it is nobody's"),
        Column("receiver", "name", "the participant whose node got it"),
        Column("t_us", "time", "when it arrived"),
        Column("phase", "name", "why it was sent: stem, fluff, embargo, block, fetched, unknown"),
        Column("message", "integer", "transactions that came in the same message"),
    ),
)

STEMS = Table(
    "stems",
    "The way of transactions through their stem phase, a row a node; empty unless stems were recorded.",
    (
        Column("txid", "text", "the transaction"),
        Column("hop", "integer", "0 at the sender's node"),
        Column("node", "name", "the participant whose node had it"),
        Column("since_us", "time", "when it came to it"),
        Column("end", "name", "how the stem ended, at its last node; null at the others"),
    ),
)

CONNECTIONS = Table(
    "connections",
    "Connections between nodes, a row a connection of each that dialled.",
    (
        Column("node", "name", "the participant whose node dialled"),
        Column("peer", "name", "the participant that was dialled; an address where it is nobody's"),
        Column("opened_us", "time", "when; null if it is from before the events"),
        Column("closed_us", "time", "when it was over; null if it lasted to the end"),
    ),
)

TXPOOL = Table(
    "txpool",
    "How full txpools were over time; empty unless they were recorded.",
    (
        Column("node", "name", "the participant whose node it is"),
        Column("t_us", "time", "when"),
        Column("transactions", "integer", "in the pool, those in their stem phase included"),
        Column("weight", "integer", "of all of them, bytes"),
    ),
)


class NetworkMaker(Maker):
    """Turns spreads into sightings, and connects and disconnects into intervals."""

    tables = (BLOCK_SIGHTINGS, TX_SIGHTINGS, RELAYS, STEMS, CONNECTIONS, TXPOOL)

    def __init__(self, plan: Plan, rows: Mapping[str, Rows], sightings: Mapping[str, Sightings]) -> None:
        super().__init__(plan, rows, sightings)
        self._open: dict[tuple[str, str], list[int]] = {}
        sampled = set(plan.record.sampled)
        nodes = [host.name for host in plan.hosts if host.node is not None]
        self._recorded = np.array(
            [index for index, name in enumerate(nodes) if not sampled or name in sampled], dtype=np.int32
        )
        """The nodes that delays are of."""

    def take(self, record: Record) -> None:
        """Take a spread, or a change of a connection."""
        match record.data:
            case TransactionSpread(txid=item, first=first, delays=delays):
                self.sightings["tx_sightings"].add(item, *self._had(first, delays))
            case BlockSpread(hash=item, first=first, delays=delays):
                self.sightings["block_sightings"].add(item, *self._had(first, delays))
            case PeerConnected(peer=peer):
                self._open.setdefault((record.participant, peer), []).append(record.t)
            case PeerDisconnected(peer=peer):
                began = self._open.get((record.participant, peer))
                self.rows["connections"].add(record.participant, peer, began.pop(0) if began else None, record.t)
            case ItemRelayed(item=item, kind=phase) as relayed:
                times, senders, receivers, messages = zip(*relayed.relays(), strict=True)
                many = len(times)
                self.rows["relays"].extend((item,) * many, senders, receivers, times, (phase,) * many, messages)
            case TransactionStem(nodes=nodes, since=since) as stem:
                last = len(nodes) - 1
                for hop, (node, at) in enumerate(zip(nodes, since, strict=True)):
                    self.rows["stems"].add(stem.txid, hop, node, at, stem.end if hop == last else None)
            case TxpoolRecorded(transactions=transactions, weight=weight):
                self.rows["txpool"].add(record.participant, record.t, transactions, weight)
            case _:
                pass

    def end(self) -> None:
        """Add the connections that lasted."""
        for (node, peer), began in self._open.items():
            for opened in began:
                self.rows["connections"].add(node, peer, opened, None)

    def _had(self, first: int, delays: tuple[int, ...]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return which nodes had an item, and when."""
        after = np.fromiter(delays, dtype=np.int64, count=len(delays))
        places = np.flatnonzero(after >= 0)
        return self._recorded[places], after[places] + first
