"""Finding other agents by what they have published."""

import msgspec
import pytest
from small_world import make_plan

from monerosim.build.agent_registry import agent_registry
from monerosim.mailbox.discovery import (
    LIFETIME,
    Agent,
    AgentDiscovery,
    AgentDiscoveryError,
    Miner,
    Vendor,
)
from monerosim.mailbox.shared import DiskState, MemoryState
from monerosim.plan.plan import ActorPlan, HostPlan, WalletPlan


def host(name, *uses, wallet=False, node=None):
    wallets = (WalletPlan(name=name, rpc_port=1, start=0, ready_after=0, node=name),) if wallet else ()
    actors = tuple(ActorPlan(name=use, use=use, start=0) for use in uses)
    return HostPlan(
        name=name,
        group=name.partition("-")[0],
        address="10.0.0.1",
        uses_node=node,
        wallets=wallets,
        actors=actors,
        agent_start=0,
    )


PLAN = make_plan(
    host("block-controller", "block-controller"),
    host("pool-a", "mining-pool", wallet=True, node="pool-a"),
    host("user-1", "regular-user", wallet=True, node="user-1"),
    host("user-2", "regular-user", wallet=True, node="user-1"),
)


@pytest.fixture
def state():
    state = MemoryState()
    state.replace(*agent_registry(PLAN))
    return state


@pytest.fixture
def clock():
    return [0.0]


@pytest.fixture
def discovery(state, clock):
    return AgentDiscovery(state, lambda: clock[0])


def ids(agents):
    return [agent.id for agent in agents]


def test_the_registry_has_everybody(discovery):
    assert ids(discovery.get_agents()) == ["block-controller", "pool-a", "user-1", "user-2"]
    expected = Agent("user-2", "user", "10.0.0.1", ("regular-user",), node="user-1", wallet=True)
    assert discovery.get_agent("user-2") == expected
    assert discovery.get_agent("block-controller").node is None
    assert ids(discovery.get_wallet_agents()) == ["pool-a", "user-1", "user-2"]
    assert ids(discovery.get_block_controllers()) == ["block-controller"]


def test_miners_are_those_that_registered_and_are_active(discovery, state):
    assert discovery.get_miner_agents() == []
    discovery.refresh()
    state.replace("mining_pools/pool-b.json", {"id": "pool-b", "hashrate": 2, "address": "B"})
    state.replace("mining_pools/pool-a.json", {"id": "pool-a", "hashrate": 40, "address": "A", "active": True})
    state.replace("mining_pools/pool-c.json", {"id": "pool-c", "hashrate": 1, "address": "C", "active": False})
    assert discovery.get_miner_agents() == [Miner("pool-a", 40, "A"), Miner("pool-b", 2, "B")]


def test_what_cannot_be_read_among_many_is_left_out_and_named_once(state):
    warned = []
    discovery = AgentDiscovery(state, lambda: 0, lifetime=0, warn=lambda form, text: warned.append(form.format(text)))
    state.replace("mining_pools/pool-a.json", {"id": "pool-a", "hashrate": 40, "address": "A"})
    state.replace("mining_pools/pool-b.json", {"id": "pool-b", "hashrate": "much", "address": "B"})
    for _ in range(2):
        assert discovery.get_miner_agents() == [Miner("pool-a", 40, "A")]
    assert warned == ["left out: mining_pools/pool-b.json is damaged: Expected `float`, got `str` - at `$.hashrate`"]


def test_agents_are_found_by_their_roles_whatever_their_actors_are_called():
    own = ActorPlan(name="own", use="./own.py:Own", start=0, role="block-controller")
    plan = make_plan(msgspec.structs.replace(host("x"), actors=(own,)))
    state = MemoryState()
    state.replace(*agent_registry(plan))
    discovery = AgentDiscovery(state, lambda: 0)
    assert ids(discovery.get_block_controllers()) == ids(discovery.get_agents_with("./own.py:Own")) == ["x"]


def test_vendors_of_all_marketplaces_are_listed(discovery, state):
    assert discovery.get_marketplace_addresses() == []
    for name in ("market-2", "market-1"):
        vendors = [{"id": f"{name}-{number}", "address": f"{name[-1]}{number}"} for number in (1, 2)]
        state.replace(f"marketplace_addresses/{name}.json", {"vendors": vendors})
    discovery.refresh()
    assert [vendor.address for vendor in discovery.get_marketplace_addresses()] == ["11", "12", "21", "22"]
    assert discovery.get_marketplace_addresses()[0] == Vendor("market-1-1", "11")


def test_what_was_read_is_kept_for_its_lifetime(discovery, state, clock):
    state.replace("wallets/alice.json", {"addresses": ["old"]})
    assert discovery.get_addresses("alice") == ("old",)
    state.replace("wallets/alice.json", {"addresses": ["new"]})
    clock[0] = LIFETIME - 0.001
    assert discovery.get_addresses("alice") == ("old",)
    clock[0] = LIFETIME
    assert discovery.get_addresses("alice") == ("new",)
    state.replace("wallets/alice.json", {"addresses": ["newest"]})
    discovery.refresh()
    assert discovery.get_addresses("alice") == ("newest",)


def test_what_is_missing_is_named_and_looked_for_again(discovery, state):
    with pytest.raises(AgentDiscoveryError, match=r"wallets/bob\.json has not been published yet"):
        discovery.get_addresses("bob")
    state.replace("wallets/bob.json", {"addresses": ["b"]})
    assert discovery.get_addresses("bob") == ("b",)
    with pytest.raises(AgentDiscoveryError, match="the agent registry has no 'dave'"):
        discovery.get_agent("dave")
    with pytest.raises(AgentDiscoveryError, match=r"agent_registry\.json has not been published yet"):
        AgentDiscovery(MemoryState(), lambda: 0).get_agents()


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"addresses": "A"}, r"wallets/bob\.json is damaged: Expected `array`.*addresses"),
        ([], r"wallets/bob\.json is damaged"),
    ],
)
def test_a_document_of_another_shape_is_named(discovery, state, document, message):
    state.replace("wallets/bob.json", document)
    with pytest.raises(AgentDiscoveryError, match=message):
        discovery.get_addresses("bob")


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "agent_registry.json").write_bytes(b"{")
    with pytest.raises(AgentDiscoveryError, match=r"agent_registry\.json is damaged"):
        AgentDiscovery(DiskState(tmp_path), lambda: 0).get_agents()
