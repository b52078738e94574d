"""Daemons, wallets and agents as processes of an engine."""

from monerosim.events.event import Event


class ProcessDied(Event, frozen=True):
    """A daemon, wallet or agent exited prematurely."""

    process: str
    status: int
    """Its exit status; the negative number of the signal that killed it."""


class ScriptEnded(Event, frozen=True):
    """A script of the scenario ended, which the engine had started."""

    status: int
    """Its exit status; the negative number of the signal that killed it."""
    with_the_run: bool = False
    """Whether it still ran when the run ended, and so was told to."""


class ProcessHung(Event, frozen=True):
    """A daemon or wallet stopped answering and was killed."""

    process: str
    elapsed: int
    """Microseconds since the request that it did not answer, or since its start if it never answered."""


class ProcessRestarted(Event, frozen=True):
    """The engine restarted a daemon or wallet."""

    process: str
    restarts: int


class ProcessGivenUp(Event, frozen=True):
    """A process failed too often; the engine does not restart it again."""

    process: str
    restarts: int
