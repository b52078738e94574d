"""Checkpoints that an authority announces, as monerod's are by DNS (src/checkpoints/checkpoints.cpp)."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from msgspec import Meta

from monerosim.config import PARTICIPANT, Duration, Key, duration
from monerosim.model.following import Follower
from monerosim.model.records import Block
from monerosim.model.views import HORIZON
from monerosim.rules.rule import Rule
from monerosim.units import format_duration


class Checkpoints(Rule, frozen=True, kw_only=True):
    """No chain without the block that an authority has announced: so many blocks below its own tip.

    The authority itself never leaves what it has announced. A node on another chain goes over with the next block that
    it gets of the right one.
    """

    authority: Annotated[str, Meta(extra=PARTICIPANT, description="The participant whose node's chain is announced.")]
    depth: Annotated[int, Meta(ge=1, le=10_000, description="How far below its tip the announced block is.")] = 2
    delay: Annotated[Duration, Meta(description="How long the announcement is on its way to all others.")] = duration(
        "10s"
    )

    def problems(self) -> Iterable[tuple[Sequence[Key], str]]:
        """Check the delay."""
        if not 0 <= self.delay < HORIZON:
            yield ("delay",), f"the delay has to be below {format_duration(HORIZON)}"

    def permits(self, node: Follower, tip: Block) -> bool:
        """Return whether a chain has the announced block, or may still come to have it."""
        own = node.name == self.authority
        announced = node.tip if own else node.tip_of(self.authority, max(node.now - self.delay, 0))
        final = node.ancestor(announced, announced.height - self.depth)
        return node.on_chain(tip, final) or node.on_chain(final, tip)
