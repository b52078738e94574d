"""Probes: when they look, what they leave in summary and report, and what a run comes to by them."""

import re

import pytest
from click.testing import CliRunner
from small_runs import WHOLE, happened, play

from monerosim.cli import main
from monerosim.events import CommandExecuted, NewBlock, ProbeFailed, ProbePassed

PROBE = '[participants.probe]\nnode = "miner"\nactors = [{{ use = "connectivity-probe", {} }}]\n'
WRONG = "least_connections = 90"


def times(run, kind=ProbePassed):
    return [round(record.t / 1e6) for record in happened(run, kind)]


def test_it_looks_at_times_at_intervals_and_at_the_end(tmp_path):
    run = play(WHOLE + PROBE.format('at = ["2m", "7m30s"]'), tmp_path / "at")
    end = (run.plan.stop - run.plan.time_zero) / 1e6
    assert times(run) == [120, 450, end]
    run = play(WHOLE + PROBE.format('interval = "10m"'), tmp_path / "interval")
    assert times(run) == [600, 1200, 1800, end]


def test_it_looks_at_each_event_of_its_host(tmp_path):
    run = play(WHOLE + PROBE.format('on = ["new-block"]'), tmp_path / "run")
    assert len(times(run)) == pytest.approx(run.summary.chain.blocks + 1, abs=2)
    assert NewBlock not in {type(record.data) for record in run.events()}


def test_it_looks_when_the_timeline_says_so(tmp_path):
    entry = '[[timeline]]\nat = "5m"\nwho = "probe"\ndo = "examine"\n'
    run = play(WHOLE + PROBE.format(WRONG) + entry, tmp_path / "run")
    assert times(run, ProbeFailed)[0] == 300
    assert happened(run, CommandExecuted, "probe")


def test_what_it_finds_is_in_the_summary_and_fails_no_run_by_itself(tmp_path):
    run = play(WHOLE + PROBE.format(f'{WRONG}, interval = "20m"'), tmp_path / "run")
    probe = run.summary.probes["probe/connectivity-probe"]
    assert (probe.passed, probe.failed, probe.fails_run, round(probe.failed_at)) == (0, 2, False, 1200)
    assert probe.evidence[0].startswith("miner has ")
    assert probe.measured["nodes"] == 4
    assert run.summary.completed


@pytest.mark.parametrize(("more", "code"), [("fail_run = true", 0), (WRONG, 0), (f"{WRONG}, fail_run = true", 3)])
def test_a_scenario_is_a_test(more, code, tmp_path):
    (tmp_path / "test.toml").write_text(WHOLE + PROBE.format(more))
    shown = CliRunner().invoke(main, ["run", str(tmp_path / "test.toml"), "-q", "-o", str(tmp_path / "run")])
    assert shown.exit_code == code, shown.output
    found = re.search(r"probe/connectivity-probe failed at .*: miner has \d+ connections, at least 90", shown.output)
    assert bool(found) == (WRONG in more)


def test_it_looks_at_those_it_is_told_to(tmp_path):
    run = play(WHOLE + PROBE.format('who = ["user"]'), tmp_path / "run")
    assert run.summary.probes["probe/connectivity-probe"].measured["nodes"] == 3


def test_a_probe_of_nobody_that_answers_fails(tmp_path):
    entry = '[[timeline]]\nat = "5m"\nwho = "miner"\ndo = "shut-down"\n'
    text = WHOLE + PROBE.replace("connectivity", "transactions").format('who = ["miner"]') + entry
    (found,) = happened(play(text, tmp_path / "run"), ProbeFailed)
    assert any("miner cannot be asked for its txpool" in sentence for sentence in found.data.evidence)


def test_those_that_are_away_do_not_hold_it_up(tmp_path):
    away = '[participants.away]\ncount = 20\nnode = {}\n[[timeline]]\nat = "5m"\nwho = "away"\ndo = "shut-down"\n'
    looks = '[participants.probe]\nnode = "miner"\nactors = [{ use = "performance-probe", at = ["6m"] }]\n'
    run = play(WHOLE + looks + away, tmp_path / "run")
    at_six, at_end = happened(run, ProbeFailed)
    assert round(at_six.t / 1e6) == 360
    assert at_end.data.found >= at_six.data.found >= 20
    assert "away-001 does not answer" in at_six.data.evidence[0]
    assert run.summary.completed
