"""Relays and stems from the logs of all daemons of a run: who sent what to whom, and whether as a stem.

A receiver's log has each message that came, with the connection it came by, and not whether it was a stem; a sender's
log has each stem that it passed on, with connection and number of transactions, and not which ones. Both together tell.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from monerosim.engines.message_log import Epoch, FluffQueued, MessageFinding, Opened, Received, StemFailed, StemSent
from monerosim.events import ItemRelayed, Record, TransactionStem
from monerosim.events.relays import RelayKind, StemEnd
from monerosim.plan.plan import Plan
from monerosim.units import SECOND

_EARLY = SECOND // 100
"""A log's times are those at which a line was written, so what follows may be written a little earlier."""

_LATEST = 10 * SECOND
"""How much later than its sending a stem is looked for at the receiver."""

_APART = 2 * SECOND
"""How far apart in time two nodes may tell of the same connection."""


class _Receipt(NamedTuple):
    at: int
    sender: str
    receiver: str
    block: bool
    incoming: bool
    items: tuple[str, ...]


class RelayLog:
    """Takes what logs tell, and gives the relays and stems that a plan wants.

    Args:
        plan: The run's plan.
        start: The run's start in microseconds of Unix time.
    """

    def __init__(self, plan: Plan, start: int) -> None:
        self._record = plan.record
        self._zero = start + plan.time_zero
        nodes = [host for host in plan.hosts if host.node is not None]
        self._listens = {f"{it.address}:{it.node.p2p_port}": it.name for it in nodes if it.node is not None}
        self._hosts = {host.address: host.name for host in nodes}
        self._opened: defaultdict[str, list[Opened]] = defaultdict(list)
        self._received: list[tuple[str, Received]] = []
        self._sent: list[tuple[str, StemSent]] = []
        self._acts: defaultdict[str, list[StemSent | StemFailed | FluffQueued]] = defaultdict(list)
        self._epochs: defaultdict[str, list[Epoch]] = defaultdict(list)
        self._had: dict[str, tuple[int, str]] = {}

    @property
    def wanted(self) -> bool:
        """Whether the plan wants any of it."""
        return bool(self._record.relays or self._record.stems)

    def take(self, node: str, finding: MessageFinding) -> None:
        """Take what the log of a node tells; in the log's order."""
        match finding:
            case Opened():
                self._opened[node].append(finding)
            case Received():
                self._received.append((node, finding))
            case Epoch():
                self._epochs[node].append(finding)
            case StemSent() | StemFailed() | FluffQueued():
                self._acts[node].append(finding)
                if isinstance(finding, StemSent):
                    self._sent.append((node, finding))

    def had(self, node: str, txid: str, at: int) -> None:
        """Take that a node has a transaction, at a time in microseconds of Unix time."""
        self._had[txid] = min(self._had.get(txid, (at, node)), (at, node))

    def records(self) -> Iterator[Record]:
        """Return relays and stems, once all logs have been taken."""
        receipts = self._receipts()
        stems = self._stems(receipts)
        near = set(self._record.relays)
        brought: defaultdict[tuple[str, RelayKind], list[_Receipt]] = defaultdict(list)
        for receipt in receipts:
            if receipt.sender in near or receipt.receiver in near:
                kind: RelayKind = "block" if receipt.block else "stem" if receipt in stems else "fluff"
                for item in receipt.items:
                    brought[item, kind].append(receipt)
        for (item, kind), all_ in brought.items():
            event = self._relayed(item, kind, all_)
            yield Record(all_[-1].at - self._zero, all_[0].receiver, "engine", "", event)
        passed: defaultdict[str, list[_Receipt]] = defaultdict(list)
        public: dict[str, _Receipt] = {}
        for receipt in receipts:
            for item in () if receipt.block else receipt.items:
                if receipt in stems:
                    passed[item].append(receipt)
                else:
                    public.setdefault(item, receipt)
        for txid in sorted(self._had):
            at, stem = self._stem(txid, passed[txid], public.get(txid))
            if set(stem.nodes) & set(self._record.stems):
                yield Record(at - self._zero, stem.nodes[0], "engine", "", stem)

    def _relayed(self, item: str, kind: RelayKind, receipts: Sequence[_Receipt]) -> ItemRelayed:
        """Return what messages, in the order of their times, tell of an item."""
        nodes = sorted({node for it in receipts for node in (it.sender, it.receiver)})
        place = {node: index for index, node in enumerate(nodes)}
        count = tuple(len(it.items) for it in receipts)
        return ItemRelayed(
            item,
            kind,
            tuple(nodes),
            receipts[0].at - self._zero,
            tuple(it.at - receipts[0].at for it in receipts),
            tuple(place[it.sender] for it in receipts),
            tuple(place[it.receiver] for it in receipts),
            () if set(count) == {1} else count,
        )

    def _receipts(self) -> list[_Receipt]:
        """Return all messages in the order of their times, with the names of both ends."""
        dialler = self._diallers()
        found = []
        for node, it in self._received:
            if it.incoming:
                sender = self._hosts.get(it.address.rpartition(":")[0]) or dialler.get((node, it.address))
            else:
                sender = self._listens.get(it.address)
            found.append(_Receipt(it.at, sender or it.address, node, it.block, it.incoming, it.items))
        return sorted(found)

    def _diallers(self) -> dict[tuple[str, str], str]:
        """Find who dialled, where addresses do not tell: on loopback, all connections come from one address."""
        dials: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        for node, opened in self._opened.items():
            for one in opened:
                if not one.incoming and one.address in self._listens:
                    dials[self._listens[one.address]].append((one.at, node))
        found = {}
        for node, opened in self._opened.items():
            left = sorted(dials[node])
            for one in sorted(it for it in opened if it.incoming):
                nearest = min(left, key=lambda dial: abs(dial[0] - one.at), default=None)
                if nearest is not None and abs(nearest[0] - one.at) <= _APART:
                    left.remove(nearest)
                    found[node, one.address] = nearest[1]
        return found

    def _stems(self, receipts: Sequence[_Receipt]) -> set[_Receipt]:
        """Return the messages that were stems: of each stem that was sent, what its sender got just before.

        What else is on its way over the same connection at that time is public, and was got well before it left.
        """
        peers = {(node, one.id): self._listens.get(one.address) for node, all_ in self._opened.items() for one in all_}
        between: defaultdict[tuple[str, str | None], list[_Receipt]] = defaultdict(list)
        got = {(node, txid): at for txid, (at, node) in self._had.items()}
        for receipt in receipts:
            if receipt.incoming and not receipt.block:
                between[receipt.sender, receipt.receiver].append(receipt)
            for item in receipt.items:
                got.setdefault((receipt.receiver, item), receipt.at)
        found: set[_Receipt] = set()
        for node, sent in sorted(self._sent, key=lambda one: one[1].at):
            fits = [
                receipt
                for receipt in between[node, peers.get((node, sent.id))]
                if -_EARLY <= receipt.at - sent.at <= _LATEST
                and len(receipt.items) == sent.transactions
                and receipt not in found
            ]
            if fits:
                found.add(min(fits, key=lambda it: abs(sent.at - got.get((node, it.items[0]), sent.at - _LATEST))))
        return found

    def _stem(self, txid: str, hops: Sequence[_Receipt], public: _Receipt | None) -> tuple[int, TransactionStem]:
        """Return when a transaction became public, and its stem."""
        since, origin = self._had[txid]
        way, times = [origin], [since]
        for hop in hops:
            # A hop from elsewhere would be of another copy, such as one that was sent again.
            if hop.sender == way[-1]:
                way.append(hop.receiver)
                times.append(hop.at)
        end, at = self._end(way, times[-1])
        published = way[-1]
        if end in {"embargo", "unknown"}:
            published, at = ("", times[-1]) if public is None else (public.sender, public.at)
        return at, TransactionStem(txid, tuple(way), tuple(it - self._zero for it in times), end, published)

    def _end(self, way: Sequence[str], since: int) -> tuple[StemEnd, int]:
        """Return why a stem ended at the last node of its way, and when that node acted."""
        node = way[-1]
        acts = [act for act in self._acts[node] if act.at >= since - _EARLY]
        if not acts:
            return "unknown", since
        act = acts[0]
        end: StemEnd = "embargo"
        if isinstance(act, StemFailed):
            end = "no-stem"
        elif isinstance(act, FluffQueued):
            begun = [epoch.fluff for epoch in self._epochs[node] if epoch.at <= act.at]
            end = "loop" if node in way[:-1] else "fluff" if begun and begun[-1] else "unknown"
        return end, act.at
