"""Miners that keep blocks back: what nodes see of these, and what each strategy does.

That revenues are those of the closed forms is for the study (tests/studies).
"""

import numpy as np
import pytest
from small_runs import happened, play

from actors.attacks.selfish_miner import SelfishMinerConfig, choose_move
from actors.attacks.withholding import Move, Race
from monerosim import first_seen
from monerosim.events import BlockContents, BlockFound, BlockSpread
from monerosim.units import SECOND

NETWORK = """
[simulation]
duration = "4h"
cooldown = "2m"
seed = 3

[consensus]
block_time = "60s"

[network]
latency = "1ms"
places = { near = { latency = "25ms" }, far = { latency = "25ms" } }
relay = { block_verification = { mean = "80ms" } }

[participants.near]
kind = "mining-pool"
count = 2
hashrate = 25

[participants.far]
kind = "mining-pool"
count = 2
hashrate = 25

[participants.attacker]
kind = "selfish-miner"
hashrate = 80
until = "4h"
hand_to = ["near"]

[participants.block-controller]
kind = "block-controller"
"""


def race(own, public, *, tied=False):
    made = Race("root", 10)
    made.own, made.public, made.tied = own, public, tied
    return made


@pytest.mark.parametrize(
    ("own", "public", "found", "tied", "settings", "move"),
    [
        (1, 0, True, False, {}, Move.WAIT),
        (2, 1, True, True, {}, Move.OVERRIDE),
        (2, 1, True, True, {"equal_fork_stubborn": True}, Move.WAIT),
        (3, 0, True, False, {"release_at": 3}, Move.PUBLISH),
        (2, 0, True, False, {"release_at": 3}, Move.WAIT),
        (1, 1, False, False, {}, Move.MATCH),
        (2, 1, False, False, {}, Move.OVERRIDE),
        (2, 1, False, False, {"lead_stubborn": True}, Move.MATCH),
        (4, 1, False, False, {}, Move.MATCH),
        (1, 2, False, False, {}, Move.ADOPT),
        (1, 2, False, False, {"trail": 1}, Move.WAIT),
        (1, 3, False, False, {"trail": 1}, Move.ADOPT),
        (2, 2, True, False, {"trail": 1}, Move.WAIT),
        (3, 2, True, False, {"trail": 1}, Move.OVERRIDE),
    ],
)
def test_strategies_are_those_of_their_authors(own, public, found, tied, settings, move):
    strategy = SelfishMinerConfig(hashrate=1, **settings)
    assert choose_move(strategy, race(own, public, tied=tied), found=found) is move


def test_a_branch_is_followed_where_it_is_handed_in(tmp_path):
    played = play(NETWORK, tmp_path / "run")
    made = {record.data.hash: record for record in happened(played, BlockContents) if record.t >= 0}
    seen = {record.data.hash: first_seen(record.data, played.plan) for record in happened(played, BlockSpread)}
    names = ("near-001", "near-002", "far-001", "far-002")
    followers = []
    for block, record in made.items():
        # A tie: another block of the height was there before, and none of the next one in the same instant.
        rivals = [other for other, it in made.items() if it.data.height == record.data.height and it.t < record.t]
        instant = [it for it in made.values() if it.t == record.t and it.data.height > record.data.height]
        if record.data.miner == "attacker" and rivals and not instant:
            first = seen[rivals[0]]
            followers.append({name for name in names if seen[block].get(name, np.inf) < first.get(name, np.inf)})
    # The finder of the rival has that first, and who is far learns of the branch when it has won.
    assert len(followers) == played.summary.races["attacker"].ties > 10
    assert {name for ahead in followers for name in ahead} == {"near-001", "near-002"}
    assert 0.25 < played.summary.races["attacker"].followers < 0.5
    miners = {block: record.data.miner for block, record in made.items()}
    assert any(it.data.miner != "attacker" and miners.get(it.data.previous) == "attacker" for it in made.values())
    assert played.summary.chain.tips == 1


def test_what_is_published_is_public_for_its_miner_too(tmp_path):
    played = play(NETWORK, tmp_path / "run", "participants.attacker.release_at=1", "simulation.duration=1h")
    lines = [line.text for line in played.traces(actors=("selfish-miner",)) if "has found a block" in line.text]
    assert len(lines) > 10
    assert set(lines) == {"has found a block; 1 on 0 public ones"}


def test_a_branch_that_is_longer_is_published_when_the_miner_leaves(tmp_path):
    changes = ("participants.near.hashrate=1e-6", "participants.far.hashrate=1e-6", "participants.attacker.until=2h")
    changes += ("consensus.block_arrivals=fixed", "consensus.block_time=90m")
    played = play(NETWORK, tmp_path / "run", *changes, "participants.attacker.hashrate=9000")
    found = [record for record in happened(played, BlockFound) if record.data.miner == "attacker"]
    # One honest block after an hour and a half: what it has found by then is ahead by far, and is kept back.
    assert {record.t // SECOND for record in found} <= {5400, 7200}
    assert played.summary.miners["attacker"].blocks == len(found) > 100
