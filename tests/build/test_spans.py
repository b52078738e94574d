"""When the programs of a run under Shadow are started and ended, as the timeline and upgrades have it."""

from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from small_runs import NETWORK, USERS

from monerosim.build.compile import compile_plan
from monerosim.build.shadow import shadow_yaml
from monerosim.scenario import examine
from monerosim.units import SECOND

SHADOW = f"{NETWORK}{USERS.replace('count = 3', 'count = 2')}node = {{}}\n".replace(
    "[simulation]", '[simulation]\nengine = "shadow"'
)

TIMES = """
[[timeline]]
at = "{at}s"
who = "{who}"
do = "{do}"
program = "{program}"
"""


def entry(at, do, who="user-001", program="node"):
    return TIMES.format(at=at, do=do, who=who, program=program)


def programs(text, host, *changes):
    """The programs of a host in shadow.yaml: path, from, to, signal and final state; times since time zero."""
    plan = compile_plan(examine(text.encode(), changes=("simulation.engine=shadow", *changes)))
    told = yaml.safe_load(shadow_yaml(plan, Path("/run")))

    def since_zero(text):
        return None if text is None else (int(text.removesuffix(" us")) - plan.time_zero) // SECOND

    return [
        (
            "door" if "closed_door" in str(it["args"]) else it["path"],
            since_zero(it["start_time"]),
            since_zero(it.get("shutdown_time")),
            it.get("shutdown_signal"),
            it["expected_final_state"],
        )
        for it in told["hosts"][host]["processes"]
        if it["args"][:2] != ["-m", "monerosim.agent"]
    ]


def test_a_node_that_is_shut_down_and_crashes_is_a_process_for_each_time_that_it_is_up():
    text = SHADOW + entry(60, "shut-down") + entry(120, "start-up") + entry(300, "crash", who="user")
    first, *others = programs(text, "user-001")
    assert (first[0], *first[2:]) == ("monerod", 60, None, {"exited": 0})
    nodes = [it for it in others if it[0] != "monero-wallet-rpc"]
    assert nodes == [
        ("monerod", 120, 300, "SIGKILL", {"signaled": "SIGKILL"}),
        ("door", 60, 119, None, {"signaled": "SIGTERM"}),
        ("door", 300, None, None, "running"),
    ]
    # The group's entry is for the other member, too.
    assert [it[2] for it in programs(text, "user-002") if it[0] == "monerod"] == [300]
    assert [it[2:] for it in programs(text, "miner") if it[0] == "monerod"] == [(None, None, "running")]


def test_a_program_that_is_started_at_once_comes_when_its_port_is_free_and_that_is_warned_of():
    text = SHADOW + entry(60, "shut-down") + entry(63, "start-up")
    text += entry(60, "shut-down", program="wallet") + entry(63, "start-up", program="wallet")
    found = programs(text, "user-001")
    assert [it[1] for it in found if it[0] == "monerod"][1] == 70
    assert [it[1] for it in found if it[0] == "monero-wallet-rpc"][1] == 300
    warned = [it.message for it in examine(text.encode()).problems]
    assert warned == [
        f"the {program} of user-001 is away for {least} at least on the engine shadow, so it comes later"
        for program, least in (("node", "10s"), ("wallet", "4m"))
    ]


def test_what_changes_nothing_and_what_comes_after_the_end_is_left_out():
    text = SHADOW + entry(30, "start-up") + entry(60, "shut-down") + entry(90, "crash") + entry(120, "start-up")
    nodes = [it[1:3] for it in programs(text + entry(40_000, "shut-down"), "user-001") if it[0] == "monerod"]
    assert nodes[0][1] == 60
    assert nodes[1:] == [(120, None)]


@pytest.mark.parametrize("do", ["freeze", "thaw", "silence", "degrade"])
def test_what_shadow_cannot_do_at_any_time_is_refused_with_its_line(do):
    text = SHADOW + entry(60, do).replace('program = "node"\n', 'what = "blocks"\n' if do == "silence" else "")
    (found,) = examine(text.encode()).errors
    assert found.place == "timeline[0].do"
    assert found.message == f"the engine shadow cannot {do}"


def test_nodes_that_come_and_go_have_times_by_the_seed():
    text = SHADOW + '[network]\nturnover = { share = 1, session = "5m", downtime = "3m" }\n'
    found = programs(text, "user-001")
    ups = [it for it in found if it[0] == "monerod"]
    assert len(ups) > 2
    assert all(after[1] - before[2] >= 10 for before, after in pairwise(ups))
    assert programs(text, "user-001") == found
    assert programs(text, "user-001", "simulation.seed=6") != found


def test_an_upgrade_is_another_program_ten_seconds_later():
    upgrade = 'upgrade = { at = "60s", version = "0.18.4.0", binary = "monerod-0.18.4", stagger = "60s" }'
    text = SHADOW.replace("node = {}", f"node = {{ {upgrade} }}")
    for host, at in (("user-001", 60), ("user-002", 120)):
        nodes = [it for it in programs(text, host) if it[0].startswith("monerod")]
        assert [(it[0], it[2]) for it in nodes] == [("monerod", at), ("monerod-0.18.4", None)]
        assert nodes[1][1] == at + 10
    # One that is away is the other program when it is back.
    away = programs(text + entry(50, "shut-down") + entry(200, "start-up"), "user-001")
    assert [it[:3] for it in away if it[0].startswith("monerod")][1:] == [("monerod-0.18.4", 200, None)]
