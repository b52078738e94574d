"""Wrong rules that are planted in the program itself: the same check that holds for the right ones refuses them.

A fifth of the hashrate, 800 blocks a run: what the wrong rule changes is ten standard errors and more.
"""

import shutil
from pathlib import Path

import pytest

from monerosim.ensemble.executors import Processes
from monerosim.studies.all.reorganisations import Reorganisations
from monerosim.studies.all.selfish_mining import SelfishMining, point
from monerosim.studies.conduct import conduct

REFUSED = 1e-4

pytestmark = pytest.mark.timeout(1800)


class Few(SelfishMining):
    """Selfish mining beside two honest miners."""

    scenario = Reorganisations.scenario


PLANTED = {
    "gamma mirrored": ("all", {"rules.use": "./planted.py:LastSeen"}),
    "ties by hash": ("nobody", {"rules.use": "./planted.py:LowestHash"}),
    "gamma 0 as 0.5": ("nobody", {"rules.use": "uniform-tie-breaking"}),
    "keeps the block that wins a tie": ("nobody", {"participants.attacker.equal_fork_stubborn": True}),
    "publishes at once": ("nobody", {"participants.attacker.release_at": 1}),
    "a third more hashrate": ("nobody", {"participants.attacker.hashrate": 100 / 3}),
}
QUICK = ("gamma mirrored", "ties by hash")


def judged(folder, followers, planted):
    """Judge one point of the study, at the hashrate that it is meant to have."""
    shutil.copy(Path(__file__).with_name("planted.py"), folder)
    study, meant = Few(), point(0.2, followers, 0.4, {})
    case = point(0.2, followers, 0.4, planted)
    study.expected = lambda _, runs: SelfishMining.expected(study, meant, runs)
    finding = conduct(study, folder, points=[case], seeds=range(1, 11), executor=Processes(2))
    assert not finding.failures
    return finding.verdict.p


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in PLANTED]
)
def test_a_planted_rule_is_refused(tmp_path, name):
    assert judged(tmp_path, *PLANTED[name]) < REFUSED


@pytest.mark.parametrize("followers", ["nobody", pytest.param("all", marks=pytest.mark.long)])
def test_what_they_are_planted_in_is_not_refused(tmp_path, followers):
    assert judged(tmp_path, followers, {}) > 1e-3
