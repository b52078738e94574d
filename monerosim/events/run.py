"""The run as a whole."""

from monerosim.events.event import Event


class BootstrapFinished(Event, frozen=True):
    """Initial balances are paid and unlocked."""

    height: int
    transactions: int
    paid: int
    """Atomic units."""


class BootstrapFailed(Event, frozen=True):
    """Initial balances could not be paid, or not in time."""

    reason: str


class RunEnded(Event, frozen=True):
    """The run ends before its time: it cannot show any more what it is meant to."""

    reason: str


class LineCorrupted(Event, frozen=True):
    """A line of a log could not be read back."""

    file: str
    line: int
    reason: str
