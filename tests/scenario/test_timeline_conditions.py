"""Conditions of the network in the timeline: what is right, and how what is wrong is told."""

import pytest

from monerosim.agent.conditions import CONDITIONS, name_of
from monerosim.build.compile import compile_plan
from monerosim.config import load_config
from monerosim.scenario import examine, parse
from monerosim.units import SECOND

GOOD = """\
[simulation]
duration = "2h"

[participants.pool]
kind = "autonomous-miner"
hashrate = 100

[participants.user]
count = 3
kind = "regular-user"
node = {}
wallet = { initial_balance = "10 XMR" }

[participants.market]
kind = "marketplace"
node = "pool"

"""


def told(entry: str, *changes: str) -> list[str]:
    text = GOOD + "[[timeline]]\n" + entry.replace("; ", "\n")
    return [str(problem) for problem in examine(text.encode(), changes=changes).problems]


@pytest.mark.parametrize(
    "entry",
    [
        'at = "1h"; do = "shut-down"; who = "user"',
        'at = "1h"; do = "crash"; who = "user-002"; program = "wallet"',
        'at = "1h"; do = "cut"; who = "user-001"; peer = "pool"',
        'at = "1h"; do = "partition"; sides = { a = ["user-001"], b = ["pool", "user-002"] }',
        'at = "1h"; do = "heal"',
        'at = "1h"; do = "silence"; who = "pool"; what = "stems"',
        'at = "1h"; do = "degrade"; who = "pool"; latency = "2s"; loss = 0.5; peer = "user"',
        'at = "1h"; do = "move-wallet"; who = "user"; node = "pool"',
    ],
)
def test_right(entry):
    assert told(entry) == []


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ('do = "shut-down"', "line 18, timeline[0].who: is missing: expected a participant or a group"),
        ('do = "shut-down"; who = "market"', 'line 21, timeline[0].who: "market" has no node of its own'),
        ('do = "shut-down"; who = "pool"; program = "wallet"', None),
        ('do = "cut"; who = "user"', "line 18, timeline[0].peer: is missing: expected a text"),
        ('do = "cut"; who = "user"; peer = "market"', 'line 22, timeline[0].peer: "market" has no node of its own'),
        ('do = "cut"; who = "user"; peer = "poool"', 'line 22, timeline[0].peer: no such participant: "poool" '),
        ('do = "partition"; sides = { a = ["usr"] }', 'line 21, timeline[0].sides.a[0]: no such participant: "usr" '),
        (
            'do = "partition"; sides = { a = ["user"], b = ["user-002"] }',
            'line 21, timeline[0].sides.b[0]: "user-002" is on the side "a" already',
        ),
        ('do = "silence"; who = "pool"; what = "block"', "line 22, timeline[0].what: "),
        ('do = "degrade"; who = "pool"; loss = 1.5', "line 22, timeline[0].loss: must be less than 1"),
        ('do = "partitoin"; who = "pool"', 'line 20, timeline[0].do: the actor "autonomous-miner" does not understand'),
    ],
)
def test_wrong(entry, expected):
    found = told(f'at = "1h"; {entry}')
    if expected is None:
        assert found == []
    else:
        assert len(found) == 1
        assert found[0].startswith(expected)


def test_what_an_engine_cannot_do_is_an_error_with_its_line():
    entry = 'at = "1h"; do = "silence"; who = "pool"; what = "blocks"'
    assert "line 20, timeline[0].do: the engine local cannot silence" in told(entry, 'simulation.engine="local"')


def test_one_host_tells_the_network_as_a_whole():
    plan = compile_plan(parse(GOOD + '[[timeline]]\nat = "1h"\ndo = "heal"\n'))
    ((host, command),) = [(host.name, command) for host in plan.hosts for command in host.commands]
    assert (host, command.at - plan.time_zero, command.do) == ("market", 3600 * SECOND, "heal")


@pytest.mark.parametrize("name", sorted(CONDITIONS))
def test_agents_read_what_the_timeline_has(name):
    keys = {
        "cut": {"peer": "pool"},
        "restore": {"peer": "pool"},
        "partition": {"sides": {"a": ["pool"]}},
        "silence": {"what": "0" * 64},
        "unsilence": {"what": "blocks"},
        "degrade": {"latency": "1s", "loss": 0.1, "peer": "pool"},
        "move-wallet": {"node": "pool"},
    }
    condition = load_config({"who": "user", **keys.get(name, {})}, CONDITIONS[name])
    assert name_of(condition) == name
