"""Attacks on a network of real programs: a partition beside a spy and a flood, and a miner that keeps blocks back.

Both runs are mere waiting, so they are played at the same time, at addresses of their own.
"""

import os

import pytest
from real_network import play_together
from small_runs import happened

from monerosim.events import BlockContents, NodeClosed, PaymentSent, Reorganised

CHOICE = "MONEROSIM_REAL_ATTACKS"

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(CHOICE not in os.environ, reason=f"seven minutes of waiting for real programs: set {CHOICE}=1"),
]

DISTURBED = """
[simulation]
bootstrap = "200s"
bootstrap_block_interval = "200ms"
duration = "120s"
cooldown = "20s"
seed = 2

[network]
connections = 3

[consensus]
block_time = "3s"

[record]
relays = ["spy"]

[participants.north]
kind = "autonomous-miner"
hashrate = 75

[participants.south]
kind = "autonomous-miner"
hashrate = 25

[participants.spy]
kind = "spy"

[participants.flooder]
kind = "flooder"
node = "north"
interval = "4s"
until = "90s"
priority = 1
wallet = { initial_balance = "20 XMR", outputs = 12 }
check_interval = "3s"

[participants.partitioner]
kind = "partitioner"
side = ["south"]
after = "5s"
lasting = "50s"

[participants.probe]
node = "north"
actors = [
    { use = "consensus-probe" },
    { use = "connectivity-probe" },
    { use = "performance-probe", answer = "30s" },
    { use = "transactions-probe", who = ["north"] },
]
"""

WITHHELD = """
[simulation]
bootstrap = "90s"
duration = "240s"
cooldown = "20s"
seed = 3

[network]
connections = 2

[consensus]
block_time = "8s"

[participants.honest]
kind = "autonomous-miner"
count = 2
hashrate = 50

[participants.attacker]
kind = "selfish-miner"
hashrate = 80
until = "240s"
hand_to = ["honest-001"]

[participants.probe]
node = "honest-001"
actors = [{ use = "consensus-probe" }]
"""


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Both runs on local."""
    runs = play_together(
        tmp_path_factory.mktemp("attacked"),
        [("disturbed", DISTURBED, b"127.6.0."), ("withheld", WITHHELD, b"127.7.0.")],
    )
    for name, run in runs.items():
        assert run.summary.completed, f"{name}: {run.summary.outcome.reason}"
    return runs


def test_a_split_network_loses_the_blocks_of_one_side(played):
    run = played["disturbed"]
    deep = [record.data for record in happened(run, Reorganised) if record.data.depth > 1]
    assert deep
    assert len({record.data.tip for record in happened(run, NodeClosed)}) == 1


def test_a_spy_is_sent_what_a_flooder_pays(played):
    run = played["disturbed"]
    assert len(happened(run, PaymentSent, "flooder")) >= 10
    assert run.summary.spies.recall > 0


def test_probes_ask_real_programs_by_rpc(played):
    probes = played["disturbed"].summary.probes
    assert len(probes) == 4
    # One of them has seen the partition, the others look when all is over.
    assert {name for name, probe in probes.items() if probe.failed} == {"probe/performance-probe"}
    assert any("south" in line for line in probes["probe/performance-probe"].evidence)


def test_blocks_that_are_kept_back_take_those_of_others_off_the_chain(played):
    run = played["withheld"]
    made = {record.data.hash: record.data for record in happened(run, BlockContents) if record.t >= 0}
    lost = [record.data for record in happened(run, Reorganised) if record.participant.startswith("honest")]
    # Honest nodes of this network lose no two blocks at once by themselves.
    assert max(record.depth for record in lost) >= 2
    assert run.summary.miners["attacker"].blocks > 0
    assert len({record.data.tip for record in happened(run, NodeClosed)}) == 1
    assert any(it.miner == "attacker" for it in made.values())
