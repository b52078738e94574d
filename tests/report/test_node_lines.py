"""An item's way among the traces: who sent it to whom, where that was recorded."""

from relayed import network

from monerosim.events import ItemRelayed, Record, TransactionStem
from monerosim.report.node_lines import item_lines

TX, BLOCK = "aa" * 32, "cc" * 32

RECORDS = [
    Record(5, "bob", "engine", "", ItemRelayed(TX, "stem", ("alice", "bob"), 5, (0,), (0,), (1,))),
    Record(9, "alice", "engine", "", TransactionStem(TX, ("alice", "bob"), (1, 5), "fluff", "bob")),
    Record(12, "carol", "engine", "", ItemRelayed(TX, "fluff", ("bob", "carol"), 12, (0,), (0,), (1,), (3,))),
    Record(20, "carol", "engine", "", ItemRelayed(BLOCK, "block", ("bob", "carol"), 20, (0,), (0,), (1,))),
]


def test_relays_and_stems_of_an_item_are_lines():
    lines = [(line.t, line.participant, line.text) for line in item_lines(RECORDS, network(), TX)]
    assert lines == [
        (5, "bob", "gets the transaction from alice (stem)"),
        (9, "alice", "the stem of the transaction ends (fluff): alice > bob, made public by bob"),
        (12, "carol", "gets the transaction from bob (fluff)"),
    ]
    (block,) = item_lines(RECORDS, network(), BLOCK)
    assert (block.text, block.data) == ("gets the block from bob (block)", {"block": BLOCK})
