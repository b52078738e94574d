"""Difficulty and the chain's beginning: what goes together, and what an engine cannot do."""

import pytest

from monerosim.build.compile import compile_plan
from monerosim.monero.difficulty import MAINNET
from monerosim.monero.emission import TAIL_SUPPLY
from monerosim.scenario import examine, parse
from monerosim.units import XMR

MINER = """
[participants.miner]
kind = "autonomous-miner"
hashrate = 100
wallet = { initial_balance = "10 XMR" }
"""


def problems(consensus: str, *changes: str) -> list[tuple[int | None, str, str]]:
    found = examine(f"[consensus]\n{consensus}\n{MINER}".encode(), changes=changes).problems
    return [(problem.line, problem.place, problem.message) for problem in found]


@pytest.mark.parametrize("engine", ["local", "shadow"])
def test_real_engines_have_a_fixed_difficulty_and_begin_at_genesis(engine):
    text = 'difficulty = "dynamic"\nstart = "tail"\npool_lifetime = "2h"\nstems_in_blocks = false'
    found = problems(text, f"simulation.engine={engine}")
    keys = ("difficulty", "start", "pool_lifetime", "stems_in_blocks")
    assert [(line, place) for line, place, _ in found] == [
        (line, f"consensus.{key}") for line, key in enumerate(keys, start=2)
    ]
    assert "the difficulty is fixed" in found[0][2]
    assert "begins at genesis" in found[1][2]
    assert problems('difficulty = 5\nstart = "genesis"', f"simulation.engine={engine}") == []


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('difficulty = "dinamic"', "consensus.difficulty", 'expected "dynamic", got the text "dinamic"'),
        ("difficulty = 0", "consensus.difficulty", "must be at least 1, got 0"),
        ("difficulty = 1.5", "consensus.difficulty", 'expected an integer or "dynamic", got 1.5'),
        ("difficulty = 1000000000001", "consensus.difficulty", "must be at most 1000000000000"),
        ('difficulty = "dynamic"\nblock_time = "1500ms"', "consensus.block_time", "block_time is 1s500ms"),
        ("start = { difficulty = 7 }", "consensus.start.difficulty", 'set difficulty = "dynamic" as well'),
        ('start = "tale"', "consensus.start", 'expected "genesis" or "tail"'),
        ("start = 5", "consensus.start", 'expected "genesis" or "tail" or a table, got 5'),
        ("start = { supply = 5 }", "consensus.start.supply", "alone creates 17.592186044415 XMR, got 5 XMR"),
        ('start = { supply = "19000000 XMR" }', "consensus.start.supply", "at most 18446744 XMR"),
        ("start = { median = 5 }", "consensus.start.median", 'unknown key "median"'),
        ("start = { long_term_median = 0 }", "consensus.start.long_term_median", "must be at least 1"),
        ('start = { supply = "20 XMR" }', "participants.miner.wallet.initial_balance", "more than the 20 XMR"),
    ],
)
def test_what_does_not_fit_is_told_at_its_key(text, place, message):
    found = problems(text)
    assert [at for _, at, _ in found] == [place]
    assert message in found[0][2]


def test_a_block_controller_and_a_dynamic_difficulty_do_not_go_together():
    pools = '[participants.pool]\nkind = "mining-pool"\nhashrate = 100\n[participants.c]\nkind = "block-controller"'
    (problem,) = examine(f'[consensus]\ndifficulty = "dynamic"\n{pools}'.encode()).problems
    assert (problem.severity, problem.place) == ("warning", "consensus.difficulty")
    assert "keeps its pace" in problem.message


def test_a_plan_has_what_the_chain_begins_with():
    consensus = compile_plan(parse(f'[consensus]\ndifficulty = "dynamic"\nstart = "tail"\n{MINER}')).consensus
    assert (consensus.difficulty, consensus.dynamic) == (MAINNET, True)
    assert consensus.start is not None
    assert consensus.start.supply == TAIL_SUPPLY
    table = "{ supply = 1000000, long_term_median = 400000, short_term_median = 500000, difficulty = 9 }"
    own = compile_plan(parse(f'[consensus]\ndifficulty = "dynamic"\nstart = {table}\n{MINER}')).consensus
    assert own.start is not None
    assert (own.start.supply, own.start.long_term_median, own.start.short_term_median) == (10**6 * XMR, 400000, 500000)
    assert own.difficulty == 9
    assert compile_plan(parse(MINER)).consensus.start is None
