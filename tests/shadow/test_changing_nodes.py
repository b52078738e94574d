"""Nodes and a wallet under Shadow that are away for a time: they come back, catch up and pay."""

import pytest
from small_runs import build, ended_well, happened

from monerosim.events import BlockSpread, NodeClosed, PaymentConfirmed, ProcessDied
from monerosim.report.spread import first_seen
from monerosim.runs import play
from monerosim.units import SECOND

AWAY = """
[simulation]
name = "away"
engine = "shadow"
bootstrap_block_interval = "1s"
duration = "4m"
cooldown = "30s"
seed = 3

[consensus]
block_time = "10s"

[participants.miner]
kind = "autonomous-miner"
hashrate = 100

[participants.user]
kind = "regular-user"
count = 2
node = "miner"
wallet = { initial_balance = "20 XMR" }
transaction_interval = "40s"
recipients = "any"
until = "150s"

[participants.ended]
kind = "relay"

[participants.crashed]
kind = "relay"

[participants.gone]
kind = "relay"
"""
for who, at, do, program in (
    ("ended", 20, "shut-down", "node"),
    ("crashed", 20, "crash", "node"),
    ("user-001", 60, "crash", "wallet"),
    ("user-001", 75, "start-up", "wallet"),
    ("ended", 120, "start-up", "node"),
    ("crashed", 120, "start-up", "node"),
    ("gone", 150, "shut-down", "node"),
):
    AWAY += f'\n[[timeline]]\nat = "{at}s"\nwho = "{who}"\ndo = "{do}"\nprogram = "{program}"\n'


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    folder = tmp_path_factory.mktemp("away")
    (folder / "away.toml").write_text(AWAY)
    build(folder / "away.toml", folder / "run")
    return play(folder / "run")


def test_programs_that_the_timeline_ends_are_no_failures(played):
    ended_well(played)
    assert not happened(played, ProcessDied)


def test_nodes_get_the_blocks_that_they_missed_when_they_are_back(played):
    spreads = [first_seen(record.data, played.plan) for record in happened(played, BlockSpread)]
    missed = [seen for seen in spreads if 22 * SECOND < seen["miner"] < 118 * SECOND]
    assert missed
    for name in ("ended", "crashed"):
        assert all(120 * SECOND <= seen[name] < 150 * SECOND for seen in missed)


def test_who_was_back_has_the_miners_tip_and_who_is_gone_tells_of_none(played):
    tips = {record.participant: record.data.tip for record in happened(played, NodeClosed)}
    assert tips.keys() == {"miner", "ended", "crashed"}
    assert len(set(tips.values())) == 1


def test_a_wallet_that_was_away_pays_when_it_is_back(played):
    assert any(record.t > 100 * SECOND for record in happened(played, PaymentConfirmed, "user-001"))
