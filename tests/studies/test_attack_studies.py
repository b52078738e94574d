"""Studies of attacks at a fraction of their size, their closed forms, and wrong ones that the same check refuses."""

import numpy as np
import pytest

from actors.attacks.selfish_miner import SelfishMinerConfig, choose_move
from actors.attacks.withholding import Move, Race
from monerosim.ensemble.executors import Processes
from monerosim.ensemble.sweep import Sweep
from monerosim.studies.all.partition import lost
from monerosim.studies.all.profit import paid_back
from monerosim.studies.all.reorganisations import deep_share
from monerosim.studies.catching_up import catching_up, rosenfeld
from monerosim.studies.conduct import conduct, judge_sweep
from monerosim.studies.registry import all_studies
from monerosim.studies.study import distinct
from monerosim.studies.withheld import absolute_revenue, eyal_sirer, relative_revenue

REFUSED = 1e-4

# A machine that is busy with all else plays them all the same.
pytestmark = pytest.mark.timeout(900)


def test_rosenfelds_form_has_the_published_values():
    assert rosenfeld(0.1, 10) == pytest.approx(0.0000079, abs=1e-7)
    assert rosenfeld(0.3, 10) == pytest.approx(0.065, abs=1e-3)
    assert rosenfeld(0.1, 2) == pytest.approx(0.056)


def test_who_gives_up_late_is_who_never_does():
    assert catching_up(0.3, 4, 200) == pytest.approx(rosenfeld(0.3, 4))
    assert catching_up(0.3, 4, 4) < rosenfeld(0.3, 4)


def test_no_strategy_earns_more_a_day_at_fixed_difficulty():
    for alpha in (0.1, 0.3, 0.4, 0.45):
        for gamma in (0.0, 0.5, 0.99):
            assert absolute_revenue(alpha, gamma) < alpha
            assert relative_revenue(alpha, gamma) == pytest.approx(eyal_sirer(alpha, gamma), abs=1e-4)


def test_an_attack_has_paid_back_where_its_income_passes_that_of_honest_mining_for_good():
    assert paid_back([(4, 1.2), (1, 0.8), (2, 0.9)]) == pytest.approx(2 + 2 / 3)
    assert paid_back([(1, 1.1), (2, 0.9), (4, 1.1)]) == pytest.approx(3)
    assert paid_back([(1, 1.1), (2, 1.2)]) == 1
    assert paid_back([(1, 1.1), (2, 0.9)]) is None
    measured = [
        ({"difficulty": kind, "windows": it}, income)
        for kind, it, income in (("fixed", 8, 0.8), ("dynamic", 8, 1.2), ("dynamic", 4, 0.8))
    ]
    assert "after some 6.0 windows of 720 blocks, 6.0 days" in all_studies()["profit"].conclusion(measured)
    assert "not paid back" in all_studies()["profit"].conclusion(measured[:1])


def test_deep_reorganisations_are_as_frequent_as_the_strategy_itself_makes_them():
    """200,000 blocks by the strategy's own decisions, within five standard errors."""
    rng, alpha, race, depths = np.random.default_rng(4), 0.4, Race("", 0), []
    for found in rng.random(200_000) < alpha:
        if found:
            race.own += 1
        else:
            race.public += 1
        if not race.own:
            race = Race("", 0)
            continue
        move = choose_move(SelfishMinerConfig(hashrate=1), race, found=bool(found))
        if move is Move.OVERRIDE:
            depths.append(race.public)
        if move in (Move.OVERRIDE, Move.ADOPT):
            race = Race("", 0)
    for depth in (2, 5, 10):
        wanted = deep_share(alpha, depth) * 200_000
        assert abs(sum(it >= depth for it in depths) - wanted) < 5 * np.sqrt(wanted)


def test_points_that_count_in_the_same_runs_are_played_once():
    played = {name: (len(distinct(study.cases(1))), len(study.cases(1))) for name, study in all_studies().items()}
    assert {name: counts for name, counts in played.items() if counts[0] != counts[1]} == {
        "flood": (3, 9),
        "reorganisations": (16, 48),
    }


def test_the_loser_of_a_split_is_the_side_with_fewer_blocks():
    rng = np.random.default_rng(2)
    drawn = np.minimum(rng.poisson(5, 100_000), rng.poisson(8, 100_000)).mean()
    assert lost(5, 8) == pytest.approx(drawn, abs=0.03)


def played(name, size, seeds, folder, **labels):
    """Play some points of a study."""
    study = all_studies()[name]
    cases = [it for it in study.cases(size) if all(it.labels[key] in wanted for key, wanted in labels.items())]
    finding = conduct(study, folder, points=cases, seeds=range(1, seeds + 1), executor=Processes(2))
    assert not finding.failures
    return study, cases, Sweep(folder / "sweep"), finding


@pytest.mark.long
def test_payments_are_taken_back_as_often_as_rosenfeld_says(tmp_path):
    *_, finding = played("double-spend", 0.15, 6, tmp_path, hashrate=[0.3], confirmations=[1, 4])
    assert finding.verdict.holds, finding.rows
    # Each attempt came to an end, and the victim had its confirmations.
    assert [row.observed["payments"] for row in finding.rows] == [90, 90]


@pytest.mark.long
def test_a_partition_undoes_the_blocks_of_the_smaller_side(tmp_path, monkeypatch):
    study, cases, sweep, finding = played("partition", 0.4, 6, tmp_path, share=[0.25], minutes=[60])
    assert finding.verdict.holds, finding.rows
    monkeypatch.setattr(study, "expected", lambda *_: 30 * 0.75)
    assert judge_sweep(study, sweep, cases).verdict.p < REFUSED


@pytest.mark.long
def test_deep_reorganisations_come_as_often_as_the_chain_says(tmp_path, monkeypatch):
    wanted = {"strategy": ["selfish"], "hashrate": [0.4], "blocks": ["2 to 4", "5 to 9"]}
    study, cases, sweep, finding = played("reorganisations", 0.3, 6, tmp_path, **wanted)
    assert finding.verdict.holds, finding.rows
    assert len(list(sweep.results())) == 6  # runs for both rows
    right = study.expected
    monkeypatch.setattr(study, "expected", lambda *asked: 2 * right(*asked))
    assert judge_sweep(study, sweep, cases).verdict.p < REFUSED


@pytest.mark.long
def test_selfish_mining_earns_less_a_day_until_the_difficulty_has_followed(tmp_path, monkeypatch):
    study, cases, sweep, finding = played("profit", 1, 8, tmp_path, difficulty=["fixed"], windows=[1])
    assert finding.verdict.holds, finding.rows
    assert finding.rows[0].high < 1
    monkeypatch.setattr(study, "expected", lambda _, runs: study.observed(cases[0], runs)["long run"])
    assert judge_sweep(study, sweep, cases).verdict.p < REFUSED


@pytest.mark.long
def test_uniform_tie_breaking_has_half_of_the_others_follow(tmp_path):
    wanted = {"rule": ["uniform-tie-breaking", "publish-or-perish"], "hashrate": [0.4]}
    *_, finding = played("publish-or-perish", 0.2, 5, tmp_path, **wanted)
    assert finding.verdict.points == 1
    assert finding.verdict.holds, finding.rows
    uniform, perish = (row.measured for row in finding.rows)
    assert perish < uniform


@pytest.mark.long
def test_rules_that_choose_among_equals_cost_what_forks_cost(tmp_path, monkeypatch):
    study, cases, sweep, finding = played("cost-of-rules", 0.1, 6, tmp_path, **{"delay (s)": [4.68]})
    assert finding.verdict.points == 1
    assert finding.verdict.holds, finding.rows
    # Blocks are as late by each rule, so each loses more than the delay of a fast network would cost.
    assert min(row.measured for row in finding.rows) > 0.08
    monkeypatch.setattr(study, "expected", lambda *_: 1.08 / 31.08)
    assert judge_sweep(study, sweep, cases).verdict.p < REFUSED


@pytest.mark.long
def test_black_holes_do_not_give_spies_more_stems(tmp_path, monkeypatch):
    study, cases, sweep, finding = played("dandelion-attacked", 0.25, 6, tmp_path, surroundings=["10 black holes"])
    assert finding.verdict.holds, finding.rows
    monkeypatch.setattr(study, "expected", lambda _, runs: 3 * sum(it["spies.outgoing"] for it in runs) / len(runs))
    assert judge_sweep(study, sweep, cases).verdict.p < REFUSED


@pytest.mark.long
def test_who_pays_more_than_a_flood_waits_no_longer_than_without_one(tmp_path):
    *_, finding = played("flood", 0.1, 4, tmp_path, flood=[2], fee=["low", "high"])
    low, high = (row.measured for row in finding.rows)
    assert finding.verdict.points == 1  # of who pays less nothing is expected
    assert finding.verdict.holds, finding.rows
    assert low > 2 * high
