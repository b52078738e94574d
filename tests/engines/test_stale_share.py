"""The stale share of autonomous miners' blocks is D/(T+D), D being the mean time that a block takes to another node."""

import numpy as np
import pytest

from monerosim import BlockSpread, Participant, Scenario, run
from monerosim.units import SECOND

BLOCKS = 200
STANDARD_ERRORS = 3
"""At fixed seeds; of new ones 1 in 120 would fail."""


@pytest.mark.parametrize(("latency", "block_time"), [("1s", 10), ("5s", 10)])
def test_the_stale_share_is_that_of_the_delay(tmp_path, latency, block_time):
    scenario = Scenario(
        simulation={"name": "stale", "duration": BLOCKS * block_time},
        network={"connections": 8, "latency": latency},
        consensus={"block_time": block_time},
        participants={"miner": Participant(kind="autonomous-miner", count=50, settings={"hashrate": 2})},
    )
    played = run(scenario, tmp_path / "run")
    spreads = [it.data.delays for it in played.events() if isinstance(it.data, BlockSpread)]
    delay = np.mean([sum(delays) / (len(delays) - 1) for delays in spreads if -1 not in delays]) / SECOND
    chain = played.summary.chain
    expected = delay / (block_time + delay)
    error = (expected * (1 - expected) / chain.blocks) ** 0.5
    assert chain.blocks > BLOCKS * 0.8
    assert abs(chain.stale / chain.blocks - expected) < STANDARD_ERRORS * error
