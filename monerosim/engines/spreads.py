"""How the times at which nodes first had an item are recorded: all, those of a sample of nodes, or quantiles."""

from collections.abc import Callable
from hashlib import sha256

import msgspec
import numpy as np
from numpy.typing import NDArray

from monerosim.events import SPREAD_QUANTILES, BlockSpread, Event, Record, TransactionSpread
from monerosim.network.propagation import NEVER
from monerosim.plan.plan import Plan


class SpreadRecorder:
    """Makes the records of spreads, as a plan wants them.

    Args:
        plan: The run's plan.
    """

    def __init__(self, plan: Plan) -> None:
        self._nodes = [host.name for host in plan.hosts if host.node is not None]
        self._form = plan.record.spreads
        sampled = set(plan.record.sampled)
        self._sampled = [index for index, name in enumerate(self._nodes) if name in sampled]

    def record(
        self, times: NDArray[np.int64], event: Callable[[int, tuple[int, ...]], BlockSpread | TransactionSpread]
    ) -> Record | None:
        """Return the record of an item.

        Args:
            times: When each node had it, microseconds since the scenario's time zero, :data:`NEVER` for one that did
                not, shape ``(nodes,)``.
            event: Makes the event of the first node's time and all nodes' delays.

        Returns:
            The record; None if no node had it.
        """
        origin = int(times.argmin())
        first = int(times[origin])
        if first >= NEVER:
            return None
        had = times < NEVER
        delays = np.where(had, times - first, -1)
        last = int(delays.max())
        data = event(first, tuple(delays.tolist()))
        whole: Record = Record(first + last, self._nodes[origin], "engine", "", data)
        if self._form == "all":
            return whole
        short: Event = msgspec.structs.replace(
            data,
            delays=tuple(delays[self._sampled].tolist()) if self._form == "sample" else (),
            quantiles=_quantiles(delays[had], len(times)) if self._form == "quantiles" else (),
            missing=len(times) - int(had.sum()),
            whole=sha256(memoryview(whole.line)[:-1]).hexdigest(),
        )
        return msgspec.structs.replace(whole, data=short)


def _quantiles(delays: NDArray[np.int64], nodes: int) -> tuple[int, ...]:
    """Return after how long each share of all nodes had an item; -1 where so many never had it."""
    places = [(nodes - 1) * percent // 100 for percent in SPREAD_QUANTILES]
    reached = [place for place in places if place < len(delays)]
    found = np.partition(delays, reached)[reached]
    return (*found.tolist(), *[-1] * (len(places) - len(reached)))
