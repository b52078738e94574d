"""What spies make of the transactions that are sent to them."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from monerosim.events import Event, ItemRelayed, PaymentSent, Record
from monerosim.plan.plan import Plan
from monerosim.plan.roles import SPY
from monerosim.report.figure import Figure, Line, Phrase


class Spies(msgspec.Struct, frozen=True, kw_only=True):
    """How well the first-spy estimator does: whoever sends a transaction to any spy first is taken for its origin.

    All is 0 without spies, and where ``record.relays`` does not name them. Definitions are those of Fanti et al. 2018
    (Dandelion++, arXiv 1805.11060), over payments and the nodes that made them.
    """

    nodes: int = 0
    """The spies' nodes."""
    outgoing: float = 0.0
    """The share of spies among the connections that the payers' nodes dialled."""
    transactions: int = 0
    """Payments of the scenario's own time, by participants that are no spies."""
    seen: float = 0.0
    """The share of them that some spy was sent."""
    recall: float = 0.0
    """The share of them whose origin is found."""
    precision: float = 0.0
    """The share of right guesses among those that name a node, on average over the nodes that paid."""
    stem_recall: float = 0.0
    """The share of all payments whose origin is found by their stem: the first message to a spy was one."""
    stem_precision: float = 0.0
    """The share of right guesses among those that follow from a stem."""


class _Sight(NamedTuple):
    t: int
    sender: str
    stem: bool


def _spies(plan: Plan) -> set[str]:
    return {host.name for host in plan.hosts if host.node is not None and any(it.role == SPY for it in host.actors)}


class SpiesFigure(Figure[Spies]):
    """Keeps the first message with each transaction that any spy got from somebody else."""

    name = "spies"
    title = "What do spies find out?"
    section = "Participants"
    position = 110

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._spies = _spies(plan)
        self._node_of = {
            host.name: host.name if host.node is not None else next((it.node for it in host.wallets), "")
            for host in plan.hosts
        }
        self._first: dict[str, _Sight] = {}
        self._origins: dict[str, str] = {}

    @classmethod
    def optional(cls, plan: Plan) -> tuple[type[Event], ...]:
        """Return the messages, if there is anybody whom they could tell something."""
        return (ItemRelayed,) if _spies(plan) else ()

    def take(self, record: Record) -> None:
        """Keep who made a payment, or the first message to a spy."""
        if not self._spies:
            return
        match record.data:
            case PaymentSent(txid=txid) if record.t >= 0:
                self._origins[txid] = self._node_of.get(record.participant, "")
            case ItemRelayed(item=item, kind=kind) as sent if kind in ("stem", "fluff", "embargo"):
                for relay in sent.relays():
                    if relay.receiver in self._spies and relay.sender not in self._spies:
                        sight = _Sight(relay.t, relay.sender, kind == "stem")
                        self._first[item] = min(self._first.get(item, sight), sight)
            case _:
                pass

    def result(self) -> Spies:
        """Return how many origins are found."""
        origins = {txid: node for txid, node in self._origins.items() if node and node not in self._spies}
        if not origins:
            return Spies(nodes=len(self._spies))
        guesses = {txid: self._first[txid] for txid in origins if txid in self._first}
        right = {txid for txid, sight in guesses.items() if sight.sender == origins[txid]}
        by_stem = {txid for txid, sight in guesses.items() if sight.stem}
        named = Counter(sight.sender for sight in guesses.values())
        rightly = Counter(origins[txid] for txid in right)
        payers = sorted(set(origins.values()))
        dialled = [
            peer
            for host in self.plan.hosts
            if host.node is not None and host.name in payers
            for peer in host.node.peers
        ]
        return Spies(
            nodes=len(self._spies),
            outgoing=sum(peer in self._spies for peer in dialled) / max(len(dialled), 1),
            transactions=len(origins),
            seen=len(guesses) / len(origins),
            recall=len(right) / len(origins),
            precision=sum(rightly[node] / named[node] for node in payers if named[node]) / len(payers),
            stem_recall=len(right & by_stem) / len(origins),
            stem_precision=len(right & by_stem) / max(len(by_stem), 1),
        )

    @staticmethod
    def lines(result: Spies) -> Iterable[Line]:
        """Return what they find out, if there are any."""
        if result.nodes and result.transactions:
            phrases = (
                f"{result.nodes} nodes, {result.outgoing:.1%} of outgoing connections",
                f"recall {result.recall:.1%}",
                f"precision {result.precision:.1%}",
                f"by stems {result.stem_recall:.1%}",
            )
            yield Line("spies", tuple(map(Phrase, phrases)))

    @staticmethod
    def measures(result: Spies) -> Iterable[tuple[str, float | None]]:
        """Return recall and precision, if there are spies."""
        if result.nodes:
            yield "recall of the first spy", result.recall
            yield "precision of the first spy", result.precision
