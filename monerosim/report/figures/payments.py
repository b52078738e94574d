"""What became of the payments."""

from collections.abc import Iterable

import msgspec

from monerosim.events import (
    PaymentConfirmed,
    PaymentDelayed,
    PaymentDoubtful,
    PaymentFailed,
    PaymentMined,
    PaymentOverdue,
    PaymentReceived,
    PaymentRemined,
    PaymentReorged,
    PaymentSent,
    PaymentSkipped,
    PaymentVanished,
    Record,
)
from monerosim.plan.plan import Plan, payments_wanted
from monerosim.report.charts import PERCENT, WHOLE, Chart, coloured, nominal, quantitative
from monerosim.report.figure import Figure, Line, Phrase

_MOST_NAMED = 5
"""Payments that have vanished and are named one by one."""


class Payments(msgspec.Struct, frozen=True, kw_only=True):
    """Payments of the scenario's own time; the bootstrap's are not counted."""

    requested: int = 0
    """What the behaviours' configurations come to on average, as long as the timeline leaves them running; commands by
    letters, and behaviours that were given up, are not taken into account. Fewer are sent where coins are locked or
    spent."""
    sent: int = 0
    confirmed: int = 0
    """Seen by their senders' wallets as deep in the chain as the senders want."""
    extra: int = 0
    """Those of the sent that no configuration asked for: by commands, invoices paid twice, sweeps."""
    skipped: int = 0
    """Came due and were not tried: another waited for locked coins, or there was nobody to pay."""
    unconfirmed: int = 0
    """Sent, not refused, and at the end not confirmed or off the main chain again: those on their way included."""
    received: int = 0
    """Seen in a block by recipients who watch for payments (marketplaces)."""
    failed: int = 0
    """Given up, or refused by the network."""
    doubtful: int = 0
    """Of which it was not known at once whether they were made: sent, failed, or not known at the end either."""
    delayed: int = 0
    """Payments that had to wait for locked outputs."""
    reorged: int = 0
    """Times a payment's block went off the main chain, as its sender's wallet saw it."""
    overdue: int = 0
    """Transactions that have been in no block for twenty mean block times, and still are in none at the end."""
    vanished: list[str] = []
    """Transactions in no block that neither their wallets nor the txpools of their nodes knew any more."""


class PaymentsFigure(Figure[Payments]):
    """Counts payments, and follows each from its sender to its end."""

    name = "payments"
    title = "What became of the payments?"
    section = "Payments"
    position = 20

    def __init__(self, plan: Plan, end: int) -> None:
        super().__init__(plan, end)
        self._funders = plan.funders
        self._sent = self._received = self._failed = self._doubtful = self._delayed = self._reorged = 0
        self._confirmed = self._extra = self._skipped = 0
        self._overdue: set[str] = set()
        # What is told of a transaction comes from its sender alone, and so in its order.
        self._seen_confirmed: set[str] = set()
        self._unconfirmed: set[str] = set()
        self._vanished: dict[str, tuple[int, str]] = {}

    def take(self, record: Record) -> None:  # noqa: C901, PLR0912  (a case an event)
        """Count a payment, or follow it."""
        match record.data:
            case PaymentSent(txid=txid, origin=origin) if record.participant not in self._funders:
                self._sent += 1
                self._extra += origin != "drawn"
                self._unconfirmed.add(txid)
            case PaymentConfirmed(txid=txid):
                self._confirmed += 1
                self._seen_confirmed.add(txid)
                self._unconfirmed.discard(txid)
            case PaymentFailed(txid=txid):
                self._failed += 1
                self._unconfirmed.discard(txid)
                self._overdue.discard(txid)
            case PaymentReorged(txid=txid):
                self._reorged += 1
                self._unconfirmed.add(txid)
            case PaymentMined(txid=txid) | PaymentRemined(txid=txid):
                self._vanished.pop(txid, None)
                self._overdue.discard(txid)
                if txid in self._seen_confirmed:
                    self._unconfirmed.discard(txid)
            case PaymentVanished(txid=txid):
                self._vanished.setdefault(txid, record.sort_key())
                self._overdue.discard(txid)
            case PaymentOverdue(txid=txid):
                self._overdue.add(txid)
            case PaymentSkipped(payments=payments):
                self._skipped += payments
            case PaymentReceived():
                self._received += 1
            case PaymentDoubtful():
                self._doubtful += 1
            case PaymentDelayed():
                self._delayed += 1
            case _:
                pass

    def result(self) -> Payments:
        """Return the counts, and the payments that have vanished in the order of time."""
        return Payments(
            requested=self._requested(),
            sent=self._sent,
            confirmed=self._confirmed,
            extra=self._extra,
            skipped=self._skipped,
            overdue=len(self._overdue),
            unconfirmed=len(self._unconfirmed),
            received=self._received,
            failed=self._failed,
            doubtful=self._doubtful,
            delayed=self._delayed,
            reorged=self._reorged,
            vanished=sorted(self._vanished, key=lambda txid: self._vanished[txid]),
        )

    @staticmethod
    def lines(result: Payments) -> Iterable[Line]:
        """Return what was sent and what became of it; recipients' side only where somebody watches for payments."""
        phrases = [f"{result.sent} sent", f"{result.confirmed} confirmed"]
        if result.received:
            phrases.append(f"{result.received} received")
        phrases.append(f"{result.failed} failed")
        if result.unconfirmed:
            phrases.append(f"{result.unconfirmed} unconfirmed at the end")
        yield Line("payments", tuple(map(Phrase, phrases)))
        told = [f"{result.requested} requested", f"{result.delayed} delayed by locked outputs"]
        told += [f"{result.skipped} skipped"] * bool(result.skipped)
        told += [f"{result.extra} beside those requested"] * bool(result.extra)
        yield Line("", tuple(map(Phrase, told)))

    @staticmethod
    def notices(result: Payments) -> Iterable[Phrase]:
        """Return how many are overdue, the first payments that have vanished, and how many more there are."""
        if result.overdue:
            yield Phrase(f"{result.overdue} payments wait in txpools for more than twenty block times", "warning")
        for txid in result.vanished[:_MOST_NAMED]:
            yield Phrase(f"payment {txid} vanished; see `monerosim trace --follow`", "error")
        if len(result.vanished) > _MOST_NAMED:
            yield Phrase(f"and {len(result.vanished) - _MOST_NAMED} more; summary.json lists them", "error")

    @staticmethod
    def verdicts(result: Payments) -> Iterable[Phrase]:
        """Return what was requested beside what came of it."""
        if result.requested or result.sent:
            told = f"payments: {result.requested} requested, {result.sent} sent, {result.confirmed} confirmed"
            yield Phrase(told)
        if result.vanished:
            yield Phrase(f"{len(result.vanished)} payments vanished", "error")
        if result.failed:
            yield Phrase(f"{result.failed} payments failed", "warning")

    @staticmethod
    def measures(result: Payments) -> Iterable[tuple[str, float | None]]:
        """Return the counts, and the share that was confirmed."""
        yield "payments sent", result.sent
        yield "payments confirmed", result.confirmed
        yield "share of payments confirmed", result.confirmed / result.sent if result.sent else None
        yield "payments delayed by locked outputs", result.delayed
        yield "payments failed", result.failed
        yield "payments vanished", len(result.vanished)

    def _requested(self) -> int:
        """Return how many payments the plan means to be made until the run's end, within the scenario's own time."""
        return round(payments_wanted(self.plan, self.end))


CHARTS = (
    Chart(
        name="payments",
        title="What became of the payments, and when?",
        section="Payments",
        note="Lines: payments that came to a state in each span of time; those of the bootstrap are left out.",
        sql="""
with width as (
    select greatest(1, ceil((max(t_us) - greatest(0, min(t_us))) / 6e7 / 12)) as minutes from payment_states
),
told as (
    select s.run, s.state, s.t_us from payment_states s join transactions t using (run, txid)
    where not t.bootstrap and s.participant = t.sender
    union all
    select run, outcome as state, t_us from requests where action = 'payment' and outcome = 'delayed'
), counted as (
    select run, floor(t_us / 6e7 / minutes)::int as span, state, count(*) as payments
    from told, width where state <> 'remined' group by all
), spans as (
    select run, state, unnest(range(first, last + 1)) as span
    from (select run, min(span) as first, max(span) as last from counted group by run),
        lateral (select distinct state from counted c where c.run = run)
)
select run, span * minutes as minute, state, coalesce(payments, 0) as payments
from spans left join counted using (run, state, span), width order by run, state, minute
""",
        count="select count(*) from transactions where not bootstrap",
        of="payments",
        absent="Nobody has paid anybody in the scenario's own time.",
        series="state",
        drawing={
            "mark": {"type": "line", "point": True},
            "encoding": {
                "x": quantitative("minute", "minutes"),
                "y": quantitative("payments", "payments"),
                "color": coloured("state"),
            },
        },
    ),
    Chart(
        name="confirmation",
        title="How long until a payment is confirmed?",
        section="Payments",
        note="Share of all payments that were confirmed within so many minutes; those that were not count as never. "
        "Band: 95 % (Dvoretzky, Kiefer, Wolfowitz).",
        sql="""
with ordered as (
    select run, confirmed_s, count(*) over (partition by run) as n,
        row_number() over (partition by run order by confirmed_s nulls last) as k
    from waits
)
select run, confirmed_s / 60 as minutes, max(k) / n as share,
    greatest(0, share - sqrt(ln(40) / (2 * n))) as low, least(1, share + sqrt(ln(40) / (2 * n))) as high
from ordered where confirmed_s is not null and (k % greatest(1, n // 200) = 0 or k = 1)
group by run, confirmed_s, n order by run, minutes
""",
        count="select count(*) from waits",
        of="payments",
        absent="No payment of the scenario's own time was confirmed.",
        drawing={
            "layer": [
                {
                    "mark": {"type": "area", "opacity": 0.2, "interpolate": "step-after"},
                    "encoding": {"y": quantitative("low", "share of payments"), "y2": {"field": "high"}},
                },
                {
                    "mark": {"type": "line", "interpolate": "step-after"},
                    "encoding": {"y": quantitative("share", "share of payments", axis=PERCENT, scale=WHOLE)},
                },
            ],
            "encoding": {"x": quantitative("minutes", "minutes since it was sent", scale={"zero": True})},
        },
    ),
    Chart(
        name="waits",
        title="Does the wait for a block change over time?",
        section="Payments",
        note="Payments by when they were sent: the mean and the longest wait until the sender saw them in a block.",
        sql="""
with width as (select greatest(1, ceil((max(t_us) - min(t_us)) / 6e7 / 12)) as minutes from waits),
spans as (
    select run, floor(t_us / 6e7 / minutes) * minutes as minute, avg(mined_s) / 60 as mean, max(mined_s) / 60 as longest
    from waits, width where mined_s is not null group by all
)
unpivot spans on mean, longest into name measure value waited order by run, measure, minute
""",
        count="select count(mined_s) from waits",
        of="payments",
        absent="No payment of the scenario's own time was seen in a block.",
        series="measure",
        drawing={
            "mark": {"type": "line", "point": True},
            "encoding": {
                "x": quantitative("minute", "minutes"),
                "y": quantitative("waited", "minutes until a block"),
                "color": coloured("measure"),
            },
        },
    ),
    Chart(
        name="fee-waits",
        title="Do payments that pay more wait less?",
        section="Payments",
        note="Payments by their fee, in classes of which each begins at four times the one before, as monerod's "
        "priorities begin. Dot: the median wait until the sender saw them in a block. Bar: the quartiles. Mark: the "
        "longest.",
        sql="""
with least as (select run, min(fee) as fee from waits where fee > 0 group by run),
classed as (
    select w.run, floor(ln(w.fee / l.fee) / ln(4) + 1e-9)::int as class, l.fee as least, mined_s / 60 as minutes
    from waits w join least l using (run) where w.fee > 0
)
select run, class, printf('%.3g to %.3g', least * 4 ** class / 1e9, least * 4 ** (class + 1) / 1e9) as fee,
    median(minutes) as middle, quantile_cont(minutes, 0.25) as low, quantile_cont(minutes, 0.75) as high,
    max(minutes) as longest, count(minutes) as mined, count(*) as payments
from classed group by run, class, least having count(minutes) > 0 order by run, class
""",
        count="select count(mined_s) from waits",
        of="payments",
        absent="No payment of the scenario's own time was seen in a block.",
        drawing={
            "layer": [
                {
                    "mark": {"type": "rule", "strokeWidth": 6, "opacity": 0.35},
                    "encoding": {"x": quantitative("low", "minutes until a block"), "x2": {"field": "high"}},
                },
                {"mark": "point", "encoding": {"x": quantitative("middle", "minutes until a block")}},
                {
                    "mark": {"type": "tick", "thickness": 2, "size": 14},
                    "encoding": {"x": quantitative("longest", "minutes until a block")},
                },
            ],
            "encoding": {"y": nominal("fee", "fee (10⁻³ XMR)"), "yOffset": {"field": "run"}},
        },
    ),
    Chart(
        name="fees",
        title="What do payments pay in fees?",
        section="Payments",
        note="Bars: payments of the scenario's own time by their fee.",
        sql="""
select run, round(fee / 1e6) / 1e3 as fee, count(*) as payments
from transactions where not bootstrap group by all order by run, fee limit 500
""",
        count="select count(*) from transactions where not bootstrap",
        of="payments",
        absent="Nobody has paid anybody in the scenario's own time.",
        drawing={
            "mark": {"type": "bar", "opacity": 0.7, "width": 5},
            "encoding": {
                "x": quantitative("fee", "fee (10⁻³ XMR)", scale={"zero": False, "nice": True}),
                "y": quantitative("payments", "payments", stack=None),
            },
        },
    ),
)
