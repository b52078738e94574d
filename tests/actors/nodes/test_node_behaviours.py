"""Node behaviours: constant mining, standard sync, observer, relay."""

from itertools import pairwise

import pytest
from small_runs import NETWORK, USERS, happened, play

from monerosim import ScenarioError
from monerosim.events import (
    BlockFound,
    BlockStale,
    BranchSeen,
    NodeSynced,
    PaymentSent,
    PeersChanged,
    Record,
    TipSeen,
    TransactionSeen,
)
from monerosim.units import SECOND

MINUTE = 60 * SECOND

OBSERVER = """
[participants.observer]
kind = "observer"
interval = "2s"
"""
MAKER = """
[simulation]
duration = "30m"

[participants.maker]
kind = "constant-mining"
interval = "4m"
"""
QUIET = """
[participants.sync]
kind = "standard-sync"

[participants.relay]
kind = "relay"
interval = "10m"
node = { connections = 3 }
"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    return play(NETWORK + USERS + OBSERVER, tmp_path_factory.mktemp("watched") / "run")


def test_an_observer_sees_every_tip_soon_after_it_was_found(watched):
    found = {record.data.hash: record for record in happened(watched, BlockFound)}
    tips = happened(watched, TipSeen, "observer")
    assert (tips[0].data.blocks, tips[0].data.depth) == (0, 0)
    for before, after in pairwise(tips):
        assert after.data.height == before.data.height + after.data.blocks - after.data.depth
    for tip in tips[1:]:
        # Two seconds to the next look, and less than one for the block to come.
        assert 0 < tip.t - found[tip.data.hash].t < 3 * SECOND
    assert sum(tip.data.blocks for tip in tips) == len(found)


def test_an_observer_sees_each_transaction_once(watched):
    sent = {record.data.txid: record for record in happened(watched, PaymentSent) if record.t > 0}
    seen = happened(watched, TransactionSeen, "observer")
    assert len({record.data.txid for record in seen}) == len(seen) > 10
    for record in seen:
        payment = sent.pop(record.data.txid)
        assert payment.t <= record.t < payment.t + 2 * MINUTE
        assert record.data.fee == payment.data.fee
    # Of the rest, each was mined before it reached the observer, or in the two seconds after.
    assert len(sent) <= len(seen) // 5


def test_an_observer_knows_its_nodes_connections(watched):
    first = happened(watched, PeersChanged, "observer")[0]
    assert len(first.data.gained) == 4  # the miner and three users
    assert first.data.lost == ()
    assert first.data.incoming + first.data.outgoing >= 4


def test_an_observer_takes_no_part(watched, tmp_path):
    """Whether somebody looks changes nothing of what the others do."""

    def others(played):
        # When nodes had an item is written down when the model is next asked, so later where nobody looks.
        records = sorted(played.events(), key=Record.sort_key)
        return [record for record in records if record.participant in {"miner", "user-001", "user-002"}]

    looked_at_less = play(NETWORK + USERS + OBSERVER, tmp_path / "run", "participants.observer.interval=10m")
    assert others(watched) == others(looked_at_less)
    assert len(happened(looked_at_less, TipSeen, "observer")) <= 4


def test_an_observer_records_what_it_is_told_to(tmp_path):
    played = play(NETWORK + USERS + OBSERVER, tmp_path / "run", 'participants.observer.observe=["transactions"]')
    kinds = {type(record.data) for record in played.events() if record.actor == "observer"}
    assert kinds == {TransactionSeen}


def test_an_observer_sees_branches_and_how_deep_they_went(tmp_path):
    changes = ('network.latency="8s"', 'simulation.duration="3h"', "participants.maker.interval=45s")
    played = play(NETWORK + MAKER.partition("\n\n")[2] + OBSERVER, tmp_path / "run", *changes)
    found = {record.data.hash: record.data.height for record in happened(played, BlockFound)}
    branches = happened(played, BranchSeen, "observer")
    assert branches
    assert len({record.data.hash for record in branches}) == len(branches)
    assert all(found[record.data.hash] == record.data.height for record in branches)
    tips = happened(played, TipSeen, "observer")
    for before, after in pairwise(tips):
        assert after.data.height == before.data.height + after.data.blocks - after.data.depth
    assert any(record.data.depth for record in tips)
    stale = {record.data.hash for record in happened(played, BlockStale)}
    assert {record.data.hash for record in branches} & stale
    assert played.summary.unaccounted == 0
    assert played.summary.miners["maker"].stale == len(happened(played, BlockStale, "maker")) > 0


def test_constant_mining_needs_nobody_else(tmp_path):
    played = play(MAKER, tmp_path / "run")
    found = happened(played, BlockFound)
    assert [record.t for record in found] == [minute * MINUTE for minute in range(4, 30, 4)]
    assert {record.data.miner for record in found} == {"maker"}
    assert played.summary.balances["maker"] == sum(record.data.reward for record in found)
    assert played.summary.miners["maker"].blocks == len(found)
    assert played.summary.unaccounted == 0


def test_constant_mining_may_stop(tmp_path):
    played = play(MAKER, tmp_path / "run", "participants.maker.until=12m")
    assert [record.t for record in happened(played, BlockFound)] == [4 * MINUTE, 8 * MINUTE]


def test_constant_mining_goes_on_when_its_node_makes_no_block(tmp_path, install_blocks):
    stubborn = """
from actors.host.node_proxy import GenerateBlocks
from actors.mining.constant_mining import ConstantMining


class Stubborn(ConstantMining):
    tries = 0

    def mine(self):
        self.tries += 1
        address, self._address = self._address, "nonsense" if self.tries == 2 else self._address
        super().mine()
        self._address = address
"""
    install_blocks("stubborn", stubborn, {"stubborn": "stubborn:Stubborn"})
    played = play(MAKER.replace("constant-mining", "stubborn"), tmp_path / "run")
    assert [record.t // MINUTE for record in happened(played, BlockFound)] == [4, 12, 16, 20, 24, 28]
    assert played.summary.failures == 0
    assert any("could not mine a block" in line.text for line in played.traces(actors=("stubborn",)))


def test_an_interval_that_is_set_in_mid_run_counts_from_the_next_time_on(tmp_path):
    change = '[[timeline]]\nat = "10m"\ndo = "set"\nwho = "maker"\ninterval = "1m"\n'
    played = play(MAKER + change, tmp_path / "run")
    found = [record.t for record in happened(played, BlockFound)]
    assert found == [4 * MINUTE, 8 * MINUTE, *range(12 * MINUTE, 30 * MINUTE, MINUTE)]


def test_standard_sync_records_that_and_when_its_node_has_caught_up(tmp_path):
    played = play(NETWORK + QUIET, tmp_path / "run", 'participants.sync.start="10m"')
    (synced,) = happened(played, NodeSynced)
    found = [record.data.height for record in happened(played, BlockFound) if record.t < synced.t]
    assert synced.t == 10 * MINUTE
    assert synced.data.height == max(found)
    heights = [line.text for line in played.traces(actors=("standard-sync",)) if "is at height" in line.text]
    assert len(heights) == 2  # after 20 and 30 minutes; the run winds down before the next


def test_a_relay_leaves_a_trace_and_no_events(tmp_path):
    played = play(NETWORK + QUIET, tmp_path / "run")
    assert not [record for record in played.events() if record.actor == "relay"]
    lines = [line for line in played.traces(actors=("relay",)) if "connections out" in line.text]
    assert [line.t for line in lines] == [minute * MINUTE for minute in (0, 10, 20, 30)]
    assert lines[0].text.startswith("2 connections out")  # no more than there are others
    assert played.summary.balances.keys() == {"miner"}


def test_one_participant_may_be_all_of_them(tmp_path):
    text = (
        NETWORK
        + USERS
        + """
[participants.all]
node = {}
wallet = { initial_balance = "5 XMR", outputs = 5 }
actors = [
    { use = "observer" }, { use = "relay" }, { use = "standard-sync" }, { use = "constant-mining", interval = "7m" },
    { use = "mining-wallet" }, { use = "churner", transaction_interval = "6m" }, { use = "hodler" },
    { use = "transaction-bot", transaction_interval = "8m", recipients = ["user"] }, { use = "marketplace" },
    { use = "regular-user", transaction_interval = "5m", max_amount = 0.2, recipients = "users" },
]
"""
    )
    played = play(text, tmp_path / "run")
    acted = {record.actor for record in played.events() if record.participant == "all"}
    assert {"observer", "standard-sync", "constant-mining", "churner", "hodler", "marketplace"} <= acted
    assert {"transaction-bot", "regular-user"} <= acted
    assert played.summary.failures == 0
    assert played.summary.unaccounted == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("participants.observer.interval=0s", "must be more than 0"),
        ('participants.observer.observe=["blocks"]', 'expected "tips" or "transactions"'),
        ("participants.observer.node=miner-2", "no such participant"),
    ],
)
def test_wrong_settings_are_errors(tmp_path, change, message):
    with pytest.raises(ScenarioError, match=message):
        play(NETWORK + OBSERVER, tmp_path / "run", change)
