"""Autonomous miners: each with a clock of its own, that follows the difficulty, so that forks happen by themselves.

Statistical tests pool fixed seeds, so they pass or fail for good; the error rate is that of a change of code.
Each is also shown to refuse miners that are wrong.
"""

from collections import Counter

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.stats import chisquare, kstest, poisson
from small_runs import happened, play
from small_world import make_host_plan, make_plan

from actors.host.node_proxy import GenerateBlocks, GetBlockHeader, GetInfo
from actors.host.wallet_proxy import GetAddresses
from actors.mining.autonomous_miner import AutonomousMiner, AutonomousMinerConfig
from monerosim.agent.actor import Actor, handles
from monerosim.events import BlockFound, BlockStale, Reorganised
from monerosim.rpc.errors import RpcUnavailableError
from monerosim.rpc.node import BlockHeader, GeneratedBlocks, NodeInfo
from monerosim.scenario import examine
from monerosim.units import SECOND

ERROR_RATE = 1e-4
SEEDS = range(8)
BLOCK_TIME = 60
MINERS = """
[simulation]
duration = "24h"

[consensus]
block_time = "60s"

[participants.alpha]
kind = "autonomous-miner"
hashrate = 60

[participants.beta]
kind = "autonomous-miner"
hashrate = 30

[participants.gamma]
kind = "autonomous-miner"
hashrate = 10
"""
SHARES = {"alpha": 0.6, "beta": 0.3, "gamma": 0.1}


WRONG = """
from actors.mining.autonomous_miner import AutonomousMiner
from monerosim.runtime.rng import Rng


class Slow(Rng):
    def exponential(self, mean):
        return super().exponential(1.16 * mean)


class Skewed(Rng):
    def exponential(self, mean):
        return super().exponential(60 * (mean / 60) ** 1.25)


class Even(Rng):
    def exponential(self, mean):
        return self.uniform(0, 2 * mean)


class SlowMiner(AutonomousMiner):
    draws = Slow

    def stream(self, *purpose):
        return self.draws(self.host.stream_seed(self.name, *purpose))


class SkewedMiner(SlowMiner):
    draws = Skewed


class EvenMiner(SlowMiner):
    draws = Even
"""
"""Miners that draw wrongly: 16 % too slow; small ones too slow; and evenly instead of exponentially."""


def play_days(text, base, seeds=SEEDS):
    return [play(text, base / str(seed), seed=seed, trace_level="WARNING") for seed in seeds]


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    return play_days(MINERS, tmp_path_factory.mktemp("days"))


def waits(days, *miners):
    """List the waits for blocks in block times, of some miners only if any are named."""
    times = [
        [record.t for record in happened(played, BlockFound) if not miners or record.data.miner in miners]
        for played in days
    ]
    return np.concatenate([np.diff([0, *found]) for found in times]) / (BLOCK_TIME * SECOND)


def fits_shares(days):
    """Give the probability of shares at least as far off as these, if the hashrates are true."""
    counts = Counter(record.data.miner for played in days for record in happened(played, BlockFound))
    return chisquare([counts[name] for name in SHARES], [counts.total() * share for share in SHARES.values()]).pvalue


def fits_pace(days):
    """Give the probability of a number of blocks at least as far off as this one, if they are a Poisson process's."""
    expected, blocks = len(days) * 24 * 60, len(waits(days))
    return 2 * min(poisson.cdf(blocks, expected), poisson.sf(blocks - 1, expected))


@pytest.mark.long
def test_blocks_come_as_often_as_the_hashrates_say(days):
    """Error rate 4 in 10,000."""
    assert fits_shares(days) > ERROR_RATE
    assert fits_pace(days) > ERROR_RATE
    assert kstest(waits(days), "expon").pvalue > ERROR_RATE
    # The longest that is waited at once is a block time; the waits of the small miner are far longer.
    of_gamma = waits(days, "gamma") * SHARES["gamma"]
    assert len(of_gamma) > 800
    assert kstest(of_gamma, "expon").pvalue > ERROR_RATE


@pytest.mark.long
@pytest.mark.parametrize(
    ("wrong", "seeds", "refuses"),
    [
        # With a quarter of the right ones' blocks; with all of them half as large a mistake would be refused.
        ("Slow", SEEDS[::4], fits_pace),
        ("Skewed", SEEDS[::4], fits_shares),
        ("Even", SEEDS[::8], lambda days: kstest(waits(days, "alpha") * SHARES["alpha"], "expon").pvalue),
    ],
    ids=["too slow", "other shares", "evenly"],
)
def test_miners_that_draw_wrongly_are_refused(tmp_path, monkeypatch, wrong, seeds, refuses):
    (tmp_path / "wrong.py").write_text(WRONG)
    monkeypatch.chdir(tmp_path)
    text = MINERS.replace('"autonomous-miner"', f'"./wrong.py:{wrong}Miner"')
    assert refuses(play_days(text, tmp_path, seeds)) < ERROR_RATE


@pytest.mark.long
def test_without_latency_to_speak_of_there_are_hardly_forks(days):
    stale = sum(len(happened(played, BlockStale)) for played in days)
    assert stale < 80
    assert all(played.summary.outcome.failures == 0 for played in days)


def test_slow_links_make_forks_that_resolve(tmp_path):
    """With a latency of a tenth of the block time, about as many blocks are lost as come within one another's way."""
    played = play(MINERS, tmp_path / "run", 'network.latency="6s"', 'simulation.duration="12h"')
    found, stale = happened(played, BlockFound), happened(played, BlockStale)
    # Whoever mines in the latency after another's block does not know of it: 0.1 * (1 - 0.36 - 0.09 - 0.01) of them.
    expected = len(found) * 0.1 * (1 - sum(share**2 for share in SHARES.values()))
    low, high = poisson.interval(1 - ERROR_RATE, expected)
    assert low < len(stale) < high
    assert happened(played, Reorganised)
    assert sum(result.stale for result in played.summary.miners.values()) == len(stale)
    assert played.summary.chain.height == len(found) - len(stale)
    assert played.summary.coins.unaccounted == 0
    lost = {record.data.hash for record in stale}
    for miner, balance in played.summary.coins.balances.items():
        kept = [it.data.reward for it in found if it.data.miner == miner and it.data.hash not in lost]
        assert balance == sum(kept)


def test_a_block_controller_leaves_autonomous_miners_alone(tmp_path):
    pool = '[participants.pool]\nkind = "mining-pool"\nhashrate = 100\n'
    controller = '[participants.block-controller]\nkind = "block-controller"\n'
    played = play(MINERS + pool + controller, tmp_path / "run", 'simulation.duration="4h"')
    found = Counter((record.participant, record.data.miner) for record in happened(played, BlockFound))
    assert set(found) == {("block-controller", "pool"), *((name, name) for name in SHARES)}


def test_no_block_controller_is_missed_but_other_sums_are_told():
    assert examine(MINERS.encode()).problems == ()
    (problem,) = examine(MINERS.replace("hashrate = 10\n", "hashrate = 35\n").encode()).problems
    assert problem.severity == "warning"
    assert "add up to 125, not to 100: their blocks come every 48s" in problem.message


def test_a_miner_joins_leaves_and_changes(tmp_path):
    """Error rate 3 in 10,000: blocks of gamma hour by hour."""
    entries = [("2h", 'do = "set"\nhashrate = 100'), ("4h", 'do = "leave"'), ("6h", 'do = "join"')]
    text = MINERS + "".join(f'[[timeline]]\nat = "{at}"\nwho = "gamma"\n{do}\n' for at, do in entries)
    counts = Counter()
    for seed in range(5):
        played = play(text, tmp_path / str(seed), 'simulation.duration="8h"', seed=seed)
        counts.update(it.t // (7200 * SECOND) for it in happened(played, BlockFound) if it.data.miner == "gamma")
    for part, mean in enumerate((5 * 120 * 0.1, 5 * 120, 0, 5 * 120)):
        low, high = poisson.interval(1 - ERROR_RATE, mean) if mean else (0, 0)
        assert low <= counts[part] <= high
    assert not poisson.interval(1 - ERROR_RATE, 5 * 120 * 0.1)[1] > counts[1]


HARDER, AWAY, BACK = 1800, 3000, 3300


class StandIn(Actor):
    """A node and wallet whose difficulty doubles after half an hour, and which is away for a while."""

    def __init__(self, host, name):
        super().__init__(host, name)
        self.made = []

    @handles(GetAddresses)
    def on_get_addresses(self, _):
        return ["address"]

    @handles(GetInfo)
    def on_get_info(self, _):
        if AWAY <= self.clock.now() < BACK:
            raise RpcUnavailableError("away")
        difficulty = 10 if self.clock.now() < HARDER else 20
        return NodeInfo(len(self.made), "", difficulty, 0, 0, 0)

    @handles(GenerateBlocks)
    def on_generate_blocks(self, _):
        self.on_get_info(None)
        self.made.append(self.clock.now())
        return GeneratedBlocks(len(self.made), [str(len(self.made))])

    @handles(GetBlockHeader)
    def on_get_block_header(self, message):
        return BlockHeader(message.hash, int(message.hash), "", 0, 1, 0, 1, False)


def test_the_pace_follows_the_difficulty(virtual, make_world):
    """Error rate 2 in 10,000: twice the difficulty, half the blocks; a pace that stays would be refused."""
    plan = make_plan(*(make_host_plan(f"miner-{number}") for number in range(10)))
    plan = replace(plan, consensus=replace(plan.consensus, dynamic=True))
    world = make_world(virtual, plan)
    miners = []
    for host in world.hosts.values():
        host.actors["wallet"] = host.start(StandIn, "node")
        # A block every 10 s at a difficulty of 10, as the plan has a block every 120 s at 1.
        miners.append(host.start(AutonomousMiner, "autonomous-miner", AutonomousMinerConfig(hashrate=12_000.0)))
    virtual.run(3600 * SECOND)
    times = np.array([record.t / SECOND for record in world.events(BlockFound)])
    before, after = poisson.interval(1 - ERROR_RATE, 10 * 180), poisson.interval(1 - ERROR_RATE, 10 * 60)
    assert before[0] < np.sum(times < HARDER) < before[1]
    assert after[0] < np.sum((times >= HARDER) & (times < AWAY)) < after[1]
    assert after[1] < 10 * 120
    # A node that is away is asked again after a block time.
    assert np.sum((times >= AWAY) & (times < BACK)) == 0
    assert np.sum(times >= BACK) > 50
    assert all(miner.is_alive() for miner in miners)


@pytest.mark.parametrize("settings", ["", "hashrate = 0", 'hashrate = "much"'])
def test_a_miner_without_a_hashrate_is_told_so_and_nothing_else(settings):
    """The missing hashrate is the one error: no check computes with a value in its place."""
    (problem,) = examine(f'[participants.z]\nkind = "autonomous-miner"\n{settings}\n'.encode()).problems
    assert problem.severity == "error"
    assert "hashrate" in f"{problem.place} {problem.message}"
