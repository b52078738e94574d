"""``monerosim sweep`` and ``monerosim search``."""

import csv

import pytest
from click.testing import CliRunner
from sweeps import BLOCKS, MOODY, SCENARIO, write

from monerosim import Run
from monerosim.cli import main
from monerosim.ensemble.sweep import Sweep


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, list(arguments))


def test_a_sweep_shows_intervals_and_writes_every_number(call, tmp_path):
    done = call("sweep", "tiny.toml", "--seeds", "1..3", "--vary", "network.latency=50ms,2s", "--measure", BLOCKS, "-q")
    assert done.exit_code == 0, done.output
    assert BLOCKS in done.stdout
    assert [line.split()[:2] for line in done.stdout.splitlines() if line.strip().startswith(("50ms", "2s"))] == [
        ["50ms", "3"],
        ["2s", "3"],
    ]
    assert done.stdout.endswith("sweeps/tiny/results.csv\n")
    with (tmp_path / "sweeps/tiny/results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["seed"], row["network.latency"], row["state"]) for row in rows] == [
        (str(seed), latency, "done") for seed in (1, 2, 3) for latency in ("50ms", "2s")
    ]
    assert all(float(row["chain.blocks"]) >= 15 for row in rows)


def test_a_failed_run_is_listed_with_its_command_and_the_exit_code_is_1(call, tmp_path):
    (tmp_path / "moody.py").write_text(MOODY)
    write(tmp_path, SCENARIO + '[participants.moody]\nkind = "./moody.py:Moody"\nrestarts = { max_restarts = 0 }\n')
    done = call("sweep", "tiny.toml", "--seeds", "1..2", "-q", "--jobs", "1")
    assert done.exit_code == 1
    assert "monerosim run tiny.toml --seed 2" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--seeds", "x"], 'expected seeds such as "1..30"'),
        (["--vary", "network.latency"], "expected KEY=..."),
        (
            ["--vary", "network.latency=1s", "--sample", "consensus.block_time=1s..2s", "--points", "3"],
            "--sample draws",
        ),
        (["--sample", "consensus.block_time=1s..2s"], "--sample and --points go together"),
        (["--points", "3"], "--sample and --points go together"),
        (["--zip", "--vary", "simulation.seed=1,2", "--vary", "network.loss=0"], "as many values each"),
        (["--resource", "memory=8e9"], "--resource is for --dask"),
        (["--dask", "tcp://127.0.0.1:1", "--jobs", "2"], "--jobs is for this machine"),
        (["--dask", "tcp://127.0.0.1:1", "--resource", "memory"], "expected NAME=AMOUNT"),
        (["--until", "payments"], 'expected "MEASURE +- WIDTH"'),
        (["--vary", "network.latensy=1s"], 'did you mean "latency"'),
        (["--set", "participants.alpha.hashrate=-1"], "hashrate"),
    ],
)
def test_what_cannot_be_understood_is_an_error_of_the_users(call, arguments, told):
    done = call("sweep", "tiny.toml", *arguments)
    assert done.exit_code == 2, done.output
    assert told in done.stderr
    assert "Traceback" not in done.output


def test_an_unknown_measure_is_an_error(call):
    done = call("sweep", "tiny.toml", "--seeds", "1", "--measure", "payments.confirmd", "-q", "--jobs", "1")
    assert done.exit_code == 2
    assert "payments.confirmd" in done.stderr
    assert 'did you mean "payments.confirmed"' in done.stderr


def test_a_search_prints_the_range_that_is_left(call):
    done = call(
        *("search", "tiny.toml", "--vary", "participants.alpha.hashrate=5..400", "--measure", BLOCKS),
        *("--target", "10.5", "--seeds", "1..6", "--steps", "2", "-q", "--jobs", "1"),
    )
    assert done.exit_code == 0, done.output
    assert f"{BLOCKS} crosses 10.5 between participants.alpha.hashrate = " in done.stdout


RISKY = '[binaries]\nmonerod_flags = ["--add-peer=198.51.100.1:18080"]\n'
SEARCH = ("--vary", "participants.alpha.hashrate=5..400", "--measure", BLOCKS, "--target", "10.5", "--seeds", "1..6")


@pytest.mark.parametrize("command", [("sweep", "--seeds", "1..2"), ("search", *SEARCH, "--steps", "1")])
def test_what_a_scenario_may_not_do_is_refused_until_it_is_allowed(call, tmp_path, command):
    write(tmp_path, RISKY + SCENARIO)
    name, *options = command
    refused = call(name, "tiny.toml", *options, "-q", "--jobs", "1")
    assert refused.exit_code == 2
    assert "add --allow-flag=--add-peer if you trust it" in refused.stderr
    allowed = call(name, "tiny.toml", *options, "-q", "--jobs", "1", "--allow-flag=--add-peer")
    assert allowed.exit_code == 0, allowed.output


def test_the_command_that_plays_a_failed_run_alone_allows_what_the_sweep_allowed(call, tmp_path):
    (tmp_path / "moody.py").write_text(MOODY)
    moody = '[participants.moody]\nkind = "./moody.py:Moody"\nrestarts = { max_restarts = 0 }\n'
    write(tmp_path, RISKY + SCENARIO + moody)
    failed = call("sweep", "tiny.toml", "--seeds", "1", "-q", "--jobs", "1", "--allow-flag", "--add-peer")
    assert failed.exit_code == 1
    assert "monerosim run tiny.toml --seed 1 --allow-flag=--add-peer" in failed.stderr


def test_a_seed_that_crashes_leaves_the_others(call, tmp_path):
    (tmp_path / "moody.py").write_text(MOODY)
    moody = '[participants.moody]\nkind = "./moody.py:Moody"\nseed = 7\nrestarts = { max_restarts = 0 }\n'
    write(tmp_path, SCENARIO.replace("20m", "5m") + moody)
    done = call("sweep", "tiny.toml", "--seeds", "1..20", "-q", "--jobs", "2", "-o", "out")
    assert done.exit_code == 1
    assert done.stderr.count("failed: ") == 1
    assert "monerosim run tiny.toml --seed 7" in done.stderr
    with (tmp_path / "out" / "results.csv").open(newline="") as file:
        states = {int(row["seed"]): row["state"] for row in csv.DictReader(file)}
    assert states == {seed: "failed" if seed == 7 else "done" for seed in range(1, 21)}


def test_a_search_whose_runs_all_fail_tells_why(call, tmp_path):
    (tmp_path / "moody.py").write_text(MOODY)
    write(tmp_path, SCENARIO + '[participants.moody]\nkind = "./moody.py:Moody"\nrestarts = { max_restarts = 0 }\n')
    done = call("search", "tiny.toml", *SEARCH, "-q", "--jobs", "1")
    assert done.exit_code == 1
    assert "all runs at 5 failed: " in done.stderr
    assert "monerosim run tiny.toml" in done.stderr


TABLE = """
[sweep]
seeds = "1..2"
vary = { "network.latency" = ["50ms", "2s"] }
measures = ["miners.alpha.blocks"]
"""


def test_the_design_can_stand_in_the_scenario_and_options_replace_it(call, tmp_path):
    write(tmp_path, SCENARIO + TABLE)
    done = call("sweep", "tiny.toml", "-q", "--jobs", "1")
    assert done.exit_code == 0, done.output
    assert done.stdout.split()[0] == BLOCKS
    assert len(Sweep(tmp_path / "sweeps/tiny").index.runs) == 4
    done = call("sweep", "tiny.toml", "-q", "--jobs", "1", "--seeds", "1..3")
    assert len(Sweep(tmp_path / "sweeps/tiny").index.runs) == 6
    done = call("sweep", "tiny.toml", "-q", "--jobs", "1", "--vary", "network.loss=0,0.1,0.2")
    assert [entry.values for entry in Sweep(tmp_path / "sweeps/tiny").index.runs][:2] == [
        {"network.loss": "0"},
        {"network.loss": "0.1"},
    ]


def test_the_table_is_checked_and_no_part_of_a_single_run(call, tmp_path):
    write(tmp_path, SCENARIO)
    plain = call("run", "tiny.toml", "-q", "-o", "plain")
    write(tmp_path, SCENARIO + TABLE)
    done = call("check", "tiny.toml")
    assert "; sweep: 2 points, 2 seeds\n" in done.stdout
    assert call("run", "tiny.toml", "-q", "-o", "run").exit_code == plain.exit_code == 0
    assert Run("run").summary.digest == Run("plain").summary.digest
    write(tmp_path, SCENARIO + TABLE.replace("1..2", "2..1"))
    done = call("check", "tiny.toml")
    assert (done.exit_code, "tiny.toml: error: sweep.seeds: " in done.stderr) == (2, True)
