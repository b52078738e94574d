"""Payments that were asked for beside those that were delivered, by group of participants."""

from collections import Counter, defaultdict

import msgspec

from monerosim.events import (
    Event,
    PaymentConfirmed,
    PaymentDelayed,
    PaymentDoubtful,
    PaymentFailed,
    PaymentMined,
    PaymentRemined,
    PaymentReorged,
    PaymentSent,
    PaymentSkipped,
    PaymentVanished,
    Record,
    WalletClosed,
)
from monerosim.plan.plan import Plan
from monerosim.report.figure import Column, Figure, Rows

_WHOLE = ",.0f"
_NOT_SENT = ("skipped", "failed", "doubtful", "waiting")
_ALWAYS = ("drawn", "sent", "confirmed")
_ENDS = ("confirmed", "unconfirmed", "refused", "vanished")


class Requests(msgspec.Struct, frozen=True, kw_only=True):
    """The payments of a group: each was requested, and came to one end. The funder's are not counted.

    ``drawn`` is ``sent - extra + skipped + failed + doubtful + waiting``, and ``sent`` is
    ``confirmed + unconfirmed + refused + vanished``.
    """

    requested: float = 0.0
    """What the behaviours' configurations come to on average, the timeline taken into account."""
    drawn: int = 0
    """What came due of it; more or less than requested by chance, and less if actors failed."""
    sent: int = 0
    """Transactions that were sent, further ones included."""
    extra: int = 0
    """Those of them that were not drawn: by commands, invoices paid twice, sweeps."""
    skipped: int = 0
    """Came due and were not tried, as another was not done or there was nobody to pay."""
    failed: int = 0
    """Tried and not sent."""
    doubtful: int = 0
    """Not known, at the end, whether they were sent."""
    waiting: int = 0
    """For locked coins, at the end."""
    delayed: int = 0
    """Had to wait for locked coins, those that were sent or failed later included."""
    confirmed: int = 0
    """At the end as deep in the chain as their sender wants, or have been, and not off the main chain since."""
    unconfirmed: int = 0
    """Sent, and nothing of the other."""
    refused: int = 0
    """By the network, after they were sent."""
    vanished: int = 0
    """In no block and no txpool that could be asked, and in no block since."""
    received: int = 0
    """Payments to the group that its wallets see in blocks at the end, those of the bootstrap included."""
    received_amount: int = 0
    """What those paid, atomic units."""


class RequestsFigure(Figure[dict[str, Requests]]):
    """Follows each payment from being due to its end."""

    name = "requests"
    title = "Which payments were asked for, and which were delivered?"
    position = 105

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        funders = plan.funders
        self._groups = {host.name: host.group for host in plan.hosts if host.name not in funders}
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._states: dict[tuple[str, str], str] = {}
        """Of each transaction, by participant."""
        self._confirmed: set[tuple[str, str]] = set()
        self._doubts: dict[tuple[str, str], str] = {}
        """Why each payment in doubt was to be made, by participant and cause."""
        self._waiting: set[tuple[str, str]] = set()
        """The actors that wait for locked coins."""

    def take(self, record: Record) -> None:
        """Follow a payment."""
        group = self._groups.get(record.participant)
        if group is None:
            return
        counts, payer, doubt = (
            self._counts[group],
            (record.participant, record.actor),
            (record.participant, record.cause),
        )
        match record.data:
            case PaymentSent(txid=txid, origin=origin):
                counts["sent"] += 1
                counts["extra"] += origin != "drawn"
                self._doubts.pop(doubt, None)
                if origin != "commanded":
                    self._waiting.discard(payer)
                self._states.setdefault((record.participant, txid), "unconfirmed")
            case PaymentFailed(txid="", origin=origin):
                self._waiting.discard(payer)
                counts["failed"] += self._doubts.pop(doubt, origin) == "drawn"
            case PaymentDoubtful(origin=origin):
                self._waiting.discard(payer)
                self._doubts[doubt] = origin
            case PaymentDelayed(origin=origin):
                counts["delayed"] += 1
                if origin == "drawn":
                    self._waiting.add(payer)
            case PaymentSkipped(payments=payments):
                counts["skipped"] += payments
            case WalletClosed(received=received, received_amount=amount):
                counts["received"] += received
                counts["received_amount"] += amount
            case other:
                self._follow(record.participant, other)

    def _follow(self, participant: str, event: Event) -> None:
        match event:
            case PaymentConfirmed(txid=txid):
                self._confirmed.add((participant, txid))
                self._states[participant, txid] = "confirmed"
            case PaymentMined(txid=txid) | PaymentRemined(txid=txid):
                before = (participant, txid) in self._confirmed
                self._states[participant, txid] = "confirmed" if before else "unconfirmed"
            case PaymentReorged(txid=txid):
                self._states[participant, txid] = "unconfirmed"
            case PaymentFailed(txid=txid):
                self._states[participant, txid] = "refused"
            case PaymentVanished(txid=txid):
                self._states[participant, txid] = "vanished"
            case _:
                pass

    def result(self) -> dict[str, Requests]:
        """Return the groups that were to pay, have paid or were paid, in the order of the plan."""
        counts = {group: Counter(found) for group, found in self._counts.items()}
        for (participant, _), state in self._states.items():
            counts[self._groups[participant]][state] += 1
        for (participant, _), origin in self._doubts.items():
            counts[self._groups[participant]]["doubtful"] += origin == "drawn"
        for participant, _ in self._waiting:
            counts[self._groups[participant]]["waiting"] += 1
        requested = self._requested()
        results = {}
        for group in dict.fromkeys(self._groups.values()):
            found = counts.get(group, Counter())
            drawn = found["sent"] - found["extra"] + sum(found[name] for name in _NOT_SENT)
            if requested[group] or found.total():
                results[group] = Requests(requested=requested[group], drawn=drawn, **found)
        return results

    @staticmethod
    def rows(result: dict[str, Requests]) -> Rows | None:
        """Return a row for each group that was to pay or has paid."""
        shown = ["drawn", *_NOT_SENT, "sent", "extra", *_ENDS]
        # What never happened takes no column: a terminal has 80 characters.
        shown = [name for name in shown if name in _ALWAYS or any(getattr(it, name) for it in result.values())]
        columns = (Column("payer group"), Column("requested", form=_WHOLE), *map(Column, shown))
        rows = tuple(
            (group, it.requested, *(getattr(it, name) for name in shown))
            for group, it in result.items()
            if it.requested or it.drawn or it.sent
        )
        return Rows(columns, rows)

    def _requested(self) -> dict[str, float]:
        """Return how many payments the plan means each group to make until the run's end."""
        end = min(self.end, self.plan.time_zero + self.plan.duration)
        requested: defaultdict[str, float] = defaultdict(float)
        for host in self.plan.hosts:
            for rate in (rate for actor in host.actors for rate in actor.payments):
                requested[host.group] += rate.payments(end, self.plan.time_zero)
        return requested
