"""Transactions and what became of them, orders, and what was asked for beside what was done."""

from collections.abc import Mapping

import msgspec

from monerosim.events import (
    BlockFound,
    CommandExecuted,
    CommandFailed,
    MinerSkipped,
    OrderChanged,
    OrderPlaced,
    PaymentConfirmed,
    PaymentDelayed,
    PaymentDoubtful,
    PaymentFailed,
    PaymentMined,
    PaymentOverdue,
    PaymentReceived,
    PaymentRemined,
    PaymentReorged,
    PaymentSeen,
    PaymentSent,
    PaymentSkipped,
    PaymentVanished,
    Record,
)
from monerosim.plan.plan import Plan
from monerosim.tables.maker import Maker, Rows, Sightings
from monerosim.tables.schema import Column, Table

TRANSACTIONS = Table(
    "transactions",
    "Transactions that a wallet made and relayed, as their senders saw them; miners' own are not among them.",
    (
        Column("txid", "text", "the transaction's hash"),
        Column("sender", "name", "the participant that made it"),
        Column("actor", "name", "the behaviour that asked for it"),
        Column("bootstrap", "boolean", "whether it pays initial balances"),
        Column("t_us", "time", "when it was sent"),
        Column("amount", "amount", "what all recipients get"),
        Column("fee", "amount", "its fee"),
        Column("recipients", "integer", "how many addresses it pays"),
        Column("cause", "text", "the message or timer that it began with"),
        Column("height", "integer", "of the block that holds it at the end; null if none does"),
        Column("first_mined_us", "time", "when its sender first saw it in a block; null if never"),
        Column("confirmed_us", "time", "when its sender saw it as deep as wanted; null if never"),
        Column(
            "vanished",
            "boolean",
            "whether its wallet and that one's node had it in no block and no txpool any more, nor in a block since",
        ),
        Column("failed", "boolean", "whether the network refused it after it was sent"),
    ),
)

PAYMENT_STATES = Table(
    "payment_states",
    "Every change of a payment that its sender or a watching recipient saw.",
    (
        Column("txid", "text", "the transaction"),
        Column("participant", "name", "who saw it"),
        Column("state", "name", "sent, mined, confirmed, reorged, remined, overdue, vanished, failed; seen, received"),
        Column("t_us", "time", "when"),
        Column("height", "integer", "of the block concerned; null where there is none"),
        Column("amount", "amount", "what a recipient saw come in; null for a sender's states"),
    ),
)

ORDERS = Table(
    "orders",
    "Orders at marketplaces.",
    (
        Column("order_id", "text", "what the marketplace calls it"),
        Column("buyer", "name", "the participant that ordered"),
        Column("vendor", "name", "who sells"),
        Column("item", "name", "what"),
        Column("quantity", "integer", "how many"),
        Column("amount", "amount", "what is asked for"),
        Column("placed_us", "time", "when it was placed"),
        Column("due_us", "time", "when the payment window ends"),
        Column(
            "state", "name", "the last it came to: seen, received, confirmed, late, short, double, unpaid; or placed"
        ),
        Column("paid", "amount", "all that the marketplace has seen of it"),
        Column("waited_us", "time", "from the order to its last state; null if nothing came"),
    ),
)

REQUESTS = Table(
    "requests",
    "What behaviours asked for, beside what came of it.",
    (
        Column("t_us", "time", "when it came out so"),
        Column("participant", "name", "who asked"),
        Column("action", "name", "payment, block or command"),
        Column(
            "outcome",
            "name",
            "of payments sent, delayed (by locked outputs), doubtful, failed, skipped (not tried); of blocks found, "
            "skipped (no answer from the miner); of commands executed, failed",
        ),
        Column("what", "name", "the miner or the command; null for payments"),
        Column("amount", "amount", "of a payment"),
        Column("reason", "text", "why it failed, is doubtful or was skipped"),
        Column("times", "integer", "how many it stands for: of payments skipped at once, all; otherwise 1"),
    ),
)


class _Transaction(msgspec.Struct):
    """What is known of a transaction so far."""

    sender: str
    actor: str
    bootstrap: bool
    t: int
    amount: int
    fee: int
    recipients: int
    cause: str
    height: int | None = None
    mined: int | None = None
    confirmed: int | None = None
    vanished: bool = False
    failed: bool = False


class _Order(msgspec.Struct):
    """What is known of an order so far."""

    placed: OrderPlaced
    t: int
    state: str = "placed"
    paid: int = 0
    waited: int | None = None


class PaymentsMaker(Maker):
    """Follows each transaction and each order to its end."""

    tables = (TRANSACTIONS, PAYMENT_STATES, ORDERS, REQUESTS)

    def __init__(self, plan: Plan, rows: Mapping[str, Rows], sightings: Mapping[str, Sightings]) -> None:
        super().__init__(plan, rows, sightings)
        self._funders = plan.funders
        self._transactions: dict[str, _Transaction] = {}
        self._orders: dict[str, _Order] = {}

    def take(self, record: Record) -> None:  # noqa: C901  (a case an event)
        """Take what became of a payment, an order or a request."""
        self._take_payment(record)
        match record.data:
            case OrderPlaced(order=order) as placed:
                self._orders[order] = _Order(placed, record.t)
            case OrderChanged(order=order, state=state, paid=paid, elapsed=elapsed):
                known = self._orders.get(order)
                if known is not None:
                    known.state, known.paid, known.waited = state, paid, elapsed
            case PaymentDelayed(amount=amount):
                self._request(record, "payment", "delayed", amount=amount)
            case PaymentDoubtful(amount=amount, reason=reason):
                self._request(record, "payment", "doubtful", amount=amount, reason=reason)
            case PaymentSkipped(payments=payments, reason=reason):
                self._request(record, "payment", "skipped", reason=reason, times=payments)
            case BlockFound(miner=miner):
                self._request(record, "block", "found", miner)
            case MinerSkipped(miner=miner, reason=reason):
                self._request(record, "block", "skipped", miner, reason=reason)
            case CommandExecuted(command=command):
                self._request(record, "command", "executed", command)
            case CommandFailed(command=command, reason=reason):
                self._request(record, "command", "failed", command, reason=reason)
            case _:
                pass

    def _take_payment(self, record: Record) -> None:  # noqa: C901, PLR0912  (a case an event)
        match record.data:
            case PaymentSent(txid=txid, amount=amount, fee=fee, recipients=recipients):
                self._transactions[txid] = _Transaction(
                    record.participant,
                    record.actor,
                    record.participant in self._funders,
                    record.t,
                    amount,
                    fee,
                    len(recipients),
                    record.cause,
                )
                self._state(record, txid, "sent")
                self._request(record, "payment", "sent", amount=amount)
            case PaymentMined(txid=txid, height=height):
                self._in_block(record, txid, height, "mined")
            case PaymentRemined(txid=txid, height=height):
                self._in_block(record, txid, height, "remined")
            case PaymentConfirmed(txid=txid, height=height):
                self._state(record, txid, "confirmed", height)
                if (known := self._transactions.get(txid)) is not None and known.confirmed is None:
                    known.confirmed = record.t
            case PaymentReorged(txid=txid, height=height):
                self._state(record, txid, "reorged", height)
                if (known := self._transactions.get(txid)) is not None:
                    known.height = None
            case PaymentOverdue(txid=txid):
                self._state(record, txid, "overdue")
            case PaymentVanished(txid=txid):
                self._state(record, txid, "vanished")
                if (known := self._transactions.get(txid)) is not None:
                    known.vanished = True
            case PaymentFailed(txid=txid, amount=amount, reason=reason):
                self._request(record, "payment", "failed", amount=amount, reason=reason)
                if txid:
                    self._state(record, txid, "failed")
                if (known := self._transactions.get(txid)) is not None:
                    known.failed = True
            case PaymentSeen(txid=txid, amount=amount):
                self._state(record, txid, "seen", amount=amount)
            case PaymentReceived(txid=txid, amount=amount, height=height):
                self._state(record, txid, "received", height, amount)
            case _:
                pass

    def _in_block(self, record: Record, txid: str, height: int, state: str) -> None:
        self._state(record, txid, state, height)
        if (known := self._transactions.get(txid)) is not None:
            known.height, known.vanished = height, False
            known.mined = record.t if known.mined is None else known.mined

    def _state(
        self, record: Record, txid: str, state: str, height: int | None = None, amount: int | None = None
    ) -> None:
        self.rows["payment_states"].add(txid, record.participant, state, record.t, height, amount)

    def _request(
        self,
        record: Record,
        action: str,
        outcome: str,
        what: str | None = None,
        *,
        amount: int | None = None,
        reason: str | None = None,
        times: int = 1,
    ) -> None:
        self.rows["requests"].add(record.t, record.participant, action, outcome, what, amount, reason, times)

    def end(self) -> None:
        """Add transactions and orders as they stand."""
        for txid, it in self._transactions.items():
            self.rows["transactions"].add(
                txid,
                it.sender,
                it.actor,
                it.bootstrap,
                it.t,
                it.amount,
                it.fee,
                it.recipients,
                it.cause,
                it.height,
                it.mined,
                it.confirmed,
                it.vanished,
                it.failed,
            )
        for name, order in self._orders.items():
            placed = order.placed
            self.rows["orders"].add(
                name,
                placed.buyer,
                placed.vendor,
                placed.item,
                placed.quantity,
                placed.amount,
                order.t,
                placed.due,
                order.state,
                order.paid,
                order.waited,
            )
