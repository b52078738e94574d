"""A branch that is made with ``prev_block`` is unknown to the peer until it overtakes, on all engines."""

import shutil
from pathlib import Path

import pytest

from monerosim import BlockSpread
from monerosim.build.build import build_plan
from monerosim.build.rundir import write_run_directory
from monerosim.plugins import PluginFiles
from monerosim.runs import play
from monerosim.scenario import load
from monerosim.units import SECOND

BRANCH = Path(__file__).parents[2] / "tools/fidelity/branch.toml"


REAL = [pytest.mark.real, pytest.mark.long]
HAS_SHADOW = pytest.mark.skipif(shutil.which("shadow") is None, reason="not on PATH: shadow")


@pytest.mark.parametrize(
    "engine",
    ["embedded", pytest.param("local", marks=REAL), pytest.param("shadow", marks=[*REAL, HAS_SHADOW])],
)
def test_a_branch_is_unknown_to_the_peer_until_it_overtakes(tmp_path, engine):
    files = PluginFiles(BRANCH.parent)
    plan = build_plan(load(BRANCH, changes=[f"simulation.engine={engine}"]), BRANCH.parent, files)
    write_run_directory(plan, BRANCH.read_bytes(), tmp_path / "run", plugins=files.sources)
    spreads = [it.data for it in play(tmp_path / "run").events() if isinstance(it.data, BlockSpread)]
    assert sorted(it.height for it in spreads) == [1, 2, 3, 3, 4, 4, 5]
    last = max(spreads, key=lambda it: it.height)
    came = {it.hash: it.first + max(it.delays) for it in spreads if it.height >= 3}
    kept_back = [it for it in spreads if it.height in (3, 4) and came[it.hash] >= last.first]
    assert [it.height for it in kept_back] == [3, 4]
    assert all(it.first <= last.first - 3 * SECOND for it in kept_back)
    assert came[last.hash] < last.first + 3 * SECOND
