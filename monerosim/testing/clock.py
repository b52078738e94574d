"""The clock of a modelled network: it stands still, or goes with the machine's; verbs move it on."""

import time
from collections.abc import Callable

from monerosim.units import SECOND

_NANOSECONDS = 1_000


class AdjustableClock:
    """Time in microseconds since the network's start.

    Args:
        nanoseconds: The machine's monotonic clock.
    """

    def __init__(self, nanoseconds: Callable[[], int] = time.monotonic_ns) -> None:
        self._nanoseconds = nanoseconds
        self._ahead = 0
        self._since = -1

    @property
    def runs(self) -> bool:
        """Whether it goes with the machine's clock."""
        return self._since >= 0

    def start(self) -> None:
        """Let it go with the machine's clock from now on."""
        self._since = self._nanoseconds()

    def now(self) -> int:
        """Return the time, microseconds."""
        passed = (self._nanoseconds() - self._since) // _NANOSECONDS if self.runs else 0
        return self._ahead + passed

    def move(self, microseconds: int) -> None:
        """Move it on."""
        self._ahead += microseconds


def unix_now() -> int:
    """Return the machine's time in Unix seconds."""
    return time.time_ns() // (SECOND * _NANOSECONDS)
