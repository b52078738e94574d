"""From scenario to plan."""

import subprocess
import sys
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import TypeAlias

import pytest

from monerosim.build.compile import compile_plan
from monerosim.plan.plan import HostPlan, Plan, decode_plan, encode_plan
from monerosim.scenario import Participant, Scenario, ScenarioError, Simulation, load, parse
from monerosim.scenario.bootstrap import bootstrap_length
from monerosim.units import SECOND, XMR

ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "scenarios" / "quickstart.toml"
SMALL = """\
[simulation]
duration = "10m"
[participants.pool]
kind = "mining-pool"
hashrate = 100
[participants.user]
count = 12
start = "30s"
stagger = "2s"
node = {}
wallet = { initial_balance = "10 XMR" }
actors = [{ use = "regular-user" }, { use = "regular-user", max_amount = 3 }]
[participants.shop]
count = 14
node = "user"
wallet = { addresses = 20 }
actors = [{ use = "marketplace" }]
[participants.one]
node = "user-007"
[participants.control]
kind = "block-controller"
"""

HEARTS = """
from monerosim.agent.behaviour import Behaviour

class Beat(Behaviour):
    essential = True
    needs = frozenset({"node"})

class Song(Behaviour):
    essential = True
    needs = frozenset({"wallet"})
"""
InstallBlocks: TypeAlias = Callable[[str, str, dict[str, str]], None]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return compile_plan(parse(SMALL))


def host(plan: Plan, name: str) -> HostPlan:
    return next(host for host in plan.hosts if host.name == name)


def test_groups_become_numbered_hosts_in_the_order_of_names(plan: Plan) -> None:
    names = [host.name for host in plan.hosts]
    assert names == sorted(names)
    assert {"user-001", "user-012", "shop-014", "pool", "control", "funder"} <= set(names)
    assert len(names) == 12 + 14 + 4


def test_numbers_have_as_many_digits_as_the_last_one() -> None:
    names = [host.name for host in compile_plan(Scenario(participants={"a": Participant(count=1000)})).hosts]
    assert names[0] == "a-0001"
    assert names[-1] == "a-1000"


def test_nodes_of_a_group_are_used_in_turn(plan: Plan) -> None:
    assert [host(plan, f"shop-{i:03d}").uses_node for i in (1, 2, 12, 13)] == [
        "user-001",
        "user-002",
        "user-012",
        "user-001",
    ]
    assert host(plan, "one").uses_node == "user-007"
    assert host(plan, "control").uses_node is None
    assert host(plan, "shop-003").node is None
    assert host(plan, "shop-003").wallets[0].node == "user-003"
    assert host(plan, "shop-003").wallets[0].addresses == 20


def test_behaviours_begin_after_time_zero_one_after_the_other(plan: Plan) -> None:
    starts = [host(plan, f"user-{i:03d}").actors[0].start - plan.time_zero for i in (1, 2, 12)]
    assert starts == [30 * SECOND, 32 * SECOND, 52 * SECOND]
    assert plan.stop > plan.time_zero + plan.duration


def test_programs_start_before_their_users(plan: Plan) -> None:
    for it in plan.hosts:
        starts = {process.name: process.start for process in it.processes}
        assert starts["agent"] == (90 if it.name == "control" else 60) * SECOND
        assert starts.get("monerod", 0) == 0
        assert starts.get("wallet", 30 * SECOND) == 30 * SECOND


def test_actors_of_the_same_block_have_names_of_their_own(plan: Plan) -> None:
    actors = host(plan, "user-001").actors
    assert [actor.name for actor in actors] == ["regular-user-1", "regular-user-2"]
    assert actors[1].config["max_amount"] == "3 XMR"
    assert actors[0].config["max_amount"] == "2 XMR"


def test_peers_have_nodes_and_addresses_are_unique(plan: Plan) -> None:
    owners = {host.name for host in plan.hosts if host.node is not None}
    for it in plan.hosts:
        if it.node is not None:
            assert set(it.node.peers) <= owners - {it.name}
            assert len(it.node.peers) == min(12, len(owners) - 1)
    assert len({IPv4Address(host.address) for host in plan.hosts}) == len(plan.hosts)
    assert set(plan.topology.places) == {host.name for host in plan.hosts}


def test_a_node_may_have_its_own_number_of_connections() -> None:
    plan = compile_plan(parse(SMALL, changes=["participants.pool.node={connections=2}"]))
    node = host(plan, "pool").node
    assert node is not None
    assert len(node.peers) == 2


def test_the_local_engine_has_loopback_addresses_and_loses_no_time() -> None:
    local = ["simulation.engine=local"]
    plan = compile_plan(parse(SMALL, changes=local))
    assert all(IPv4Address(host.address).is_loopback for host in plan.hosts)
    assert {process.start for it in plan.hosts for process in it.processes} == {0, SECOND, 2 * SECOND}
    assert plan.bootstrap is not None
    # Thirteen nodes verify each block.
    assert plan.bootstrap.block_interval == 1_300_000
    more = compile_plan(parse(SMALL, changes=[*local, "participants.user.count=24"]))
    assert more.bootstrap is not None
    assert more.bootstrap.block_interval == 2_500_000
    assert more.bootstrap.start > plan.bootstrap.start
    few = compile_plan(parse(SMALL, changes=[*local, "participants.user.count=7"]))
    assert few.bootstrap is not None
    assert few.bootstrap.block_interval == 800_000
    assert few.time_zero < 180 * SECOND


@pytest.mark.parametrize("engine", ["embedded", "local"])
def test_a_scenarios_own_times_count_on_every_engine(engine: str) -> None:
    times = {"node_start": 1, "wallet_start": 2, "agent_start": 3, "controller_start": 4, "bootstrap_block_interval": 5}
    changes = [f"simulation.{key}={seconds}" for key, seconds in times.items()]
    plan = compile_plan(parse(SMALL, changes=[f"simulation.engine={engine}", *changes, "simulation.cooldown=6"]))
    starts = {(it.name, process.name): process.start for it in plan.hosts for process in it.processes}
    assert starts["pool", "monerod"] == SECOND
    assert starts["funder", "wallet"] == starts["user-001", "wallet"] == 2 * SECOND
    assert starts["funder", "agent"] == starts["pool", "agent"] == 3 * SECOND
    assert starts["control", "agent"] == 4 * SECOND
    assert plan.bootstrap is not None
    assert plan.bootstrap.block_interval == 5 * SECOND
    assert plan.stop == plan.time_zero + plan.duration + 6 * SECOND


def test_a_plan_says_which_programs_a_run_is_pointless_without(plan: Plan, install_blocks: InstallBlocks) -> None:
    assert needed(plan) == {("control", "agent"): ("control/block-controller",)}
    install_blocks("hearts", HEARTS, {"beat": "hearts:Beat", "song": "hearts:Song"})
    own = '[participants.{}]\nnode = "{}"\nwallet = {{}}\nactors = [{{ use = "{}" }}]\n'
    more = SMALL + own.format("heart", "pool", "beat") + own.format("soul", "pool", "song")
    assert needed(compile_plan(parse(more))) == {
        ("control", "agent"): ("control/block-controller",),
        ("heart", "agent"): ("heart/beat",),
        ("pool", "monerod"): ("heart/beat", "soul/song"),
        ("soul", "agent"): ("soul/song",),
        ("soul", "wallet"): ("soul/song",),
    }


def needed(plan: Plan) -> dict[tuple[str, str], tuple[str, ...]]:
    return {
        (it.name, process.name): process.needed_by for it in plan.hosts for process in it.processes if process.needed_by
    }


def test_the_funder_pays_everybody_with_a_miners_node(plan: Plan) -> None:
    funder = host(plan, "funder")
    assert funder.uses_node == "pool"
    payees = funder.actors[0].config["payees"]
    assert isinstance(payees, list)
    assert [payee["participant"] for payee in payees] == [f"user-{i:03d}" for i in range(1, 13)]
    assert {payee["amount"] for payee in payees} == {"10 XMR"}
    assert plan.bootstrap is not None
    assert funder.actors[0].config["funding_blocks"] == plan.bootstrap.funding_blocks
    assert funder.actors[0].start == plan.bootstrap.start
    assert plan.time_zero == bootstrap_length(plan.bootstrap)
    assert host(plan, "user-001").wallets[0].initial_balance == 10 * XMR


def test_an_initial_balance_can_be_paid_in_several_outputs() -> None:
    wallet = {"initial_balance": "0.000000000010 XMR", "outputs": 3}
    plan = compile_plan(Scenario(participants={"user": Participant(node={}, wallet=wallet)}))
    (funder,) = (host for host in plan.hosts if host.name == "funder")
    payees = funder.actors[0].config["payees"]
    assert [payee["amount"] for payee in payees] == [f"0.00000000000{share} XMR" for share in (4, 3, 3)]
    assert {payee["participant"] for payee in payees} == {"user"}


def test_without_balances_there_is_no_funder_and_only_a_start_up() -> None:
    plan = compile_plan(parse(SMALL, changes=["participants.user.wallet={}"]))
    assert plan.bootstrap is None
    assert "funder" not in {host.name for host in plan.hosts}
    assert plan.time_zero == 120 * SECOND


def test_a_bootstrap_can_be_longer_than_needed() -> None:
    plan = compile_plan(parse(SMALL, changes=["simulation.bootstrap=30m"]))
    assert plan.time_zero == 1800 * SECOND


def test_a_scenario_with_errors_is_not_compiled() -> None:
    scenario = Scenario(participants={"user": Participant(node="nobody")})
    with pytest.raises(ScenarioError, match="nobody"):
        compile_plan(scenario)


def test_restarts_reach_the_plan() -> None:
    plan = compile_plan(parse(SMALL, changes=["participants.pool.restarts={max_restarts=7}"]))
    assert host(plan, "pool").restarts["max_restarts"] == 7
    assert host(plan, "user-001").restarts == {}


def test_a_plan_survives_its_file(plan: Plan) -> None:
    assert decode_plan(encode_plan(plan)) == plan


def test_seeds_change_peers_and_nothing_changes_without() -> None:
    one, same, other = (encode_plan(compile_plan(parse(SMALL, seed=seed))) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_adding_a_participant_leaves_the_others_start_up_as_it_was(plan: Plan) -> None:
    more = compile_plan(parse(SMALL, changes=["participants.extra.kind=regular-user"]))
    for name in ("user-003", "pool"):
        before, after = host(plan, name), host(more, name)
        assert before.node is not None
        assert after.node is not None
        assert before.node.ready_after == after.node.ready_after


def test_the_same_bytes_whatever_the_hash_seed() -> None:
    code = (
        "import hashlib,sys;from monerosim.scenario import load;from monerosim.build.compile import compile_plan;"
        "from monerosim.plan.plan import encode_plan;"
        "print(hashlib.sha256(encode_plan(compile_plan(load(sys.argv[1])))).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code, str(QUICKSTART)],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        ).stdout
        for seed in ("0", "1")
    }
    assert len(digests) == 1


def test_python_and_toml_give_the_same_plan() -> None:
    composed = Scenario(
        simulation=Simulation(duration="10m", seed=4),
        participants={"pool": {"kind": "mining-pool", "hashrate": 100}, "control": {"kind": "block-controller"}},
    )
    text = (
        '[participants.control]\nkind = "block-controller"\n[participants.pool]\nkind = "mining-pool"\nhashrate = 100\n'
        '[simulation]\nduration = "10m"\nseed = 4\n'
    )
    assert encode_plan(compile_plan(composed)) == encode_plan(compile_plan(parse(text)))


def test_the_quickstart_is_what_it_promises() -> None:
    plan = compile_plan(load(QUICKSTART))
    groups = [host.group for host in plan.hosts]
    assert groups.count("user") == 100
    assert groups.count("marketplace") == 5
    assert [host.wallets[0].addresses for host in plan.hosts if host.group == "marketplace"] == [20] * 5
    assert not any(host.node for host in plan.hosts if host.group == "marketplace")
    assert plan.duration == 7200 * SECOND


@pytest.mark.parametrize(
    ("kinds", "registrar"),
    [
        ({"a": "mining-pool", "b": "autonomous-miner", "z": "block-controller"}, "z"),
        ({"b": "autonomous-miner", "a": "constant-mining"}, "a"),
        ({"a": "standard-sync"}, ""),
    ],
    ids=["the block controller", "the first that mines", "nobody"],
)
def test_the_registrar_is_with_who_finds_blocks(kinds: dict[str, str], registrar: str) -> None:
    settings = {"mining-pool": "hashrate = 100\n", "autonomous-miner": "hashrate = 100\n"}
    text = "".join(f'[participants.{name}]\nkind = "{kind}"\n{settings.get(kind, "")}' for name, kind in kinds.items())
    assert compile_plan(parse(text)).registrar == registrar
