"""Made-up scenarios: the same for a seed, mostly valid, of all that is installed."""

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
import tomli

from monerosim.config import load_config
from monerosim.plugins import PluginFiles
from monerosim.runtime.rng import Rng
from monerosim.scenario import ScenarioError
from monerosim.scenario.load import examine
from monerosim.scenario.toml import write_toml
from monerosim.swarm import fragile
from monerosim.swarm.cases import make_case
from monerosim.swarm.mistakes import make_mistakes
from monerosim.swarm.networks import GRAPH, PEERS, peers_file
from monerosim.swarm.reached import Reached
from monerosim.swarm.scenarios import TEXTS, behaviours, make_scenario
from monerosim.swarm.values import Values, Vocabulary
from monerosim.units import SECOND

SEEDS = range(200)


def is_refused(raw, files):
    try:
        return bool(examine(raw, files=files).errors)
    except ScenarioError:
        return True


@pytest.fixture
def files(tmp_path):
    """Where made-up scenarios find the actor that fails."""
    shutil.copy(fragile.__file__, tmp_path / "fragile.py")
    shutil.copy(Path(fragile.__file__).with_name(GRAPH), tmp_path)
    return PluginFiles(tmp_path)


def test_a_seed_is_the_same_scenario_whatever_the_hashes():
    code = (
        "from hashlib import sha256; from monerosim.swarm.cases import make_case;"
        "print(sha256(repr([make_case(seed) for seed in range(40)]).encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77"}
    told = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
    own = sha256(repr([make_case(seed) for seed in range(40)]).encode()).hexdigest()
    assert told.stdout.strip() == own


def test_what_is_written_is_read_back():
    for seed in SEEDS:
        document = make_scenario(Rng(seed), seed)
        assert tomli.loads(write_toml(document)) == document


def test_whole_scenarios_are_valid_as_a_rule(files, tmp_path):
    valid = 0
    for seed in SEEDS:
        document = make_scenario(Rng(seed), seed)
        (tmp_path / PEERS).write_bytes(peers_file(document))
        valid += not examine(write_toml(document).encode(), files=files).errors
    assert valid >= 0.9 * len(SEEDS)


def test_mistakes_leave_the_scenario_they_are_put_into_alone(files):
    document = make_scenario(Rng(3))
    before = write_toml(document)
    refused = 0
    for seed in SEEDS:
        broken = write_toml(make_mistakes(document, Rng(seed))).encode("utf-8", "replace")
        refused += is_refused(broken, files)
    assert write_toml(document) == before
    assert refused >= 0.6 * len(SEEDS)


@pytest.mark.parametrize(("name", "behaviour"), behaviours().items(), ids=str)
def test_drawn_settings_fit_and_reach_every_key(name, behaviour):
    words = Vocabulary(names=["alpha", "bravo"], duration=600 * SECOND, texts=TEXTS)
    values = Values(Rng(1), words, 0.5)
    drawn = [values.table(behaviour.Config) for _ in range(300)]
    for table in drawn:
        load_config(table, behaviour.Config)
    assert {key for table in drawn for key in table} == set(behaviour.Config.__struct_encode_fields__), name


def test_what_was_not_reached_is_named():
    reached = Reached()
    assert len(reached.missing()) == len(reached.counts) + len(reached.pairs)
    for seed in range(400):
        case = make_case(seed)
        if case.sort == "valid":
            reached.add(case)
    missing = " ".join(reached.missing())
    assert "participant.kind (" not in missing
    assert "kind regular-user (" not in missing
