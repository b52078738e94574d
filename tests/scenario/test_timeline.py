"""The timeline: what is right, how what is wrong is told, and what the plan makes of it."""

import pytest
from jsonschema import Draft7Validator

from monerosim.build.compile import compile_plan
from monerosim.catalogue.schema import scenario_schema
from monerosim.plan.plan import CommandPlan, decode_plan, encode_plan
from monerosim.scenario import Scenario, ScenarioError, examine, parse
from monerosim.units import SECOND

GOOD = """\
[simulation]
duration = "2h"

[participants.pool]
kind = "mining-pool"
hashrate = 100

[participants.user]
count = 3
node = {}
wallet = { initial_balance = "10 XMR" }
actors = [{ use = "regular-user" }, { use = "regular-user", min_amount = "1 XMR" }]

[participants.control]
kind = "block-controller"

[participants.market]
kind = "marketplace"
node = "pool"

"""


def entry(text: str) -> str:
    return GOOD + "[[timeline]]\n" + text.replace("; ", "\n")


def told(text: str) -> list[str]:
    return [str(problem) for problem in examine(text.encode()).problems]


def commands(text: str) -> dict[str, list[CommandPlan]]:
    plan = compile_plan(parse(text))
    assert decode_plan(encode_plan(plan)) == plan
    zero = plan.time_zero
    return {
        host.name: [CommandPlan(at=it.at - zero, do=it.do, actor=it.actor, arguments=it.arguments) for it in them]
        for host in plan.hosts
        if (them := host.commands)
    }


@pytest.mark.parametrize(
    "text",
    [
        'at = "1h"; do = "stop"; who = "pool"',
        'at = 0; do = "pause"; who = "user-002"',
        'at = "1h"; do = "set"; who = "user"; max_amount = "3 XMR"; min_amount = 2',
        'at = "1h"; do = "set"; who = "pool"; arguments = { hashrate = 3 }',
        'at = "1h"; do = "mine-now"; who = "pool"',
        'at = "1h"; do = "send-now"; who = "user"; actor = "regular-user-2"; amount = "1 XMR"',
    ],
)
def test_what_is_right_has_no_problems(text: str) -> None:
    assert told(entry(text)) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            'at = "1h"; do = "stop"; who = "pol"',
            'line 24, timeline[0].who: no such participant: "pol" (did you mean "pool"?)',
        ),
        ('at = "1h"; do = "stop"; who = "user-004"', 'no such participant: "user-004"'),
        (
            'at = "1h"; do = "stpo"; who = "pool"',
            'timeline[0].do: the actor "mining-pool" does not understand "stpo" (did you mean "stop"?)',
        ),
        ('at = "1h"; do = "mine-now"; who = "user"', 'the actor "regular-user" does not understand "mine-now"'),
        (
            'at = "1h"; do = "stop"; who = "pool"; actor = "mining-pol"',
            'line 25, timeline[0].actor: "pool" has no actor "mining-pol" (did you mean "mining-pool"?)',
        ),
        ('at = "1h"; do = "stop"; who = "pool"; hashrate = 3', 'timeline[0].hashrate: unknown key "hashrate"'),
        (
            'at = "1h"; do = "set"; who = "pool"; hashrat = 3',
            'timeline[0].hashrat: the actor "mining-pool" has no key "hashrat" (did you mean "hashrate"?)',
        ),
        ('at = "1h"; do = "set"; who = "pool"; hashrate = -3', "line 25, timeline[0].hashrate: must be more than 0"),
        ('at = "1h"; do = "set"; who = "pool"', "sets nothing"),
        (
            'at = "1h"; do = "set"; who = "market"; items = 3',
            'timeline[0].items: the actor "marketplace" cannot change "items" once it has begun',
        ),
        ('at = "1h"; do = "set"; who = "user"; min_amount = 5', "min_amount must be above 0 and at most max_amount"),
        ('at = "1h"; do = "send-now"; who = "user"; amount = true', "timeline[0].amount: expected an amount"),
        ('at = "1h"; do = "send-now"; who = "user"; amont = 1', 'unknown key "amont" (did you mean "amount"?)'),
        ('at = "1h"; do = "send-now"; who = "user"; to = "pol"', 'timeline[0].to: no such participant: "pol"'),
        ('at = "3h"; do = "stop"; who = "pool"', "timeline[0].at: comes at 3h, but the run ends at 2h"),
        ('at = "soon"; do = "stop"; who = "pool"', "timeline[0].at"),
        ('do = "stop"; who = "pool"', "timeline[0].at: is missing"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, problem: str) -> None:
    problems = told(entry(text))
    assert problems
    assert all(problem in one or "timeline" in one for one in problems)
    assert any(problem in one for one in problems)


def test_a_setting_builds_on_earlier_ones_of_the_same_participant() -> None:
    later = '[[timeline]]\nat = "30m"\ndo = "set"\nwho = "user"\nmin_amount = 5\n\n'
    earlier = '[[timeline]]\nat = "20m"\ndo = "set"\nwho = "user"\nmax_amount = 6\n\n'
    member = later.replace('"user"', '"user-001"')
    assert told(GOOD + later + earlier) == []
    assert told(GOOD + member + earlier) == []
    assert len(told(GOOD + later)) >= 1
    assert len(told(GOOD + later + earlier.replace('"user"', '"user-001"'))) >= 1


def test_the_plan_has_each_hosts_commands_in_the_order_of_their_times() -> None:
    text = entry('at = "1h"; do = "set"; who = "user"; max_amount = "3 XMR"; ')
    text += '[[timeline]]\nat = "30m"\ndo = "stop"\nwho = "user-002"\nactor = "regular-user-1"\n'
    change = CommandPlan(at=3600 * SECOND, do="set", arguments={"max_amount": "3 XMR"})
    stop = CommandPlan(at=1800 * SECOND, do="stop", actor="regular-user-1")
    assert commands(text) == {"user-001": [change], "user-002": [stop, change], "user-003": [change]}


def test_a_timeline_is_composed_in_python_too() -> None:
    data = {"participants": {"control": {"kind": "block-controller"}}}
    plan = compile_plan(Scenario(**data, timeline=[{"at": "10m", "do": "pause", "who": "control"}]))
    (host,) = plan.hosts
    assert host.commands == (CommandPlan(at=plan.time_zero + 600 * SECOND, do="pause"),)
    with pytest.raises(ScenarioError, match="no such participant"):
        compile_plan(Scenario(**data, timeline=[{"at": "10m", "do": "pause", "who": "controll"}]))


def test_the_schema_knows_the_timeline() -> None:
    validator = Draft7Validator(scenario_schema())
    right = {"at": "1h", "do": "set", "who": "pool", "hashrate": 3}
    assert validator.is_valid({"timeline": [right]})
    assert not validator.is_valid({"timeline": [{"do": "stop", "who": "pool"}]})
    known = scenario_schema()["definitions"]["TimelineEntry"]["properties"]["do"]["examples"]
    assert {"pause", "set", "send-now", "mine-now"} <= set(known)
