"""A network of real programs that changes: sides that part and meet again, and nodes that end, crash and stand still.

Both runs are mere waiting, so they are played at the same time, at addresses of their own.
"""

import os
from collections import Counter

import pytest
from real_network import play_together, running
from small_runs import happened, play

from monerosim.events import (
    AlertRaised,
    BlockSpread,
    NetworkChanged,
    NodeClosed,
    PaymentConfirmed,
    PaymentFailed,
    PaymentSent,
    PeerConnected,
    PeerDisconnected,
    ProcessDied,
    Reorganised,
)
from monerosim.events.log import read_events
from monerosim.report.spread import first_seen
from monerosim.units import SECOND

CHOICE = "MONEROSIM_REAL_CHANGES"

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(CHOICE not in os.environ, reason=f"six minutes of waiting for real programs: set {CHOICE}=1"),
]

PARTED, HEALED = 3, 78
"""Seconds."""

PARTITION = f"""
[simulation]
bootstrap = "200s"
bootstrap_block_interval = "200ms"
duration = "100s"
cooldown = "20s"
seed = 2

[network]
connections = 2

[consensus]
block_time = "2s"

[participants.north]
kind = "autonomous-miner"
hashrate = 55

[participants.south]
kind = "autonomous-miner"
hashrate = 45

[participants.far]
kind = "relay"

[participants.northerner]
kind = "regular-user"
node = "north"
wallet = {{ initial_balance = "20 XMR" }}
transaction_interval = "25s"
until = "50s"
check_interval = "3s"

[participants.southerner]
kind = "regular-user"
node = "south"
wallet = {{ initial_balance = "20 XMR" }}
transaction_interval = "25s"
until = "50s"
check_interval = "3s"

[[timeline]]
at = "{PARTED}s"
do = "partition"
sides = {{ north = ["north", "far"], south = ["south"] }}

[[timeline]]
at = "{HEALED}s"
do = "heal"
"""

BEGIN, END = 5, 35
"""When programs go and when they come back, seconds."""

PROGRAMS = """
[simulation]
bootstrap = "90s"
duration = "60s"
seed = 1

[network]
connections = 3

[consensus]
block_time = "2s"

[participants.miner]
kind = "autonomous-miner"
hashrate = 100

[participants.ended]
kind = "relay"

[participants.crashed]
kind = "relay"

[participants.frozen]
kind = "relay"

[[alerts]]
when = "node-behind"
blocks = 2
after = "0s"
"""
for name, begin, end in (
    ("ended", "shut-down", "start-up"),
    ("crashed", "crash", "start-up"),
    ("frozen", "freeze", "thaw"),
):
    for at, do in ((BEGIN, begin), (END, end)):
        PROGRAMS += f'\n[[timeline]]\nat = "{at}s"\nwho = "{name}"\ndo = "{do}"\n'


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Both runs on local: of the partition and of the programs."""
    runs = play_together(
        tmp_path_factory.mktemp("changing"),
        [("partition", PARTITION, b"127.4.0."), ("programs", PROGRAMS, b"127.5.0.")],
    )
    for name, run in runs.items():
        # On a machine that is too busy the initial balances come late.
        assert run.summary.completed, f"{name}: {run.summary.outcome.reason}"
    return runs


@pytest.fixture
def partition(played):
    return played["partition"]


@pytest.fixture
def programs(played):
    return played["programs"]


def lost(played):
    """How many blocks the deepest reorganisation after the healing took off a chain."""
    found = [record for record in happened(played, Reorganised) if record.t > HEALED * SECOND]
    return max(record.data.depth for record in found)


def test_the_weaker_side_loses_as_many_blocks_as_in_the_model(partition, tmp_path):
    modelled = play(PARTITION, tmp_path / "modelled")
    assert lost(modelled) >= 15
    assert abs(lost(partition) - lost(modelled)) <= 1
    for run in (partition, modelled):
        deep = [record for record in happened(run, Reorganised) if record.data.depth > 5]
        assert {record.participant for record in deep} == {"south"}
        assert len({record.data.tip for record in happened(run, NodeClosed)}) == 1


def test_bans_cut_peers_that_are_given_and_let_them_meet_again(partition):
    pair = {"north", "far"}, {"south"}

    def crosses(record):
        ends = {record.participant, record.data.peer}
        return all(ends & side for side in pair)

    def within(record, begin, end):
        return begin * SECOND < record.t < end * SECOND

    closed, made = (
        [record for record in happened(partition, kind) if crosses(record)]
        for kind in (PeerDisconnected, PeerConnected)
    )
    assert any(within(record, PARTED, PARTED + 3) for record in closed)
    # The nodes go on dialling those that --add-exclusive-node names, and are refused.
    last_closed = max(record.t for record in closed if within(record, PARTED, HEALED - 1))
    assert not [record for record in made if last_closed < record.t < HEALED * SECOND]
    assert any(within(record, HEALED, HEALED + 30) for record in made)


def test_what_was_paid_on_either_side_is_confirmed_or_its_failure_is_told(partition):
    users = ("northerner", "southerner")
    sent = {record.data.txid: record.participant for record in happened(partition, PaymentSent, *users)}
    assert set(sent.values()) == set(users)
    confirmed = {record.data.txid for record in happened(partition, PaymentConfirmed)}
    failed = {record.data.txid for record in happened(partition, PaymentFailed)}
    assert sent.keys() <= confirmed | failed
    assert partition.summary.coins.unaccounted == 0


def test_programs_that_were_told_to_end_are_not_called_dead(programs):
    assert Counter(record.data.do for record in happened(programs, NetworkChanged)) == {
        **dict.fromkeys(("shut-down", "crash", "freeze", "thaw"), 1),
        "start-up": 2,
    }
    assert not happened(programs, ProcessDied)
    assert running(programs.directory) == {}


def test_who_looks_at_alerts_meanwhile_is_told_of_nodes_that_are_behind(programs):
    def told(records):
        return [(it.t, it.participant) for it in records if isinstance(it.data, AlertRaised)]

    meanwhile = told(read_events(programs.directory / "alerts.jsonl"))
    assert meanwhile == told(programs.events())
    assert {name for t, name in meanwhile if t < END * SECOND} == {"ended", "crashed", "frozen"}


def test_nodes_that_are_away_get_the_blocks_when_they_are_back(programs):
    spreads = [first_seen(record.data, programs.plan) for record in happened(programs, BlockSpread)]
    missed = [seen for seen in spreads if (BEGIN + 2) * SECOND < seen["miner"] < (END - 2) * SECOND]
    assert missed
    for seen in missed:
        assert min(seen[name] for name in ("ended", "crashed", "frozen")) >= END * SECOND
    assert len({record.data.tip for record in happened(programs, NodeClosed)}) == 1
