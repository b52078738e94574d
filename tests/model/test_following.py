"""Rules in place of monerod's: what nodes follow, pass on and take."""

from math import sqrt

from simulated import Simulated
from small_runs import play

from monerosim.model.rules import Rules
from monerosim.rules import Rule, UniformTieBreaking
from monerosim.units import SECOND

FORKS = """
[simulation]
duration = "20m"
[network]
latency = "800ms"
connections = 3
[consensus]
block_time = "8s"
[participants.miner]
kind = "autonomous-miner"
count = 12
hashrate = 8
"""
"""A network in which a fifth of the blocks is stale."""

PLAIN = "from monerosim.rules import FirstSeen\n\n\nclass Plain(FirstSeen, frozen=True, kw_only=True):\n    pass\n"


def network(*rules: Rule, nodes: int = 2, **more) -> Simulated:
    """Nodes in a row, all of which go by the same rules."""
    return Simulated(nodes=nodes, rules=Rules(own=[rules] * nodes), **more)


def test_monerods_rules_give_the_same_run_where_each_choice_is_put_to_them(tmp_path, monkeypatch):
    (tmp_path / "plain.py").write_text(PLAIN)
    monkeypatch.chdir(tmp_path)
    usual = play(FORKS, tmp_path / "usual")
    asked = play(FORKS + '[rules]\nuse = "./plain.py:Plain"\n', tmp_path / "asked")
    assert sum(miner.stale for miner in usual.summary.miners.values()) > 10
    assert asked.summary.digest == usual.summary.digest


def races(rule: Rule, count: int, nodes: int = 5) -> tuple[int, int]:
    """How often a node goes over to a rival that comes when all have had another block for long, and of how often."""
    net = network(rule, nodes=nodes, delay=SECOND)
    left = 0
    for race in range(count):
        before = net.tips()
        assert len(set(before)) == 1
        net.mine(race % nodes)
        net.pass_time(30 * SECOND)
        (rival,) = net.mine((race + 2) % nodes, prev_block=before[0].id.hex())
        net.pass_time(30 * SECOND)
        left += sum(tip.id.hex() == rival for tip in net.tips())
        net.mine(0)
        net.pass_time(70 * SECOND)
    return left, count * nodes


def test_of_equal_branches_half_of_the_nodes_follow_either():
    left, asked = races(UniformTieBreaking(), 120)
    # Three standard errors: false once in 370 seeds, and the seed is fixed.
    assert abs(left / asked - 0.5) < 3 * sqrt(0.25 / asked)
    assert races(Rule(), 20)[0] == 0
