"""A strategy that monerosim does not ship, as a third party writes it with docs/attacks.md."""

import shutil
from pathlib import Path

from small_runs import ended_well

from monerosim import load, run

STRATEGY = Path(__file__).parents[2] / "plugin_package/src/acme_monerosim/intermittent.py"

SCENARIO = """
[simulation]
name = "intermittent"
duration = "12h"
seed = 4

[consensus]
block_time = "60s"

[network]
latency = "10ms"

[participants.honest]
kind = "mining-pool"
count = 3
hashrate = 20

[participants.attacker]
node = {}
wallet = {}
actors = [{ use = "./intermittent.py:Intermittent", hashrate = 60, phase = "3h" }]

[participants.block-controller]
kind = "block-controller"
"""

STALE = """
select floor(t_us / 1.08e10)::int % 2 as honest, count(*) filter (not main) / count(*) as stale
from blocks where miner <> 'attacker' and not bootstrap group by all order by all
"""


def test_a_miner_that_is_selfish_for_a_while(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(STRATEGY.read_text().splitlines()) < 80
    shutil.copy(STRATEGY, tmp_path)
    (tmp_path / "scenario.toml").write_text(SCENARIO)
    played = run(load(tmp_path / "scenario.toml"), tmp_path / "run")
    ended_well(played)
    selfish, honest = (row["stale"] for row in played.query(STALE).to_pylist())
    # Of the others' blocks a third and more is lost while it is selfish, next to none while it is not.
    assert selfish > 0.25
    assert honest < 0.05
