"""When letters between hosts are delivered."""

import msgspec

POLL_GRID = 1_000_000
"""Microseconds between two polls of a mailbox, unless the scenario says otherwise."""

DELAY = 500_000
"""Microseconds before a letter is due, unless the scenario says otherwise: longer than Shadow's scheduling round,
within which the order in which two hosts see each other's files is not fixed. A round lasts as long as the network's
shortest link takes, and at least 1 ms (src/main/core/runahead.rs in Shadow's repository)."""


class LettersPlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """How long letters between hosts take."""

    delay: int = DELAY
    """Microseconds before a letter is due."""
    interval: int = POLL_GRID
    """Microseconds between two points of the grid on which mailboxes are looked into."""

    def due(self, sent: int) -> int:
        """Return when a letter is delivered: at the first point of the grid at which it is due."""
        return -(-(sent + self.delay) // self.interval) * self.interval


USUAL = LettersPlan()
