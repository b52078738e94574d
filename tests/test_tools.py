"""The tools that people call, as far as they need no real programs."""

import subprocess
import sys
from pathlib import Path

import pytest
from small_runs import NETWORK, WHOLE

ROOT = Path(__file__).parents[1]


def tool(name, *arguments, **environment):
    command = [sys.executable, ROOT / "tools" / f"{name}.py", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment or None)
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(NETWORK)
    return path


def compare(scenario, tmp_path, *arguments, engines="embedded"):
    return tool("compare_engines", scenario, "-o", tmp_path / "compared", "--engines", engines, *arguments)


def test_a_run_is_compared_again_without_playing_it_and_another_scenarios_is_refused(scenario, tmp_path):
    first = compare(scenario, tmp_path)
    assert first.returncode == 0
    assert "balance of miner" in first.stdout
    summary = tmp_path / "compared" / "embedded" / "summary.json"
    before = summary.stat()
    assert compare(scenario, tmp_path).stdout == first.stdout
    assert summary.stat() == before
    scenario.write_text(NETWORK.replace("seed = 5", "seed = 6"))
    other = compare(scenario, tmp_path)
    assert other.returncode == 1
    assert "has a run of another scenario" in other.stderr
    assert summary.stat() == before


@pytest.mark.parametrize("spreads", ["sample", "quantiles"])
def test_engines_are_compared_whatever_was_recorded_of_spreads(tmp_path, spreads):
    scenario = tmp_path / "small.toml"
    recorded = f'[record]\nspreads = "{spreads}"\n' + ("sample = 2\n" if spreads == "sample" else "")
    scenario.write_text(WHOLE.replace('"30m"', '"10m"') + recorded)
    (way,) = (line for line in compare(scenario, tmp_path).stdout.splitlines() if line.startswith("a block's way"))
    least, middle, most = map(float, way.split("(ms)")[1].removesuffix("to half").split("/"))
    assert 0 < least <= middle <= most
    assert way.endswith("to half") == (spreads == "quantiles")


@pytest.mark.long
def test_pages_of_made_up_scenarios_show_what_happened():
    done = tool("check_pages", "--runs", "2", "--first", "3")
    assert done.returncode == 0, done.stdout
    assert "2 of 2 pages show what happened" in done.stdout


def test_a_scenario_with_code_of_its_own_is_compared(tmp_path):
    assert compare(ROOT / "scenarios" / "directed.toml", tmp_path).returncode == 0
    assert (tmp_path / "compared" / "embedded" / "plugins").is_dir()


def test_what_is_wrong_is_told_before_anything_is_played(scenario, tmp_path):
    unknown = compare(scenario, tmp_path, engines="embedded,shadwo")
    assert unknown.returncode == 1
    assert "shadwo" in unknown.stderr
    missing = compare(tmp_path / "nothing.toml", tmp_path)
    assert missing.returncode == 1
    assert "cannot be read" in missing.stderr
    without = tool("compare_engines", scenario, "-o", tmp_path / "compared", PATH="/nowhere")
    assert without.returncode == 1
    assert "monerod is not on PATH" in without.stderr
    assert not (tmp_path / "compared").exists()
    (tmp_path / "compared" / "embedded").mkdir(parents=True)
    (tmp_path / "compared" / "embedded" / "letter.txt").write_text("mine")
    assert "no run directory" in compare(scenario, tmp_path).stderr


def test_the_reference_is_what_the_code_gives():
    checked = tool("reference", "--check")
    assert checked.returncode == 0, checked.stderr


def test_measuring_needs_its_programs_too(scenario, tmp_path):
    done = tool("measure_shadow", scenario, "-o", tmp_path / "run", PATH="/nowhere")
    assert done.returncode == 1
    assert "monerod is not on PATH" in done.stderr
    assert not (tmp_path / "run").exists()
    assert "--force" in tool("measure_shadow", "--help").stdout


@pytest.mark.long
@pytest.mark.parametrize("path", sorted((ROOT / "tools").glob("*.py")), ids=lambda path: path.stem)
def test_every_tool_says_what_it_is_for(path):
    asked = tool(path.stem, "--help")
    assert asked.returncode == 0
    assert "usage: " in asked.stdout or "argparse" not in path.read_text()
