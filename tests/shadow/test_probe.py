"""``monerosim doctor --probe`` where Shadow and the real programs are."""

import re
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from monerosim.build.compile import compile_plan
from monerosim.cli import main
from monerosim.doctor.probe import probe
from monerosim.scenario import Binaries, Node, Participant, Permissions, Scenario
from monerosim.scenario.load import examine_scenario


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """The directory in which the probe plays."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_the_probe_shows_that_the_pieces_work_together(temporary):
    result = CliRunner().invoke(main, ["doctor", "--probe"], env={"COLUMNS": "500"})
    assert result.exit_code == 0, result.output
    assert re.search(r"probe +good +[\d.]+ s for 3m of 2 hosts with 5 programs: 2 blocks made by one", result.output)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("whose", ["miner", "observer-1"])
def test_a_probe_that_fails_says_why_and_keeps_the_run(temporary, whose):
    # A daemon that knows all flags and then ends is no daemon.
    program = temporary / "monerod"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --help ] || [ "$1" = --version ] && exec monerod "$1"\necho no chain; exit 7\n'
    )
    program.chmod(0o755)
    # The probe's miner has the first of a scenario's programs, further ones have a host more each.
    others = {"other": Participant(node=Node(binary=str(program)))} if whose != "miner" else {}
    binaries = Binaries(monerod="monerod" if others else str(program))
    scenario = Scenario(binaries=binaries, participants={"first": Participant(node=Node()), **others})
    examination = examine_scenario(scenario, permissions=Permissions(programs=True))
    check = probe(examination, compile_plan(examination))
    assert check.state == "missing"
    assert f"of {whose} exited with status Normal(7)" in check.found
    assert "no chain" in check.found
    kept = Path(check.found.rpartition(" ")[2])
    assert kept.parent.parent == temporary
    assert (kept / "shadow.log").is_file()
    assert msgspec.json.decode((kept / "plan.json").read_bytes())["name"] == "probe"
