"""What a user is told of a run while it begins, and of one that was killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_runs import NETWORK, USERS, WHOLE, play

from monerosim.cli import main
from monerosim.runs import Run, run
from monerosim.scenario import parse


def call(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def scenario(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.toml"
    path.write_text(NETWORK)
    return path


def test_a_second_run_tells_at_its_start_where_it_goes_and_latest_leads_to_it(scenario):
    for name in ("small", "small-2"):
        result = call("run", scenario)
        assert result.exit_code == 0
        assert f"runs/{name}" in result.stderr.splitlines()[0]
        assert Path("runs/latest").resolve() == Path(f"runs/{name}").resolve()
    assert call("trace", "runs/latest", "-a", "miner").exit_code == 2
    assert call("report", "runs/latest", "--summary").stdout.endswith(f"digest {Run('runs/small-2').summary.digest}\n")


def test_a_run_whose_directory_was_named_is_not_the_latest(scenario, tmp_path):
    assert call("run", scenario, "-o", tmp_path / "mine").exit_code == 0
    assert not os.path.lexists(tmp_path / "latest")


@pytest.mark.usefixtures("scenario")
def test_a_run_called_latest_is_left_alone():
    played = run(parse(NETWORK, changes=('simulation.name="latest"', "simulation.duration=2m")))
    other = run(parse(NETWORK, changes=("simulation.duration=2m",)))
    assert played.directory == Path("runs/latest")
    assert not played.directory.is_symlink()
    assert other.directory == Path("runs/small")


def test_an_actor_that_has_logged_nothing_is_told_from_one_that_is_not_there(tmp_path):
    play(WHOLE, tmp_path / "run", "simulation.duration=2m", trace_level="ERROR")
    silent = call("trace", tmp_path / "run", "-a", "marketplace")
    assert (silent.exit_code, silent.stderr) == (1, "marketplace logged nothing at this level\n")
    assert call("trace", tmp_path / "run", "-a", "marketplaces").exit_code == 2


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_nothing_half_built_stays_when_the_build_is_told_to_end(scenario, tmp_path):
    scenario.write_text(NETWORK + '[participants.relay]\nkind = "relay"\ncount = 1500\n')
    command = [sys.executable, "-m", "monerosim.cli", "build", scenario, "-o", tmp_path / "out" / "run"]
    building = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    until(lambda: list((tmp_path / "out").glob(".run.building-*/hosts")) or building.poll() is not None)
    building.send_signal(signal.SIGTERM)
    _, told = building.communicate(timeout=120)
    assert building.returncode == 1
    assert "Traceback" not in told
    assert list((tmp_path / "out").iterdir()) == []


def test_a_killed_run_tells_where_its_record_ends(scenario, tmp_path):
    scenario.write_text(NETWORK + USERS)
    command = [sys.executable, "-m", "monerosim.cli", "run", scenario, "-o", "run", "--set", "simulation.duration=30d"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    events = tmp_path / "run" / "events.jsonl"

    def played():
        traces = any(path.stat().st_size for path in (tmp_path / "run" / "hosts").glob("user-*/regular-user.jsonl"))
        return events.exists() and events.stat().st_size > 100_000 and traces

    until(lambda: played() or running.poll() is not None)
    running.kill()
    running.wait()
    told = call("report", "run")
    assert told.exit_code == 0
    assert "the run was killed: its record ends at " in told.stdout
    summary = Run("run").summary
    last = max(record.t for record in Run("run").events())
    assert summary.record_ends == last / 1_000_000
    # What was traced by then is there: of a payment, which no user makes before time zero.
    assert max(line.t for line in Run("run").traces()) > 0


def test_a_run_directory_that_cannot_be_written_is_one_line(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    run_directory = tmp_path / "run"
    assert call("build", "scenarios/quickstart.toml", "-o", run_directory).exit_code == 0
    run_directory.chmod(0o555)
    told = call("run", run_directory, "-q")
    assert told.exit_code == 1
    assert "cannot be written" in told.stderr
