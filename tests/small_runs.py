"""Scenarios small enough to be played within a test, and what to ask of the runs."""

from monerosim import Run, run
from monerosim.build.build import build_plan
from monerosim.build.rundir import write_run_directory
from monerosim.plan.plan import decode_plan, encode_plan
from monerosim.plugins import PluginFiles
from monerosim.scenario import load, parse

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
wallet = { addresses = 3 }
"""

THREE_POOLS = """
[participants.alpha]
kind = "mining-pool"
hashrate = 50

[participants.beta]
kind = "mining-pool"
hashrate = 30

[participants.gamma]
kind = "mining-pool"
hashrate = 20

[participants.block-controller]
kind = "block-controller"
"""
"""Those who find blocks where it matters whose they are."""

WHOLE = NETWORK + USERS + MARKET


def play(text: str, directory, *changes: str, seed: int | None = None, **options) -> Run:
    """Play a scenario on the embedded engine, changed as by ``--set``."""
    return run(parse(text, seed=seed, changes=changes), directory, **options)


def build(path, directory, *changes: str, network: bytes = b"127.1.0."):
    """Build the run directory of a scenario file, changed as by ``--set``; ``network`` is where it is on loopback."""
    files = PluginFiles(path.parent)
    plan = encode_plan(build_plan(load(path, changes=changes), path.parent, files))
    plan = decode_plan(plan.replace(b"127.1.0.", network))
    write_run_directory(plan, path.read_bytes(), directory, plugins=files.sources)


def ended_well(played: Run) -> None:
    """What holds for any run in which nothing is meant to go wrong, on whichever engine."""
    summary = played.summary
    assert summary.completed
    assert summary.outcome.failures == 0
    assert summary.outcome.given_up == []
    assert summary.coins.unaccounted == 0


def happened(played: Run, kind: type, *participants: str) -> list:
    """The run's events of a kind, in order; of some participants only, if any are named."""
    found = [record for record in played.events() if isinstance(record.data, kind)]
    return [record for record in found if not participants or record.participant in participants]
