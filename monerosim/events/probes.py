"""What probes found."""

from monerosim.events.event import Event


class ProbePassed(Event, frozen=True):
    """A probe found everything as it should be."""

    measured: dict[str, float]
    """What it looked at, such as the number of nodes, and what it measured."""


class ProbeFailed(Event, frozen=True):
    """A probe found something that is not as it should be."""

    evidence: tuple[str, ...]
    """A sentence for each such thing, the first few of them."""
    found: int
    """How many there are in all."""
    measured: dict[str, float]
    fails_run: bool
    """Whether the whole run counts as failed by that."""
