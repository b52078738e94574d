"""Miners that join, leave, change their hashrate or die; winners asked by a signal; solo miners.

Statistical tests pool fixed seeds, so they pass or fail for good; the error rate is that of a change of code. Each is
also shown to refuse an implementation that is wrong.
"""

from collections import Counter
from itertools import pairwise

import pytest
from scipy.stats import chisquare
from small_runs import THREE_POOLS, happened, play

from monerosim.build.compile import compile_plan
from monerosim.events import BlockFound, BlockStale, CommandFailed, MinerSkipped
from monerosim.mailbox.discovery import AgentDiscovery
from monerosim.mailbox.shared import DiskState
from monerosim.plugins import PluginFiles
from monerosim.scenario import ScenarioError, examine, parse
from monerosim.units import SECOND

ERROR_RATE = 1e-4
SEEDS = range(12)
HOUR = 3600 * SECOND

POOLS = (
    """
[simulation]
duration = "4h"

[consensus]
block_time = "30s"
"""
    + THREE_POOLS
)
BY_SIGNAL = POOLS + 'mode = "signal"\ntimeout = "10s"\n'

CHANGES = """
[[timeline]]
at = "1h"
do = "leave"
who = "alpha"

[[timeline]]
at = "2h"
do = "join"
who = "alpha"

[[timeline]]
at = "3h"
do = "set"
who = "gamma"
hashrate = 120
"""
EXPECTED = [
    {"alpha": 50, "beta": 30, "gamma": 20},
    {"beta": 30, "gamma": 20},
    {"alpha": 50, "beta": 30, "gamma": 20},
    {"alpha": 50, "beta": 30, "gamma": 120},
]
"""Hashrates hour by hour."""

DYING = """
from typing import ClassVar

from actors.mining.mining_pool import MiningPool
from monerosim.config import Config, Duration, duration
from actors.mining.mining_pool import MiningPoolConfig


class DyingConfig(MiningPoolConfig, frozen=True):
    dies: Duration = duration("10m")


class Dying(MiningPool):
    Config: ClassVar[type[Config]] = DyingConfig

    def begin(self):
        super().begin()
        self.after(self.config.dies.seconds, self.die)

    def die(self):
        raise RuntimeError("dies")
"""


def fits(counts, weights):
    """Give the probability of counts at least as far off these shares, if the shares are true; 0 if impossible."""
    if set(counts) - set(weights):
        return 0.0
    total, whole = sum(counts.values()), sum(weights.values())
    return chisquare([counts[name] for name in weights], [total * weight / whole for weight in weights.values()]).pvalue


def own(who, text, kind, more=""):
    """Have a pool be of a kind of the test's own."""
    usual = f'[participants.{who}]\nkind = "mining-pool"\n'
    assert usual in text
    return text.replace(usual, f'[participants.{who}]\nkind = "{kind}"\n{more}')


def at(when, do, who, **arguments):
    """Write an entry of a timeline."""
    keys = "".join(f"{key} = {value!r}\n" for key, value in arguments.items())
    return f'[[timeline]]\nat = "{when}"\ndo = "{do}"\nwho = "{who}"\n{keys}'


def hours(runs):
    """Count the winners hour by hour."""
    counts = [Counter() for _ in EXPECTED]
    for played in runs:
        for record in happened(played, BlockFound):
            counts[record.t // HOUR][record.data.miner] += 1
    return counts


@pytest.fixture(scope="module")
def changing(tmp_path_factory):
    base = tmp_path_factory.mktemp("changing")
    return [play(POOLS + CHANGES, base / str(seed), seed=seed) for seed in SEEDS]


@pytest.mark.long
def test_chances_follow_who_joins_leaves_and_changes(changing):
    """Error rate 4 in 10,000."""
    counts = hours(changing)
    assert all(sum(hour.values()) > 1200 for hour in counts)
    for hour, weights in zip(counts, EXPECTED, strict=True):
        assert fits(hour, weights) > ERROR_RATE


STUBBORN = """
from actors.mining.mining_pool import MiningPool


class Stays(MiningPool):
    def on_leave(self, _):
        pass


class StaysAway(MiningPool):
    def on_join(self, _):
        pass


class StaysAsItIs(MiningPool):
    def configured(self, before):
        pass


class Thief(MiningPool):
    def begin(self):
        super().begin()
        self.after(60.0, self.steal)

    def steal(self):
        name = "mining_pools/gamma.json"
        alpha = self.host.shared.read("mining_pools/alpha.json")
        self.host.shared.replace(name, {**self.host.shared.read(name), "address": alpha["address"]})
"""
"""Pools that do not do what they are told, and one that has others' rewards paid to somebody else."""


@pytest.mark.long
@pytest.mark.parametrize(
    ("who", "wrong", "hour"),
    [("alpha", "Stays", 1), ("alpha", "StaysAway", 2), ("gamma", "StaysAsItIs", 3)],
    ids=["does not leave", "does not join", "does not change"],
)
def test_pools_that_do_not_do_as_they_are_told_are_refused(tmp_path, install_blocks, who, wrong, hour):
    """By the same test, with a quarter of the seeds."""
    install_blocks("stubborn", STUBBORN, {"stubborn-pool": f"stubborn:{wrong}"})
    text = own(who, POOLS, "stubborn-pool") + CHANGES
    counts = hours([play(text, tmp_path / str(seed), seed=seed) for seed in SEEDS[::4]])
    assert all(fits(counts[number], EXPECTED[number]) > ERROR_RATE for number in range(hour))
    assert fits(counts[hour], EXPECTED[hour]) < ERROR_RATE


def has_paid_the_winners(played):
    """Tell whether all wallets have what blocks on the main chain pay to their owners, to the last atomic unit."""
    stale = {record.data.hash for record in happened(played, BlockStale)}
    blocks = [record.data for record in happened(played, BlockFound) if record.data.hash not in stale]
    assert len(blocks) > 80
    paid = Counter(dict.fromkeys(EXPECTED[0], 0))
    for block in blocks:
        paid[block.miner] += block.reward
    return dict(played.summary.coins.balances) == dict(paid)


@pytest.mark.parametrize("text", [POOLS, BY_SIGNAL], ids=["by RPC", "by signal"])
def test_rewards_are_in_the_winners_wallets_only(tmp_path, text):
    """For each of several seeds."""
    hour = 'simulation.duration="1h"'
    assert all(has_paid_the_winners(play(text, tmp_path / str(seed), hour, seed=seed)) for seed in SEEDS)


def test_rewards_in_anothers_wallet_are_refused(tmp_path, install_blocks):
    """For each of several seeds: gamma has its rewards paid to alpha."""
    install_blocks("stubborn", STUBBORN, {"stubborn-pool": "stubborn:Thief"})
    text, hour = own("gamma", POOLS, "stubborn-pool"), 'simulation.duration="1h"'
    assert not any(has_paid_the_winners(play(text, tmp_path / str(seed), hour, seed=seed)) for seed in SEEDS[::4])


def test_a_signalled_pool_makes_its_block_itself(tmp_path):
    played = play(BY_SIGNAL, tmp_path / "run", 'simulation.duration="2h"')
    found = happened(played, BlockFound)
    assert len(found) > 180
    assert all(record.participant == record.data.miner for record in found)
    assert happened(played, MinerSkipped) == []
    blocks = DiskState(played.directory / "shared").read_as("blocks_found.json", dict)["blocks"]
    # Letters of one moment are in the order of their senders' names.
    ordered = sorted(found, key=lambda record: (record.t, record.participant))
    assert blocks == [{"miner": it.data.miner, "height": it.data.height, "hash": it.data.hash} for it in ordered]


def test_signals_give_the_same_winners_as_calls(tmp_path):
    hour = 'simulation.duration="1h"'
    by_call, by_signal = (
        [record.data.miner for record in happened(play(text, tmp_path / name, hour), BlockFound)]
        for name, text in (("call", POOLS), ("signal", BY_SIGNAL))
    )
    assert by_call == by_signal


OWN_CONTROLLER = (
    "from actors.mining.block_controller import BlockController\n\n\nclass Own(BlockController):\n    pass\n"
)


@pytest.mark.parametrize("ask", ["rpc", "signal"])
def test_a_block_controller_from_a_file_is_one(tmp_path, monkeypatch, ask):
    """It gets the answers to its signals, is found by others, and nobody asks for another."""
    (tmp_path / "own.py").write_text(OWN_CONTROLLER)
    monkeypatch.chdir(tmp_path)
    own = f'actors = [{{ use = "./own.py:Own", mode = "{ask}" }}]'
    text = POOLS.replace('kind = "block-controller"', own)
    assert examine(text.encode(), files=PluginFiles(tmp_path)).problems == ()
    played = play(text, tmp_path / "run", 'consensus.block_arrivals="fixed"', 'simulation.duration="30m"')
    found = happened(played, BlockFound)
    assert [record.data.height for record in found] == list(range(1, 60))
    assert happened(played, MinerSkipped) == []
    discovery = AgentDiscovery(DiskState(played.directory / "shared"), lambda: 0)
    assert [agent.id for agent in discovery.get_block_controllers()] == ["block-controller"]
    second = text.replace(
        "[participants.block-controller]",
        '[participants.second]\nkind = "block-controller"\n\n[participants.block-controller]',
    )
    (problem,) = examine(second.encode(), files=PluginFiles(tmp_path)).problems
    assert problem.message == "there are 2 block controllers, a scenario has at most one"


FIXED_HOUR = 'consensus.block_arrivals="fixed"', 'simulation.duration="1h"'


@pytest.mark.parametrize("text", [POOLS, BY_SIGNAL], ids=["by RPC", "by signal"])
def test_a_pool_that_was_given_up_gets_no_blocks_until_it_is_started(tmp_path, install_blocks, text):
    install_blocks("dying", DYING, {"dying-pool": "dying:Dying"})
    text = own("alpha", text, "dying-pool", "restarts = { max_restarts = 0 }\n") + at("40m", "start", "alpha")
    played = play(text, tmp_path / "run", *FIXED_HOUR)
    found = happened(played, BlockFound)
    assert len(found) == 119  # none is lost
    assert happened(played, MinerSkipped) == []
    times = [record.t // SECOND for record in found if record.data.miner == "alpha"]
    assert min(times) < 600
    assert [t for t in times if 600 < t < 2400] == []
    assert [t for t in times if 2400 < t < 3000]
    assert played.summary.outcome.given_up == ["alpha/dying-pool"]
    miners = DiskState(played.directory / "shared").read_as("miners.json", dict)["miners"]
    assert [miner["id"] for miner in miners] == ["beta", "gamma"]  # it has died once more, ten minutes later


def test_a_pool_that_does_not_answer_is_passed_over_and_left_alone_for_a_while(tmp_path, install_blocks):
    code = DYING + "\n\nclass Deaf(MiningPool):\n    def on_signal(self, signal, controller):\n        pass\n"
    install_blocks("deaf", code, {"deaf-pool": "deaf:Deaf"})
    text = own("alpha", BY_SIGNAL, "deaf-pool") + at("31m", "set", "alpha", hashrate=5000)
    played = play(text, tmp_path / "run", *FIXED_HOUR)
    found, passed = happened(played, BlockFound), happened(played, MinerSkipped)
    assert len(found) == 119  # none is lost
    assert {(it.data.miner, it.data.reason) for it in passed} == {("alpha", "no answer to the signal within 10 s")}
    for record in passed:
        assert record.t % (30 * SECOND) == 10 * SECOND  # as long as it may take after the block was due
        following = next(it for it in found if it.t > record.t)
        assert following.t - record.t <= 2 * SECOND
    times = [record.t // SECOND for record in passed]
    assert len(times) > 8
    assert 1860 < next(t for t in times if t > 1860) < 1890 + 30  # it has registered anew, and wins nearly always
    assert all(after - before >= 300 for before, after in pairwise(times) if not before < 1860 < after)


def test_the_only_pool_is_asked_again_at_once_though_it_did_not_answer(tmp_path, install_blocks):
    code = (
        DYING + "\n\nclass Sleepy(MiningPool):\n    def on_signal(self, signal, controller):\n"
        "        if self.clock.now() > 300:\n            super().on_signal(signal, controller)\n"
    )
    install_blocks("sleepy", code, {"sleepy-pool": "sleepy:Sleepy"})
    text = own("alpha", BY_SIGNAL, "sleepy-pool") + at("0s", "leave", "beta") + at("0s", "leave", "gamma")
    played = play(text, tmp_path / "run", *FIXED_HOUR)
    found = [record for record in happened(played, BlockFound) if record.t > 60 * SECOND]
    assert {record.data.miner for record in found} == {"alpha"}
    assert [record.t // (30 * SECOND) for record in found] == list(range(10, 120))


def test_a_pool_that_cannot_make_its_block_refuses_it(tmp_path, install_blocks):
    code = DYING + (
        "\n\nclass Unable(MiningPool):\n    def mine(self, deadline=None):\n"
        "        from monerosim.rpc.errors import RpcUnavailableError\n"
        '        raise RpcUnavailableError("has no node")\n'
    )
    install_blocks("unable", code, {"unable-pool": "unable:Unable"})
    text = BY_SIGNAL.replace('[participants.alpha]\nkind = "mining-pool"', '[participants.alpha]\nkind = "unable-pool"')
    played = play(text, tmp_path / "run", 'consensus.block_arrivals="fixed"', 'simulation.duration="30m"')
    passed = happened(played, MinerSkipped)
    assert {(record.data.miner, record.data.reason) for record in passed} == {("alpha", "has no node")}
    assert len(happened(played, BlockFound)) == 59
    assert all(record.t % (30 * SECOND) <= 4 * SECOND for record in passed)  # it need not wait for its timeout to end


def test_a_signal_that_comes_too_late_makes_no_block(tmp_path, install_blocks):
    code = (
        "from monerosim.agent.messages import SendLetter\nfrom monerosim.agent.behaviour import Behaviour\n\n\n"
        "class Late(Behaviour):\n    def begin(self):\n"
        '        signals = {"round": 1, "deadline": -1.0}, {"round": 2}, {"round": 3, "deadline": 60.0}\n'
        "        for data in signals:\n"
        '            data["reply"] = self.name\n'
        '            self.ask(self.host.actor("mailbox"), SendLetter("alpha", "mining-pool", "mine", data))\n'
    )
    install_blocks("late", code, {"late": "late:Late"})
    text = POOLS.replace("block-controller]", "x]").replace('"block-controller"', '"late"')
    played = play(text, tmp_path / "run", 'simulation.duration="10m"')
    assert len(happened(played, BlockFound)) == 1
    told = [line.text for line in played.traces(participants=("alpha",), actors=("mining-pool",))]
    assert "the signal for block 1 of x comes too late" in told
    assert any(text.startswith("x sent no proper mine: ") for text in told)
    assert played.summary.outcome.failures == 0


def test_letters_that_fit_no_signal_change_nothing(tmp_path, install_blocks):
    code = (
        "from monerosim.agent.messages import SendLetter\nfrom monerosim.agent.behaviour import Behaviour\n\n\n"
        "class Stray(Behaviour):\n    def begin(self):\n"
        '        for kind, data in [("found", {"round": "one"}), ("refused", {"round": 999, "reason": "tired"})]:\n'
        '            letter = SendLetter("block-controller", "block-controller", kind, data)\n'
        '            self.ask(self.host.actor("mailbox"), letter)\n'
    )
    install_blocks("stray", code, {"stray": "stray:Stray"})
    half = 'simulation.duration="30m"'
    alone = happened(play(BY_SIGNAL, tmp_path / "alone", half), BlockFound)
    played = play(BY_SIGNAL + '[participants.x]\nkind = "stray"\n', tmp_path / "run", half)
    found = happened(played, BlockFound)
    assert [(it.t, it.data.miner) for it in found] == [(it.t, it.data.miner) for it in alone]
    told = [line.text for line in played.traces(participants=("block-controller",), actors=("block-controller",))]
    assert any(text.startswith("x sent no proper found: ") for text in told)
    assert "x refused too late: tired" in told
    assert played.summary.outcome.failures == 0


def test_what_is_set_in_mid_run_holds_from_then_on(tmp_path):
    timeline = "".join(
        f'[[timeline]]\nat = "10m"\ndo = "set"\nwho = "{who}"\n{what}\n'
        for who, what in [
            ("alpha", 'until = "20m"'),
            ("beta", 'until = "5m"'),
            ("block-controller", 'timeout = "20s"'),
        ]
    )
    played = play(POOLS + timeline, tmp_path / "run", 'simulation.duration="40m"', 'participants.alpha.until="15m"')
    assert happened(played, CommandFailed) == []
    last = {record.data.miner: record.t // SECOND for record in happened(played, BlockFound)}
    assert 900 < last["alpha"] < 1200
    assert last["beta"] < 600
    assert last["gamma"] > 2000


def test_a_registration_that_cannot_be_read_is_named_and_left_out(tmp_path, install_blocks):
    code = (
        "from monerosim.agent.behaviour import Behaviour\n\n\n"
        "class Bad(Behaviour):\n    def begin(self):\n"
        '        self.host.shared.replace("mining_pools/x.json", {"id": "x", "hashrate": -1, "address": "x"})\n'
    )
    install_blocks("bad", code, {"bad": "bad:Bad"})
    text = POOLS + '[participants.x]\nkind = "bad"\nstart = "10m"\n'
    played = play(text, tmp_path / "run", 'simulation.duration="20m"')
    assert {record.data.miner for record in happened(played, BlockFound) if record.t > 600 * SECOND} == set(EXPECTED[0])
    told = [line.text for line in played.traces(participants=("block-controller",)) if line.level == "WARNING"]
    bad = "left out: mining_pools/x.json is damaged: Expected `float` > 0.0 - at `$.hashrate`"
    assert told == [bad, bad]  # the controller's and the registrar's
    assert played.summary.outcome.failures == 0


def test_a_pool_leaves_when_the_scenario_says_so(tmp_path):
    played = play(POOLS, tmp_path / "run", 'simulation.duration="2h"', 'participants.alpha.until="1h"')
    found = happened(played, BlockFound)
    assert max(record.t for record in found if record.data.miner == "alpha") < HOUR
    late = Counter(record.data.miner for record in found if record.t > HOUR)
    assert fits(late, EXPECTED[1]) > ERROR_RATE


@pytest.mark.parametrize(
    ("more", "timeline"),
    [
        ("", at("5m", "leave", "alpha") + at("12m", "pause", "alpha") + at("14m", "resume", "alpha")),
        ("", at("5m", "leave", "alpha") + at("12m", "resume", "alpha")),
        ("", at("5m", "leave", "alpha") + at("12m", "stop", "alpha") + at("14m", "start", "alpha")),
        ("", at("3m", "pause", "alpha") + at("4m", "leave", "alpha") + at("14m", "resume", "alpha")),
        ('until = "5m"\n', at("12m", "pause", "alpha") + at("14m", "resume", "alpha")),
        ('until = "5m"\n', at("4m", "pause", "alpha") + at("14m", "resume", "alpha")),
        ('until = "5m"\n', at("12m", "stop", "alpha") + at("14m", "start", "alpha")),
        ('until = "5m"\n', ""),
        ("", at("5m", "leave", "alpha")),
    ],
    ids=[
        "paused",
        "resumed",
        "stopped",
        "left while paused",
        "until, paused",
        "until in the pause",
        "until, stopped",
        "until, failed",
        "failed",
    ],
)
def test_only_join_brings_back_a_miner_that_has_left(tmp_path, install_blocks, more, timeline):
    """It also fails once, after ten minutes of each life, and is started again."""
    install_blocks("dying", DYING, {"dying-pool": "dying:Dying"})
    text = own("alpha", POOLS, "dying-pool", more) + timeline + at("25m", "join", "alpha")
    played = play(text, tmp_path / "run", *FIXED_HOUR)
    assert happened(played, CommandFailed) == []
    assert played.summary.outcome.failures > 1
    times = [record.t // SECOND for record in happened(played, BlockFound, "block-controller")]
    assert times == list(range(30, 3600, 30))
    times = [record.t // SECOND for record in happened(played, BlockFound) if record.data.miner == "alpha"]
    assert [t for t in times if t < 300]
    assert [t for t in times if 300 < t < 1500] == []
    assert len([t for t in times if t > 1500]) > 20
    assert max(times) > 3300


def test_a_miner_that_joins_while_it_is_paused_mines_when_it_goes_on(tmp_path):
    timeline = at("5m", "leave", "alpha") + at("6m", "pause", "alpha") + at("10m", "join", "alpha")
    played = play(POOLS + timeline + at("20m", "resume", "alpha"), tmp_path / "run", *FIXED_HOUR)
    times = [record.t // SECOND for record in happened(played, BlockFound) if record.data.miner == "alpha"]
    assert [t for t in times if 300 < t < 1200] == []
    assert [t for t in times if 1200 <= t < 1500]


def test_resume_leaves_a_controller_that_runs_as_it_is(tmp_path):
    timeline = at("10m15s", "resume", "block-controller")
    fixed = play(POOLS + timeline, tmp_path / "fixed", *FIXED_HOUR)
    assert [it.t // SECOND for it in happened(fixed, BlockFound)] == list(range(30, 3600, 30))
    hour = 'simulation.duration="1h"'
    one, other = (
        [(it.t, it.data.miner) for it in happened(play(text, tmp_path / name, hour), BlockFound)]
        for name, text in (("with", POOLS + timeline), ("without", POOLS))
    )
    assert one == other


def test_a_paused_pool_wins_nothing_and_a_block_can_be_asked_for(tmp_path):
    timeline = "".join(
        f'[[timeline]]\nat = "{at}"\ndo = "{do}"\nwho = "{who}"\n'
        for at, do, who in [
            ("10m", "pause", "alpha"),
            ("40m", "resume", "alpha"),
            ("15m15s", "mine-now", "beta"),
            ("50m", "stop", "gamma"),
            ("20m", "pause", "block-controller"),
            ("30m", "resume", "block-controller"),
        ]
    )
    played = play(POOLS + timeline, tmp_path / "run", 'simulation.duration="90m"', 'consensus.block_arrivals="fixed"')
    found = [(record.t // SECOND, record.data.miner) for record in happened(played, BlockFound)]
    assert happened(played, CommandFailed) == []
    assert {miner for t, miner in found if 600 < t < 2400} == {"beta", "gamma"}
    assert "alpha" in {miner for t, miner in found if 2400 < t < 3000}
    assert {miner for t, miner in found if t > 3000} == {"alpha", "beta"}
    assert (915, "beta") in found
    times = [t for t, _ in found if t != 915]
    assert [t for t in times if 1200 < t < 1830] == []
    assert times == [30 * number for number in range(1, 180) if not 1200 <= 30 * number < 1830]


def test_a_hashrate_that_is_no_positive_number_is_not_taken():
    text = POOLS + CHANGES
    for wrong in ("0", "-1", "nan", "inf", '"much"', "true"):
        (problem,) = examine(text.replace("hashrate = 120", f"hashrate = {wrong}").encode()).problems
        assert problem.severity == "error"
        assert problem.place == "timeline[2].hashrate"


def test_small_pools_are_solo_miners(tmp_path):
    """Below the threshold, not at it; and one that the scenario makes a user itself keeps its own settings."""
    text = POOLS + "".join(
        f'[participants.{name}]\nkind = "mining-pool"\nhashrate = {hashrate}\n{more}\n'
        for name, hashrate, more in [
            ("at", 4, ""),
            ("below", 3.9, ""),
            ("user", 2.1, 'actors = [{ use = "regular-user", transaction_frequency = 0.7 }]'),
            ("others", 90, ""),
        ]
    )

    def users(*changes):
        plan = compile_plan(parse(text, changes=changes))
        return {
            host.name: actor.config["transaction_frequency"]
            for host in plan.hosts
            for actor in host.actors
            if actor.use == "regular-user"
        }

    assert users() == {"below": 0.1, "user": 0.7}
    assert users("participants.block-controller.solo_miner_threshold=1") == {"user": 0.7}
    assert set(users("participants.block-controller.solo_miner_threshold=16")) == {
        "at",
        "below",
        "gamma",
        "user",
        "beta",
    }
    played = play(text, tmp_path / "run", 'simulation.duration="10m"')
    miners = DiskState(played.directory / "shared").read_as("miners.json", dict)["miners"]
    assert {miner["id"] for miner in miners if miner["solo"]} == {"below", "user"}
    assert len({miner["address"] for miner in miners}) == 7


def test_who_is_a_solo_miner_is_decided_when_the_run_is_built(tmp_path):
    """A hashrate may change; the threshold may not, and the registry says what the plan has."""
    small = '[participants.small]\nkind = "mining-pool"\nhashrate = 1\n'
    timeline = at("5m", "set", "small", hashrate=50) + at("5m", "set", "gamma", hashrate=0.5)
    change = at("6m", "set", "block-controller", solo_miner_threshold=70)
    with pytest.raises(ScenarioError, match='cannot change "solo_miner_threshold" once it has begun'):
        play(POOLS + small + change, tmp_path / "refused")
    played = play(POOLS + small + timeline, tmp_path / "run", 'simulation.duration="10m"')
    state = DiskState(played.directory / "shared")
    miners = {miner["id"]: miner for miner in state.read_as("miners.json", dict)["miners"]}
    assert {name for name, miner in miners.items() if miner["solo"]} == {"small"}
    assert (miners["small"]["weight"], miners["gamma"]["weight"]) == (50, 0.5)
    assert [miner.id for miner in AgentDiscovery(state, lambda: 0).get_solo_miners()] == ["small"]


def test_two_miners_in_one_participant_are_an_error():
    text = POOLS.replace("hashrate = 20", 'hashrate = 20\nactors = [{ use = "autonomous-miner", hashrate = 100 }]')
    (problem,) = examine(text.encode()).problems
    assert (problem.severity, problem.place) == ("error", "participants.gamma.actors[0]")
    assert problem.message == 'a participant is one miner at most, and is one by "mining-pool" already'
