"""Many runs of one scenario: what is played, what is kept, what comes of it."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner
from sweeps import BLOCKS, MOODY, SCENARIO, write

from monerosim import RunError, ScenarioError, load, run
from monerosim.cli import main
from monerosim.ensemble.design import DesignError, Point, latin_hypercube
from monerosim.ensemble.executors import Here, Processes
from monerosim.ensemble.page import write_page
from monerosim.ensemble.store import StoreError
from monerosim.ensemble.sweep import Sweep, sweep

HASHRATES = {"participants.alpha.hashrate": [60, 30], "participants.beta.hashrate": [40]}


class Counting(Here):
    """Counts what it plays."""

    def __init__(self):
        self.played = []

    def play(self, members):
        for member in members:
            self.played.append(member.key)
            yield from super().play([member])


def test_runs_are_those_that_are_played_one_by_one(tmp_path):
    path = write(tmp_path)
    swept = sweep(path, tmp_path / "sweep", seeds="1..3", vary=HASHRATES, executor=Processes(2), keep="all")
    for result in swept.results():
        changes = [f"{key}={value}" for key, value in result.values.items()]
        alone = run(load(path, seed=result.seed, changes=changes), tmp_path / f"alone-{result.key}")
        kept = swept.store.summary(result.key)
        assert kept.digest == alone.summary.digest
        assert (swept.store.folder(result.key) / "events.jsonl").is_file()
    assert len(list(swept.results())) == 6


def test_what_is_there_is_not_played_again(tmp_path):
    path = write(tmp_path)
    sweep(path, tmp_path / "sweep", seeds="1..2", vary=HASHRATES, executor=Here())
    again = Counting()
    swept = sweep(path, tmp_path / "sweep", seeds="1..3", vary=HASHRATES, executor=again)
    assert len(again.played) == 2
    assert {result.seed for result in swept.results() if result.key in again.played} == {3}
    changed = Counting()
    sweep(write(tmp_path, SCENARIO.replace("20m", "21m")), tmp_path / "sweep", seeds="1..2", executor=changed)
    assert len(changed.played) == 2


def test_a_summary_that_is_damaged_is_made_again(tmp_path):
    path = write(tmp_path)
    swept = sweep(path, tmp_path / "sweep", seeds="1..2", executor=Here())
    first = next(swept.results())
    (swept.store.folder(first.key) / "summary.json").write_bytes(b"{")
    again = Counting()
    sweep(path, tmp_path / "sweep", seeds="1..2", executor=again)
    assert again.played == [first.key]


def test_whole_runs_are_played_again_where_only_summaries_were_kept(tmp_path):
    path = write(tmp_path)
    sweep(path, tmp_path / "sweep", seeds="1", executor=Here())
    again = Counting()
    sweep(path, tmp_path / "sweep", seeds="1", executor=again, keep="all")
    assert len(again.played) == 1


def test_a_run_that_fails_stops_no_other_and_is_named_with_its_command(tmp_path):
    (tmp_path / "moody.py").write_text(MOODY)
    text = SCENARIO + '[participants.moody]\nkind = "./moody.py:Moody"\nrestarts = { max_restarts = 0 }\n'
    path = write(tmp_path, text)
    seen = []
    swept = sweep(
        path,
        tmp_path / "sweep",
        seeds="1..2",
        vary={"participants.moody.does": ["raise"], "participants.moody.once": ["", str(tmp_path / "once")]},
        executor=Processes(1),
        on_progress=seen.append,
    )
    failed = list(swept.failures())
    assert len(failed) == 3
    assert all("in a mood" in result.status.error or "moody" in result.status.error for result in failed)
    assert failed[0].status.command.startswith(f"monerosim run {path} --seed 1 --set ")
    assert (seen[-1].done, seen[-1].failed, seen[-1].total) == (1, 3, 4)


def test_a_run_that_takes_its_process_with_it_takes_no_other(tmp_path):
    (tmp_path / "moody.py").write_text(MOODY)
    path = write(tmp_path, SCENARIO + '[participants.moody]\nkind = "./moody.py:Moody"\ndoes = "die"\n')
    swept = sweep(
        path,
        tmp_path / "sweep",
        seeds="1",
        vary=[
            Point({"participants.moody.once": f'"{tmp_path}"', "simulation.name": '"well"'}),
            Point({"participants.moody.once": '""', "simulation.name": '"ill"'}),
            Point({"participants.moody.once": f'"{tmp_path}"', "simulation.name": '"well-too"'}),
        ],
        executor=Processes(2),
    )
    (failed,) = swept.failures()
    assert failed.values["simulation.name"] == '"ill"'
    assert len(list(swept.results())) == 3
    assert failed.status.error == "its process died; out of memory?"


def test_a_script_whose_processes_cannot_begin_is_told_so_once(tmp_path):
    path = write(tmp_path)
    # Without a guard, each process would begin the sweep again.
    (tmp_path / "script.py").write_text(f'from monerosim import sweep\nsweep("{path}", "swept", seeds="1..30")\n')
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ClusterError: the processes that play runs end before they begin" in done.stderr
    assert done.stderr.count("RuntimeError") <= 20


def test_a_sweep_that_is_killed_goes_on(tmp_path):
    path = write(tmp_path)
    folder = tmp_path / "sweep"
    command = [sys.executable, "-m", "monerosim.cli", "sweep", str(path), "-o", str(folder), "--seeds", "1..200", "-q"]
    with subprocess.Popen([*command, "--jobs", "2"], start_new_session=True) as process:
        while not list(folder.glob("runs/*/status.json")):
            assert process.poll() is None
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    kept = {file.parent.name for file in folder.glob("runs/*/status.json")}
    again = Counting()
    swept = sweep(path, folder, seeds=f"1..{len(kept) + 2}", executor=again)
    assert not kept & set(again.played)
    assert len(list(swept.results())) == len(kept) + 2


def test_ctrl_c_ends_a_sweep_with_what_it_has(tmp_path):
    path = write(tmp_path)
    folder = tmp_path / "sweep"
    command = [sys.executable, "-m", "monerosim.cli", "sweep", str(path), "-o", str(folder), "--seeds", "1..500", "-q"]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True) as process:
        while not list(folder.glob("runs/*/status.json")):
            assert process.poll() is None
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.endswith("interrupted; the same command goes on from here\n")
    assert "Traceback" not in errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_when_a_sweep_is_ended_its_processes_end_though_their_runs_are_long(tmp_path, number):
    folder = tmp_path / "sweep"
    command = [sys.executable, "-m", "monerosim.cli", "sweep", str(write(tmp_path)), "-o", str(folder), "--jobs", "2"]
    command += ["--seeds", "1", "--vary", "simulation.duration=20m,300d,301d,302d", "-q"]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True) as process:
        while not list(folder.glob("runs/*/status.json")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        # Its processes can write here too, so this has an end when they all have.
        _, errors = process.communicate(timeout=60)
    assert process.returncode == {signal.SIGTERM: 1, signal.SIGKILL: -signal.SIGKILL}[number]
    assert ("the same command goes on from here" in errors) == (number == signal.SIGTERM)
    assert "Traceback" not in errors
    assert [result.values for result in Sweep(folder).results()] == [{"simulation.duration": "20m"}]


def test_it_ends_when_the_interval_is_narrow_and_counts_whole_seeds_alone(tmp_path):
    path = write(tmp_path)
    counts = []
    for executor in (Here(), Processes(2)):
        folder = tmp_path / type(executor).__name__
        swept = sweep(path, folder, seeds="1..400", executor=executor, until=f"{BLOCKS} +- 1.5")
        ((_, interval),) = swept.intervals(BLOCKS)
        assert interval.half_width <= 1.5
        counts.append(interval.n)
    # However many were played in advance, the same seeds count.
    assert counts[0] == counts[1] < 400


def test_points_have_the_same_seeds_and_are_compared_in_pairs(tmp_path):
    swept = sweep(write(tmp_path), tmp_path / "sweep", seeds="1..6", vary=HASHRATES, executor=Here())
    values = swept.values(BLOCKS)
    assert [set(known) for _, known in values] == [set(range(1, 7))] * 2
    ((point, difference),) = swept.differences(BLOCKS)
    assert point.values["participants.alpha.hashrate"] == "30"
    assert difference.n == 6
    apart = [values[1][1][seed] - values[0][1][seed] for seed in range(1, 7)]
    assert difference.mean == pytest.approx(sum(apart) / 6)


def test_points_of_a_sample_are_played(tmp_path):
    points = latin_hypercube({"participants.alpha.hashrate": "10..90"}, 4)
    swept = sweep(write(tmp_path), tmp_path / "sweep", seeds="1", vary=points, executor=Here())
    assert [point for point, _ in swept.values(BLOCKS)] == list(points)


def test_errors_at_any_point_are_told_before_anything_is_played(tmp_path):
    counting = Counting()
    with pytest.raises(ScenarioError, match="hashrate"):
        sweep(write(tmp_path), vary={"participants.alpha.hashrate": [5, -1]}, executor=counting)
    with pytest.raises(DesignError, match="a list of values"):
        sweep(write(tmp_path), vary={"participants.alpha.hashrate": []}, executor=counting)
    assert not counting.played


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(StoreError, match="no sweep, so it is left alone"):
        sweep(write(tmp_path), tmp_path / "mine", executor=Here())
    with pytest.raises(StoreError, match="is no sweep"):
        Sweep(tmp_path / "mine")


def test_a_folder_of_a_later_version_is_refused(tmp_path):
    (tmp_path / "sweep.json").write_text('{"format": 99}')
    with pytest.raises(StoreError, match="later version"):
        Sweep(tmp_path)


def test_tables_that_are_kept_are_those_of_whole_runs(tmp_path):
    path = write(tmp_path)
    swept = sweep(path, tmp_path / "tables", seeds="1..2", executor=Processes(2), keep="tables")
    whole = sweep(path, tmp_path / "all", seeds="1..2", executor=Here(), keep="all")
    kept = {result.key: played for result, played in swept.runs()}
    assert len(kept) == 2
    for result, played in whole.runs():
        for name, table in played.tables.items():
            other = kept[result.key].tables[name].arrow()
            if name == "run":
                other, same = (one.drop_columns(["wall_s"]) for one in (other, table.arrow()))
                assert other == same
            elif name == "resources":  # real time and memory
                assert len(other) == len(table)
            else:
                assert other == table.arrow(), name
    again = Counting()
    sweep(path, tmp_path / "tables", seeds="1..2", executor=again, keep="tables")
    assert not again.played


def test_the_tables_of_all_runs_are_asked_together_with_what_varies(tmp_path):
    path = write(tmp_path)
    folder = tmp_path / "sweep"
    swept = sweep(path, folder, seeds="1..2", vary=HASHRATES, executor=Processes(2), keep="tables")
    sql = (
        'select p."participants.alpha.hashrate" as alpha, count(*) as n from blocks join points p using (run) '
        "where not bootstrap and miner = 'alpha' group by all order by alpha desc"
    )
    asked = {row["alpha"]: row["n"] for row in swept.query(sql).to_pylist()}
    counted = {int(p.values["participants.alpha.hashrate"]): sum(k.values()) for p, k in swept.values(BLOCKS)}
    assert asked == counted
    printed = CliRunner().invoke(main, ["query", str(folder), sql, "--format", "csv"])
    assert printed.stdout.splitlines()[1:] == [f"{alpha},{n}" for alpha, n in asked.items()]
    with pytest.raises(RunError, match="--keep tables"):
        sweep(path, tmp_path / "other", seeds="1", executor=Here()).query("select 1")


def test_a_measure_is_drawn_against_a_key(tmp_path):
    vary = {"participants.alpha.hashrate": [60, 30], "network.latency": ["50ms", "2s"]}
    swept = sweep(write(tmp_path), tmp_path / "sweep", seeds="1..2", vary=vary, executor=Here())
    drawn = swept.figure(BLOCKS, x="network.latency")
    assert {row["x"] for row in drawn.rows} == {0.05, 2.0}
    assert [row["kind"] for row in drawn.rows].count("run") == 8
    assert drawn.answer.svg().startswith("<svg")
    means = {(row["x"], row["others"]): row["value"] for row in drawn.rows if row["kind"] == "mean"}
    for point, interval in swept.intervals(BLOCKS):
        x = {"50ms": 0.05, "2s": 2.0}[point.values["network.latency"].strip('"')]
        assert means[x, f"hashrate = {point.values['participants.alpha.hashrate']}"] == interval.mean
    with pytest.raises(DesignError, match=r"simulation\.seed does not vary"):
        swept.figure(BLOCKS, x="simulation.seed")


def test_a_sweep_with_a_drawing_takes_six_lines(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    program = """
from monerosim import sweep
if __name__ == "__main__":
    s = sweep("tiny.toml", seeds=range(1, 21), vary={"participants.alpha.hashrate": [60]})
    open("blocks.svg", "w").write(s.figure("miners.alpha.blocks").answer.svg())
"""
    (tmp_path / "program.py").write_text(program)
    subprocess.run([sys.executable, "program.py"], check=True)
    assert len(program.strip().splitlines()) <= 6
    assert (tmp_path / "blocks.svg").read_text().startswith("<svg")
    assert len(list(Sweep("sweeps/tiny").results())) == 20


def test_the_page_has_each_measure_and_needs_nothing_else(tmp_path):
    swept = sweep(write(tmp_path), tmp_path / "sweep", seeds="1..4", vary=HASHRATES, executor=Here())
    write_page(swept, tmp_path / "page.html", [BLOCKS, "chain.blocks"])
    page = (tmp_path / "page.html").read_text()
    for measure in (BLOCKS, "chain.blocks"):
        assert f"How does {measure} depend on participants.alpha.hashrate?" in page
        assert f"Are there seeds enough for {measure}?" in page
        for _, interval in swept.intervals(measure):
            assert f"<td>{interval.mean:.6g}</td><td>{interval.low:.6g}</td>" in page
    assert page.count("<svg") == 2 * 3
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", page)
