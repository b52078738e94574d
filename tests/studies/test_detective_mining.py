"""Detective mining, a defence of a plugin: revenues by the chain, beside those of the model that it was published with.

The model is that of Lee and Kim (eprint 2019/486): a pool of the hashrate alpha mines as Eyal and Sirer have it, and of
the others a share theta mines on its newest hidden block; when one of these finds a block, the pool publishes all.
Figure 11 of the paper, whose thresholds research-lab 140 quotes (42 % at gamma 0 and theta 0.5), is not what this model
comes to: with theta 1 nobody's blocks are ever lost, and the pool gets alpha, while the figure has it below.
"""

import math
import shutil
from pathlib import Path

import pytest

from monerosim.ensemble.executors import Processes
from monerosim.studies.all.reorganisations import Reorganisations
from monerosim.studies.all.selfish_mining import BLOCK_TIME, BLOCKS, SelfishMining, gamma
from monerosim.studies.conduct import conduct
from monerosim.studies.judgement import LEAST_P
from monerosim.studies.study import case
from monerosim.studies.withheld import eyal_sirer

DETECTIVE = Path(__file__).parents[1] / "plugin_package/src/acme_monerosim/detective.py"


def revenue_among_detectives(alpha, gamma, theta):
    """Return the pool's share of the blocks on the main chain.

    A lead of k + 1 blocks is r times as frequent as one of k, where r is the smaller root of h r^2 - r + alpha = 0, h
    the honest ones' share. From a lead of two on all of the pool's blocks come to stand.
    """
    detectives, honest = theta * (1 - alpha), (1 - theta) * (1 - alpha)
    ratio = (1 - math.sqrt(1 - 4 * alpha * honest)) / (2 * honest) if honest else alpha
    one, more = alpha, alpha * ratio / (1 - ratio)
    tie = honest * one
    own = alpha * (2 * one + more) + detectives * one + tie * (2 * alpha + gamma * (1 - alpha))
    others = (1 - alpha) + detectives * (one + more) + tie * (1 - alpha) * (2 - gamma)
    return own / (own + others)


class DetectiveMining(SelfishMining):
    """Revenue against the share of detectives among the others."""

    # What detectives and attacker keep and never publish is not counted.
    is_counted = False

    scenario = (
        Reorganisations.scenario.replace(
            "[participants.near]", "[letters]\ndelay = 0\ninterval = 0.01\n\n[participants.near]"
        )
        .replace('kind = "mining-pool"', 'kind = "autonomous-miner"', 1)
        .replace('kind = "mining-pool"', 'kind = "./detective.py:Detective"', 1)
        .replace('kind = "selfish-miner"', 'kind = "./detective.py:LeakyPool"\ndetectives = ["far"]')
        .partition("[participants.block-controller]")[0]
    )

    def cases(self, size):
        return [self.point(alpha, theta, size) for alpha, theta in ((0.4, 0.5), (0.45, 0.25), (0.4, 1))]

    @staticmethod
    def point(alpha, theta, size):
        until = f"{round(BLOCKS * size * BLOCK_TIME)}s"
        shares = {"attacker": alpha, "near": (1 - alpha) * (1 - theta), "far": (1 - alpha) * theta}
        changes = {f"participants.{name}.hashrate": 100 * share for name, share in shares.items() if share}
        if theta == 1:
            changes["participants.near.count"] = 0
        ends = {"participants.attacker.until": until, "simulation.duration": until}
        return case({"hashrate": alpha, "detectives": theta}, {**changes, **ends})

    def expected(self, point, runs):
        return revenue_among_detectives(point.labels["hashrate"], gamma(runs), point.labels["detectives"])


def test_the_closed_form_without_detectives_is_eyal_and_sirers():
    for alpha in (0.1, 0.3, 0.45):
        for share in (0, 0.5, 1):
            assert revenue_among_detectives(alpha, share, 0) == pytest.approx(eyal_sirer(alpha, share))
        assert revenue_among_detectives(alpha, 0.3, 1) == pytest.approx(alpha)


def test_where_it_pays_with_half_of_the_others_as_detectives():
    """As docs/attacks.md says."""
    assert revenue_among_detectives(0.366, 0, 0.5) < 0.366
    assert revenue_among_detectives(0.367, 0, 0.5) > 0.367


@pytest.mark.long
def test_revenues_are_those_of_the_model(tmp_path):
    assert len(DETECTIVE.read_text().splitlines()) < 80
    shutil.copy(DETECTIVE, tmp_path)
    found = conduct(DetectiveMining(), tmp_path, size=0.25, seeds=range(1, 7), executor=Processes(2))
    assert not found.failures
    assert found.verdict.points == 3
    assert found.verdict.p > LEAST_P
    # Without detectives it would be 0.48 and 0.65, which the same check would refuse.
    for row in found.rows:
        without = eyal_sirer(row.labels["hashrate"], row.observed["gamma"])
        assert row.measured < without - 4 * row.error
