"""A daemon, its wallet and the agent start in any order, twenty seconds apart: whoever comes too early waits."""

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import pytest
from small_runs import build, happened

from monerosim.events import BlockFound, WalletClosed
from monerosim.runs import play

SCENARIO = """
[simulation]
engine = "local"
duration = "60s"
cooldown = "2s"

[consensus]
block_time = "2s"
block_arrivals = "fixed"

[participants.miner]
kind = "autonomous-miner"
hashrate = 100
"""
ORDERS = list(permutations(("0s", "20s", "40s")))


@pytest.mark.timeout(900)
def test_a_wallet_sees_its_coins_in_any_order(tmp_path):
    """Six networks side by side; a wallet that was created before its daemon answered would hold nothing."""

    def begin(number, order):
        path, directory = tmp_path / f"{number}.toml", tmp_path / f"run-{number}"
        path.write_text(SCENARIO)
        starts = [f'simulation.{key}_start="{at}"' for key, at in zip(("node", "wallet", "agent"), order, strict=True)]
        build(path, directory, *starts, network=f"127.{40 + number}.0.".encode())
        return play(directory)

    with ThreadPoolExecutor(len(ORDERS)) as pool:
        runs = list(pool.map(begin, range(len(ORDERS)), ORDERS))
    for order, played in zip(ORDERS, runs, strict=True):
        (closed,) = happened(played, WalletClosed, "miner")
        found = happened(played, BlockFound)
        assert found, order
        assert closed.data.balance == sum(it.data.reward for it in found), order
        assert closed.data.blocks == len(found), order
