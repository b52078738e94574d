"""Scenarios small enough to be played within a test, and what to ask of the runs."""

from monerosim import Run, run
from monerosim.scenario import parse

NETWORK = """
[simulation]
name = "small"
duration = "30m"
seed = 5

[consensus]
block_time = "60s"

[participants.miner]
kind = "mining-pool"
hashrate = 100

[participants.block-controller]
kind = "block-controller"
"""
"""A miner, and who gives it its blocks."""

USERS = """
[participants.user]
kind = "regular-user"
count = 3
wallet = { initial_balance = "20 XMR" }
transaction_frequency = 0.3
"""

MARKET = """
[participants.marketplace]
kind = "marketplace"
node = "miner"
wallet = { count = 3 }
"""

WHOLE = NETWORK + USERS + MARKET


def play(text: str, directory, *changes: str, seed: int | None = None, **options) -> Run:
    """Play a scenario on the embedded engine, changed as by ``--set``."""
    return run(parse(text, seed=seed, changes=changes), directory, **options)


def happened(played: Run, kind: type, *participants: str) -> list:
    """The run's events of a kind, in order; of some participants only, if any are named."""
    found = [record for record in played.events() if isinstance(record.data, kind)]
    return [record for record in found if not participants or record.participant in participants]
