"""The clock that actors read."""

from monerosim.runtime.runtime import Runtime
from monerosim.units import SECOND

EPOCH = 946_684_800
"""Unix time at which a simulated run begins: 2000-01-01 00:00:00, as Shadow's clock does (``EMUTIME_SIMULATION_START``,
src/lib/shadow-shim-helper-rs/src/emulated_time.rs in its repository)."""


class Clock:
    """The scenario's time on a runtime's clock.

    Args:
        runtime: Whose clock it is.
        time_zero: When the scenario's time begins, microseconds since the run's start.
    """

    def __init__(self, runtime: Runtime, time_zero: int) -> None:
        self._runtime = runtime
        self._time_zero = time_zero

    def now(self) -> float:
        """Tell the time in seconds since the scenario's time zero; negative during the bootstrap."""
        return (self._runtime.now() - self._time_zero) / SECOND

    def microseconds(self) -> int:
        """Tell the time in microseconds since the scenario's time zero."""
        return self._runtime.now() - self._time_zero

    def of_unix(self, timestamp: int) -> int:
        """Turn Unix time as daemons and wallets tell it, whole seconds, into microseconds since time zero."""
        return round((timestamp - self._runtime.epoch) * SECOND) - self._time_zero

    def sleep(self, seconds: float) -> None:
        """Let the calling actor wait; others go on."""
        self._runtime.sleep(seconds)
