"""Alerts: what the rules of a scenario found."""

from monerosim.events.event import Event


class AlertRaised(Event, frozen=True):
    """A rule of the scenario's alerts has begun to find something; recorded of the participant that it is about."""

    optional = True

    alert: str
    """The alert's name."""
    item: str
    """What of the participant: a transaction, an actor; empty for all of it."""
    reason: str


class AlertCleared(Event, frozen=True):
    """A rule does not find any more what it had found; not recorded of failures."""

    optional = True

    alert: str
    item: str
    elapsed: int
    """Microseconds since it was raised."""
