"""The local engine's handling of processes, with programs that do nothing in the place of Monero's."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from ipaddress import IPv4Address
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from small_world import make_plan

from monerosim.build.processes import PYTHON
from monerosim.build.rundir import write_run_directory
from monerosim.engine import EngineError
from monerosim.engines.local import Local
from monerosim.events import (
    BlockFound,
    ProcessDied,
    ProcessGivenUp,
    ProcessHung,
    ProcessRestarted,
    Record,
    RunEnded,
)
from monerosim.events.log import read_events
from monerosim.plan.plan import (
    ActorPlan,
    HostPlan,
    NodePlan,
    ProcessPlan,
    ProcessUpgradePlan,
    WalletPlan,
    encode_plan,
)
from monerosim.runs import Run, RunError
from monerosim.runs import play as play_run
from monerosim.units import SECOND

ADDRESS = str(IPv4Address("127.64.0.0") + os.getpid())
"""The host's: tests of several processes run at once."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")

SLEEPS = ("sleep", "1000")
TELLS_ITS_END = ("sh", "-c", 'trap "date +%s%N > $0-ended; exit 0" TERM; sleep 1000 & wait')
SERVES = """
import pathlib, socket, sys, time

address, port, *delays = sys.argv[1:]
listener = socket.create_server((address, int(port)))
lives = pathlib.Path("lives")
if lives.exists():
    delays = ["0"]
lives.touch()
while True:
    connection, _ = listener.accept()
    with connection:
        connection.recv(4096)
        time.sleep(float(delays[0]))
        delays = delays[1:] or delays
        connection.sendall(b"HTTP/1.1 404 Not found\\r\\n\\r\\n")
"""
"""Answers requests one after the other, each after a while; when all that were named are over, the last one again and
again. In its second life it answers at once."""
HANGS = ("0", "1000")
LAUNCH = "import sys, pathlib; from monerosim.runs import play; play(pathlib.Path(sys.argv[1]))"


def program(name, argv, start=0, *, runs_to_end=True, needed_by=()):
    return ProcessPlan(name=name, argv=argv, start=start, runs_to_end=runs_to_end, needed_by=needed_by)


def serving(name, *delays, **restarts):
    """Make a host with a service that answers each request after so many seconds."""
    node = NodePlan(p2p_port=18_080, rpc_port=18_081, start=0, ready_after=0, peers=())
    wallet = WalletPlan(name="wallet", rpc_port=18_082, start=0, ready_after=0, node="alice")
    port = {"monerod": "18081", "wallet": "18082"}[name]
    argv = (sys.executable, "-c", SERVES, ADDRESS, port, *delays)
    return one_host(program(name, argv), restarts=restarts, node=node, wallets=(wallet,))


def one_host(*programs, restarts=None, node=None, wallets=()):
    return HostPlan(
        name="alice",
        group="alice",
        address=ADDRESS,
        agent_start=0,
        processes=programs,
        restarts=restarts or {},
        node=node,
        wallets=wallets,
    )


@pytest.fixture
def build(tmp_path):
    """Write the run directory of one host; nothing of it may run when the test is over."""
    path = tmp_path / "run"

    def make(host, stop=2.0, time_zero=0):
        plan = msgspec.structs.replace(make_plan(host), engine="local", stop=round(stop * SECOND), time_zero=time_zero)
        write_run_directory(plan, b"", path)
        return plan, path

    yield make
    assert running(path) == {}


def running(path):
    """Find the processes that work in or on a run directory: pid to command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            where = str((entry / "cwd").readlink())
        except OSError:
            continue
        if str(path) in command or where.startswith(str(path)):
            found[int(entry.name)] = command
    return found


def wait_until(condition, within=300.0):
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def wanted(_):
    return True


def play(plan, path, *, trace_level, on_progress):
    engine = Local()
    engine.check(plan)
    return engine.play(plan, path, trace_level=trace_level, on_progress=on_progress)


def told(path):
    return [record.data for record in read_events(path / "events.jsonl")]


def so_far(path):
    """Read what the engine has told while the run goes on."""
    log = path / "engine.jsonl"
    return [record.data for record in read_events(log)] if log.exists() else []


def test_programs_run_from_their_start_to_the_end_of_the_run(build):
    later = program("wallet", ("sh", "-c", "date +%s%N; exec sleep 1000"), start=500_000)
    plan, path = build(one_host(program("monerod", ("sh", "-c", "date +%s%N; exec sleep 1000")), later))
    began = time.time()
    assert play(plan, path, trace_level="INFO", on_progress=wanted) == plan.stop
    assert time.time() - began >= 1.0
    first, second = (int((path / "hosts" / "alice" / f"{name}.out").read_text()) for name in ("monerod", "wallet"))
    assert first >= began * 1e9
    assert second >= (began + 0.5) * 1e9
    assert told(path) == []


def test_agents_end_by_themselves_then_wallets_are_ended_then_daemons(build):
    shell, script = TELLS_ITS_END[:2], TELLS_ITS_END[2]
    plan, path = build(
        one_host(
            program("monerod", (*shell, script, "monerod")),
            program("wallet", (*shell, script, "wallet")),
            program("agent", (PYTHON, "-c", "import time; time.sleep(2.5); print(time.time_ns())"), runs_to_end=False),
        )
    )
    play(plan, path, trace_level="INFO", on_progress=wanted)
    home = path / "hosts" / "alice"
    ends = [int((home / name).read_text()) for name in ("agent.out", "wallet-ended", "monerod-ended")]
    assert ends == sorted(ends)
    assert told(path) == []


def test_a_dead_daemon_is_started_again_until_its_limit_and_the_run_goes_on(build):
    restarts = {"max_restarts": 2, "backoff": "100ms"}
    plan, path = build(one_host(program("monerod", ("sh", "-c", "exit 3")), restarts=restarts), stop=3.0)
    assert play(plan, path, trace_level="INFO", on_progress=wanted) == plan.stop
    died = ProcessDied("monerod", 3)
    restarted = [ProcessRestarted("monerod", number) for number in (1, 2)]
    assert told(path) == [died, restarted[0], died, restarted[1], died, ProcessGivenUp("monerod", 2)]


def test_a_daemon_that_stays_dead_before_the_scenario_begins_ends_the_run(build):
    words = program("monerod", ("sh", "-c", "echo unknown option; kill -9 $$"))
    plan, path = build(one_host(words, restarts={"max_restarts": 0}), stop=1000.0, time_zero=900 * SECOND)
    with pytest.raises(EngineError, match=r"(?s)monerod of alice ended with signal 9 .*monerod\.out.*unknown option"):
        play(plan, path, trace_level="INFO", on_progress=wanted)
    assert told(path) == [ProcessDied("monerod", -9), ProcessGivenUp("monerod", 0)]


@pytest.mark.parametrize("name", ["monerod", "wallet"])
def test_a_service_that_answers_no_more_is_killed_and_started_again(build, name):
    plan, path = build(serving(name, *HANGS, timeout="1s", backoff="100ms"), stop=1000.0)
    play(
        plan,
        path,
        trace_level="INFO",
        on_progress=lambda _: not any(isinstance(it, ProcessRestarted) for it in so_far(path)),
    )
    hung, *others = told(path)
    assert hung == ProcessHung(name, hung.elapsed)
    assert SECOND <= hung.elapsed < 20 * SECOND
    assert others == [ProcessDied(name, -signal.SIGKILL), ProcessRestarted(name, 1)]


def test_a_hung_daemon_that_may_not_be_started_again_is_given_up_and_the_run_goes_on(build):
    plan, path = build(serving("monerod", *HANGS, timeout="1s", max_restarts=0), stop=8.0)
    assert play(plan, path, trace_level="INFO", on_progress=wanted) == plan.stop
    hung, *others = told(path)
    assert isinstance(hung, ProcessHung)
    assert others == [ProcessDied("monerod", -signal.SIGKILL), ProcessGivenUp("monerod", 0)]


def test_a_busy_service_is_left_alone(build):
    # A wallet has twice a daemon's timeout.
    plan, path = build(serving("wallet", "0", "4", timeout="3s"), stop=10.0)
    play(plan, path, trace_level="INFO", on_progress=wanted)
    assert told(path) == []


def test_a_service_may_take_longer_for_its_first_answer(build):
    plan, path = build(serving("monerod", "4", "0", timeout="3s"), stop=6.0)
    play(plan, path, trace_level="INFO", on_progress=wanted)
    assert told(path) == []


def test_a_service_that_never_answers_ends_a_run_that_cannot_begin(build):
    host = serving("monerod", "1000", start_timeout="1s", max_restarts=0)
    plan, path = build(host, stop=1000.0, time_zero=900 * SECOND)
    with pytest.raises(EngineError, match="cannot begin: monerod of alice did not answer for 1s and was killed"):
        play(plan, path, trace_level="INFO", on_progress=wanted)


def test_a_run_ends_when_what_it_needs_is_gone_for_good(build):
    needed = program("monerod", ("sh", "-c", "exit 3"), needed_by=("heart/beat", "soul/song"))
    _, path = build(one_host(needed, restarts={"max_restarts": 1, "backoff": "100ms"}), stop=1000.0)
    played = play_run(path)
    assert played.summary.outcome.reason == (
        "monerod of alice ended with status 3 and is started no more after 1 restarts; "
        "it was needed by heart/beat and soul/song"
    )
    assert not played.summary.completed
    assert played.summary.outcome.given_up == ["alice/monerod"]


def test_an_agent_is_not_started_again(build):
    crash = program("agent", (PYTHON, "-c", "raise SystemExit(4)"), runs_to_end=False)
    plan, path = build(one_host(program("monerod", SLEEPS), crash))
    play(plan, path, trace_level="INFO", on_progress=wanted)
    assert told(path) == [ProcessDied("agent", 4), ProcessGivenUp("agent", 0)]


def test_a_run_that_an_agent_has_ended_ends_early(build):
    event = Record(0, "alice", "supervisor", "", RunEnded("the heart is gone"))
    line = msgspec.json.encode(event).decode()
    agent = program("agent", ("sh", "-c", f"echo '{line}' > events.jsonl; exec sleep 1000"), runs_to_end=False)
    plan, path = build(one_host(program("monerod", SLEEPS), agent), stop=1000.0)
    assert play(plan, path, trace_level="INFO", on_progress=wanted) < 100 * SECOND
    assert told(path)[0] == event.data


def test_a_run_that_nobody_wants_any_more_ends_early(build):
    plan, path = build(
        one_host(program("monerod", SLEEPS), program("agent", (PYTHON, "-c", "import time; time.sleep(999)"))),
        stop=1000.0,
    )
    end = play(plan, path, trace_level="INFO", on_progress=lambda _: len(running(path)) < 3)
    assert 0 < end < 60 * SECOND


def test_an_interrupted_launcher_leaves_nothing_behind(build):
    _, path = build(one_host(program("monerod", SLEEPS)), stop=1000.0)
    launcher = subprocess.Popen([sys.executable, "-c", LAUNCH, path], stderr=subprocess.DEVNULL)
    wait_until(lambda: len(running(path)) == 3)
    launcher.send_signal(signal.SIGINT)
    launcher.wait(20)
    assert running(path) == {}
    assert told(path) == []


def test_a_second_interruption_kills_what_does_not_end(build):
    stubborn = program("monerod", ("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"))
    _, path = build(one_host(stubborn), stop=1000.0)
    launcher = subprocess.Popen([sys.executable, "-c", LAUNCH, path], stderr=subprocess.DEVNULL)
    output = path / "hosts" / "alice" / "monerod.out"
    wait_until(lambda: output.is_file() and output.read_text() == "ready\n")
    launcher.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        launcher.wait(2)
    launcher.send_signal(signal.SIGINT)
    launcher.wait(20)
    wait_until(lambda: running(path) == {})
    assert told(path) == [ProcessDied("monerod", -signal.SIGKILL)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_launcher_leaves_nothing_behind(build, number):
    _, path = build(one_host(program("monerod", SLEEPS)), stop=1000.0)
    launcher = subprocess.Popen([sys.executable, "-c", LAUNCH, path])
    wait_until(lambda: len(running(path)) == 3)
    launcher.send_signal(number)
    launcher.wait(20)
    wait_until(lambda: running(path) == {})
    assert told(path) == []
    run = Run(path)
    run.read_back()
    assert not Run(path).summary.completed


def test_what_a_killed_launcher_has_left_is_read_back_when_its_programs_have_ended(build):
    slow = program("monerod", ("sh", "-c", "trap 'sleep 2; exit 0' TERM; echo ready; while :; do sleep 0.05; done"))
    _, path = build(one_host(slow), stop=1000.0)
    launcher = subprocess.Popen([sys.executable, "-c", LAUNCH, path])
    output = path / "hosts" / "alice" / "monerod.out"
    wait_until(lambda: output.is_file() and output.read_text() == "ready\n")
    launcher.kill()
    launcher.wait(20)
    with pytest.raises(RunError, match="is being played"):
        Run(path).read_back()
    wait_until(lambda: running(path) == {})
    Run(path).read_back()
    assert Run(path).summary.engine == "local"


def test_what_a_killed_launcher_and_its_killed_process_supervisor_have_left_is_read_back(build):
    event = msgspec.json.encode(Record(5, "alice", "miner", "", BlockFound("alice", 7, "aa", 1, 0))).decode()
    agent = program("agent", ("sh", "-c", f"echo '{event}' > events.jsonl; exec sleep 1000"), runs_to_end=False)
    _, path = build(one_host(agent), stop=1000.0)
    launcher = subprocess.Popen([sys.executable, "-c", LAUNCH, path])
    wait_until(lambda: (path / "hosts" / "alice" / "events.jsonl").is_file() and len(running(path)) == 3)
    (supervisor,) = (pid for pid, command in running(path).items() if "process_supervisor" in command)
    launcher.send_signal(signal.SIGSTOP)
    os.kill(supervisor, signal.SIGKILL)
    launcher.kill()
    launcher.wait(20)
    wait_until(lambda: running(path) == {})
    assert not (path / "events.jsonl").exists()
    Run(path).read_back()
    assert Run(path).summary.chain.height == 7


def test_a_killed_process_supervisor_leaves_nothing_behind(build):
    plan, path = build(one_host(program("monerod", SLEEPS), program("wallet", SLEEPS)), stop=60.0)

    def kill():
        # A program that was forked and has not begun yet still has its supervisor's command line.
        wait_until(lambda: sum("process_supervisor" not in command for command in running(path).values()) == 2)
        (supervisor,) = (pid for pid, command in running(path).items() if "process_supervisor" in command)
        os.kill(supervisor, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(EngineError, match="process supervisor ended with status -9"):
        play(plan, path, trace_level="INFO", on_progress=wanted)
    killer.join()
    wait_until(lambda: running(path) == {})
    assert told(path) == []


def test_a_program_that_is_not_installed_is_named_with_how_to_install_it(build):
    plan, path = build(one_host(program("monerod", ("no-such-monerod",))))
    with pytest.raises(EngineError, match=r"not found: no-such-monerod\n(.*\n)*.*apt install monero"):
        play(plan, path, trace_level="INFO", on_progress=wanted)


@pytest.mark.parametrize(("port", "what"), [(18_080, "monerod"), (18_081, "monerod"), (18_082, "monero-wallet-rpc")])
def test_an_address_in_use_is_named(build, port, what):
    node = NodePlan(p2p_port=18_080, rpc_port=18_081, start=0, ready_after=0, peers=())
    wallet = WalletPlan(name="wallet", rpc_port=18_082, start=0, ready_after=0, node="alice")
    plan, path = build(one_host(program("monerod", SLEEPS), node=node, wallets=(wallet,)))
    error = pytest.raises(EngineError, match=rf"{what} of alice cannot have {ADDRESS}:{port}.*another run")
    with socket.create_server((ADDRESS, port)), error:
        play(plan, path, trace_level="INFO", on_progress=wanted)


def test_a_run_directory_is_played_once(build):
    plan, path = build(one_host(program("monerod", SLEEPS)), stop=1000.0)
    play(plan, path, trace_level="INFO", on_progress=lambda _: not running(path))
    with pytest.raises(EngineError, match=r"played already.*--force"):
        play(plan, path, trace_level="INFO", on_progress=wanted)


def test_a_damaged_plan_ends_in_an_error_without_a_traceback(build):
    plan, path = build(one_host(program("monerod", SLEEPS)))
    (path / "plan.json").write_bytes(encode_plan(plan)[:50])
    with pytest.raises(EngineError, match="not a plan") as error:
        play(plan, path, trace_level="INFO", on_progress=wanted)
    assert "Traceback" not in str(error.value)


def agent(name, *actors, programs=(), restarts=None):
    """Make a host with a real agent; what it has besides are programs that do nothing."""
    argv = (PYTHON, "-m", "monerosim.agent", "--plan", "{run}/plan.json", "--host", name)
    return HostPlan(
        name=name,
        group=name,
        address=ADDRESS,
        agent_start=0,
        actors=actors,
        restarts=restarts or {},
        processes=(*programs, program("agent", argv, runs_to_end=False)),
    )


def test_deaths_are_told_to_the_orchestrator_in_the_trace_and_in_the_report(tmp_path):
    """Of a wallet, which is started again, and of an agent, which cannot tell of itself."""
    kinds = ("process-died", "process-restarted", "process-given-up")
    boss = ActorPlan(name="orchestrator", use="orchestrator", role="orchestrator", start=0, config={"collect": kinds})
    dies = program("wallet", ("sh", "-c", "sleep 1; kill -9 $$"), start=0)
    quits = program("agent", (PYTHON, "-c", "raise SystemExit(4)"), start=2 * SECOND, runs_to_end=False)
    hosts = [
        agent("boss", boss),
        agent("user", programs=(dies,), restarts={"max_restarts": 1, "backoff": "500ms"}),
        msgspec.structs.replace(agent("victim"), processes=(quits,)),
    ]
    path = tmp_path / "run"
    plan = msgspec.structs.replace(make_plan(*hosts), engine="local", stop=1000 * SECOND)
    write_run_directory(plan, b"", path)
    given_up = []

    def goes_on(progress):
        """Let the letters of the last one be read before the end."""
        if not given_up and sum(isinstance(it, ProcessGivenUp) for it in so_far(path)) == 2:
            given_up.append(progress.now)
        return not given_up or progress.now < given_up[0] + 4 * SECOND

    play_run(path, on_progress=goes_on)
    document = msgspec.json.decode((path / "shared" / "orchestrator.json").read_bytes())
    assert document["events"] == {"process-died": 3, "process-restarted": 1, "process-given-up": 2}
    lines = [(line.participant, line.text) for line in Run(path).traces(actors=("engine",))]
    assert sorted(lines, key=lambda line: line[0]) == [
        ("user", "wallet ended with signal 9"),
        ("user", "wallet is started again (restart 1)"),
        ("user", "wallet ended with signal 9"),
        ("user", "wallet is started no more, after 1 restarts"),
        ("victim", "agent ended with status 4"),
        ("victim", "agent is started no more, after 0 restarts"),
    ]
    outcome = Run(path).summary.outcome
    assert outcome.failed == {"user/wallet": 2, "victim/agent": 1}
    assert outcome.restarted == {"user/wallet": 1}


TICKS = ("sh", "-c", "echo life >> lives; while true; do date +%s%N >> ticks; sleep 0.05; done")
ASKS = """
import json, pathlib, sys, time

requests = pathlib.Path("../../requests")
for number, do in enumerate(sys.argv[1:]):
    time.sleep(1.5)
    (requests / "new").write_text(json.dumps({"host": "alice", "program": "node", "do": do}))
    (requests / "new").rename(requests / f"{number}.json")
time.sleep(3.5)
"""


@pytest.mark.parametrize(
    ("end", "begin", "lives"), [("shut-down", "start-up", 2), ("crash", "start-up", 2), ("freeze", "thaw", 1)]
)
def test_a_program_is_ended_stopped_and_started_as_agents_ask_for_it(build, end, begin, lives):
    agent = program("agent", (PYTHON, "-c", ASKS, end, begin), runs_to_end=False)
    plan, path = build(one_host(program("monerod", TICKS), agent), stop=6)
    play(plan, path, trace_level="INFO", on_progress=wanted)
    home = path / "hosts" / "alice"
    assert (home / "lives").read_text().split() == ["life"] * lives
    ticks = [int(line) for line in (home / "ticks").read_text().split()]
    # It was away once, and for about as long as it was told; a busy machine makes it longer.
    gaps = [later - earlier for earlier, later in pairwise(ticks)]
    assert max(gaps) > 10**9
    assert told(path) == []


def test_an_upgrade_ends_a_program_in_order_and_starts_the_other(build):
    first = ("sh", "-c", 'trap "echo first ended >> $0-told; exit 0" TERM; echo first >> $0-told; sleep 1000 & wait')
    second = ("sh", "-c", "echo second >> $0-told; sleep 1000")
    upgrade = ProcessUpgradePlan(at=6 * SECOND, version="0.18.4.0", argv=(*second, "monerod"))
    process = msgspec.structs.replace(program("monerod", (*first, "monerod")), upgrade=upgrade)
    plan, path = build(one_host(process), stop=14)
    play(plan, path, trace_level="INFO", on_progress=wanted)
    assert (path / "hosts" / "alice" / "monerod-told").read_text().splitlines() == ["first", "first ended", "second"]
    assert told(path) == []
