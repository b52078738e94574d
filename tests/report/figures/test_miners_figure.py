"""Who found the blocks."""

from figure_records import block, host, record, taken
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


def closed(blocks, rewards):
    return ev.WalletClosed(rewards, rewards, 0, 0, 0, blocks, rewards)


def test_what_a_wallet_holds_counts_more_than_what_its_miner_tells():
    """A selfish miner that tells of its own blocks, and of none that it lost."""
    result = taken(
        MinersFigure,
        *(record(ev.BlockFound("alice", height, f"a{height}", 35, 0), "alice") for height in range(1, 9)),
        record(ev.BlockFound("bob", 9, "b9", 35, 0), "bob"),
        record(closed(5, 175), "alice"),
        record(closed(4, 140), "bob"),
        record(closed(2, 70), "carol"),
        plan=POOLS,
    )
    assert {name: (it.blocks, it.reward) for name, it in result.items()} == {
        "alice": (5, 175),
        "bob": (4, 140),
        "carol": (2, 70),
    }


def test_blocks_that_nobody_tells_of_are_known_from_the_nodes():
    """A branch made with ``prev_block``, of which a part is on the main chain; the bootstrap's blocks do not count."""
    result = taken(
        MinersFigure,
        block("x", "genesis", 1, "funder", t=-5),
        block("a", "x", 2, "alice"),
        block("b", "a", 3, "bob"),
        block("s", "a", 3, ""),
        block("t", "s", 4, "alice"),
        record(ev.BlockFound("bob", 3, "b", 35, 0), "bob"),
        record(ev.NodeClosed(3, "b"), "bob"),
        record(ev.NodeClosed(4, "t"), "alice"),
        plan=POOLS,
    )
    assert {name: (it.blocks, it.stale) for name, it in result.items()} == {"alice": (3, 0), "bob": (0, 1)}
