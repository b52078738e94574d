"""The main chain at the end."""

from figure_records import lines, record, taken

from monerosim import events as ev
from monerosim.report.figures.chain import Chain, ChainFigure


def test_nothing_happened():
    assert taken(ChainFigure) == Chain(height=0, tips=1, blocks=0, stale=0, reorganisations=0)


def test_blocks_and_reorganisations_are_counted():
    result = taken(
        ChainFigure,
        ev.BlockFound("alice", 1, "a1", 35, 0),
        ev.BlockFound("bob", 1, "b1", 36, 0),
        ev.BlockFound("alice", 2, "a2", 34, 0),
        ev.BlockStale("bob", 1, "b1"),
        record(ev.Reorganised("bob", 1, "b1", "a2"), "bob"),
        ev.NodeClosed(2, "a2"),
    )
    assert result == Chain(height=2, tips=1, blocks=3, stale=1, reorganisations=1)
    assert lines(ChainFigure, result) == {"chain": "height 2, 3 blocks found, 1 stale, 1 reorganisations across nodes"}


def test_nodes_that_end_at_different_tips_are_told():
    assert taken(ChainFigure, *(ev.NodeClosed(1, tip) for tip in ("one", "other", "one"))).tips == 2


def test_where_no_node_was_closed_the_highest_block_counts():
    assert taken(ChainFigure, ev.BlockSpread("aa", 7, -1, (0,)), ev.BlockFound("alice", 5, "a", 1, 0)).height == 7
