"""Who found the blocks."""

from figure_records import host, taken
from small_world import make_plan

from monerosim import events as ev
from monerosim.report.figures.miners import Miner, MinersFigure
from monerosim.units import XMR

POOLS = make_plan(host("alice", role="miner", hashrate=60.0), host("bob", role="miner", hashrate=40.0), host("carol"))


def test_a_stale_block_earns_nothing():
    result = taken(
        MinersFigure,
        ev.BlockFound("alice", 1, "a1", 35 * XMR, 0),
        ev.BlockFound("bob", 1, "b1", 36 * XMR, 0),
        ev.BlockFound("alice", 2, "a2", 34 * XMR, 0),
        ev.BlockStale("bob", 1, "b1"),
        plan=POOLS,
    )
    assert result["alice"] == Miner(hashrate=60, blocks=2, reward=69 * XMR)
    assert result["bob"] == Miner(hashrate=40, stale=1)
    assert MinersFigure.rows(result).rows == (("alice", 60, 2, 1.0, 0, 69.0), ("bob", 40, 0, 0.0, 1, 0.0))


def test_a_stale_block_whose_finding_was_not_read_counts():
    result = taken(MinersFigure, ev.BlockStale("dave", 1, "d1"))
    assert result == {"dave": Miner(stale=1)}


def test_miners_without_blocks_are_listed_and_nobody_else():
    assert taken(MinersFigure, plan=POOLS) == {"alice": Miner(hashrate=60), "bob": Miner(hashrate=40)}
