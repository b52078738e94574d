"""What a scenario says of rules: what is read, and what is told."""

import pytest
from msgspec.json import encode

from monerosim.build.compile import compile_plan
from monerosim.ensemble.design import variation_of
from monerosim.plan.plan import RulePlan
from monerosim.plugins import PluginFiles
from monerosim.scenario import examine
from monerosim.units import SECOND

MINERS = """
[participants.miner]
kind = "autonomous-miner"
hashrate = 60

[participants.old]
kind = "autonomous-miner"
count = 2
hashrate = 20

[participants.user]
kind = "observer"
node = "miner"
"""

POP = '{ kind = "publish-or-perish", k = 2 }'
CHECKPOINTS = '{ kind = "checkpoints", authority = "miner" }'


def told(rules: str, *changes: str, more: str = "") -> list[tuple[int | None, str, str, str]]:
    text = f"[rules]\nuse = {rules}\n{MINERS}{more}"
    found = examine(text.encode(), changes=changes).problems
    return [(problem.line, problem.place, problem.message, problem.hint) for problem in found]


@pytest.mark.parametrize(
    ("rules", "place", "message"),
    [
        ('"publish-or-perisch"', "rules.use", 'unknown rule "publish-or-perisch"'),
        ('{ kind = "publish-or-perish", tao = "5s" }', "rules.use.tao", 'unknown key "tao"'),
        ('{ kind = "publish-or-perish", k = 0 }', "rules.use.k", "must be at least 1, got 0"),
        ("{ k = 3 }", "rules.use.kind", 'needs kind = "NAME", got nothing'),
        ("3", "rules.use", "expected a text or a table or an array, got 3"),
        (f'["uniform-tie-breaking", {POP}]', "rules.use[1]", '"uniform-tie-breaking" says already which chain'),
        ('{ kind = "checkpoints" }', "rules.use.authority", "is missing"),
        ('{ kind = "checkpoints", authority = "minor" }', "rules.use.authority", 'no such participant: "minor"'),
        ('{ kind = "checkpoints", authority = "user" }', "rules.use.authority", '"user" has no node of its own'),
        ('{ kind = "checkpoints", authority = "old" }', "rules.use.authority", "expected one participant"),
        ('"./none.py:None"', "rules.use", "no such file"),
    ],
)
def test_a_rule_that_does_not_fit_is_told_with_its_line(rules, place, message):
    ((line, where, said, _),) = told(rules)
    assert (line, where) == (2, place)
    assert message in said


def test_a_near_miss_is_named():
    assert told('"uniform-ties-breaking"')[0][3] == 'did you mean "uniform-tie-breaking"?'


@pytest.mark.parametrize("engine", ["local", "shadow"])
def test_real_programs_have_monerods_rules_alone(engine):
    more = '[participants.old.node]\nrules = "uniform-tie-breaking"\n'
    found = told(POP, f"simulation.engine={engine}", more=more)
    assert [(line, place) for line, place, _, _ in found] == [(2, "rules.use"), (17, "participants.old.node.rules")]
    assert f'on the engine "{engine}" nodes go by monerod\'s own rules' in found[0][2]
    assert told('"first-seen"', f"simulation.engine={engine}") == []


FORKS = """[[rules.hard_forks]]
height = 150
since = "0.19.0.0"
use = "fcmp-plus-plus"
[[rules.hard_forks]]
height = 100
since = "0.19.0.0"
"""
UPGRADE = '[participants.old.node]\nupgrade = { at = "10m", version = "0.19.0.0", stagger = "5m" }\n'


@pytest.mark.parametrize("engine", ["local", "shadow"])
def test_real_programs_have_the_hard_forks_of_regtest_and_another_version_is_another_program(engine):
    found = told('"first-seen"', f"simulation.engine={engine}", more=UPGRADE + FORKS)
    places = ["participants.old.node.upgrade", "rules.hard_forks[0]", "rules.hard_forks[1]"]
    assert [(line, place) for line, place, _, _ in found] == list(zip((17, 18, 22), places, strict=True))
    named = UPGRADE.replace("stagger", 'binary = "monerod-0.19", stagger')
    assert told('"first-seen"', f"simulation.engine={engine}", more=named) == []


def test_hard_forks_are_planned_by_height_and_upgrades_one_after_the_other():
    plan = compile_plan(examine(f"{MINERS}{UPGRADE}{FORKS}".encode()))
    assert [(fork.height, fork.since, [it.use for it in fork.rules]) for fork in plan.consensus.hard_forks] == [
        (100, "0.19.0.0", []),
        (150, "0.19.0.0", ["fcmp-plus-plus"]),
    ]
    upgrades = [host.node.upgrade for host in plan.hosts if host.node is not None and host.node.upgrade is not None]
    assert [it.at - plan.time_zero for it in upgrades] == [600 * SECOND, 900 * SECOND]


def test_what_no_node_knows_of_and_what_comes_too_late_is_warned_of():
    ((_, place, said, _),) = told('"first-seen"', more=FORKS.partition("[[rules.hard_forks]]\nheight = 100")[0])
    assert (place, said) == (
        "rules.hard_forks[0].since",
        "no node runs 0.19.0.0 or later, so none knows of this hard fork",
    )
    late = told('"first-seen"', "simulation.duration=5m", more=UPGRADE)
    assert [(place, said) for _, place, said, _ in late] == [
        ("participants.old.node.upgrade.at", "comes at 10m, but the run ends at 5m")
    ]
    twice = told('"first-seen"', more=UPGRADE + FORKS.replace("150", "100"))
    assert [said for _, _, said, _ in twice] == ["there is a hard fork at height 100 already"]


def test_a_group_has_rules_of_its_own():
    text = f'[rules]\nuse = [{CHECKPOINTS}, {POP}]\n{MINERS}[participants.old.node]\nrules = "first-seen"\n'
    plan = compile_plan(examine(text.encode()))
    own = {host.name: host.node.rules for host in plan.hosts if host.node is not None}
    checkpoints = RulePlan(use="checkpoints", config={"authority": "miner", "delay": "10s", "depth": 2})
    perish = RulePlan(use="publish-or-perish", config={"k": 2, "tau": "5s"})
    assert own == {"miner": (checkpoints, perish), "old-001": (), "old-002": ()}


def test_a_rule_in_a_file_goes_with_the_run(tmp_path):
    (tmp_path / "mine.py").write_text("from monerosim import Rule\nclass Mine(Rule, frozen=True): pass\nOther = 3\n")
    files = PluginFiles(tmp_path)
    plan = compile_plan(examine(f'[rules]\nuse = "./mine.py:Mine"\n{MINERS}'.encode(), files=files))
    assert list(plan.plugins) == ["mine.py"]
    (problem,) = examine(f'[rules]\nuse = "./mine.py:Other"\n{MINERS}'.encode(), files=files).errors
    assert "is not a Rule" in problem.message


MARKET = """
[participants.market]
kind = "marketplace"
node = "miner"
"""

VARIED = {
    "rules.use": ["first-seen", "uniform-tie-breaking"],
    "rules.use.k": [2, 3, 4],
    "rules.use.tau": ["1s", "30s"],
    "participants.market.confirmations": [1, 5, 10],
    "network.dandelion.stems": [1, 2, 4],
    "network.dandelion.fluff_probability": [0, 10, 20],
    "network.dandelion.embargo": ["20s", "39s"],
    "network.version": ["0.18.0.0", "0.18.4.0"],
}


@pytest.mark.parametrize("key", VARIED)
def test_a_defence_is_a_key_that_a_sweep_varies(key):
    text = f"[rules]\nuse = {POP}\n{MINERS}{MARKET}".encode()
    plans = []
    for value in variation_of(key, tuple(VARIED[key])).values:
        examined = examine(text, changes=[f"{key}={value}"])
        assert not examined.errors
        plan = compile_plan(examined)
        plans.append((plan.relay, plan.hosts))
    assert len({encode(plan) for plan in plans}) == len(VARIED[key])
