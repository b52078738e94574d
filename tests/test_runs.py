"""A run from Python: building, playing, stopping, reading back."""

import re
import shutil
from pathlib import Path

import msgspec
import pytest
from small_runs import NETWORK, WHOLE, happened, play

from monerosim import Participant, Run, Scenario, Simulation, run
from monerosim.build.build import build_plan
from monerosim.build.rundir import RunDirectoryError, hold, write_run_directory
from monerosim.engine import EngineError
from monerosim.events import BlockFound
from monerosim.plan.plan import decode_plan, encode_plan
from monerosim.runs import RunError
from monerosim.runs import play as play_directory
from monerosim.scenario import parse
from monerosim.units import SECOND


@pytest.fixture
def built(tmp_path):
    directory = tmp_path / "built"
    write_run_directory(build_plan(parse(NETWORK), None), b"", directory, force=False)
    return directory


def test_a_directory_that_was_built_can_be_played_later(built, tmp_path):
    assert play_directory(built).summary.digest == play(NETWORK, tmp_path / "at-once").summary.digest


def test_a_run_that_was_built_only_has_no_summary_and_no_events(built):
    unplayed = Run(built)
    assert unplayed.plan.name == "small"
    with pytest.raises(RunError, match="no summary yet"):
        _ = unplayed.summary
    with pytest.raises(RunError, match="not been played"):
        unplayed.events()
    assert list(unplayed.traces()) == []


def test_nothing_is_played_twice(built):
    played = play_directory(built)
    before = (built / "events.jsonl").read_bytes()
    with pytest.raises(RunError, match="played already"):
        play_directory(built)
    assert (built / "events.jsonl").read_bytes() == before
    assert played.summary.completed


def test_a_run_replaces_another_only_if_told_so(tmp_path):
    first = play(NETWORK, tmp_path / "run")
    before = first.summary
    with pytest.raises(RunDirectoryError, match="already holds a run"):
        play(NETWORK, tmp_path / "run", seed=6)
    assert Run(tmp_path / "run").summary == before
    again = play(NETWORK, tmp_path / "run", seed=6, force=True)
    assert again.summary.seed == 6
    assert again.summary.digest != before.digest


def test_without_a_directory_runs_are_numbered_below_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_text(NETWORK)
    directories = [run("x.toml").directory for _ in range(3)]
    assert directories == [Path("runs/small"), Path("runs/small-2"), Path("runs/small-3")]
    assert (directories[0] / "scenario.toml").read_text() == NETWORK


@pytest.mark.parametrize("seconds", [30, 200, 1000])
def test_a_run_that_is_stopped_early_is_whole_as_far_as_it_went(tmp_path, seconds):
    complete = play(WHOLE, tmp_path / "complete")
    seen = []

    def on_progress(progress):
        seen.append(progress)
        return progress.now < seconds * SECOND

    stopped = play(WHOLE, tmp_path / "stopped", on_progress=on_progress)
    summary = stopped.summary
    assert not summary.completed
    assert summary.coins.unaccounted == 0
    # It ends with the first progress that says so; the clock goes straight to what is due next.
    assert len({it.now for it in seen if it.now >= seconds * SECOND}) == 1
    zero = stopped.plan.time_zero
    assert summary.simulated_seconds == max(0, seen[-1].now - zero) / SECOND
    assert summary.bootstrap_seconds == zero / SECOND
    # What it did it did as the whole run does it.
    early = [it for it in happened(complete, BlockFound) if it.t < seen[-1].now - stopped.plan.time_zero]
    assert happened(stopped, BlockFound) == early


def test_progress_goes_on_to_the_end(tmp_path):
    seen = []

    def on_progress(progress):
        seen.append(progress)
        return True

    played = play(WHOLE, tmp_path / "run", on_progress=on_progress)
    assert [it.now for it in seen] == sorted(it.now for it in seen)
    assert seen[-1].now == played.plan.stop
    assert seen[-1].height == played.summary.chain.height
    assert seen[-1].payments >= played.summary.payments.sent


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff", b'{"version": 999}'])
def test_what_is_no_run_directory_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "plan.json").write_bytes(content)
    with pytest.raises(RunError, match="no run directory"):
        Run(tmp_path)


def test_an_unknown_engine_is_refused(built):
    path = built / "plan.json"
    path.write_bytes(path.read_bytes().replace(b'"engine": "embedded"', b'"engine": "abacus"'))
    with pytest.raises(EngineError, match=r"'abacus'.*embedded"):
        play_directory(built)
    assert not (built / "events.jsonl").exists()


def test_an_unknown_level_of_traces_is_refused(built):
    with pytest.raises(RunError, match="'LOUD' is no level"):
        play_directory(built, trace_level="LOUD")


def test_a_run_directory_can_be_moved(tmp_path):
    played = play(WHOLE, tmp_path / "here")
    shutil.move(tmp_path / "here", tmp_path / "there")
    moved = Run(str(tmp_path / "there"))
    assert moved.summary.completed
    assert len(list(moved.events())) > 10
    assert len(list(moved.traces(actors=("wallet",)))) > 3
    assert encode_plan(decode_plan(encode_plan(moved.plan))) == encode_plan(played.plan)


@pytest.mark.parametrize("content", [b'{"name": ', b'{"name": "\xff"}'])
def test_a_summary_that_was_damaged_is_an_error(tmp_path, content):
    played = play(NETWORK, tmp_path / "run")
    (tmp_path / "run" / "summary.json").write_bytes(content)
    with pytest.raises(RunError, match="summary"):
        _ = played.summary


def test_a_participant_without_anything_takes_part(tmp_path):
    scenario = Scenario(simulation=Simulation(duration="1m"), participants={"idle": Participant()})
    summary = run(scenario, tmp_path / "run").summary
    assert (summary.participants, summary.chain.height, summary.coins.balances, summary.miners) == (1, 0, {}, {})


def test_the_documented_scripts_run(tmp_path, monkeypatch, capsys):
    root = Path(__file__).parents[1]
    (tmp_path / "scenarios").symlink_to(root / "scenarios")
    monkeypatch.chdir(tmp_path)
    for script in re.findall(r"```python\n(.*?)```", (root / "docs" / "python.md").read_text(), re.DOTALL):
        exec(compile(script.replace("range(1, 21)", "range(1, 3)"), "docs/python.md", "exec"), {})  # noqa: S102  (the document's own)
    shown = capsys.readouterr().out
    assert " found block " in shown
    assert int(shown.splitlines()[-1]) > 0


@pytest.fixture
def by_hand(tmp_path):
    """A run as plain `shadow` leaves it, and all its events."""
    played = play(NETWORK, tmp_path / "run")
    summary, records = played.summary, list(played.events())
    for host in played.plan.hosts:
        own = [msgspec.json.encode(record) + b"\n" for record in records if record.participant == host.name]
        (played.directory / "hosts" / host.name / "events.jsonl").write_bytes(b"".join(own))
    for name in ("events.jsonl", "summary.json"):
        (played.directory / name).unlink()
    return Run(played.directory), summary


def test_a_run_that_plain_shadow_has_played_is_read_back(by_hand):
    run, summary = by_hand
    (run.directory / "shadow.data").mkdir()
    (run.directory / "shadow.data" / "sim-stats.json").touch()
    with pytest.raises(RunError, match="no summary yet"):
        _ = run.summary
    run.read_back()
    assert not run.may_go_on
    assert Run(run.directory).summary == msgspec.structs.replace(summary, wall_seconds=0.0)


def test_what_plain_shadow_may_still_play_is_read_again(by_hand):
    run, summary = by_hand
    logs = {path: path.read_bytes() for path in (run.directory / "hosts").glob("*/events.jsonl")}
    for log, whole in logs.items():
        log.write_bytes(whole[: whole.index(b"\n", len(whole) // 2) + 1])
    run.read_back()
    assert run.may_go_on
    assert 0 < run.summary.chain.blocks < summary.chain.blocks
    assert not (run.directory / "summary.json").exists()
    for log, whole in logs.items():
        log.write_bytes(whole)
    (run.directory / "shadow.data").mkdir()
    (run.directory / "shadow.data" / "sim-stats.json").touch()
    run.read_back()
    assert not run.may_go_on
    assert run.summary.chain.blocks == summary.chain.blocks


def test_a_damaged_run_is_no_traceback(tmp_path):
    played = play(NETWORK, tmp_path / "run")
    (played.directory / "summary.json").unlink()
    (played.directory / "events.jsonl").write_text("{}\n")
    with pytest.raises(RunError, match=r"cannot be read back: .*line 1"):
        played.read_back()


def test_a_run_whose_launcher_was_killed_is_read_back(tmp_path):
    played = play(NETWORK, tmp_path / "run")
    whole = played.summary
    (played.directory / "summary.json").unlink()
    events = played.directory / "events.jsonl"
    text = events.read_bytes()
    events.write_bytes(text[: len(text) // 2])
    played.read_back()
    killed = Run(played.directory).summary
    assert not killed.completed
    assert not killed.coins.balances_known
    assert 0 < killed.chain.height < whole.chain.height
    assert 0 < killed.simulated_seconds < whole.simulated_seconds
    assert whole.coins.balances_known


def test_a_run_that_is_being_played_or_has_not_been_is_not_read_back(built):
    unplayed = Run(built)
    with pytest.raises(RunError, match="has not been played"):
        unplayed.read_back()
    with hold(built), pytest.raises(RunError, match="is being played"):
        unplayed.read_back()
