"""The clock of actors."""

from monerosim.runtime.runtime import Runtime
from monerosim.units import SECOND

EPOCH = 946_684_800
"""Unix time at which a simulated run begins: 2000-01-01 00:00:00, the start of Shadow's clock
(``EMUTIME_SIMULATION_START``, src/lib/shadow-shim-helper-rs/src/emulated_time.rs in its repository)."""


class Clock:
    """The scenario's time on a runtime's clock.

    Args:
        runtime: The runtime whose clock it reads.
        time_zero: The beginning of the scenario's time, microseconds since the run's start.
    """

    def __init__(self, runtime: Runtime, time_zero: int) -> None:
        self._runtime = runtime
        self._time_zero = time_zero

    def now(self) -> float:
        """Return the time in seconds since the scenario's time zero; negative during the bootstrap."""
        return (self._runtime.now() - self._time_zero) / SECOND

    def microseconds(self) -> int:
        """Return the time in microseconds since the scenario's time zero."""
        return self._runtime.now() - self._time_zero

    def of_unix(self, timestamp: int) -> int:
        """Convert Unix time as daemons and wallets report it, in whole seconds, to microseconds since time zero."""
        return round((timestamp - self._runtime.epoch) * SECOND) - self._time_zero

    def sleep(self, seconds: float) -> None:
        """Suspend the calling actor; others go on."""
        self._runtime.sleep(seconds)
