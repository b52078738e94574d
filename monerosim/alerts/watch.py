"""Whether the rules of a plan's alerts hold, decided at simulated instants from what has happened up to them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import ClassVar, TypeAlias

import msgspec

from monerosim.events import (
    ActorFailed,
    ActorGivenUp,
    AlertCleared,
    AlertRaised,
    BlockContents,
    BlockFound,
    PaymentConfirmed,
    PaymentFailed,
    PaymentSent,
    PaymentVanished,
    ProcessDied,
    ProcessGivenUp,
    ProcessHung,
    Record,
)
from monerosim.plan.plan import AlertPlan, Plan
from monerosim.units import SECOND, format_duration

INTERVAL = 10 * SECOND
"""Microseconds of simulated time between two looks at the rules."""

ENGINE = "engine"
"""What stands where an actor's name would, of what an engine itself tells."""

Heights: TypeAlias = Callable[[int], Mapping[str, int]]
"""Returns the height of the tip of each node at an instant (microseconds since the scenario's time zero)."""


class Finding(msgspec.Struct, frozen=True):
    """Something that a rule finds wrong."""

    about: str
    """A participant; empty for the run as a whole."""
    item: str
    """What of it: a transaction, an actor; there may be several findings about a participant."""
    reason: str


class AlertRule(ABC):
    """A rule, as one alert of a plan has it.

    Args:
        alert: The alert.
        hosts: The participants that it is about.
    """

    def __init__(self, alert: AlertPlan, hosts: frozenset[str]) -> None:
        self.alert = alert
        self.hosts = hosts

    momentary: ClassVar[bool] = False
    """Whether what it finds is over at once: then nothing is told of its end."""

    @abstractmethod
    def take(self, record: Record) -> None:
        """Take what has happened."""

    @abstractmethod
    def found(self, now: int, heights: Heights) -> Iterable[Finding]:
        """Return what is wrong at an instant, microseconds since the scenario's time zero."""


class NoBlock(AlertRule):
    """Nobody has found a block for some time."""

    def __init__(self, alert: AlertPlan, hosts: frozenset[str]) -> None:
        super().__init__(alert, hosts)
        self._last = 0

    def take(self, record: Record) -> None:
        """Note a block."""
        if isinstance(record.data, BlockFound | BlockContents):
            self._last = max(self._last, record.t)

    def found(self, now: int, heights: Heights) -> Iterator[Finding]:
        """Return how long there was none."""
        del heights
        if now - self._last >= self.alert.after:
            yield Finding("", "", f"no block for {format_duration(self.alert.after)}")


class NodeBehind(AlertRule):
    """A node is some blocks behind the best, for some time."""

    def __init__(self, alert: AlertPlan, hosts: frozenset[str]) -> None:
        super().__init__(alert, hosts)
        self._since: dict[str, int] = {}

    def take(self, record: Record) -> None:
        """Take nothing: heights are asked for."""

    def found(self, now: int, heights: Heights) -> Iterator[Finding]:
        """Return who is behind."""
        known = heights(now)
        best = max(known.values(), default=0)
        for host, height in known.items():
            if host in self.hosts and best - height >= self.alert.blocks:
                if now - self._since.setdefault(host, now) >= self.alert.after:
                    yield Finding(host, "", f"{self.alert.blocks} blocks or more behind")
            else:
                self._since.pop(host, None)


class PaymentUnconfirmed(AlertRule):
    """A payment has not been confirmed for some time after it was sent."""

    def __init__(self, alert: AlertPlan, hosts: frozenset[str]) -> None:
        super().__init__(alert, hosts)
        self._open: dict[str, tuple[int, str]] = {}
        """When each was sent and by whom, the oldest first."""

    def take(self, record: Record) -> None:
        """Note what became of a payment."""
        match record.data:
            case PaymentSent(txid=txid) if record.participant in self.hosts and record.t >= 0:
                self._open[txid] = (record.t, record.participant)
            case PaymentConfirmed(txid=txid) | PaymentFailed(txid=txid) | PaymentVanished(txid=txid):
                self._open.pop(txid, None)
            case _:
                pass

    def found(self, now: int, heights: Heights) -> Iterator[Finding]:
        """Return those that are too old."""
        del heights
        for txid, (sent, payer) in self._open.items():
            if now - sent < self.alert.after:
                # Those that were sent later are younger still.
                return
            yield Finding(payer, txid, f"not confirmed {format_duration(self.alert.after)} after it was sent")


class Failure(AlertRule):
    """An actor, an agent, a daemon or a wallet has failed."""

    momentary = True

    def __init__(self, alert: AlertPlan, hosts: frozenset[str]) -> None:
        super().__init__(alert, hosts)
        self._new: list[Finding] = []

    def take(self, record: Record) -> None:
        """Note a failure."""
        if record.participant not in self.hosts:
            return
        match record.data:
            case ActorFailed(name=name, error=reason):
                self._note(record, name, f"{name} failed: {reason}")
            case ActorGivenUp(name=name) | ProcessGivenUp(process=name):
                self._note(record, name, f"{name} failed too often")
            case ProcessDied(process=name, status=status):
                self._note(record, name, f"{name} exited with status {status}")
            case ProcessHung(process=name):
                self._note(record, name, f"{name} stopped answering")
            case _:
                pass

    def _note(self, record: Record, name: str, reason: str) -> None:
        self._new.append(Finding(record.participant, name, reason))

    def found(self, now: int, heights: Heights) -> Iterator[Finding]:
        """Return what has failed since the last look."""
        del now, heights
        found, self._new = self._new, []
        yield from found


class ProbeFailure(Failure):
    """A probe has found something that is not as it should be."""

    def take(self, record: Record) -> None:
        """Note what a probe says."""
        if record.tag == PROBE_FAILED and record.participant in self.hosts:
            self._note(record, record.actor, f"the probe {record.actor} says no")


PROBE_FAILED = "probe-failed"
"""The event by which probes say no."""

RULES: Mapping[str, type[AlertRule]] = {
    "no-block": NoBlock,
    "node-behind": NodeBehind,
    "payment-unconfirmed": PaymentUnconfirmed,
    "failure": Failure,
    "probe-failed": ProbeFailure,
}
"""By what the scenario calls them."""


class AlertWatch:
    """Watches the rules of a plan, and tells when one begins and ceases to find something.

    Args:
        plan: The plan.
        heights: What nodes have.
        record: Takes the events.
    """

    def __init__(self, plan: Plan, heights: Heights, record: Callable[[Record], None]) -> None:
        everybody = frozenset(host.name for host in plan.hosts)
        self._rules = [RULES[alert.when](alert, frozenset(alert.who) or everybody) for alert in plan.alerts]
        self._heights = heights
        self._record = record
        self._raised: dict[tuple[str, str, str], int] = {}

    def take(self, record: Record) -> None:
        """Take what has happened."""
        for rule in self._rules:
            rule.take(record)

    def look(self, now: int) -> None:
        """Decide at an instant, microseconds since the scenario's time zero; nothing is raised before that."""
        if now < 0:
            return
        for rule in self._rules:
            name = rule.alert.name
            findings = list(rule.found(now, self._heights))
            if rule.momentary:
                for it in findings:
                    self._tell(now, it.about, AlertRaised(name, it.item, it.reason))
                continue
            found = {(name, it.about, it.item): it for it in findings}
            for key, finding in found.items():
                if key not in self._raised:
                    self._raised[key] = now
                    self._tell(now, finding.about, AlertRaised(name, finding.item, finding.reason))
            for key in [key for key in self._raised if key[0] == name and key not in found]:
                since = self._raised.pop(key)
                self._tell(now, key[1], AlertCleared(name, key[2], now - since))

    def _tell(self, now: int, about: str, event: AlertRaised | AlertCleared) -> None:
        self._record(Record(now, about, ENGINE, "", event))
