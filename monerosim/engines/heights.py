"""The heights of nodes' tips while real daemons run, from their logs as they write them."""

import io
from collections.abc import Mapping
from pathlib import Path

from monerosim.alerts.heights import TipHeights
from monerosim.engines.daemon_log import BlocksSoFar
from monerosim.engines.follow import NewLines
from monerosim.engines.readback import epoch_of
from monerosim.plan.plan import Plan
from monerosim.units import SECOND


class HeightsSoFar:
    """Knows the heights of the tips of a run's nodes, reading only what is new in their logs.

    Args:
        plan: The plan.
        directory: The run directory.
    """

    def __init__(self, plan: Plan, directory: Path) -> None:
        self._directory = directory
        self._time_zero = plan.time_zero
        self._lines = NewLines()
        self._blocks = {host.name: BlocksSoFar() for host in plan.hosts if host.node is not None}
        self._tips = TipHeights(self._blocks)

    def __call__(self, now: int) -> Mapping[str, int]:
        """Return the height of each node's tip at an instant, microseconds since the scenario's time zero.

        Raises:
            OSError: A log cannot be read.
        """
        zero = round(epoch_of(self._directory) * SECOND) + self._time_zero
        for node, blocks in self._blocks.items():
            log = self._directory / "hosts" / node / "monerod.log"
            new = self._lines.of(log).decode(errors="replace") if log.is_file() else ""
            for block in blocks.take(io.StringIO(new, newline="\n")):
                self._tips.add(block.at - zero, block.height, node)
        return self._tips(now)
