"""Configurations of the seed documents become scenarios: nothing of them is lost in silence, and they play."""

from collections import Counter
from copy import deepcopy
from pathlib import Path

import pytest
import tomli
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from monerosim import run
from monerosim.build.compile import compile_plan
from monerosim.cli import main
from monerosim.importers.account import account_lines, write_scenario
from monerosim.importers.convert import convert, convert_file
from monerosim.importers.draft import alike
from monerosim.importers.source import Outcome, value_at
from monerosim.importers.yaml_file import YamlFile
from monerosim.scenario import ScenarioError, examine, load, parse

ROOT = Path(__file__).parents[2]
OLD = Path(__file__).parent / "old"
FILES = sorted(OLD.glob("*.yaml"))
SMALL = {
    "architecture-v2": ("participants.user.count=3", "participants.marketplace.count=1"),
    "mining-architecture": ("participants.user.count=2",),
}


def old(name):
    return (OLD / f"{name}.yaml").read_bytes()


def written(raw):
    return write_scenario(convert(raw), "old.yaml", "monerosim migrate")


def dumped(data):
    return yaml.safe_dump(data, allow_unicode=True).encode()


def leaves(value, path=()):
    """Return the paths of all values that hold no others."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [path_ for key, item in inner for path_ in leaves(item, (*path, key))]
    return found or [path]


def accounted(entries, path):
    """Return whether a value, or each part of a text, is named by itself."""
    return any(entry.path[: len(path)] == path for entry in entries)


def actors(scenario, group):
    return [
        [(actor.use, actor.config) for actor in host.actors]
        for host in compile_plan(scenario).hosts
        if host.group == group
    ]


def test_architecture_v2_is_the_ready_scenario():
    ready = load(ROOT / "scenarios" / "architecture-v2.toml")
    ours = parse(written(old("architecture-v2")), ready.simulation.seed)
    assert compile_plan(ours).hosts == compile_plan(ready).hosts
    assert ours.simulation.duration == ready.simulation.duration
    assert ours.consensus.block_time == ready.consensus.block_time
    assert ours.consensus.difficulty == ready.consensus.difficulty


def test_the_mining_architecture_has_the_miners_and_users_of_the_ready_scenario():
    text = written(old("mining-architecture"))
    ours, ready = parse(text), load(ROOT / "scenarios" / "mining-architecture.toml")
    for group in ("miner-25", "miner-10", "miner-5"):
        assert actors(ours, group) == actors(ready, group)
        assert ours.participants[group].count == ready.participants[group].count
    assert actors(ours, "user")[0] == actors(ready, "user")[0]
    assert actors(ours, "block-controller") == actors(ready, "block-controller")
    assert ours.consensus.block_time == ready.consensus.block_time
    # Shares stay as they are written.
    told = [problem.message for problem in examine(text.encode()).problems]
    assert told == ["the hashrates add up to 90, not to 100: shares are taken of 90"]
    assert any("has nobody to pay" in line for line in account_lines(convert(old("mining-architecture"))))


@pytest.mark.parametrize("threshold", ["6", "5"])
def test_solo_miners_can_pay(threshold):
    raw = old("mining-architecture").replace(b"threshold 2", f"threshold {threshold}".encode())
    scenario = parse(written(raw))
    # Five of ninety are 5.6 %.
    users = [host for host in compile_plan(scenario).hosts if any(it.use == "regular-user" for it in host.actors)]
    solo = {host.name for host in users if host.group == "miner-5"}
    assert solo == ({"miner-5-001", "miner-5-002"} if threshold == "6" else set())
    assert (scenario.participants["miner-5"].wallet.initial_balance > 0) == (threshold == "6")


def test_general_is_named():
    conversion = convert(old("general").replace(b"false", b"true"))
    assert set(conversion.document["participants"]) == {"orchestrator"}
    assert {entry.path[-1]: entry.outcome for entry in conversion.entries if entry.path} == {
        "use_agents": Outcome.CARRIED,
        "orchestrator_port": Outcome.LEFT,
        "agent_image": Outcome.LEFT,
    }


def test_without_agents_there_are_nodes_of_which_one_mines():
    raw = b"general:\n  use_agents: 'false'\n" + old("architecture-v2")
    conversion = convert(raw)
    plan = compile_plan(parse(written(raw)))
    assert sum(host.node is not None for host in plan.hosts) == len(plan.hosts) == 103
    uses = Counter(actor.use for host in plan.hosts for actor in host.actors)
    assert uses["constant-mining"] == 1
    assert uses.keys().isdisjoint({"regular-user", "mining-pool", "marketplace", "block-controller"})
    # What behaviours would have been told is not called carried over.
    for entry in conversion.carried:
        assert value_at(conversion.document, entry.target) is not None
    assert any(entry.path[-1] == "transaction_frequency" for entry in conversion.left)


LEGACY = b"""
general: {use_agents: false}
agents:
  user_agents:
    - {daemon: monerod, is_miner: true, attributes: {hashrate: "60"}}
    - {daemon: monerod, wallet: monero-wallet-rpc, user_script: "old/transactions.py --rate 2"}
    - {wallet: monero-wallet-rpc, user_script: legacy.monitor}
    - {daemon: monerod, user_script: agents.regular_user}
"""


def test_old_scripts_run_beside_their_nodes_in_the_mode_without_agents(tmp_path):
    (tmp_path / "old.yaml").write_bytes(LEGACY)
    result = call("migrate", "--input", tmp_path / "old.yaml", "--output", tmp_path / "new.toml")
    assert result.exit_code == 0, result.output
    assert result.output.endswith(f"Next: monerosim run --allow-programs {tmp_path / 'new.toml'}\n")
    assert call("check", tmp_path / "new.toml").exit_code == 2
    assert call("check", tmp_path / "new.toml", "--allow-programs").exit_code == 0
    participants = tomli.loads((tmp_path / "new.toml").read_text())["participants"]
    assert participants == {
        "miner-60": {"kind": "constant-mining", "interval": "120s", "node": {}},
        "node": {
            "node": {},
            "wallet": {},
            "actors": [{"use": "script", "command": ["{python}", "./old/transactions.py", "--rate", "2"]}],
        },
        "node-b": {
            "node": {},
            "wallet": {},
            "actors": [{"use": "script", "command": ["{python}", "-m", "legacy.monitor"]}],
        },
        "user": {"node": {}},
    }
    with_agents = convert(LEGACY.replace(b"false", b"true"))
    assert [entry.value for entry in with_agents.left if entry.path[-1] == "user_script"] == [
        '"old/transactions.py --rate 2"',
        '"legacy.monitor"',
    ]


def test_shares_are_fractions_or_percentages():
    raw = old("architecture-v2")
    shares = {"pool-alpha": 0.9, "pool-beta": "0.07", "pool-gamma": 55}
    for before, after in zip((b"0.4", b"0.3\n      - id", b"0.3\n        "), (0.9, '"0.07"', "0.29"), strict=True):
        raw = raw.replace(before, before.replace(before[:3], str(after).encode()), 1)
    found = {name: table["hashrate"] for name, table in convert(raw).document["participants"].items() if "pool" in name}
    assert found == {"pool-alpha": 90, "pool-beta": 7, "pool-gamma": 29}
    percent = convert(raw.replace(b"0.29", str(shares["pool-gamma"]).encode())).document["participants"]
    assert [percent[name]["hashrate"] for name in shares] == [0.9, 0.07, 55]


def test_a_misspelt_table_is_named_for_all_that_is_in_it():
    raw = old("architecture-v2").replace(b"regular_users:", b"regular_user:").replace(b"wallet_count", b"wallets_count")
    told = {entry.path[-1]: entry.reason for entry in convert(raw).left}
    assert told["transaction_frequency"] == '"regular_user" is not a key of such files; did you mean "regular_users"?'
    assert told["wallets_count"] == 'not a key of such files; did you mean "wallet_count"?'


def test_hosts_of_the_hybrid_proposal_keep_their_start_times_and_nodes():
    scenario = parse(written(old("hybrid-hosts")))
    simulation = scenario.simulation
    starts = (simulation.node_start, simulation.wallet_start, simulation.agent_start, simulation.controller_start)
    assert [it.seconds for it in starts] == [0, 30, 30, 90]
    assert scenario.participants["user-001"].start.seconds == 30
    assert scenario.participants["marketplace-001"].node == "user-001"
    assert scenario.consensus.difficulty == 1000


def test_nobody_dials_a_host_whose_port_is_blocked():
    hosts = yaml.safe_load(old("hybrid-hosts"))["hosts"]
    hosts["pool_alpha"]["blocked_inbound_ports"] = [18080]
    hosts["user_001"]["blocked_inbound_ports"] = []
    conversion = convert(dumped({"hosts": hosts}))
    reaches = {
        host.name: host.node.reach for host in compile_plan(parse(written(dumped({"hosts": hosts})))).hosts if host.node
    }
    assert reaches == {"pool-alpha": "unreachable", "user-001": "reachable"}
    assert any(entry.reason == "no port is blocked" for entry in conversion.left)


def test_equal_hosts_are_a_group():
    hosts = yaml.safe_load(old("hybrid-hosts"))["hosts"]
    for number in range(2, 401):
        hosts[f"user_{number:03}"] = hosts["user_001"]
    conversion = convert(dumped({"hosts": hosts}))
    assert conversion.document["participants"]["user"]["count"] == 400
    assert conversion.document["participants"]["marketplace-001"]["node"] == "user"
    # A line for all that is alike.
    assert len(account_lines(conversion)) < 60


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_plays(path, tmp_path):
    scenario = parse(written(path.read_bytes()), changes=("simulation.duration=20m", *SMALL.get(path.stem, ())))
    summary = run(scenario, tmp_path / "run").summary
    assert not summary.outcome.reason
    assert summary.chain.height > 0
    if any(participant.kind == "regular-user" for participant in scenario.participants.values()):
        assert summary.payments.requested > 0
        assert summary.payments.failed == summary.payments.skipped == 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_called_carried_over_makes_a_difference(path):
    data = yaml.safe_load(path.read_bytes())
    before = convert(dumped(data))
    carried = {entry.path for entry in before.carried}
    for leaf in set(leaves(data)) & carried:
        value = value_at(data, leaf)
        changed = deepcopy(data)
        table = value_at(changed, leaf[:-1])
        table[leaf[-1]] = not value if isinstance(value, bool) else value * 0.5 if isinstance(value, float) else "7"
        after = convert(dumped(changed))
        still = any(entry.path == leaf and entry.outcome is Outcome.CARRIED for entry in after.entries)
        assert after.document != before.document or not still, leaf


words = st.sampled_from(
    ["count", "config", "id", "hashrate_share", "is_miner", "attributes", "arguments", "hosts", "processes", "path"]
)
scalars = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    st.sampled_from(["25", "--interval 60", "--a=b c", "monerod", "agents.regular_user", "/x/marketplace.py --id a"]),
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def damaged(draw):
    """A configuration of the documents, some of whose values are others, are gone, or have company."""
    data = yaml.safe_load(draw(st.sampled_from(FILES)).read_bytes())
    if draw(st.booleans()):
        data.setdefault("general", {})["use_agents"] = draw(scalars)
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(leaves(data)))
        path = path[: draw(st.integers(1, max(1, len(path))))]
        table = value_at(data, path[:-1])
        if not isinstance(table, dict | list) or not table:
            break
        if draw(st.booleans()):
            table[path[-1]] = draw(anything)
        elif isinstance(table, dict):
            table[draw(words | st.text(max_size=5))] = draw(anything)
        else:
            table.append(draw(anything))
    return data


@settings(max_examples=200, deadline=None)
@given(damaged())
def test_no_configuration_loses_a_value_in_silence(data):
    try:
        conversion = convert_file(YamlFile(data, {(): 1}))
    except ScenarioError:
        # Nothing is left by which it could be told: a refusal is not silent.
        assert not {"hosts", "simulation", "general"} & set(data)
        return
    for leaf in leaves(data):
        path = tuple(part if isinstance(part, int) else str(part) for part in leaf)
        assert accounted(conversion.entries, path) or empty(value_at(data, leaf)), leaf
    for entry in conversion.carried:
        assert value_at(conversion.document, entry.target) is not None
    assert all(entry.reason for entry in conversion.left)
    assert alike(tomli.loads(write_scenario(conversion, "x", "y"))) == alike(conversion.document)


def empty(value):
    return isinstance(value, str) and not value.strip()


def call(*arguments):
    result = CliRunner().invoke(main, [str(it) for it in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_the_command_tells_and_writes(tmp_path):
    new = tmp_path / "new.toml"
    result = call("migrate", "--input", OLD / "mining-architecture.yaml", "--output", new)
    assert result.exit_code == 0
    assert "participants.miner-25.hashrate" in result.output
    assert "the hashrates add up to 90, not to 100" in result.output
    assert result.output.endswith(f"Next: monerosim run {new}\n")
    assert 'agents.user_agents[0].attributes.hashrate = "25" (and 1 more alike)' in new.read_text()
    assert call("check", new).exit_code == 0
    again = call("migrate", "--input", OLD / "general.yaml", "--output", new)
    assert again.exit_code == 1
    assert "already exists; --force replaces it" in again.output
    assert call("migrate", "--input", OLD / "general.yaml", "--output", new, "--force").exit_code == 0
    assert "constant-mining" in new.read_text()


LAUGHS = "a: &a0 [1]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9))
"""A list of lists of lists, each ten times in the next."""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("simulation: [", "old.yaml:1: error: not valid YAML"),
        ("general:\n  a: 1\n  a: 2\n", "old.yaml:3: error: general.a: the key is there twice"),
        ("simulation: !!python/object/apply:os.system [ls]\n", "old.yaml:1: error: simulation: the tag "),
        ("", "the file is empty"),
        ("{}", "the file has no keys"),
        ("# mine\n\n[simulation]\nseed = 1\n", "old.yaml:1: error: this is TOML, as monerosim's own scenarios are"),
        ("seed = 1\n", "`monerosim run` plays a scenario as it is"),
        ("- 1\n", "expected keys with values"),
        ("colour: red\n", "not a configuration that is known; its keys are colour"),
        ("[" * 5000, "nested too deeply"),
        (LAUGHS, "the file has more than 200000 values"),
        ("a: &a\n  <<: *a\n", "nested more than 32 deep"),
        ("[1]: 2\n", "a key has to be a text"),
        ("a: \x00\n", "error: not valid YAML"),
        ("#" * 2**21 + "\n", "the file is larger than 2 MiB"),
    ],
)  # fmt: skip
def test_what_is_no_configuration_is_one_line(tmp_path, text, told):
    (tmp_path / "old.yaml").write_text(text)
    result = call("migrate", "--input", tmp_path / "old.yaml", "--output", tmp_path / "new.toml")
    assert result.exit_code == 2
    assert told in result.output
    assert len(result.output.splitlines()) <= 3
    assert not (tmp_path / "new.toml").exists()


def test_what_has_to_be_mended_is_written_nonetheless(tmp_path):
    raw = old("hybrid-hosts").replace(b"--fixed-difficulty 1000", b"--out-peers 0")
    (tmp_path / "old.yaml").write_bytes(raw)
    result = call("migrate", "-i", tmp_path / "old.yaml", "-o", tmp_path / "new.toml")
    assert result.exit_code == 2
    assert "--out-peers takes a number from 1 to 1000" in result.output
    assert (tmp_path / "new.toml").exists()
