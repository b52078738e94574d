"""A probe: whether blocks keep coming."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated

from msgspec import Meta

from actors import Probe, ProbeConfig
from monerosim import Duration, duration


class PulseConfig(ProbeConfig, frozen=True):
    """What a scenario may say about a pulse probe."""

    longest: Annotated[Duration, Meta(description="The longest time between two blocks that is all right.")] = duration(
        "1h"
    )


class Pulse(Probe[PulseConfig]):
    """Finds blocks of the scenario's own time that came too long after the one before."""

    def examine(self) -> Iterator[str]:
        """Read the times of the blocks from the first node's chain."""
        node = next(iter(self.nodes.values()))
        headers = node.get_block_headers_range(1, node.get_last_block_header().height)
        times = [(header.height, self.clock.of_unix(header.timestamp)) for header in headers]
        own = [(height, at) for height, at in times if at >= 0]
        waits = [(height, at - before) for (_, before), (height, at) in pairwise(own)]
        self.measured["longest"] = max((wait / 1e6 for _, wait in waits), default=0.0)
        for height, wait in waits:
            if wait > self.config.longest:
                yield f"block {height} came {wait / 1e6:g} s after the one before"
