"""The swarm tries scenarios as a person would, and sees what is wrong."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import small_runs
from click.testing import CliRunner

from monerosim.cli import main
from monerosim.swarm import Swarm
from monerosim.swarm.cases import Case, make_case
from monerosim.swarm.inspection import inspect
from monerosim.swarm.trial import Pair, try_case

ROOT = Path(__file__).parents[2]
NETWORK = small_runs.WHOLE.replace('duration = "30m"', 'duration = "20m"').replace('"60s"', '"30s"')


@pytest.fixture(scope="module")
def pair():
    with Pair() as workers:
        yield workers


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A run with payments to a marketplace."""
    return small_runs.play(NETWORK, tmp_path_factory.mktemp("swarm") / "run")


def case_of(text, **more):
    return Case(seed=0, sort="valid", document=None, raw=text.encode(), **more)


def faults_of(pair, text, **more):
    return [fault.kind for fault in try_case(case_of(text, **more), pair).faults]


@pytest.mark.parametrize("mishap", ["none", "disk full", "killed"])
@pytest.mark.parametrize("size", [0, 3_000, 30_000])
def test_a_sound_run_shows_no_fault_whatever_befalls_it(pair, mishap, size):
    outcome = try_case(case_of(NETWORK, mishap=mishap, size=size), pair)
    assert (outcome.good, outcome.played, outcome.faults) == (True, True, ())


def test_what_is_refused_is_not_played(pair):
    outcome = try_case(case_of('[participants.alpha]\nkind = "regular-usr"\n'), pair)
    assert (outcome.good, outcome.played, outcome.faults) == (False, False, ())


def test_no_program_is_started_whatever_engine_a_scenario_wants(pair):
    outcome = try_case(case_of(NETWORK.replace("seed = 5", 'seed = 5\nengine = "local"')), pair)
    assert (outcome.good, outcome.played, outcome.faults) == (True, True, ())


def test_a_run_that_is_interrupted_is_not_compared_with_another(pair, monkeypatch):
    monkeypatch.setattr("monerosim.swarm.trial._INTERRUPT", 0.5)
    outcome = try_case(case_of(re.sub(r'duration = ".*?"', 'duration = "30d"', NETWORK)), pair)
    assert (outcome.good, outcome.played, outcome.ended_early, outcome.faults) == (True, True, True, ())


def test_an_actor_that_fails_on_purpose_is_no_fault(pair):
    outcome = try_case(case_of(f'{NETWORK}[participants.x]\nkind = "./fragile.py:Fragile"\n'), pair)
    assert outcome.faults == ()
    assert "restarts" in outcome.shows


def test_a_run_that_others_have_changed_is_seen(played, tmp_path):
    assert inspect(played.directory).faults == ()
    lines = (played.directory / "events.jsonl").read_bytes().splitlines(keepends=True)

    def of(kind):
        return [line for line in lines if json.loads(line)["data"]["event"] == kind]

    def kinds(changed):
        (played.directory / "events.jsonl").write_bytes(b"".join(changed))
        return {fault.kind for fault in inspect(played.directory).faults}

    try:
        assert kinds([*lines, of("payment-confirmed")[0]]) == {"payment-confirmed twice"}
        assert kinds([*lines, of("payment-received")[0]]) == {"payment received twice"}
        first = of("payment-received")[0]
        assert kinds([line for line in lines if line != first]) == {"confirmed payment not received"}
        block = of("block-found")[3]
        assert "main chain is not what was found" in kinds([line for line in lines if line != block])
        spent = json.loads(of("payment-sent")[-1])
        early = spent | {"data": spent["data"] | {"txid": "00" * 32}}
        assert "change spent early" in kinds([*lines, json.dumps(early).encode() + b"\n"])
        failed = {"event": "actor-given-up", "name": "wallet", "restarts": 3}
        gone = json.dumps(spent | {"data": failed}).encode() + b"\n"
        assert kinds([*lines, gone]) == {"gave up wallet"}
    finally:
        (played.directory / "events.jsonl").write_bytes(b"".join(lines))
    summary = json.loads((played.directory / "summary.json").read_bytes())
    copied = tmp_path / "run"
    subprocess.run(["cp", "-r", str(played.directory), str(copied)], check=True)
    summary["coins"]["balances"]["miner"] -= 1
    (copied / "summary.json").write_text(json.dumps(summary))
    assert {"coins that nobody holds", "miner holds other than its blocks paid"} == {
        fault.kind for fault in inspect(copied).faults
    }


def test_seeds_are_tried_in_their_order_on_any_number_of_workers():
    def tried(workers):
        with Swarm(play=False, workers=workers) as swarm:
            return [(outcome.case.seed, outcome.good, outcome.faults) for outcome in swarm.run(range(1, 25))]

    assert tried(1) == tried(2)


def test_checked_together_or_alone_a_scenario_is_the_same(pair):
    with Swarm(play=False, workers=1) as swarm:
        together = [(outcome.good, outcome.faults) for outcome in swarm.run(range(1, 25))]
    alone = [try_case(make_case(seed), pair, play=False) for seed in range(1, 25)]
    assert together == [(outcome.good, outcome.faults) for outcome in alone]


def test_the_command_tells_what_was_reached():
    result = CliRunner().invoke(main, ["swarm", "--seeds", "1..4", "--workers", "1"])
    assert result.exit_code == 0, result.output
    assert "4 scenarios" in result.output
    assert "kind regular-user" in result.output


def test_the_command_prints_the_scenario_of_one_seed():
    result = CliRunner().invoke(main, ["swarm", "--seed", "3", "--check-only"])
    assert result.exit_code == 0, result.output
    assert "# seed 3: " in result.output


def test_ctrl_c_prints_what_was_reached_so_far():
    command = [sys.executable, "-P", "-c", "from monerosim.cli import main; main()", "swarm", "--workers", "1"]
    swarm = subprocess.Popen(
        [*command, "--seeds", "1..100000", "--check-only"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    children = Path(f"/proc/{swarm.pid}/task/{swarm.pid}/children")
    while len(children.read_text().split()) < 2 and swarm.poll() is None:
        time.sleep(0.05)
    # A terminal sends it to all that belong to the command.
    os.killpg(swarm.pid, signal.SIGINT)
    output, errors = swarm.communicate()
    assert swarm.returncode == 130, errors
    assert re.search(r"^\d{1,5} scenarios, \d+ of them valid", output), output
    assert "Traceback" not in errors


@pytest.mark.parametrize("seeds", ["5", "5..1", "a..b", "..", "-1..3"])
def test_a_range_that_is_none_is_refused(seeds):
    result = CliRunner().invoke(main, ["swarm", f"--seeds={seeds}"])
    assert result.exit_code == 2
    assert "range" in result.output


@pytest.fixture(scope="module")
def _git():
    if shutil.which("git") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("there is no git (Debian: apt-get install git)")


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("_git")
@pytest.mark.parametrize("name", ["check-divides-by-zero", "payment-received-twice"])
def test_a_mutant_is_found(name):
    tool = [sys.executable, str(ROOT / "tools" / "mutants.py"), name]
    done = subprocess.run(tool, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 1 found, 1 in fewer than 15 lines" in done.stdout


@pytest.mark.usefixtures("_git")
@pytest.mark.parametrize(
    "patch", sorted((ROOT / "tests" / "swarm" / "mutants").glob("*.patch")), ids=lambda it: it.stem
)
def test_every_mutant_still_applies(patch):
    subprocess.run(["git", "apply", "--check", str(patch)], cwd=ROOT, check=True)
