"""Daemons, wallets and agents as processes of an engine."""

from monerosim.events.event import Event


class ProcessDied(Event, frozen=True):
    """A daemon, wallet or agent ended before its time."""

    process: str
    status: int
    """Its exit status; the negative number of the signal that killed it."""


class ProcessHung(Event, frozen=True):
    """A daemon or wallet did not answer any more, and was killed."""

    process: str
    silent: int
    """Microseconds since it was asked what it has not answered, or since its start if it never answered."""


class ProcessRestarted(Event, frozen=True):
    """The engine started a daemon or wallet again."""

    process: str
    restarts: int


class ProcessGivenUp(Event, frozen=True):
    """The engine starts a process no more."""

    process: str
    restarts: int
