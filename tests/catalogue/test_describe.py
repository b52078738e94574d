"""What is told of plugins, to people and to programs."""

import json
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from click.testing import CliRunner
from msgspec import Meta
from small_runs import WHOLE, play

from monerosim.agent.commands import COMMON_COMMANDS
from monerosim.agent.registry import HOST_ACTORS, behaviour_names, load_behaviour
from monerosim.build.compile import compile_plan
from monerosim.catalogue.describe import describe_plugin, list_commands, list_events
from monerosim.catalogue.fields import describe_fields, sample
from monerosim.cli import main
from monerosim.config import Amount, Config, Duration, amount, duration
from monerosim.engine import engine_names
from monerosim.events import event_kinds
from monerosim.plan.roles import FUNDER, SCRIPT
from monerosim.plugins import PluginFiles
from monerosim.scenario import Permissions, examine
from monerosim.scenario.convert import Reader
from monerosim.topology import topology_names

NOWHERE = PluginFiles(Path("/nowhere"))


def call(*arguments):
    result = CliRunner().invoke(main, ["plugins", *arguments], env={"COLUMNS": "160"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


class Payee(Config, frozen=True):
    name: Annotated[str, Meta(min_length=2, max_length=9, pattern="^a", examples=["ann"], description="Who.")]
    sum: Amount


class Everything(Config, frozen=True):
    share: Annotated[float, Meta(gt=0, le=1, description="A share.")]
    many: Annotated[int, Meta(ge=5)]
    mode: Literal["a", "b"]
    payee: Payee
    payees: tuple[Payee, ...] = ()
    named: dict[str, Payee] = msgspec.field(default_factory=dict)
    wait: Annotated[Duration, Meta(extra={"positive": True})] = duration("90s")
    tip: Amount = amount("1.5 XMR")
    limit: Annotated[int, Meta(lt=10)] | None = None
    either: str | tuple[str, ...] = "x"
    flag: bool = True


def test_fields_are_described_as_somebody_who_writes_toml_sees_them():
    fields = {field.key: field for field in describe_fields(Everything)}
    assert [key for key, field in fields.items() if field.required and "." not in key] == [
        "share",
        "many",
        "mode",
        "payee",
    ]
    assert {key: field.type for key, field in fields.items()} == {
        "share": "number",
        "many": "integer",
        "mode": '"a" or "b"',
        "payee": "table",
        "payee.name": "text",
        "payee.sum": "amount",
        "payees": "array of table",
        "payees[].name": "text",
        "payees[].sum": "amount",
        "named": "table",
        "named.NAME.name": "text",
        "named.NAME.sum": "amount",
        "wait": "duration",
        "tip": "amount",
        "limit": "integer",
        "either": "text or array of text",
        "flag": "true or false",
    }
    assert (fields["wait"].default, fields["tip"].default, fields["limit"].default) == ("1m30s", "1.5 XMR", None)
    assert (fields["payees"].default, fields["flag"].default, fields["either"].default) == ([], True, "x")
    assert fields["share"].description == "A share."
    assert fields["share"].bounds == "above 0, at most 1"
    assert fields["limit"].bounds == "below 10"
    assert fields["wait"].bounds == "above 0"
    assert fields["payee.name"].bounds == "at least 2 long, at most 9 long, like ^a"
    assert "XMR" in fields["tip"].unit
    assert "seconds" in fields["wait"].unit


def test_a_sample_is_a_valid_configuration():
    reader = Reader()
    made = reader.read(sample(Everything), Everything)
    assert reader.findings == []
    assert isinstance(made, Everything)
    assert made.payee.name == "ann"


PARTICIPANTS = [name for name in behaviour_names() if load_behaviour(name).role != FUNDER]


@pytest.mark.parametrize("name", [*PARTICIPANTS, *topology_names(), *engine_names()])
def test_every_example_is_a_scenario_without_errors(name, tmp_path):
    (tmp_path / "graph.gml").write_text(
        'graph [ node [ id 0 host_bandwidth_up "1 Gbit" host_bandwidth_down "1 Gbit" ]\n'
        'edge [ source 0 target 0 latency "1 ms" ] ]'
    )
    for description in describe_plugin(name, NOWHERE):
        text = description.example + ("" if "participants" in description.example else "[participants.a]\nnode = {}\n")
        # Modelled daemons have no place for a script.
        changes = ("simulation.engine=local",) if name == SCRIPT else ()
        allowed = Permissions(programs=True)
        examination = examine(text.encode(), changes=changes, files=PluginFiles(tmp_path), permissions=allowed)
        assert [str(error) for error in examination.errors] == []
        if description.kind == "actor":
            (one,) = examination.scenario.participants.values()
            told = {field.key for field in description.fields if field.default is not None or field.required}
            assert {key for key in told if "." not in key} == set(one.settings)


def test_the_funders_example_is_a_scenario_that_has_one():
    (description,) = describe_plugin("funder", NOWHERE)
    examination = examine(description.example.encode())
    assert [str(error) for error in examination.errors] == []
    assert len(compile_plan(examination).funders) == 1


@pytest.mark.parametrize("name", behaviour_names())
def test_every_actor_that_comes_along_says_what_it_is_and_what_its_keys_mean(name):
    (description,) = describe_plugin(name, NOWHERE)
    assert description.text.partition("\n")[0].endswith(".")
    assert [
        it.name for it in (*description.messages, *description.commands, *description.events) if not it.summary
    ] == []
    assert set(description.needs) == load_behaviour(name).needs


def test_the_list_has_a_line_each():
    shown = call()
    assert shown.exit_code == 0
    for name in (*behaviour_names(), *topology_names(), *engine_names()):
        assert f"\n  {name} " in shown.output
    assert "broken" not in shown.output
    assert "monerosim 0.1.0" in shown.output


def test_one_is_shown_with_keys_needs_messages_and_an_example():
    shown = call("mining-pool").output
    assert "needs: a node and a wallet" in shown
    assert 'usual composition: kind = "mining-pool" comes with a node and a wallet of its own' in shown
    assert "hashrate" in shown
    assert "required" in shown
    assert "block-found" in shown
    assert 'kind = "mining-pool"\n' in shown


def test_a_topology_and_an_engine_are_shown_too():
    assert 'topology = { kind = "ring", latency = "50ms" }' in call("ring").output
    assert 'engine = "embedded"' in call("embedded").output


def test_json_holds_the_schema():
    (described,) = msgspec.json.decode(call("marketplace", "--json").output)
    assert "confirmations" in msgspec.json.encode(described["schema"]).decode()
    listed = msgspec.json.decode(call("--json").output)
    assert {it["kind"] for it in listed} == {"actor", "topology", "rule", "engine"}


def test_an_unknown_name_gets_the_near_miss():
    result = call("mining-pol")
    assert result.exit_code == 2
    assert 'nothing that is installed is called "mining-pol"\n    did you mean "mining-pool"?' in result.output


def test_commands_are_shown_with_their_arguments():
    lines = [line.split() for line in call("regular-user").output.splitlines()]
    (at,) = (number for number, line in enumerate(lines) if line[:3] == ["send-now", "Pay", "now,"])
    assert lines[at + 1][:2] == ["to", "text"]
    assert " ".join(lines[at + 2]) == 'amount amount Drawn as usual, if left out. ("10 XMR" or XMR) (optional)'
    (described,) = json.loads(call("regular-user", "--json").output)
    (command,) = described["commands"]
    assert [argument["key"] for argument in command["arguments"]] == ["to", "amount"]


EVERYBODY = """
[participants.busy]
node = {}
wallet = {}
actors = [
    { use = "mining-pool", hashrate = 50, until = "20m" },
    { use = "mining-wallet", interval = "1m" },
    { use = "constant-mining" },
    { use = "observer" },
    { use = "standard-sync" },
    { use = "relay" },
]

[participants.autonomous]
kind = "autonomous-miner"
hashrate = 100

[participants.selfish]
kind = "selfish-miner"
hashrate = 50

[participants.listener]
kind = "spy"

[participants.saver]
node = "busy"
wallet = { initial_balance = "5 XMR", outputs = 4 }
actors = [
    { use = "hodler", interval = "10m" },
    { use = "churner", transaction_interval = "10m" },
    { use = "transaction-bot", transaction_interval = "5m" },
    { use = "crowd", users = 3 },
]

[participants.orchestrator]
kind = "orchestrator"

[participants.payee]
kind = "payee"

[participants.hidden]
kind = "branch-double-spender"
hashrate = 50
victims = ["payee"]
confirmations = 1
wallet = { initial_balance = "5 XMR", outputs = 4 }

[participants.pooled]
kind = "pool-double-spender"
victims = ["payee"]
interval = "5m"
wallet = { initial_balance = "5 XMR", outputs = 4 }

[participants.eclipse]
kind = "eclipse"
victim = "listener"

[participants.partitioner]
kind = "partitioner"
side = ["listener"]
after = "20m"
lasting = "1m"

[participants.hole]
kind = "black-hole"

[participants.withholder]
kind = "transaction-withholder"

[participants.sybil]
kind = "sybil"

[participants.flooder]
kind = "flooder"
wallet = { initial_balance = "5 XMR", outputs = 4 }

[participants.exchange]
kind = "exchange"
wallet = { initial_balance = "5 XMR", outputs = 4 }

[participants.trader]
kind = "trader"
exchange = "exchange"
wallet = { initial_balance = "5 XMR", outputs = 4 }

[participants.payout]
kind = "pool-payout"
miners = ["user"]
wallet = { initial_balance = "5 XMR", outputs = 4 }

[participants.probes]
node = {}
actors = [
    { use = "connectivity-probe" },
    { use = "consensus-probe" },
    { use = "performance-probe" },
    { use = "transactions-probe" },
]

[[timeline]]
at = "5m"
do = "mine-now"
who = "busy"
"""


def test_behaviours_record_the_events_that_they_say_they_record(tmp_path):
    played = play(WHOLE + EVERYBODY, tmp_path / "run", "participants.user.orders=true", 'network.latency="5s"')
    uses = {(host.name, actor.name): actor.use for host in played.plan.hosts for actor in host.actors}
    recorded = {use: set() for use in uses.values()}
    for record in played.events():
        # A crowd's users are ``crowd/NUMBER``.
        who = record.participant, record.actor.partition("/")[0]
        if who in uses:
            recorded[uses[who]].add(type(record.data))
    assert set(recorded) == set(behaviour_names()) - {SCRIPT}
    for use, kinds in recorded.items():
        assert kinds <= set(load_behaviour(use).emits), use
    silent = {"orchestrator", "relay", "spy", "black-hole", "eclipse", "partitioner", "transaction-withholder"}
    # Nobody trades, and no pool has anything to pay out, in so short a time.
    assert {use for use, kinds in recorded.items() if not kinds} == silent | {"exchange", "pool-payout"}


def test_a_file_is_described(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(
        "from monerosim.agent.behaviour import Behaviour\n"
        "from monerosim.events import BlockFound\n"
        "from monerosim.topology import Topology\n"
        "class Mine(Behaviour):\n"
        "    'Digs [deep].'\n"
        "    needs = frozenset({'wallet'})\n"
        "    emits = (BlockFound,)\n"
        "class Place(Topology, frozen=True):\n"
        "    'A place.'\n"
        "    width: int = 3\n"
    )
    monkeypatch.chdir(tmp_path)
    shown = call("./mine.py:Mine").output
    assert "Digs [deep]." in shown
    assert "block-found" in shown
    assert "It has no keys of its own." in shown
    assert 'kind = "./mine.py:Mine"\nnode = {}\nwallet = {}\n' in shown
    assert 'topology = { kind = "./mine.py:Place", width = 3, latency = "50ms" }' in call("./mine.py:Place").output
    gone = call("./gone.py:Mine")
    assert gone.exit_code == 2
    assert "no such file" in gone.output


@pytest.mark.parametrize("name", HOST_ACTORS)
def test_the_messages_of_every_hosts_actors_are_described(name):
    (described,) = describe_plugin(name, NOWHERE)
    assert described.text
    assert all(entry.summary for entry in (*described.messages, *described.letters))


def test_what_a_wallet_answers_is_shown_with_fields_answers_and_errors():
    messages = {entry.name: entry for (it,) in [describe_plugin("wallet", NOWHERE)] for entry in it.messages}
    transfer = messages["Transfer"]
    assert [field.key for field in transfer.arguments] == [
        "destinations",
        "destinations[].address",
        "destinations[].amount",
        "priority",
    ]
    assert transfer.returns == "Transferred"
    assert messages["SweepAll"].returns == "list[Transferred]"
    assert messages["Refresh"].returns == ""
    assert any(error.startswith("RpcDoubtfulError: ") for error in transfer.raises)
    shown = call("wallet").output
    assert "GetBalance" in shown
    assert "EventNotice" not in shown
    assert "GenerateBlocks" in call("node").output


def test_events_are_shown_with_their_fields():
    assert [entry.name for entry in list_events()] == sorted(event_kinds())
    # Other tests may have declared events without a docstring.
    own = {tag for tag, kind in event_kinds().items() if kind.__module__.startswith("monerosim.")}
    assert [entry.name for entry in list_events() if entry.name in own and not entry.summary] == []
    shown = call("block-found").output
    assert "Subsidy and fees, atomic units." in shown
    assert "did you mean" in call("blok-found").output
    assert "payment-sent" in call("--events").output
    assert call("--events", "node").exit_code == 2


def test_all_commands_are_listed_with_those_who_understand_them():
    listed = list_commands()
    assert tuple(entry.name for entry in listed[: len(COMMON_COMMANDS)]) == COMMON_COMMANDS
    own = {(entry.name, name) for entry in listed for name in entry.actors}
    assert own == {(command, name) for name in behaviour_names() for command in load_behaviour(name).commands}
    assert "send-now" in call("--commands").output
    assert json.loads(call("--commands", "--json").output)[0]["name"] == "pause"
