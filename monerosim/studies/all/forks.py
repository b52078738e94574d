"""How many blocks are lost to forks, by the network's delay and the block time."""

from collections.abc import Sequence
from typing import ClassVar

from monerosim.studies.study import Case, Measures, Study, case

_MINERS = 10
_VERIFICATION = 0.2
_BLOCKS = 2000


class Forks(Study):
    """The stale share among equal miners that are all connected with each other."""

    name: ClassVar[str] = "forks"
    question: ClassVar[str] = "What share of the blocks goes stale?"
    measure_name: ClassVar[str] = "stale share"
    source: ClassVar[str] = (
        "D / (T + D): D mean delay, weighed by hashrate, one's own 0; T mean time between blocks found"
    )
    axis: ClassVar[str] = "delay (s)"
    scenario: ClassVar[str] = f"""
[simulation]
name = "forks"

[network]
connections = {_MINERS - 1}
bandwidth = "1 Gbit"
relay = {{ block_verification = {{ mean = "{_VERIFICATION}s" }} }}

[participants.miner]
kind = "mining-pool"
count = {_MINERS}
hashrate = {100 / _MINERS:g}

[participants.block-controller]
kind = "block-controller"
solo_miner_threshold = 0
"""

    def cases(self, size: float) -> Sequence[Case]:
        """Return three delays, each with three block times."""
        return [
            case(
                {"block time (s)": block_time, "delay (s)": _delay(latency)},
                {
                    "network.latency": f"{latency}s",
                    "consensus.block_time": f"{block_time}s",
                    "simulation.duration": f"{round(_BLOCKS * size * block_time)}s",
                },
            )
            for block_time in (10, 30, 120)
            for latency in (0.05, 1.0, 5.0)
        ]

    def measure(self, point: Case, run: Measures) -> float:
        """Return the share of the blocks found that the main chain does not have."""
        del point
        return run["chain.stale"] / run["chain.blocks"]

    def expected(self, point: Case, runs: Sequence[Measures]) -> float | None:
        """Return the closed form."""
        del runs
        delay, block_time = float(point.labels["delay (s)"]), float(point.labels["block time (s)"])
        return delay / (block_time + delay)


def _delay(latency: float) -> float:
    """Return the mean delay from a block's finder to a node, weighed by hashrate: one of them is the finder's own."""
    return round((latency + _VERIFICATION) * (_MINERS - 1) / _MINERS, 6)
