"""The block controller: when blocks come, whose they are, and what happens when the winner does not answer.

Statistical tests pool a few fixed seeds, so they pass or fail for good; their error rate is that of a change of code.
"""

import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import chisquare, kstest
from small_runs import MARKET, NETWORK, THREE_POOLS, USERS, happened, play

from monerosim.mailbox.shared import DiskState
from monerosim.observe.events import BlockFound, BlockOrphaned, WinnerPassedOver
from monerosim.units import SECOND

POOLS = (
    """
[simulation]
duration = "24h"

[consensus]
block_time = "60s"
"""
    + THREE_POOLS
)
SHARES = {"alpha": 0.5, "beta": 0.3, "gamma": 0.2}

GHOST = """
from typing import ClassVar

from monerosim.config import Config
from monerosim.mailbox.discovery import MINING_POOLS
from monerosim.runtime.actor import Behaviour


class GhostConfig(Config, frozen=True):
    name: str = ""
    address: str = "nonsense"


class Ghost(Behaviour):
    Config: ClassVar[type[Config]] = GhostConfig
    needs: ClassVar[frozenset[str]] = frozenset({"node"})
    usual_node: ClassVar[bool] = True

    def begin(self) -> None:
        name = self.config.name or self.host.name
        miner = {"id": name, "hashrate": 1000.0, "address": self.config.address, "active": True}
        self.host.shared.replace(f"{MINING_POOLS}/{name}.json", miner)
"""


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """Days of blocks of three pools, with several seeds."""
    base = tmp_path_factory.mktemp("days")
    return [play(POOLS, base / str(seed), seed=seed) for seed in range(2)]


def winners(days):
    return Counter(record.data.miner for played in days for record in happened(played, BlockFound))


def fits(counts, shares):
    total = sum(counts.values())
    return chisquare([counts[name] for name in SHARES], [total * shares[name] for name in SHARES]).pvalue


def test_winners_follow_the_hashrates(day):
    """Error rate 1 in 10,000; equal weights, and weights off by five points, are refused."""
    counts = winners(day)
    assert sum(counts.values()) > 2500
    assert fits(counts, SHARES) > 1e-4
    assert fits(counts, dict.fromkeys(SHARES, 1 / 3)) < 1e-4
    assert fits(counts, {"alpha": 0.44, "beta": 0.33, "gamma": 0.23}) < 1e-4


def test_poisson_arrivals_wait_exponentially(day):
    """Error rate 1 in 10,000; a mean wrong by a fifth and waits that are uniform are refused."""
    waits = np.concatenate([np.diff([0, *(record.t for record in happened(played, BlockFound))]) for played in day]) / (
        60 * SECOND
    )
    assert kstest(waits, "expon").pvalue > 1e-4
    assert kstest(waits * 1.2, "expon").pvalue < 1e-4
    assert kstest(waits, "uniform", args=(0, 2)).pvalue < 1e-4
    # No memory: a long wait is followed by no other wait than a short one.
    longer = waits[:-1] > np.median(waits)
    assert kstest(waits[1:][longer], "expon").pvalue > 1e-4
    assert kstest(waits[1:][~longer], "expon").pvalue > 1e-4


def test_winners_do_not_depend_on_the_waits(day):
    """Error rate 1 in 10,000: the blocks that came quickly have the same winners as the others."""
    quick = Counter()
    for played in day:
        found = happened(played, BlockFound)
        for before, record in pairwise(found):
            if record.t - before.t < 20 * SECOND:
                quick[record.data.miner] += 1
    assert sum(quick.values()) > 500
    assert fits(quick, SHARES) > 1e-4


def test_fixed_arrivals_are_on_the_grid(tmp_path):
    played = play(POOLS, tmp_path / "run", 'consensus.arrivals="fixed"', 'simulation.duration="2h"')
    found = happened(played, BlockFound)
    assert [record.t for record in found] == [60 * SECOND * number for number in range(1, 120)]
    assert [record.data.height for record in found] == list(range(1, 120))


def test_other_hashrates_leave_the_times_as_they_are(tmp_path):
    short = 'simulation.duration="3h"'
    one = happened(play(POOLS, tmp_path / "one", short), BlockFound)
    other = happened(play(POOLS, tmp_path / "other", short, "participants.gamma.hashrate=500"), BlockFound)
    assert [record.t for record in one] == [record.t for record in other]
    assert [record.data.miner for record in one] != [record.data.miner for record in other]


def test_a_pool_that_begins_late_finds_nothing_before(tmp_path):
    changes = ('simulation.duration="2h"', 'participants.alpha.start="1h"')
    found = happened(play(POOLS, tmp_path / "run", *changes), BlockFound)
    of_alpha = [record.t for record in found if record.data.miner == "alpha"]
    assert of_alpha
    assert min(of_alpha) >= 3600 * SECOND
    early = Counter(record.data.miner for record in found if record.t < 3600 * SECOND)
    assert set(early) == {"beta", "gamma"}
    assert sum(early.values()) > 30


def test_while_all_pools_are_late_there_is_no_block(tmp_path):
    changes = ('simulation.duration="1h"', 'participants.miner.start="29m30s"', 'consensus.arrivals="fixed"')
    played = play(NETWORK, tmp_path / "run", *changes)
    assert [record.t for record in happened(played, BlockFound)] == [60 * SECOND * n for n in range(30, 60)]
    warned = [line for line in played.traces(participants=("block-controller",)) if line.level == "WARNING"]
    assert {line.text for line in warned} == {"no block: no miner has registered"}
    assert played.summary.failures == 0


def test_without_any_miner_the_run_goes_on(tmp_path):
    lonely = NETWORK.replace('[participants.miner]\nkind = "mining-pool"\nhashrate = 100\n', "")
    played = play(lonely + USERS, tmp_path / "run")
    assert played.summary.completed
    assert played.summary.blocks == 0
    assert played.summary.failures == 0
    assert played.summary.unaccounted == 0


@pytest.mark.parametrize(
    ("keys", "reason"),
    [("", "wallet address"), ('name = "nobody"\n', "registry")],
    ids=["its node refuses", "there is no such participant"],
)
def test_a_winner_that_does_not_answer_is_passed_over_within_the_block(tmp_path, install_blocks, keys, reason):
    install_blocks("ghost", GHOST, {"ghost": "ghost:Ghost"})
    text = NETWORK + '[participants.ghost]\nkind = "ghost"\n' + keys
    played = play(text, tmp_path / "run", 'consensus.arrivals="fixed"')
    found, passed = happened(played, BlockFound), happened(played, WinnerPassedOver)
    assert [record.t for record in found] == [60 * SECOND * number for number in range(1, 30)]
    assert {record.data.miner for record in found} == {"miner"}
    assert len(passed) > 20  # a thousand to one, it wins nearly every time
    for record in passed:
        assert re.search(reason, record.data.reason)
        assert record.t in {it.t for it in found}
    assert played.summary.failures == 0
    assert played.summary.blocks == 29


def test_registered_miners_and_blocks_found_are_published(tmp_path):
    played = play(POOLS, tmp_path / "run", 'simulation.duration="4h"')
    shared = DiskState(played.directory / "shared")
    miners = shared.read_as("miners.json", dict)["miners"]
    assert {miner["id"]: miner["weight"] for miner in miners} == {"alpha": 50.0, "beta": 30.0, "gamma": 20.0}
    found = happened(played, BlockFound)
    blocks = shared.read_as("blocks_found.json", dict)["blocks"]
    assert blocks == [{"miner": it.data.miner, "height": it.data.height, "hash": it.data.hash} for it in found]


def test_a_pool_learns_of_its_blocks_and_earns_their_rewards(tmp_path):
    played = play(POOLS + MARKET.replace('"miner"', '"alpha"'), tmp_path / "run", 'simulation.duration="3h"')
    orphans = {record.data.hash for record in happened(played, BlockOrphaned)}
    for pool in SHARES:
        own = [record.data for record in happened(played, BlockFound) if record.data.miner == pool]
        told = [line for line in played.traces(participants=(pool,), actors=("mining-pool",)) if "found" in line.text]
        assert [line.data["block"] for line in told] == [block.hash for block in own]
        kept = [block.reward for block in own if block.hash not in orphans]
        result = played.summary.miners[pool]
        assert played.summary.balances[pool] == sum(kept) == result.reward
        assert (result.blocks, result.orphans) == (len(kept), len(own) - len(kept))
