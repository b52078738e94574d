"""The table ``[record]``: which nodes it means, and what check says of it."""

import msgspec
import pytest

from monerosim.build.compile import compile_plan
from monerosim.plan.plan import RecordPlan
from monerosim.scenario import examine, parse

SCENARIO = """
[simulation]
seed = 3

[participants.pool]
kind = "mining-pool"
hashrate = 100

[participants.block-controller]
kind = "block-controller"

[participants.user]
kind = "regular-user"
count = 4
wallet = { initial_balance = "1 XMR" }

[participants.guest]
kind = "hodler"
node = "user-003"

[participants.nobody]
actors = [{ use = "orchestrator" }]
"""

NODES = ("pool", "user-001", "user-002", "user-003", "user-004")


def planned(record: str) -> RecordPlan:
    return compile_plan(parse(f"{SCENARIO}\n[record]\n{record}\n")).record


def problems(record: str) -> list[str]:
    found = examine(f"[record]\n{record}\n{SCENARIO}".encode()).problems
    return [str(problem) for problem in found if problem.place.startswith("record")]


def test_a_small_network_records_all_spreads_and_nothing_else():
    assert planned("") == RecordPlan(spreads="all")


@pytest.mark.parametrize("key", ["relays", "stems", "txpool"])
def test_names_stand_for_the_nodes_of_participants_and_groups(key):
    def nodes(wanted: str) -> tuple[str, ...]:
        return msgspec.structs.asdict(planned(f"{key} = {wanted}"))[key]

    assert nodes('"all"') == NODES
    assert nodes('"none"') == ()
    assert nodes('["user-002", "pool"]') == ("pool", "user-002")
    assert nodes('["user"]') == NODES[1:]
    assert nodes('["guest"]') == ("user-003",)


def test_a_sample_is_drawn_by_the_seed_and_is_the_same_for_all():
    plan = planned('sample = 2\nspreads = "sample"\nrelays = "sample"\ntxpool = "sample"')
    assert plan.spreads == "sample"
    assert len(plan.sampled) == 2
    assert plan.sampled == plan.relays == plan.txpool == tuple(sorted(plan.sampled))
    drawn = {
        compile_plan(parse(f'{SCENARIO}\n[record]\nsample = 2\nrelays = "sample"', seed)).record.relays
        for seed in range(20)
    }
    assert len(drawn) > 5


def test_a_sample_of_all_nodes_is_all():
    assert planned('spreads = "sample"\nsample = 5').spreads == "all"


def test_a_large_network_records_quantiles_unless_it_says_otherwise():
    large = SCENARIO.replace("count = 4", "count = 201")
    assert compile_plan(parse(large)).record == RecordPlan(spreads="quantiles")
    assert compile_plan(parse(f'{large}\n[record]\nspreads = "all"')).record == RecordPlan(spreads="all")


def test_whom_it_names_takes_part_and_has_a_node():
    assert problems('relays = ["usre"]')[0] == (
        'line 2, record.relays[0]: no such participant: "usre" (did you mean "user"?)'
    )
    assert 'line 2, record.txpool[1]: "nobody" has no node: nothing is recorded' in problems(
        'txpool = ["user", "nobody"]'
    )
