"""What is counted of a run as it goes on: for its table of metrics, and for whoever watches it."""

from collections import Counter
from typing import Literal, TypeAlias

import msgspec

from monerosim.events import (
    ActorFailed,
    ActorRestarted,
    AlertRaised,
    BlockContents,
    BlockFound,
    CommandExecuted,
    CommandFailed,
    PaymentConfirmed,
    PaymentDelayed,
    PaymentFailed,
    PaymentMined,
    PaymentReceived,
    PaymentSent,
    PaymentSkipped,
    PaymentVanished,
    PeerConnected,
    PeerDisconnected,
    ProcessDied,
    ProcessRestarted,
    Record,
    Reorganised,
)

Kind: TypeAlias = Literal["counter", "gauge"]


class Measure(msgspec.Struct, frozen=True):
    """Something that is counted."""

    name: str
    kind: Kind
    """``counter`` for what only grows."""
    text: str


MEASURES = (
    Measure("height", "gauge", "Height of the highest block so far, on whichever branch."),
    Measure("blocks", "counter", "Blocks found, those of the bootstrap included."),
    Measure("reorganisations", "counter", "Times a node switched to another branch."),
    Measure("payments_sent", "counter", "Transactions that wallets made and relayed."),
    Measure("payments_delayed", "counter", "Payments that had to wait for locked coins."),
    Measure("payments_skipped", "counter", "Payments that came due and were not tried."),
    Measure("payments_failed", "counter", "Payments given up, or refused after they were sent."),
    Measure("payments_mined", "counter", "Payments that their senders saw in a block."),
    Measure("payments_confirmed", "counter", "Payments as deep in the chain as their senders want."),
    Measure("payments_vanished", "counter", "Payments that no block and no txpool has any more."),
    Measure("payments_received", "counter", "Payments that recipients saw in blocks."),
    Measure("connections", "gauge", "Connections between nodes."),
    Measure("failures", "counter", "Times an actor or a program failed."),
    Measure("restarts", "counter", "Times an actor or a program was started again."),
    Measure("commands", "counter", "Commands of the timeline and of letters that were executed."),
    Measure("commands_refused", "counter", "Commands that were not executed."),
    Measure("alerts", "counter", "Alerts raised."),
    Measure("events", "counter", "Events recorded."),
)

_COUNTED = {
    BlockContents: "blocks",
    Reorganised: "reorganisations",
    PaymentSent: "payments_sent",
    PaymentDelayed: "payments_delayed",
    PaymentFailed: "payments_failed",
    PaymentMined: "payments_mined",
    PaymentConfirmed: "payments_confirmed",
    PaymentVanished: "payments_vanished",
    PaymentReceived: "payments_received",
    ActorFailed: "failures",
    ProcessDied: "failures",
    ActorRestarted: "restarts",
    ProcessRestarted: "restarts",
    AlertRaised: "alerts",
    CommandExecuted: "commands",
    CommandFailed: "commands_refused",
}


class Counts:
    """Counts records.

    Attributes:
        values: By the names of :data:`MEASURES`.
    """

    def __init__(self) -> None:
        self.values: Counter[str] = Counter({measure.name: 0 for measure in MEASURES})

    def add(self, later: "Counts") -> None:
        """Add what was counted of other records."""
        height = max(self.values["height"], later.values["height"])
        self.values.update(later.values)
        self.values["height"] = height

    def take(self, record: Record) -> None:
        """Count the next record."""
        values, data = self.values, record.data
        values["events"] += 1
        if (name := _COUNTED.get(type(data))) is not None:
            values[name] += 1
        match data:
            case BlockFound(height=height) | BlockContents(height=height):
                values["height"] = max(values["height"], height)
            case PaymentSkipped(payments=payments):
                values["payments_skipped"] += payments
            case PeerConnected():
                values["connections"] += 1
            case PeerDisconnected():
                values["connections"] -= 1
            case _:
                pass
