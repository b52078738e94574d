"""Scenarios of the public monerosim, written here in its format, come out as its own tool would have them."""

from collections import Counter
from copy import deepcopy

import pytest
import tomli
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from test_migrate import accounted, anything, dumped, empty, leaves

from monerosim import run
from monerosim.build.compile import compile_plan
from monerosim.cli import main
from monerosim.importers.account import account_lines, write_scenario
from monerosim.importers.convert import convert, convert_file
from monerosim.importers.draft import alike
from monerosim.importers.source import Outcome, value_at
from monerosim.importers.yaml_file import YamlFile
from monerosim.scenario import ScenarioError, parse

SMALL = """
general:
  stop_time: 7h
  simulation_seed: 77
  fallback_seeds: "off"
  daemon_defaults: {log-level: 1, no-zmq: true, out-peers: 8, block-notify: /bin/true}
  turnover: {mean_session: 2h, max_session: 6h}
network: {type: 1_gbit_switch, latency: 20ms, peer_mode: Dynamic}
agents:
  miner-{001..003}:
    daemon: monerod
    wallet: monero-wallet-rpc
    script: agents.autonomous_miner
    start_time: 0s
    start_time_stagger: 2s
    hashrate: [50, 30, 20]
  user-{01..04}:
    daemon: monerod
    wallet: monero-wallet-rpc
    script: agents.regular_user
    start_time: 20m
    transaction_interval: 2m
    activity_start_time: auto
    can_receive_distributions: true
  light-{1..2}:
    daemon: {address: auto, strategy: random}
    wallet: monero-wallet-rpc
    script: agents.regular_user
    start_time: 3h
    transaction_interval: "120"
    activity_start_time: 18000
    activity_start_time_stagger: 30
  relay-{001..060}:
    daemon: monerod
    start_time: 0s
    start_time_stagger: auto
    daemon_options: {in-peers: 40, hide-my-port: true}
  old-001:
    daemon_0: monerod-v1
    daemon_0_start: auto
    daemon_0_stop: 5h
    daemon_1: monerod-v2
    daemon_1_start: auto
  miner-distributor: {script: agents.miner_distributor, wait_time: auto, md_out_per_tx: 4, md_output_amount: 2.5}
  simulation-monitor: {script: agents.simulation_monitor, poll_interval: 300}
"""


def scenario(text, **changes):
    return parse(write_scenario(convert(text.encode()), "small.yaml", "monerosim import"), **changes)


def test_participants_and_their_times_are_those_of_the_file():
    made = scenario(SMALL)
    counts = Counter(host.group for host in compile_plan(made).hosts)
    assert (counts["user"], counts["light"], counts["relay"], counts["old-001"]) == (4, 2, 60, 1)
    miners = {name: it for name, it in made.participants.items() if it.kind == "autonomous-miner"}
    assert {name: (it.settings["hashrate"], it.start.seconds) for name, it in miners.items()} == {
        "miner-001": (50, 0),
        "miner-002": (30, 2),
        "miner-003": (20, 4),
    }
    user, light = made.participants["user"], made.participants["light"]
    # The last relay of the early ones is up after 55 minutes, so the bootstrap ends after the least, four hours.
    assert (user.start.seconds, user.stagger.seconds) == (5 * 3600, 30)
    assert (light.start.seconds, light.stagger.seconds) == (5 * 3600, 30)
    assert user.settings["transaction_interval"] == light.settings["transaction_interval"] == "2m"
    assert (user.wallet.outputs, user.wallet.initial_balance) == (4, 10 * 10**12)
    assert light.node == "miner-001"
    assert made.simulation.duration.seconds == 7 * 3600
    assert made.simulation.seed == 77
    assert made.network.latency.seconds == 0.02
    assert made.binaries.monerod_flags == ("--log-level=1", "--out-peers=8")
    assert made.participants["relay"].node.flags == ("--in-peers=40", "--hide-my-port")
    assert made.participants["old-001"].node.binary == "monerod-v1"


def test_what_differs_is_named():
    conversion = convert(SMALL.encode())
    left = {".".join(str(part) for part in entry.path): entry.reason for entry in conversion.left}
    assert left["general.turnover.max_session"] == "times are drawn without bounds"
    assert "--allow-flag" in left["general.daemon_defaults.block-notify"]
    upgrade = 'by hand: node.upgrade = { at = daemon_0_stop, version = ..., binary = "monerod-v2" }'
    assert left["agents.old-001.daemon_1"].endswith(upgrade)
    assert "nobody pays them later" in left["agents.miner-distributor.wait_time"]
    kept = [entry for entry in conversion.carried if entry.path[-1] == "transaction_interval"]
    assert all("their tool would raise" in entry.reason for entry in kept)
    assert not any("not a key" in reason or "not used" in reason for reason in left.values())


@pytest.mark.parametrize(
    ("stagger", "count", "last"),
    [("5s", 4, 15), ("auto", 49, 240), ("auto", 50, 4870), ("batched", 5, 1220), (7, 3, 14), ([1, 2, 9], 3, 9)],
)
def test_staggers(stagger, count, last):
    """An automatic one of fifty or more is in batches: 5, 10, 20 and 15 agents, five seconds apart, each 20 minutes."""
    miner = {"script": "agents.autonomous_miner", "daemon": "monerod", "hashrate": 1, "start_time": "0s"}
    agents = {f"m-{{1..{count}}}": {**miner, "start_time_stagger": stagger}}
    made = scenario(yaml.safe_dump({"general": {"fallback_seeds": "off"}, "agents": agents}))
    starts = [
        it.start.seconds + index * it.stagger.seconds for it in made.participants.values() for index in range(it.count)
    ]
    assert len(starts) == count
    assert max(starts) == last


@pytest.mark.parametrize("stagger", [[None, None], ["soon", 1], [1], {"range": [3]}, {"range": ["a", 2]}, "soon"])
def test_what_is_no_stagger_is_left_out(stagger):
    data = yaml.safe_load(SMALL)
    data["agents"]["light-{1..2}"]["activity_start_time_stagger"] = stagger
    conversion = convert(dumped(data))
    left = [entry for entry in conversion.left if "activity_start_time_stagger" in entry.path]
    assert left
    assert conversion.document["participants"]["light"]["start"] == "5h"


@pytest.mark.parametrize(
    ("timing", "general", "start"),
    [
        ({}, {}, 5),
        ({"activity_start_time": "20h"}, {}, 20),
        ({"md_start_time": "18h"}, {}, 19),
        ({"bootstrap_end_time": "10h"}, {"bootstrap_end_time": "6h"}, 11),
        ({}, {"bootstrap_end_time": "6h"}, 7),
    ],
)
def test_automatic_times(timing, general, start):
    data = yaml.safe_load(SMALL)
    data["general"].update(general)
    if timing:
        data["timing"] = timing
    assert scenario(yaml.safe_dump(data, sort_keys=False)).participants["user"].start.seconds == start * 3600


def test_the_expanded_form_has_the_same_participants():
    data = yaml.safe_load(SMALL)
    rest = data["agents"]
    miner, user = rest.pop("miner-{001..003}"), rest.pop("user-{01..04}")
    del miner["start_time_stagger"]
    expanded = {}
    for index, rate in enumerate(miner["hashrate"]):
        expanded[f"miner-00{index + 1}"] = {**miner, "hashrate": rate, "start_time": f"{2 * index}s"}
    for index in range(4):
        expanded[f"user-0{index + 1}"] = {**user, "activity_start_time": 5 * 3600 + 30 * index}
    data["agents"] = {**expanded, **rest}
    assert scenario(yaml.safe_dump(data, sort_keys=False)).participants == scenario(SMALL).participants


def test_their_nodes_for_built_in_addresses_are_counted_unless_they_are_off():
    made = scenario(SMALL.replace('fallback_seeds: "off"', "fallback_seeds: auto"))
    assert made.participants["monero-seed"].count == 6


@pytest.mark.parametrize(
    ("general", "relays", "users"),
    [
        ({"reachable_fraction": 0.15}, (51, 0), (3, 0)),
        ({"hidden_fraction": 0.5}, (0, 30), (0, 2)),
        ({"reachable_fraction": 0.9, "hidden_fraction": 0.3, "reachable_by_role": {"relay": 0.2}}, (48, 0), (0, 1)),
        ({"reachable_fraction": 0.5, "hidden_fraction": 0.75}, (30, 15), (2, 1)),
        ({"reachable_fraction": 1.0}, (0, 0), (0, 0)),
    ],
)
def test_as_many_nodes_are_out_of_reach_as_the_file_says(general, relays, users):
    """So many of 60 relays and 4 users are unreachable and hidden, as their tool rounds; miners and seeds never are."""
    data = yaml.safe_load(
        SMALL.replace("daemon_options: {in-peers: 40, hide-my-port: true}", "").replace("old-001", "x")
    )
    del data["agents"]["x"]
    data["agents"]["seed-1"] = {"daemon": "monerod", "attributes": {"is_seed_node": "true"}}
    data["general"].update(general)
    made = scenario(yaml.safe_dump(data, sort_keys=False))
    plan = compile_plan(made)
    reaches = Counter((host.group.partition("-")[0], host.node.reach) for host in plan.hosts if host.node is not None)
    assert (reaches["relay", "unreachable"], reaches["relay", "hidden"]) == relays
    assert (reaches["user", "unreachable"], reaches["user", "hidden"]) == users
    assert reaches["miner", "reachable"] == 3
    assert reaches["seed", "reachable"] == 1
    assert all(f"relay-{reach}" in made.participants for reach in ("unreachable", "hidden") if reaches["relay", reach])
    left = {entry.path[-1]: entry.reason for entry in convert(dumped(data)).left}
    assert "not dialled more than others" in left["is_seed_node"]
    assert sum(host.group.startswith("relay") for host in plan.hosts) == 60
    # Users begin one after the other as before.
    starts = [it for name, it in made.participants.items() if name.startswith("user")]
    assert sorted(it.start.seconds + n * it.stagger.seconds for it in starts for n in range(it.count)) == [
        5 * 3600 + 30 * n for n in range(4)
    ]


def test_it_plays(tmp_path):
    text = SMALL.replace("060", "002").replace("stop_time: 7h", "stop_time: 5h20m")
    summary = run(scenario(text), tmp_path / "run").summary
    assert not summary.outcome.reason
    # Nodes that are down cannot be paid from.
    assert summary.payments.sent > 10
    assert set(summary.miners) == {"miner-001", "miner-002", "miner-003"}


def test_what_is_called_carried_over_makes_a_difference():
    data = yaml.safe_load(SMALL)
    before = convert(dumped(data))
    for leaf in set(leaves(data)) & {entry.path for entry in before.carried}:
        changed = deepcopy(data)
        table, value = value_at(changed, leaf[:-1]), value_at(data, leaf)
        table[leaf[-1]] = not value if isinstance(value, bool) else "7"
        after = convert(dumped(changed))
        still = any(entry.path == leaf and entry.outcome is Outcome.CARRIED for entry in after.entries)
        assert after.document != before.document or not still, leaf


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(leaves(yaml.safe_load(SMALL))), anything)
def test_no_scenario_loses_a_value_in_silence(leaf, value):
    data = yaml.safe_load(SMALL)
    value_at(data, leaf[:-1])[leaf[-1]] = value
    try:
        conversion = convert_file(YamlFile(data, {(): 1}))
    except ScenarioError:
        return
    for path in leaves(data):
        assert accounted(conversion.entries, path) or empty(value_at(data, path)), path
    assert alike(tomli.loads(write_scenario(conversion, "x", "y"))) == alike(conversion.document)


@pytest.mark.parametrize(
    ("attributes", "interval"),
    [({}, "2m"), ({"tx_send_probability": "0.5"}, "4m"), ({"tx_send_probability": 0}, "2m")],
)
def test_users_pay_as_rarely_as_the_file_says(attributes, interval):
    data = yaml.safe_load(SMALL)
    data["agents"]["user-{01..04}"]["attributes"] = attributes
    assert scenario(dumped(data).decode()).participants["user"].settings["transaction_interval"] == interval


def test_an_expanded_file_of_a_thousand_agents_is_told_in_few_lines():
    agents = {
        f"user-{number:04}": {
            "daemon": "monerod",
            "wallet": "monero-wallet-rpc",
            "script": "agents.regular_user",
            "start_time": f"{1200 + number}s",
            "activity_start_time": 18000 + number,
        }
        for number in range(1000)
    }
    conversion = convert_file(YamlFile({"agents": agents}, {(): 1}))
    lines = account_lines(conversion)
    assert len(lines) < 30
    assert any("= 18001 (and 998 more, with other values) -> participants.user.stagger" in line for line in lines)


def turnover(data):
    return convert(dumped(data)).document["network"].get("turnover")


def test_nodes_come_and_go_as_the_file_says_but_miners_and_those_that_are_pinned():
    data = yaml.safe_load(SMALL)
    data["general"]["turnover"] = {"mean_session": "1h", "mean_downtime": 1800, "fraction": 0.4}
    data["agents"]["hub-{1..3}"] = {"daemon": "monerod", "daemon_options": {"hide-my-port": False}}
    data["agents"]["seed-1"] = {"daemon": "monerod", "attributes": {"is_seed_node": "true"}}
    among = ["old-001", "relay", "user"]
    assert turnover(data) == {"share": 0.4, "session": "1h", "downtime": "30m", "among": among}
    assert scenario(dumped(data).decode()).network.turnover.among == tuple(among)
    data["general"]["turnover"] = {"fraction": 2}
    assert turnover(data) == {"share": 1, "session": "2h", "downtime": "20min", "among": among}
    data["agents"] = {name: it for name, it in data["agents"].items() if name.startswith(("miner", "hub"))}
    assert turnover(data) is None


@pytest.mark.parametrize("numbers", ["1..999999999", "2..1"])
def test_a_range_of_too_many_or_none_is_refused(numbers):
    with pytest.raises(ScenarioError, match="1 to 100000 work"):
        convert(f"agents:\n  relay-{{{numbers}}}:\n    daemon: monerod\n".encode())


def test_the_command_names_the_scenario_after_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.scenario.yaml").write_text(SMALL)
    result = CliRunner().invoke(main, ["import", "small.scenario.yaml"])
    assert result.exit_code == 0, result.output
    assert result.output.endswith("Next: monerosim run small.toml\n")
    assert CliRunner().invoke(main, ["check", "small.toml"]).exit_code == 0


ETHSHADOW = """
general: {stop_time: 1h, progress: true}
experimental: {runahead: 20ms}
monero:
  nodes:
    - locations: [europe, na_east]
      reliabilities: [reliable, slow]
      count: {per_combination: 3}
      clients: {node: monerod, wallet: my_wallet}
    - location: australia
      count: {total: 2}
      tag: far
      clients: {node: [monerod, light]}
    - {location: europe, tag: monitoring, clients: {monitoring: prometheus}}
    - {name: A, count: "5", base_commit: shadow-complete}
  clients:
    my_wallet: {type: monero-wallet-rpc}
    light: {type: monerod, executable: monerod-0.18.4, extra_args: "--out-peers 8 --proxy 10.0.0.1:9"}
  reliabilities:
    slow: {added_latency: 80 ms, added_packet_loss: 0.01, bandwidth_up: 2 Mbit, bandwidth_down: 20 Mbit}
  genesis: {chain_id: 5}
"""


def test_nodes_in_the_form_of_ethshadow_are_groups_at_their_places():
    conversion = convert(ETHSHADOW.encode())
    made = scenario(ETHSHADOW)
    counts = Counter(host.group for host in compile_plan(made).hosts)
    assert counts == {"node": 3, "node-b": 3, "node-c": 3, "node-d": 3, "far": 1, "far-b": 1, "a": 5}
    assert all(made.participants[name].wallet is not None for name in ("node", "node-d"))
    assert made.network.topology == "regional"
    place = made.network.places["node-d"]
    assert (place.place, place.bandwidth, place.latency.seconds, place.loss) == ("north-america", "2 Mbit", 0.08, 0.01)
    assert made.network.places["far"].place == "oceania"
    assert made.participants["far-b"].node.binary == "monerod-0.18.4"
    assert made.participants["far-b"].node.flags == ("--out-peers=8",)
    left = {".".join(str(part) for part in entry.path): entry.reason for entry in conversion.left}
    assert left["monero.nodes.2.tag"] == "they run no program of Monero"
    assert "--allow-flag" in left["monero.clients.light.extra_args.--proxy"]
    assert left["monero.genesis.chain_id"] == "every run begins with a new chain"
    assert "on PATH" in left["monero.nodes.3.base_commit"]


def test_a_number_of_nodes_is_a_group():
    made = scenario("general: {stop_time: 10m}\nmonero: {nodes: 5}\n")
    assert len(compile_plan(made).hosts) == 5
    foreign = convert(b"general: {stop_time: 10m}\nethereum: {nodes: 5, validators: 30}\n")
    assert foreign.document["participants"] == {}
    assert "no program of Monero" in {entry.path: entry.reason for entry in foreign.left}["ethereum", "nodes"]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_file_in_the_form_of_ethshadow_loses_a_value_in_silence(data):
    plain = yaml.safe_load(ETHSHADOW)
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(leaves(plain)))
        path = path[: data.draw(st.integers(1, len(path)))]
        if isinstance(table := value_at(plain, path[:-1]), dict | list) and table:
            table[path[-1]] = data.draw(anything)
    try:
        conversion = convert_file(YamlFile(plain, {(): 1}))
    except ScenarioError:
        assert not isinstance(plain.get("monero"), dict) or "nodes" not in plain["monero"]
        return
    for leaf in leaves(plain):
        path = tuple(part if isinstance(part, int) else str(part) for part in leaf)
        assert accounted(conversion.entries, path) or empty(value_at(plain, leaf)), leaf
    for entry in conversion.carried:
        assert value_at(conversion.document, entry.target) is not None
    assert all(entry.reason for entry in conversion.left)
    assert alike(tomli.loads(write_scenario(conversion, "x", "y"))) == alike(conversion.document)
