"""A third party's package, built from its own pyproject.toml, installed, and played."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

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
    def python(code, *arguments):
        environment = os.environ | {"PYTHONPATH": f"{ROOT}:{site}", "COLUMNS": "200"}
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
        )

    def call(*arguments):
        return python("from monerosim.cli import main; main()", *arguments)

    call.python = python
    return call


def test_its_actor_topology_and_engine_are_played(call, tmp_path):
    (tmp_path / "acme.toml").write_text(SCENARIO)
    played = call("run", "acme.toml", "--quiet", "--output", "run")
    assert played.returncode == 0, played.stderr
    assert (tmp_path / "run/rehearsal.txt").read_text() == "0 blocks\n"
    plan = msgspec.json.decode((tmp_path / "run/plan.json").read_bytes())
    assert plan["topology"]["places"] == {"ann": 0, "bob": 1, "cy": 2}
    assert [link[2] for link in plan["topology"]["links"] if link[0] != link[1]] == [10_000, 20_000]
    greetings = (tmp_path / "run/hosts/bob/acme-greeter.jsonl").read_text()
    assert greetings.count("ann says hello") >= 10
    # The package's own "regular-user" does not take the place of monerosim's.
    assert next(host for host in plan["hosts"] if host["name"] == "cy")["wallets"]


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
    assert acme["engine", "acme-rehearsal"]["target"] == "acme_monerosim.rehearsal:play"
    wreck = acme["actor", "acme-wreck"]["error"]
    assert (
        "'acme-wreck' (acme_monerosim.wreck:Wreck, package acme-monerosim) cannot be loaded: KeyError: 'stern'" in wreck
    )
    assert "wreck.py, line 5" in wreck
    assert "monerosim itself has the actor 'regular-user'" in acme["actor", "regular-user"]["error"]
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


def test_the_schema_has_what_is_usable(call, tmp_path):
    (tmp_path / "acme.toml").write_text(SCENARIO)
    schema = call("schema").stdout
    assert '"acme-greeter"' in schema
    assert '"acme-line"' in schema
    assert '"acme-rehearsal"' in schema
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
    assert summary["transactions"]["requested"] == 10 // 4 + 30 // 4 + 1
    assert list(summary["miners"]) == ["digger"]
    assert summary["height"] >= 29
    (line,) = [line for line in played.stdout.splitlines() if line.startswith("digger")][:1]
    assert line.split()[1] == "60"


def test_its_miner_counts_in_the_memory_estimate(call, tmp_path):
    (tmp_path / "trade.toml").write_text(TRADE)
    code = (
        "from monerosim.build.compile import compile_plan; from monerosim.build.memory import estimate_memory;"
        "from monerosim.scenario import load;"
        "plan = compile_plan(load('trade.toml', changes=['simulation.engine=shadow']));"
        "print(estimate_memory(plan).parts['nodes that produce blocks'][0])"
    )
    assert call.python(code).stdout.strip() == "1"
