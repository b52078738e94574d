"""A node that goes over to another monerod in mid-run: it goes on with its chain, and stays with the others."""

import pytest
from second_monerod import second_monerod
from small_runs import happened

from monerosim.build.build import build_plan
from monerosim.build.rundir import write_run_directory
from monerosim.events import BlockSpread, NodeClosed, ProcessDied
from monerosim.plan.plan import decode_plan, encode_plan
from monerosim.report.spread import first_seen
from monerosim.runs import play
from monerosim.scenario import Permissions, examine
from monerosim.units import SECOND

pytestmark = pytest.mark.timeout(900)

AT = 10
"""Seconds."""

SCENARIO = f"""
[simulation]
engine = "local"
bootstrap = "60s"
bootstrap_block_interval = "200ms"
duration = "40s"
cooldown = "10s"
seed = 1

[consensus]
block_time = "2s"

[participants.miner]
kind = "autonomous-miner"
hashrate = 100

[participants.node]
kind = "relay"
node = {{ upgrade = {{ at = "{AT}s", version = "VERSION", binary = "BINARY" }} }}
"""


def test_an_upgraded_node_has_the_blocks_before_and_after(tmp_path):
    second, version = second_monerod()
    text = SCENARIO.replace("BINARY", second).replace("VERSION", ".".join(map(str, version)))
    plan = build_plan(examine(text.encode(), permissions=Permissions(programs=True)), tmp_path)
    plan = decode_plan(encode_plan(plan).replace(b"127.1.0.", b"127.6.0."))
    write_run_directory(plan, text.encode(), tmp_path / "run")
    run = play(tmp_path / "run")
    assert run.summary.completed
    assert not happened(run, ProcessDied)
    log = "".join(path.read_text() for path in sorted((tmp_path / "run" / "hosts" / "node").glob("monerod.log*")))
    assert log.count("Monero 'Fluorine Fermi' (v") == 2
    assert f"(v{'.'.join(map(str, version))}" in log
    seen = [first_seen(record.data, run.plan) for record in happened(run, BlockSpread)]
    late = [one for one in seen if one["miner"] > (AT + 5) * SECOND]
    assert late
    assert all("node" in one for one in late[:-1])
    assert len({record.data.tip for record in happened(run, NodeClosed, "miner", "node")}) == 1
