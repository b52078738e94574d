"""A participant's agent is light: a machine runs hundreds of them beside their daemons."""

import os
import re
import signal
import subprocess
import sys
import time
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from monerosim.build.compile import compile_plan
from monerosim.build.rundir import write_run_directory
from monerosim.plan.environment import EPOCH_VARIABLE, TRACE_VARIABLE
from monerosim.scenario import parse
from monerosim.units import SECOND

MOST_MEMORY = 40_000_000
"""What it costs to start is told by ``tools/bench.py``, beside the libraries that it imports."""

LIBRARIES = {"certifi", "charset_normalizer", "idna", "loguru", "msgspec", "pykka", "requests", "typing_extensions"}
LIBRARIES |= {"inotify_simple", "socks", "tenacity", "urllib3"}
"""Of all that is installed, what an agent has a use for, or a library of its that imports it wherever it finds it."""

STANDS_ON = {"agent", "config", "events", "files", "mailbox", "monero", "plan", "plugins", "rpc", "runtime", "units"}
"""What an agent is made of. The public names are not looked up (``lazy``): the project's own actors use none."""

SCENARIO = """
[participants.pool]
kind = "mining-pool"
hashrate = 1
[participants.user]
kind = "regular-user"
[participants.control]
kind = "block-controller"
"""

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from Linux's /proc")


@pytest.fixture(scope="module")
def plan():
    return compile_plan(parse(SCENARIO))


@pytest.fixture(scope="module")
def run(plan, tmp_path_factory):
    directory = tmp_path_factory.mktemp("weight") / "run"
    write_run_directory(plan, b"", directory)
    return directory


@pytest.fixture
def start(plan, run):
    """Start the agent of a host whose behaviour begins at once by its clock; its daemons are not there."""
    agents = []
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def start(host, *options):
        behaviour = next(own for own in plan.hosts if own.name == host).actors[0]
        epoch = time.time() - behaviour.start / SECOND
        trace = run / "hosts" / host / "supervisor.jsonl"
        trace.unlink(missing_ok=True)
        agent = subprocess.Popen(
            [sys.executable, *options, "-m", "monerosim.agent", "--plan", run / "plan.json", "--host", host],
            env={**inherited, EPOCH_VARIABLE: repr(epoch), TRACE_VARIABLE: "DEBUG"},
            cwd=run,
            stderr=subprocess.PIPE,
        )
        agents.append(agent)
        deadline = time.monotonic() + 60
        while not (trace.exists() and f"started {behaviour.name}" in trace.read_text()):
            assert agent.poll() is None, agent.stderr.read()
            assert time.monotonic() < deadline, "the agent's behaviour does not begin"
            time.sleep(0.05)
        return agent

    yield start
    for agent in agents:
        if agent.returncode is None:
            agent.kill()
            agent.wait()
        agent.stderr.close()


def end(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def imports(stderr):
    """Read the modules that Python was asked for under ``-X importtime``."""
    return {line.rpartition(b"|")[2].strip().decode() for line in stderr.splitlines()}


@pytest.mark.parametrize("host", ["user", "control"])
def test_an_agent_has_the_memory_that_it_may_have(start, host):
    # The first one compiles what has not been compiled yet, which takes memory, too.
    end(start(host))
    agent = start(host)
    status = Path(f"/proc/{agent.pid}/status").read_text()
    resident = int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) * 1024
    assert resident <= MOST_MEMORY, f"{resident / 1e6:.1f} MB resident"


@pytest.mark.parametrize("host", ["user", "pool", "control"])
def test_an_agent_imports_only_what_it_uses(start, host):
    agent = start(host, "-X", "importtime")
    end(agent)
    imported = imports(agent.stderr.read())
    bare = subprocess.run([sys.executable, "-X", "importtime", "-c", ""], check=True, capture_output=True)
    assert "requests" in imported
    # tenacity asks for it and does not get it (monerosim.agent.lean).
    assert not any(name.startswith("tornado.") for name in imported)
    imported.discard("tornado")
    installed = {"actors", "monerosim", *packages_distributions()} - sys.stdlib_module_names
    assert (
        installed & {name.partition(".")[0] for name in imported - imports(bare.stderr)}
        <= {"actors", "monerosim"} | LIBRARIES
    )
    assert {name.split(".")[1] for name in imported if name.startswith("monerosim.")} <= STANDS_ON
