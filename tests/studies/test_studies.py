"""Studies at a fraction of their size: what is measured is what is known, and the same check refuses wrong rules.

Seeds are fixed, so each passes or fails for good: a right program is refused once in a thousand (p > 0.001).
"""

import numpy as np
import pytest
from click.testing import CliRunner

from monerosim.cli import main
from monerosim.ensemble.executors import Processes
from monerosim.ensemble.sweep import Sweep
from monerosim.studies.all.selfish_mining import alpha_of, gamma
from monerosim.studies.conduct import conduct, judge_sweep
from monerosim.studies.judgement import Row, deviation_of, judge
from monerosim.studies.registry import all_studies
from monerosim.studies.withheld import Strategy, eyal_sirer, relative_revenue

REFUSED = 1e-4

# A machine that is busy with all else plays them all the same.
pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("alpha", [0.1, 0.25, 1 / 3, 0.4])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0])
def test_the_chain_of_the_plain_strategy_has_the_closed_form(alpha, gamma):
    assert relative_revenue(alpha, gamma) == pytest.approx(eyal_sirer(alpha, gamma), abs=1e-4)


def test_the_closed_form_is_the_published_one():
    assert [round(eyal_sirer(0.4, gamma), 4) for gamma in (0, 0.5, 1)] == [0.4837, 0.5256, 0.5674]
    assert eyal_sirer(1 / 3, 0) == pytest.approx(1 / 3)
    assert eyal_sirer(1 / 4, 0.5) == pytest.approx(1 / 4)


def test_stubbornness_pays_where_its_authors_say():
    """Nayak et al., figure 5: lead stubbornness at many followers and much hashrate, trail stubbornness at few."""
    assert relative_revenue(0.4, 0.9, Strategy(lead_stubborn=True)) > eyal_sirer(0.4, 0.9)
    assert relative_revenue(0.2, 0.0, Strategy(lead_stubborn=True)) < eyal_sirer(0.2, 0.0)
    assert relative_revenue(0.4, 0.0, Strategy(trail=1)) > relative_revenue(0.4, 0.0)


def test_the_check_refuses_as_often_as_it_says():
    """10,000 right studies of nine points with five seeds: the share below p is p, within four standard errors."""
    rng = np.random.default_rng(5)
    refused = 0
    for values in rng.normal(size=(2000, 9, 5)):
        error = values.std(axis=1, ddof=1) / np.sqrt(5)
        deviations = [deviation_of(mean, it, 5) for mean, it in zip(values.mean(axis=1), error, strict=True)]
        rows = [
            Row(labels={}, observed={}, n=5, measured=0, error=1, low=0, high=0, expected=0, deviation=it)
            for it in deviations
        ]
        refused += judge(rows).p < 0.05
    assert abs(refused / 2000 - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 2000)


@pytest.fixture(scope="module")
def selfish(tmp_path_factory):
    """Two shares of the hashrate, three gammas, eight seeds of 500 blocks: a twentieth of the whole study."""
    study = all_studies()["selfish-mining"]
    cases = [case for case in study.cases(0.25) if case.labels["hashrate"] in (0.15, 0.4)]
    folder = tmp_path_factory.mktemp("selfish")
    finding = conduct(study, folder, points=cases, seeds=range(1, 9), executor=Processes(2))
    return study, cases, Sweep(folder / "sweep"), finding


@pytest.mark.long
def test_selfish_mining_gains_what_the_closed_form_says(selfish):
    *_, finding = selfish
    assert not finding.failures
    assert finding.verdict.points == 6
    assert finding.verdict.holds, finding.rows
    followers = {str(row.labels["handed to"]): row.observed["gamma"] for row in finding.rows}
    assert followers["nobody"] < 0.01
    assert 0.4 < followers["half"] < 0.5
    assert followers["all"] > 0.94


@pytest.mark.long
@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda alpha, gamma: eyal_sirer(alpha, 1 - gamma), id="gamma mirrored"),
        pytest.param(lambda alpha, _: eyal_sirer(alpha, 0.5), id="ties by hash"),
        pytest.param(lambda alpha, _: alpha, id="honest"),
        pytest.param(lambda alpha, gamma: relative_revenue(alpha, gamma, Strategy(lead_stubborn=True)), id="lead"),
        pytest.param(lambda alpha, gamma: relative_revenue(alpha, gamma, Strategy(release_at=2)), id="releases at 2"),
        pytest.param(lambda alpha, gamma: eyal_sirer(1.1 * alpha, gamma), id="a tenth more hashrate"),
    ],
)
def test_a_wrong_rule_of_selfish_mining_is_refused(selfish, wrong, monkeypatch):
    study, cases, played, _ = selfish
    monkeypatch.setattr(study, "expected", lambda case, runs: wrong(alpha_of(case), gamma(runs)))
    assert judge_sweep(study, played, cases).verdict.p < REFUSED


@pytest.fixture(scope="module")
def forks(tmp_path_factory):
    study = all_studies()["forks"]
    cases = [case for case in study.cases(0.2) if 0.1 < study.expected(case, []) < 0.5]
    folder = tmp_path_factory.mktemp("forks")
    finding = conduct(study, folder, points=cases, seeds=range(1, 8), executor=Processes(2))
    return study, cases, Sweep(folder / "sweep"), finding


def test_forks_are_as_many_as_the_delay_says(forks):
    *_, finding = forks
    assert finding.verdict.points == 2
    assert finding.verdict.holds, finding.rows


def test_the_closed_form_that_is_wrong_above_five_percent_is_refused(forks, monkeypatch):
    study, cases, played, _ = forks

    def wrong(case, _runs):
        return 1 - np.exp(-case.labels["delay (s)"] / case.labels["block time (s)"])

    monkeypatch.setattr(study, "expected", wrong)
    assert judge_sweep(study, played, cases).verdict.p < REFUSED


def test_the_command_lists_studies_and_says_what_came_of_one(tmp_path):
    runner = CliRunner()
    listed = runner.invoke(main, ["study"])
    assert all(name in listed.output for name in all_studies())
    unknown = runner.invoke(main, ["study", "forking"])
    assert unknown.exit_code == 2
    shown = runner.invoke(
        main,
        ["study", "forks", "--size", "0.02", "--seeds", "1..2", "-o", str(tmp_path / "forks"), "-q", "--jobs", "1"],
    )
    assert shown.exit_code == 0, shown.output
    assert "as expected: chi-square" in shown.output
    assert (tmp_path / "forks/table.md").read_text().startswith("| block time (s) | delay (s) | n | stale share |")
    assert (tmp_path / "forks/figure.svg").read_text().startswith("<svg")


@pytest.fixture(scope="module")
def dandelion(tmp_path_factory):
    """Many spies in both versions, at a fluff probability of 20 %."""
    study = all_studies()["dandelion"]
    cases = [case for case in study.cases(0.3) if case.labels["fluff (%)"] == 20 and case.labels["spies"] == 27]
    folder = tmp_path_factory.mktemp("dandelion")
    finding = conduct(study, folder, points=cases, seeds=range(1, 7), executor=Processes(2))
    return study, cases, Sweep(folder / "sweep"), finding


@pytest.mark.long
def test_spies_get_the_stems_that_their_share_of_connections_says(dandelion):
    *_, finding = dandelion
    assert not finding.failures
    assert finding.verdict.points == 2
    assert finding.verdict.holds, finding.rows
    # What no protocol can go below: the share of spies for recall, its square for precision.
    for row in finding.rows:
        assert row.observed["recall"] > row.observed["outgoing"]
        assert row.observed["precision"] > row.observed["outgoing"] ** 2


@pytest.mark.long
@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda share: share * 0.6, id="fluff 40 %"),
        pytest.param(lambda share: share**2, id="the share squared"),
    ],
)
def test_a_wrong_rule_of_stems_is_refused(dandelion, wrong, monkeypatch):
    study, cases, played, _ = dandelion

    def expected(_case, runs):
        return wrong(sum(run["spies.outgoing"] for run in runs) / len(runs))

    monkeypatch.setattr(study, "expected", expected)
    assert judge_sweep(study, played, cases).verdict.p < REFUSED
