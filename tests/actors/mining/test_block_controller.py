"""The block controller: when blocks come, whose they are, and what happens when the winner does not answer.

Statistical tests pool many fixed seeds, so they pass or fail for good; their error rate is that of a change of code.
Each is also shown to refuse controllers that are wrong.
"""

import re
from bisect import bisect_left
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import chisquare, kstest, poisson
from small_runs import MARKET, NETWORK, THREE_POOLS, USERS, happened, play

from monerosim.events import BlockFound, BlockStale, MinerSkipped
from monerosim.mailbox.shared import DiskState
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
WIDE = {"alpha": 0.6, "beta": 0.2, **{f"gamma-{number:03d}": 0.01 for number in range(1, 21)}}
"""Shares so far apart that a small mistake with the weights shows soon: gamma is twenty small pools at one node."""

HALF_DAY = (
    "participants.block-controller.solo_miner_threshold=0",
    'simulation.duration="12h"',
    "participants.alpha.hashrate=60",
    "participants.beta.hashrate=20",
    "participants.gamma.hashrate=1",
    "participants.gamma.count=20",
    'participants.gamma.node="alpha"',
)

ERROR_RATE = 1e-4
SEEDS = range(16)

GHOST = """
from typing import ClassVar

from monerosim.config import Config
from monerosim.mailbox.discovery import MINING_POOLS
from monerosim.agent.behaviour import Behaviour


class GhostConfig(Config, frozen=True):
    name: str = ""
    address: str = "nonsense"


class Ghost(Behaviour[GhostConfig]):
    needs: ClassVar[frozenset[str]] = frozenset({"node"})
    default_node: ClassVar[bool] = True

    def begin(self) -> None:
        name = self.config.name or self.host.name
        miner = {"id": name, "hashrate": 1000.0, "address": self.config.address, "active": True}
        self.host.shared.replace(f"{MINING_POOLS}/{name}.json", miner)
"""


WRONG = """
from actors.mining.block_controller import BlockController
from monerosim.runtime.rng import Rng


class Skewed(Rng):
    def weighted(self, items, weights):
        return super().weighted(items, [weight**1.16 for weight in weights])

    def exponential(self, mean):
        return super().exponential(1.16 * mean)


class Regular(Rng):
    def weighted(self, items, weights):
        return self.choice(items)

    def exponential(self, mean):
        return mean


class Forgetful(Rng):
    def weighted(self, items, weights):
        return super().weighted(items, weights) if len(items) == 4 else self.choice(items)


class SkewedController(BlockController):
    draws = Skewed

    def stream(self, *purpose):
        return self.draws(self.host.stream_seed(self.name, *purpose))


class RegularController(SkewedController):
    draws = Regular


class ForgetfulController(SkewedController):
    draws = Forgetful
"""
"""Controllers that draw wrongly: a little (16 % too slow, and weights to the power of 1.16), grossly, and only from the
second choice on."""


@pytest.fixture
def wrong(tmp_path, monkeypatch):
    """Name a controller of those that draw wrongly, for a scenario."""
    (tmp_path / "wrong.py").write_text(WRONG)
    monkeypatch.chdir(tmp_path)
    return lambda name: f'kind = "./wrong.py:{name}Controller"'


def play_days(text, base, seeds=SEEDS):
    """Play half days of blocks with many seeds."""
    return [play(text, base / str(seed), *HALF_DAY, seed=seed, trace_level="WARNING") for seed in seeds]


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    return play_days(POOLS, tmp_path_factory.mktemp("days"))


def winners(days):
    return Counter(record.data.miner for played in days for record in happened(played, BlockFound))


def waits(days):
    """List the waits for blocks in block times."""
    times = [[record.t for record in happened(played, BlockFound)] for played in days]
    return np.concatenate([np.diff([0, *found]) for found in times]) / (60 * SECOND)


def fits(counts, shares):
    """Give the probability of counts at least as far off as these, if the shares are true."""
    total = sum(counts.values())
    return chisquare([counts[name] for name in shares], [total * share for share in shares.values()]).pvalue


def fits_pace(days):
    """Give the probability of a number of blocks at least as far off as this one, if they are a Poisson process's."""
    expected, blocks = len(days) * 12 * 60, winners(days).total()
    return 2 * min(poisson.cdf(blocks, expected), poisson.sf(blocks - 1, expected))


@pytest.mark.long
def test_winners_follow_the_hashrates(days):
    """Error rate 1 in 10,000."""
    assert fits(winners(days), WIDE) > ERROR_RATE


@pytest.mark.long
def test_poisson_arrivals_wait_exponentially(days):
    """Error rate 4 in 10,000."""
    assert fits_pace(days) > ERROR_RATE
    found = waits(days)
    assert kstest(found, "expon").pvalue > ERROR_RATE
    # No memory: a long wait is followed by no other wait than a short one.
    longer = found[:-1] > np.median(found)
    assert kstest(found[1:][longer], "expon").pvalue > ERROR_RATE
    assert kstest(found[1:][~longer], "expon").pvalue > ERROR_RATE


@pytest.mark.long
def test_winners_do_not_depend_on_the_waits(days):
    """Error rate 1 in 10,000: the blocks that came quickly have the same winners as the others."""
    quick = Counter()
    for played in days:
        found = happened(played, BlockFound)
        for before, record in pairwise(found):
            if record.t - before.t < 20 * SECOND:
                quick[record.data.miner] += 1
    assert quick.total() > 3000
    assert fits(quick, WIDE) > ERROR_RATE


@pytest.mark.long
def test_a_controller_that_draws_a_little_wrongly_is_refused(tmp_path, wrong):
    """With a quarter of the right one's blocks, so with all of them half as large a mistake would be refused."""
    skewed = play_days(POOLS.replace('kind = "block-controller"', wrong("Skewed")), tmp_path, SEEDS[::4])
    assert fits_pace(skewed) < ERROR_RATE
    assert fits(winners(skewed), WIDE) < ERROR_RATE


def test_a_controller_that_draws_grossly_wrongly_is_refused_soon(tmp_path, wrong):
    """Waits without chance, and winners without hashrates."""
    regular = play_days(POOLS.replace('kind = "block-controller"', wrong("Regular")), tmp_path, [0])
    assert kstest(waits(regular), "expon").pvalue < ERROR_RATE
    assert fits(winners(regular), WIDE) < ERROR_RATE


UNABLE = """
from actors.mining.mining_pool import MiningPool
from monerosim.rpc.errors import RpcUnavailableError


class Unable(MiningPool):
    def mine(self, deadline=None):
        raise RpcUnavailableError("has no node")
"""


def winners_after(played, refusing):
    """Count whose the blocks were at which one was passed over."""
    passed, found = happened(played, MinerSkipped), happened(played, BlockFound)
    assert {record.data.miner for record in passed} == {refusing}
    times = [record.t for record in found]
    following = {bisect_left(times, record.t) for record in passed} - {len(found)}
    assert len(following) > 1000
    return Counter(found[index].data.miner for index in following)


@pytest.mark.long
@pytest.mark.parametrize("ask", ["rpc", "signal"])
def test_another_is_chosen_by_hashrate_when_a_winner_is_passed_over(tmp_path, install_blocks, wrong, ask):
    """Error rate 2 in 10,000; hashrates that count for the first choice only are refused."""
    install_blocks("ghost", GHOST, {"ghost": "ghost:Ghost"})
    install_blocks("unable", UNABLE, {"unable": "unable:Unable"})
    x = 'kind = "ghost"' if ask == "rpc" else 'kind = "unable"\nhashrate = 1000'
    text = f"{POOLS}mode = '{ask}'\n[participants.x]\n{x}\n"
    assert fits(winners_after(play(text, tmp_path / "right", trace_level="WARNING"), "x"), SHARES) > ERROR_RATE
    forgetful = text.replace('kind = "block-controller"', wrong("Forgetful"))
    assert fits(winners_after(play(forgetful, tmp_path / "wrong", trace_level="WARNING"), "x"), SHARES) < ERROR_RATE


def test_fixed_arrivals_are_on_the_grid(tmp_path):
    played = play(POOLS, tmp_path / "run", 'consensus.block_arrivals="fixed"', 'simulation.duration="2h"')
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
    changes = ('simulation.duration="1h"', 'participants.miner.start="29m30s"', 'consensus.block_arrivals="fixed"')
    played = play(NETWORK, tmp_path / "run", *changes)
    assert [record.t for record in happened(played, BlockFound)] == [60 * SECOND * n for n in range(30, 60)]
    warned = [line for line in played.traces(participants=("block-controller",)) if line.level == "WARNING"]
    assert {line.text for line in warned} == {"no block: no miner has registered"}
    assert played.summary.outcome.failures == 0


def test_without_any_miner_the_run_goes_on(tmp_path):
    lonely = NETWORK.replace('[participants.miner]\nkind = "mining-pool"\nhashrate = 100\n', "")
    played = play(lonely + USERS, tmp_path / "run")
    assert played.summary.completed
    assert played.summary.chain.blocks == 0
    assert played.summary.outcome.failures == 0
    assert played.summary.coins.unaccounted == 0


@pytest.mark.parametrize(
    ("keys", "reason"),
    [("", "wallet address"), ('name = "nobody"\n', "registry")],
    ids=["its node refuses", "there is no such participant"],
)
def test_a_winner_that_does_not_answer_is_passed_over_within_the_block(tmp_path, install_blocks, keys, reason):
    install_blocks("ghost", GHOST, {"ghost": "ghost:Ghost"})
    text = NETWORK + '[participants.ghost]\nkind = "ghost"\n' + keys
    played = play(text, tmp_path / "run", 'consensus.block_arrivals="fixed"')
    found, passed = happened(played, BlockFound), happened(played, MinerSkipped)
    assert [record.t for record in found] == [60 * SECOND * number for number in range(1, 30)]
    assert {record.data.miner for record in found} == {"miner"}
    assert len(passed) > 20  # a thousand to one, it wins nearly every time
    for record in passed:
        assert re.search(reason, record.data.reason)
        assert record.t in {it.t for it in found}
    assert played.summary.outcome.failures == 0
    assert played.summary.chain.blocks == 29


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
    stale = {record.data.hash for record in happened(played, BlockStale)}
    for pool in SHARES:
        own = [record.data for record in happened(played, BlockFound) if record.data.miner == pool]
        assert len(own) > 10
        told = [line for line in played.traces(participants=(pool,), actors=("mining-pool",)) if "found" in line.text]
        assert [line.data["block"] for line in told] == [block.hash for block in own]
        kept = [block.reward for block in own if block.hash not in stale]
        result = played.summary.miners[pool]
        assert played.summary.coins.balances[pool] == sum(kept) == result.reward
        assert (result.blocks, result.stale) == (len(kept), len(own) - len(kept))
