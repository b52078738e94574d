"""Scripts run beside a node, on engines with real programs and with the user's leave only."""

import json
import os
import shutil
import sys

import msgspec
import pytest
from click.testing import CliRunner
from fake_monero import MONEROD, WALLET, fake

from monerosim.build.build import build_plan
from monerosim.build.rundir import write_run_directory
from monerosim.cli import main
from monerosim.events import ScriptEnded
from monerosim.plan.plan import decode_plan, encode_plan
from monerosim.plan.roles import SCRIPT
from monerosim.plugins import PluginFiles
from monerosim.runs import RunError, play
from monerosim.scenario import Permissions, examine
from monerosim.units import SECOND

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the local engine's loopback addresses")

ALLOWED = Permissions(programs=True)
SCENARIO = """
[simulation]
engine = "ENGINE"
duration = "1m"

[participants.miner]
kind = "constant-mining"

[participants.old]
kind = "script"
node = "miner"
wallet = {}
command = ["./old.sh", "two words"]

[participants.long]
node = {}
actors = [
    { use = "script", command = ["{python}", "-c", "import time; print('begun', flush=True); time.sleep(1000)"] },
    { use = "script", command = ["./none.sh"] },
]
"""
OLD = """#!/bin/sh
echo "$1 $MONEROSIM_PARTICIPANT $MONEROSIM_NODE $MONEROSIM_WALLET"
exit 3
"""
TROJAN = """
[simulation]
engine = "local"
duration = "1m"

[participants.trojan]
kind = "script"
command = ["touch", "MARK"]

[[timeline]]
at = "10s"
do = "pause"
who = "trojan"
"""


@pytest.fixture
def base(tmp_path, monkeypatch):
    fake(tmp_path / "bin" / "monerod", MONEROD)
    fake(tmp_path / "bin" / "monero-wallet-rpc", WALLET)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    (tmp_path / "old.sh").write_text(OLD)
    (tmp_path / "old.sh").chmod(0o755)
    # No interpreter of this name is there.
    (tmp_path / "none.sh").write_text("#!/nowhere/interpreter\n")
    (tmp_path / "none.sh").chmod(0o755)
    return tmp_path


def scripts_alone(base, engine, seconds):
    """Build a run of a scenario's scripts without the programs of Monero."""
    files = PluginFiles(base)
    examination = examine(SCENARIO.replace("ENGINE", engine).encode(), files=files, permissions=ALLOWED)
    assert not examination.errors
    plan = build_plan(examination, base)
    hosts = []
    for host in plan.hosts:
        scripts = {actor.name for actor in host.actors if actor.role == SCRIPT}
        kept = (msgspec.structs.replace(it, start=0) for it in host.processes if it.name in scripts)
        hosts.append(msgspec.structs.replace(host, processes=tuple(kept)))
    plan = msgspec.structs.replace(plan, hosts=tuple(hosts), time_zero=0, stop=seconds * SECOND)
    # Addresses of its own: runs of other tests may go on.
    plan = decode_plan(encode_plan(plan).replace(b"127.1.", b"127.8."))
    write_run_directory(plan, b"", base / "run")


OTHERS = (("old", "script"), ("long", "script-2"))
"""Those that end by themselves."""


def check_results(run):
    address = {host.name: host.address for host in run.plan.hosts}
    folder = run.directory / "hosts"
    assert (folder / "old" / "script" / "output").read_text() == (
        f"two words old {address['miner']}:18081 {address['old']}:18082\n"
    )
    assert (folder / "long" / "script-1" / "output").read_text() == "begun\n"
    assert "cannot be started" in (folder / "long" / "script-2" / "output").read_text()
    ended = {
        (record.participant, record.actor, record.data.status, record.data.with_the_run)
        for record in run.events()
        if isinstance(record.data, ScriptEnded)
    }
    assert ended == {
        ("old", "script", 3, False),
        ("long", "script-1", -15, True),
        ("long", "script-2", 127, False),
    }
    scripts = json.loads((run.directory / "summary.json").read_bytes())["scripts"]
    assert {name: one["status"] for name, one in scripts.items()} == {
        "old/script": 3,
        "long/script-1": -15,
        "long/script-2": 127,
    }
    shown = " ".join(CliRunner().invoke(main, ["report", str(run.directory)]).output.split())
    assert "1 of 3 as they should" in shown
    assert "old/script: status 3" in shown


def test_the_local_engine_runs_them_to_the_end_of_the_run(base):
    scripts_alone(base, "local", 200)
    with pytest.raises(RunError, match="--allow-programs"):
        play(base / "run")
    long = base / "run" / "hosts" / "long" / "script-1" / "output"
    awaited = [base / "run" / "hosts" / host / script / "events.jsonl" for host, script in OTHERS]

    def go_on(_):
        return not (all(path.exists() for path in awaited) and long.exists() and long.read_text())

    check_results(play(base / "run", on_progress=go_on, permissions=ALLOWED))


@pytest.mark.skipif(shutil.which("shadow") is None, reason="shadow is not on PATH")
def test_shadow_runs_them_itself(base):
    scripts_alone(base, "shadow", 2)
    check_results(play(base / "run", permissions=ALLOWED))


@pytest.mark.parametrize(
    "command",
    [
        ("check",),
        ("build", "--output", "RUN"),
        ("run", "--output", "RUN"),
        ("run", "--output", "RUN", "--engine", "shadow"),
        ("sweep", "--seeds", "1..2", "--output", "RUN"),
        ("check", "--allow-programs"),
        ("run", "--allow-programs", "--engine", "embedded", "--output", "RUN"),
        ("doctor", "--allow-programs"),
    ],
    ids=" ".join,
)
def test_a_strangers_script_is_not_run(command, tmp_path):
    mark = tmp_path / "mark"
    (tmp_path / "trojan.toml").write_text(TROJAN.replace("MARK", str(mark)))
    name, *options = (part.replace("RUN", str(tmp_path / "run")) for part in command)
    result = CliRunner().invoke(main, [name, str(tmp_path / "trojan.toml"), *options])
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit)
    assert not mark.exists()
    if "--allow-programs" not in command:
        assert "a scenario has the engine run a command only if you allow it" in result.output
    if name == "check":
        assert "trojan.toml:8: error: participants.trojan.command" in result.output or "--allow-programs" in command
        assert "trojan.toml:12: error: timeline[0].do: a script takes no commands" in result.output


def test_a_script_that_is_not_there_is_named(base):
    text = SCENARIO.replace("ENGINE", "local").replace("./old.sh", "./gone.sh")
    (base / "scenario.toml").write_text(text)
    result = CliRunner().invoke(main, ["build", str(base / "scenario.toml"), "--allow-programs", "-o", str(base / "r")])
    assert result.exit_code == 1
    assert f"the script of old: no such file: {base / 'gone.sh'}" in result.output
