"""A third party's package, built from its own pyproject.toml, installed, and played."""

import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from small_runs import NETWORK

from monerosim import Run
from monerosim.cli import main
from monerosim.events import NetworkChanged, PaymentFailed, PaymentSent, UnknownEvent

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tests" / "plugin_package"

SCENARIO = """
[simulation]
name = "acme"
duration = "5m"
engine = "acme-rehearsal"

[network]
topology = { kind = "acme-line", latency = "10ms", slower = 2 }

[participants.ann]
kind = "acme-greeter"
neighbour = "bob"
interval = "30s"
node = {}

[participants.bob]
kind = "acme-greeter"
neighbour = "ann"

[participants.cy]
kind = "regular-user"
"""


READ = """
import sys
from monerosim import Run

read = [record.data for record in Run(sys.argv[1]).events() if record.tag == "greeted"]
assert {type(event).__module__ for event in read} == {"acme_monerosim.greeter"}
assert read[0].sender == "ann" and read[0].warmth == 1.0
print(len(read))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Install the package, as pip does it, beside what is there."""
    target = tmp_path_factory.mktemp("site")
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    offline = ("--no-index", "--no-deps", "--no-build-isolation")
    subprocess.run([sys.executable, "-m", "pip", "install", *quiet, *offline, "--target", target, PACKAGE], check=True)
    return target


@pytest.fixture
def call(site, tmp_path):
    def call(*arguments, code="from monerosim.cli import main; main()", pencil=True):
        environment = (
            os.environ | {"PYTHONPATH": f"{ROOT}:{site}", "COLUMNS": "200"} | ({"ACME_PENCIL": "HB"} if pencil else {})
        )
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
        )

    return call


def test_its_actor_topology_and_engine_are_played(call, tmp_path):
    (tmp_path / "acme.toml").write_text(SCENARIO)
    played = call("run", "acme.toml", "--quiet", "--output", "run")
    assert played.returncode == 0, played.stderr
    assert (tmp_path / "run/rehearsal.txt").read_text() == f"Notes on acme in {tmp_path / 'run'}\n0 blocks\n"
    plan = msgspec.json.decode((tmp_path / "run/plan.json").read_bytes())
    assert plan["topology"]["places"] == {"ann": 0, "bob": 1, "cy": 2}
    assert [link[2] for link in plan["topology"]["links"] if link[0] != link[1]] == [10_000, 20_000]
    greetings = (tmp_path / "run/hosts/bob/acme-greeter.jsonl").read_text()
    assert greetings.count("ann says hello") >= 10
    # The package's own "regular-user" does not take the place of monerosim's.
    assert next(host for host in plan["hosts"] if host["name"] == "cy")["wallets"]


def test_its_engine_says_when_and_where_programs_start(call, tmp_path):
    funded = SCENARIO.replace('kind = "regular-user"', 'kind = "regular-user"\nwallet = { initial_balance = "1 XMR" }')
    (tmp_path / "acme.toml").write_text(funded)
    assert call("check", "acme.toml").returncode == 0
    built = call("build", "acme.toml", "--output", "run")
    assert built.returncode == 0, built.stderr
    plan = msgspec.json.decode((tmp_path / "run/plan.json").read_bytes())
    assert {host["address"] for host in plan["hosts"]} == {f"10.0.0.{number}" for number in range(1, 5)}
    assert {host["agent_start"] for host in plan["hosts"]} == {10_000_000}
    # Three hosts and two nodes, beside the funder.
    assert {wallet["start"] for host in plan["hosts"] for wallet in host.get("wallets", ())} == {3_000_000}
    assert plan["bootstrap"]["block_interval"] == 3_000_000
    assert (tmp_path / "run/rehearsal.txt").is_file()
    short = call("check", "acme.toml", "--set", "simulation.bootstrap=1m")
    assert short.returncode == 2
    assert "the bootstrap takes at least" in short.stderr


def test_its_engine_is_looked_after_by_the_doctor(call, tmp_path):
    (tmp_path / "acme.toml").write_text(SCENARIO)
    ready = call("doctor", "acme.toml")
    assert ready.returncode == 0, ready.stdout
    assert "HB for 3 hosts" in ready.stdout
    assert "acme-rehearsal: about 150 MB: 3 pages of notes of 50 MB" in ready.stdout
    assert "acme-rehearsal: ready" in ready.stdout
    lacking = call("doctor", "acme.toml", pencil=False)
    assert lacking.returncode == 3
    assert "ACME_PENCIL is not set" in lacking.stdout
    assert "Pencils: export ACME_PENCIL=2B" in lacking.stdout
    assert "acme-rehearsal: lacks pencil" in lacking.stdout
    assert "embedded: ready" in lacking.stdout


def test_what_its_engine_lacks_is_told_before_anything_is_written(call, tmp_path):
    (tmp_path / "acme.toml").write_text(SCENARIO)
    lacking = call("run", "acme.toml", "--output", "run", pencil=False)
    assert lacking.returncode == 1
    assert "pencil: ACME_PENCIL is not set\nPencils: export ACME_PENCIL=2B" in lacking.stderr
    many = call("build", "acme.toml", "--output", "run", "--set", "participants.cy.count=9")
    assert many.returncode == 1
    assert "there is paper for ten hosts" in many.stderr
    assert not (tmp_path / "run").exists()


def test_its_engine_is_reported_and_described_as_any_other(call, tmp_path):
    (tmp_path / "acme.toml").write_text(SCENARIO)
    assert call("run", "acme.toml", "--quiet", "--output", "run").returncode == 0
    shown = call("report", "run")
    assert shown.returncode == 0, shown.stderr
    assert "digest" in shown.stdout
    assert msgspec.json.decode((tmp_path / "run/summary.json").read_bytes())["engine"] == "acme-rehearsal"
    described = call("plugins", "acme-rehearsal").stdout
    assert "Plays as the engine embedded does" in described
    assert "Starts no programs." in described
    assert "an agent at 10s" in described
    assert 'engine = "acme-rehearsal"' in described


def test_its_event_is_played_read_and_described(call, tmp_path):
    boss = '\n[participants.boss]\nkind = "orchestrator"\ncollect = ["greeted"]\n'
    (tmp_path / "acme.toml").write_text(SCENARIO + boss)
    assert call("check", "acme.toml").returncode == 0
    played = call("run", "acme.toml", "--quiet", "--output", "run")
    assert played.returncode == 0, played.stderr
    read = call("run", code=READ)
    assert read.returncode == 0, read.stderr
    count = int(read.stdout)
    assert count >= 10
    counted = msgspec.json.decode((tmp_path / "run/shared/orchestrator.json").read_bytes())["events"]["greeted"]
    assert count - 4 <= counted <= count  # those on their way at the end are not counted
    assert "nothing installed declares" not in call("report", "run").stdout
    heard = call("trace", "run", "--participant", "ann").stdout
    assert "bob/acme-greeter was greeted by ann, warmth 1.0" in heard
    (described,) = msgspec.json.decode(call("plugins", "acme-greeter", "--json").stdout)
    summary = "A neighbour's greeting has come."
    others = {"arguments": [], "returns": "", "raises": [], "actors": []}
    assert described["events"] == [{"name": "greeted", "summary": summary, **others}]
    (event,) = msgspec.json.decode(call("plugins", "greeted", "--json").stdout)
    assert [field["key"] for field in event["fields"]] == ["sender", "warmth"]
    assert "greeted" in call("plugins", "--events").stdout
    (tmp_path / "near.toml").write_text(SCENARIO + boss.replace('"greeted"', '"greted"'))
    assert 'no event is called "greted" did you mean "greeted"?' in " ".join(call("check", "near.toml").stderr.split())


def test_a_run_whose_package_is_gone_is_read_and_names_what_it_could_not(call, tmp_path):
    (tmp_path / "acme.toml").write_text(SCENARIO)
    assert call("run", "acme.toml", "--quiet", "--output", "run").returncode == 0
    count = int(call("run", code=READ).stdout)
    with_package = Run(tmp_path / "run").summary
    assert with_package.unknown_events == {}
    (tmp_path / "run/summary.json").unlink()
    without = Run(tmp_path / "run")
    unknown = [record.data for record in without.events() if isinstance(record.data, UnknownEvent)]
    assert len(unknown) == count
    assert unknown[0] == UnknownEvent("greeted", {"sender": "ann", "warmth": 1})
    shown = CliRunner().invoke(main, ["report", str(tmp_path / "run")]).output
    assert f"events of kinds that nothing installed declares: {count} greeted" in shown
    assert without.summary.unknown_events == {"greeted": count}
    assert without.summary.digest == with_package.digest
    assert "ann says hello" in CliRunner().invoke(main, ["trace", str(tmp_path / "run"), "--participant", "bob"]).output


def test_all_is_listed_the_broken_with_its_error(call):
    shown = call("plugins", "--json")
    assert shown.returncode == 0, shown.stderr
    listed = msgspec.json.decode(shown.stdout)
    acme = {(it["kind"], it["name"]): it for it in listed if it["package"] == "acme-monerosim"}
    assert {it["version"] for it in acme.values()} == {"1.2.3"}
    assert (
        acme["actor", "acme-greeter"]["summary"]
        == "Greets a neighbour now and then, and counts the greetings that come."
    )
    assert acme["topology", "acme-line"]["summary"].startswith("Hosts in a row")
    assert acme["rule", "acme-freshness"]["summary"].startswith("Of equal branches the one whose tip has the later")
    assert acme["engine", "acme-rehearsal"]["target"] == "acme_monerosim.rehearsal:Rehearsal"
    wreck = acme["actor", "acme-wreck"]["error"]
    assert (
        "'acme-wreck' (acme_monerosim.wreck:Wreck, package acme-monerosim) cannot be loaded: KeyError: 'stern'" in wreck
    )
    assert "wreck.py, line 5" in wreck
    assert "monerosim itself defines the actor 'regular-user'" in acme["actor", "regular-user"]["error"]
    own = [it for it in listed if it["package"] == "monerosim"]
    assert {it["name"] for it in own} >= {"regular-user", "switch", "embedded"}
    assert not [it for it in own if it["error"]]
    text = call("plugins").stdout
    assert "broken: the actor 'acme-wreck'" in text
    assert "Traceback" not in text


def test_its_actor_is_described(call):
    (described,) = msgspec.json.decode(call("plugins", "acme-greeter", "--json").stdout)
    assert [(field["key"], field["type"], field["required"]) for field in described["fields"]] == [
        ("neighbour", "text", True),
        ("interval", "duration", False),
    ]
    assert [it["name"] for it in described["messages"]] == ["GetGreetings"]
    assert [it["name"] for it in described["letters"]] == ["greeting"]
    assert described["messages"][0]["summary"] == "Ask how many greetings have come."


def test_a_scenario_that_uses_the_broken_one_is_told_so_and_others_are_not(call, tmp_path):
    (tmp_path / "bad.toml").write_text('[participants.one]\nkind = "acme-wreck"\n[participants.two]\nnode = {}\n')
    result = call("check", "bad.toml")
    assert result.returncode == 2
    assert (
        "bad.toml:2: error: participants.one.kind: the actor 'acme-wreck' (acme_monerosim.wreck:Wreck" in result.stderr
    )
    assert "Traceback" not in result.stderr
    (tmp_path / "near.toml").write_text('[participants.one]\nkind = "acme-greter"\n')
    assert 'did you mean "acme-greeter"?' in call("check", "near.toml").stderr


RACES = """
[simulation]
duration = "10m"
[network]
latency = "1s"
connections = 2
[consensus]
block_time = "5s"
[participants.miner]
kind = "autonomous-miner"
count = 6
hashrate = 16
"""


def test_its_rule_is_gone_by(call, tmp_path):
    (tmp_path / "races.toml").write_text(RACES)
    left = {}
    for rule in ("first-seen", "acme-freshness"):
        played = call("run", "races.toml", "--quiet", "--output", rule, "--set", f"rules.use={rule}")
        assert played.returncode == 0, played.stderr
        events = (tmp_path / rule / "events.jsonl").read_text()
        left[rule] = events.count('"reorganised"')
    # A fresher rival wins where the first one would, so nodes change over that otherwise stay.
    assert left["acme-freshness"] > 1.3 * left["first-seen"] > 0
    described = call("plugins", "acme-freshness").stdout
    assert "window" in described
    assert 'use = { kind = "acme-freshness"' in described


AWAY = """
[simulation]
duration = "20m"
[network]
connections = 2
[consensus]
block_time = "20s"
[participants.miner]
kind = "autonomous-miner"
hashrate = 100
[participants.user]
kind = "regular-user"
count = 2
node = {}
wallet = { initial_balance = "20 XMR" }
transaction_frequency = 0.5
[[timeline]]
at = "5m"
do = "acme-maintenance"
who = "user-001"
node = "miner"
"""


def test_its_condition_is_checked_played_and_described(call, tmp_path):
    (tmp_path / "away.toml").write_text(AWAY)
    played = call("run", "away.toml", "--quiet", "--output", "run")
    assert played.returncode == 0, played.stderr
    (change,) = [record for record in Run(tmp_path / "run").events() if isinstance(record.data, NetworkChanged)]
    assert (change.data.do, change.data.who, change.data.details) == (
        "acme-maintenance",
        ("user-001",),
        '{"node":"miner"}',
    )
    # Its node is down, and it pays on.
    assert not [record for record in Run(tmp_path / "run").events() if isinstance(record.data, PaymentFailed)]
    later = [record.t for record in Run(tmp_path / "run").events() if isinstance(record.data, PaymentSent)]
    assert max(later) > change.t
    # What it is made of is there on Shadow, in the timeline; the package's own engine has no conditions.
    assert call("check", "away.toml", "--set", "simulation.engine=shadow").returncode == 0
    changes = ("simulation.engine=acme-rehearsal", "network.turnover.share=0.3")
    lacking = call("check", "away.toml", *(part for change in changes for part in ("--set", change)))
    cannot = "the engine acme-rehearsal cannot move-wallet and shut-down"
    assert f"away.toml:19: error: timeline[0].do: {cannot}" in lacking.stderr
    assert "the engine acme-rehearsal cannot shut nodes down and start them up" in lacking.stderr
    (tmp_path / "wrong.toml").write_text(AWAY.replace('node = "miner"', 'node = "mine"'))
    assert 'timeline[0].node: no such participant: "mine"' in call("check", "wrong.toml").stderr
    described = call("plugins", "acme-maintenance").stdout
    assert "shut the participant's own node down" in described
    assert 'do = "acme-maintenance"' in described


def test_the_schema_has_what_is_usable(call, tmp_path):
    (tmp_path / "acme.toml").write_text(SCENARIO)
    schema = call("schema").stdout
    assert '"acme-greeter"' in schema
    assert '"acme-line"' in schema
    assert '"acme-rehearsal"' in schema
    assert '"acme-freshness"' in schema
    assert "acme-wreck" not in schema


TRADE = """
[simulation]
name = "trade"
duration = "30m"

[participants.digger]
kind = "acme-digger"
shovels = 60

[participants.tipper]
kind = "acme-tipper"
node = "digger"
tips_an_hour = 10

[[timeline]]
at = "15m"
do = "set"
who = "tipper"
tips_an_hour = 30
"""


def test_its_miner_and_its_payer_are_as_good_as_ours(call, tmp_path):
    (tmp_path / "trade.toml").write_text(TRADE)
    checked = call("check", "trade.toml")
    assert checked.returncode == 0, checked.stderr
    assert "the autonomous miners' hashrates add up to 60, not to 100" in checked.stderr
    # That the tipper has a key "hashrate" says nothing.
    assert checked.stderr.count("warning") == 1
    played = call("run", "trade.toml", "--quiet", "--output", "run")
    assert played.returncode == 0, played.stderr
    plan = msgspec.json.decode((tmp_path / "run/plan.json").read_bytes())
    actors = {actor["name"]: actor for host in plan["hosts"] for actor in host["actors"]}
    assert (actors["acme-digger"]["role"], actors["acme-digger"]["hashrate"]) == ("miner", 60)
    assert not actors["acme-tipper"].get("hashrate")
    assert plan["registrar"] == "digger"
    summary = msgspec.json.decode((tmp_path / "run/summary.json").read_bytes())
    assert summary["payments"]["requested"] == 10 // 4 + 30 // 4 + 1
    # It says what it means to pay and pays nothing.
    tipper = summary["requests"]["tipper"]
    assert (round(tipper["requested"]), tipper["drawn"], tipper["sent"]) == (10, 0, 0)
    assert list(summary["miners"]) == ["digger"]
    assert summary["chain"]["height"] >= 29
    (line,) = [line for line in played.stdout.splitlines() if line.startswith("digger")][:1]
    assert line.split()[1] == "60"


def test_its_miner_counts_in_the_memory_estimate(call, tmp_path):
    (tmp_path / "trade.toml").write_text(TRADE)
    code = (
        "from monerosim.build.compile import compile_plan; from monerosim.engine import load_engine;"
        "from monerosim.scenario import load;"
        "plan = compile_plan(load('trade.toml', changes=['simulation.engine=shadow']));"
        "print(load_engine('shadow').memory(plan).parts['nodes that produce blocks'][0])"
    )
    assert call(code=code).stdout.strip() == "1"


def test_its_probe_makes_a_scenario_a_test(call, tmp_path):
    probed = f'{NETWORK}[participants.probe]\nnode = "miner"\nactors = [{{ use = "acme-pulse", fail_run = true }}]\n'
    (tmp_path / "probed.toml").write_text(probed)
    sound = call("run", "probed.toml", "--quiet", "--output", "sound")
    assert (sound.returncode, "1 of 1 passed" in sound.stdout) == (0, True), sound.stdout + sound.stderr
    failed = call(
        "run", "probed.toml", "--quiet", "--output", "failed", "--set", "participants.probe.actors[0].longest=1m"
    )
    assert failed.returncode == 3, failed.stdout + failed.stderr
    assert re.search(r"probe/acme-pulse failed at .*: block \d+ came \d+ s after the one before", failed.stdout)
