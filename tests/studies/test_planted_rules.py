"""Wrong rules that are planted in the program itself: the same check that holds for the right ones refuses them.

Each is played at a point of a study where it changes most, and judged as if nothing were wrong.
"""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from monerosim.ensemble.executors import Processes
from monerosim.studies.all.forks import Forks
from monerosim.studies.all.publish_or_perish import PublishOrPerish
from monerosim.studies.all.reorganisations import Reorganisations
from monerosim.studies.all.selfish_mining import SelfishMining, point
from monerosim.studies.conduct import conduct
from monerosim.studies.study import Case, Study, case

REFUSED = 1e-4

pytestmark = pytest.mark.timeout(1800)


class Few(SelfishMining):
    """A selfish miner beside two honest ones."""

    scenario = Reorganisations.scenario


class Several(SelfishMining):
    """One beside six, so that few of them find the rival's block."""

    scenario = PublishOrPerish.scenario


class Point(NamedTuple):
    """A point of a study."""

    study: type[Study]
    case: Case
    seeds: int


def selfish(study, alpha, followers):
    return Point(study, point(alpha, followers, 0.4, {}), 10)


def one_of(study, size, seeds, **labels):
    (found,) = [it for it in study().cases(size) if labels.items() <= it.labels.items()]
    return Point(study, found, seeds)


ATTACKER = "participants.attacker."

NOBODY_FOLLOWS = selfish(Few, 0.2, "nobody")
ALL_FOLLOW = selfish(Several, 0.2, "all")
MUCH_HASHRATE = selfish(Few, 0.4, "nobody")
QUICK_BLOCKS = one_of(Forks, 0.1, 10, **{"block time (s)": 10, "delay (s)": 0.225})


PLANTED = {
    "gamma mirrored": (ALL_FOLLOW, {"rules.use": "./planted.py:LastSeen"}),
    "gamma 0 as 0.5": (NOBODY_FOLLOWS, {"rules.use": "uniform-tie-breaking"}),
    "ties by hash": (NOBODY_FOLLOWS, {"rules.use": "./planted.py:LowestHash"}),
    "keeps the block that wins a tie": (NOBODY_FOLLOWS, {ATTACKER + "equal_fork_stubborn": True}),
    "keeps the last block of its lead": (NOBODY_FOLLOWS, {ATTACKER + "lead_stubborn": True}),
    "publishes at once": (NOBODY_FOLLOWS, {ATTACKER + "release_at": 1}),
    "publishes a lead of two": (MUCH_HASHRATE, {ATTACKER + "release_at": 2}),
    "a tenth more hashrate": (MUCH_HASHRATE, {ATTACKER + "hashrate": 100 * 0.44 / 0.56}),
    "blocks passed on unverified": (QUICK_BLOCKS, {"network.relay.block_verification.mean": "1ms"}),
}
QUICK = ("gamma mirrored", "ties by hash", "blocks passed on unverified")

RIGHT = {
    "nobody follows": NOBODY_FOLLOWS,
    "all follow": ALL_FOLLOW,
    "much hashrate": MUCH_HASHRATE,
    "quick blocks": QUICK_BLOCKS,
}


def judged(folder, meant, planted):
    """Judge a point by what it is meant to be, with something else played."""
    shutil.copy(Path(__file__).with_name("planted.py"), folder)
    study = meant.study()
    right = study.expected
    study.expected = lambda _, runs: right(meant.case, runs)
    wrong = Case(meant.case.labels, {**meant.case.changes, **case({}, planted).changes})
    finding = conduct(study, folder, points=[wrong], seeds=range(1, meant.seeds + 1), executor=Processes(2))
    assert not finding.failures
    return finding.verdict.p


def some_long(names, quick):
    return [name if name in quick else pytest.param(name, marks=pytest.mark.long) for name in names]


@pytest.mark.parametrize("name", some_long(PLANTED, QUICK))
def test_a_planted_rule_is_refused(tmp_path, name):
    assert judged(tmp_path, *PLANTED[name]) < REFUSED


@pytest.mark.parametrize("name", some_long(RIGHT, ("nobody follows", "quick blocks")))
def test_what_they_are_planted_in_is_not_refused(tmp_path, name):
    assert judged(tmp_path, RIGHT[name], {}) > 1e-3
