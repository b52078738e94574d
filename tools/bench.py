"""Measure the runtimes and the embedded engine: the figures of docs/performance.md.

    python tools/bench.py [--sizes 100,300,1000] [--duration 2h]

Asks on both runtimes are measured in turn in one run, so that their ratio holds on a noisy machine; so are runs with
and without tables. Ratios that are worse by more than 15 % than those kept in tools/ratios.json are named; ``--keep``
replaces the file.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from itertools import product
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time, sleep, time
from typing import cast

import msgspec
import pykka

from monerosim import Participant, Scenario, run
from monerosim.agent.actor import Actor, handles
from monerosim.agent.host import Host
from monerosim.agent.messages import Message
from monerosim.agent.process import RealEnvironment
from monerosim.build.compile import compile_plan
from monerosim.build.rundir import write_run_directory
from monerosim.mailbox.disk import FOLDERS, DiskPostOffice
from monerosim.mailbox.post import Envelope
from monerosim.plan.environment import EPOCH_VARIABLE
from monerosim.plan.letters import POLL_GRID
from monerosim.results.report import write_report
from monerosim.runtime.runtime import Runtime
from monerosim.runtime.threads import ThreadsRuntime
from monerosim.runtime.virtual import VirtualRuntime
from monerosim.units import SECOND

KEPT = Path(__file__).with_name("ratios.json")
WORSE = 0.15
RESULT_ROUNDS = 3
ASKS = 20_000
ROUNDS = 5
ACTORS = 3_000
USERS = 400
MESSAGES = 3_000
AGENTS = 5
LETTERS = 200
GRID_LETTERS = 8
MOST_LATENCY = 0.010
MOST_START = 5.0
TIMEOUT = 60.0
IMPORTS = 15
AGENT_IMPORT = "import monerosim.agent.__main__"
LIBRARIES_IMPORT = "import requests, loguru, tenacity, pykka, msgspec"
FEW, USUAL = 8, 12
"""Nodes that each node dials: as in earlier figures, and as monerod does."""


class Echo(pykka.Actor):
    """Answers with the message it is sent."""

    def on_receive(self, message: object) -> object:
        """Answer."""
        return message


class Asker(pykka.Actor):
    """Asks another actor many times."""

    def __init__(self, other: pykka.ActorRef[Echo]) -> None:
        super().__init__()
        self.other = other

    def on_receive(self, message: object) -> float:
        """Ask, and return the asks per second."""
        del message
        began = perf_counter()
        for number in range(ASKS):
            self.other.ask(number)
        return ASKS / (perf_counter() - began)


def asks_a_second(runtime: Runtime) -> float:
    """Return the asks per second from actor to actor, each awaiting its answer."""
    echo = runtime.start(Echo)
    asker = runtime.start(Asker, echo)
    rate: float = asker.ask("go")
    asker.stop()
    echo.stop()
    return rate


def resident() -> int:
    """Return this process's resident bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def bench_runtimes() -> dict[str, float]:
    """Print asks per second on both runtimes, and bytes per actor on the virtual one; return their ratio."""
    virtual_rates, thread_rates = [], []
    for _ in range(ROUNDS):
        virtual_rates.append(asks_a_second(VirtualRuntime()))
        threads = ThreadsRuntime()
        thread_rates.append(asks_a_second(threads))
        threads.close()
    ratio = median(fast / slow for fast, slow in zip(virtual_rates, thread_rates, strict=True))
    print(
        f"asks a second: virtual {median(virtual_rates):,.0f}, threads {median(thread_rates):,.0f}, ratio {ratio:.1f}"
    )
    before = resident()
    runtime = VirtualRuntime()
    references = [runtime.start(Echo) for _ in range(ACTORS)]
    references[-1].ask("all have started")
    print(f"bytes an actor: {(resident() - before) / ACTORS:,.0f} ({ACTORS} pykka actors on the virtual runtime)")
    for reference in references:
        reference.stop()
    return {"seconds of an ask on virtual time, of one on threads": 1 / ratio}


class Ping(Message[float], frozen=True):
    """Answer with the seconds since ``sent``."""

    sent: float


class Ponger(Actor):
    """Reports how long messages took."""

    def begin(self) -> None:
        """Start with no measurements."""
        self.taken: list[float] = []

    @handles(Ping)
    def on_ping(self, ping: Ping) -> float:
        """Record the time that the message took."""
        self.taken.append(perf_counter() - ping.sent)
        return self.taken[-1]


class Send(Message[list[float]], frozen=True):
    """Ask another actor many times; the answer is the seconds from each question to its answer."""

    tells: bool
    """Tell instead of ask; the answer is the seconds until each message was handled."""


class Pinger(Actor):
    """Sends messages to the actor ``ponger`` of its host."""

    @handles(Send)
    def on_send(self, order: Send) -> list[float]:
        """Send them, a millisecond apart."""
        other = self.host.actor("ponger")
        taken = []
        for _ in range(MESSAGES):
            began = perf_counter()
            if order.tells:
                self.tell(other, Ping(began))
            else:
                self.ask(other, Ping(began))
                taken.append(perf_counter() - began)
            sleep(0.001)
        if not order.tells:
            return taken
        self.ask(other, Ping(perf_counter()))
        told: list[float] = other.proxy().taken.get()
        return told[-MESSAGES - 1 : -1]


def bench_latency() -> None:
    """Print how long messages between actors of a host take on threads, as in an agent's process."""
    plan = compile_plan(scenario(1, "1h"))
    with tempfile.TemporaryDirectory() as folder:
        world = RealEnvironment(plan, "user", Path(folder), epoch=time())
        host = Host(plan, next(own for own in plan.hosts if own.name == "user"), world)
        host.start(Ponger, "ponger")
        pinger = host.start(Pinger, "pinger")
        for tells in (False, True):
            taken = cast("list[float]", pinger.ask(Send(tells)))
            cuts = quantiles(taken, n=100)
            print(
                f"{'tell' if tells else 'ask'} latency on threads: p50 {cuts[49] * 1e3:.2f} ms, "
                f"p99 {cuts[98] * 1e3:.2f} ms (target: below {MOST_LATENCY * 1e3:.0f} ms), "
                f"most {max(taken) * 1e3:.2f} ms"
            )
        for reference in host.actors.values():
            reference.stop()
        world.close()


def letter_latencies(*, watches: bool, count: int) -> list[float]:
    """Return the seconds from sending letters until another host's post office delivers them, one after the other."""
    runtime, came = ThreadsRuntime(), threading.Semaphore(0)
    with tempfile.TemporaryDirectory() as folder:
        for host in ("a", "b"):
            for name in FOLDERS:
                (Path(folder) / host / name).mkdir(parents=True)
        sender, receiver = (DiskPostOffice(runtime, Path(folder), watches=watches) for _ in range(2))
        receiver.receive("b", lambda *_: came.release() is None)
        sleep(0.2)
        taken = []
        for number in range(1, count + 1):
            began = perf_counter()
            sender.send(
                Envelope(
                    sent=runtime.now(), sender="a", number=number, recipient="b", actor="x", kind="k", data={}, cause=""
                )
            )
            if not came.acquire(timeout=TIMEOUT):
                raise TimeoutError("a letter did not come")
            taken.append(perf_counter() - began)
            # Not in step with the grid.
            sleep(0.013 if watches else 0.37)
        runtime.close()
    return taken


def bench_letters() -> None:
    """Print how long a letter takes from host to host: on the local engine, and on the grid of the others."""
    kinds = (("local engine, folder watched", True, LETTERS), ("grid of the others", False, GRID_LETTERS))
    for name, watches, count in kinds:
        taken = letter_latencies(watches=watches, count=count)
        target = f"target: below {MOST_LATENCY * 1e3:.0f} ms" if watches else "by design 500 to 1,500 ms"
        cuts = quantiles(taken, n=100, method="inclusive")
        print(
            f"letter between hosts, {name}: p50 {cuts[49] * 1e3:.1f} ms, p99 {cuts[98] * 1e3:.1f} ms ({target}), "
            f"most {max(taken) * 1e3:.1f} ms"
        )


def agent_start() -> float:
    """Return the seconds from the start of an agent's process until its supervisor has answered a letter."""
    plan = msgspec.structs.replace(compile_plan(scenario(1, "1h")), engine="local")
    with tempfile.TemporaryDirectory() as folder:
        run_directory = Path(folder) / "run"
        write_run_directory(plan, b"", run_directory)
        mailboxes = run_directory / "shared" / "mailbox"
        question = Envelope(
            sent=0,
            sender="pool-a",
            number=1,
            recipient="user",
            actor="supervisor",
            kind="command",
            data={"do": "pause", "id": "1", "reply": "bench"},
            cause="bench",
        )
        DiskPostOffice(VirtualRuntime(), mailboxes).send(question)
        began = perf_counter()
        environment = os.environ | {EPOCH_VARIABLE: repr(time())}
        command = [sys.executable, "-m", "monerosim.agent", "--plan", str(run_directory / "plan.json"), "--host=user"]
        with subprocess.Popen(command, env=environment) as agent:
            while not any((mailboxes / "pool-a" / "new").iterdir()):
                if agent.poll() is not None or perf_counter() - began > TIMEOUT:
                    agent.kill()
                    raise SystemExit("the agent did not answer")
                sleep(0.005)
            taken = perf_counter() - began
            agent.kill()
    return taken


def bench_agent_start() -> None:
    """Print how long an agent takes to start."""
    taken = [agent_start() for _ in range(AGENTS)]
    print(
        f"agent start until its actors answer a letter: median {median(taken):.2f} s, most {max(taken):.2f} s "
        f"of {AGENTS} (target: below {MOST_START:.0f} s; up to {POLL_GRID / SECOND:g} s is the mailbox's grid)"
    )


def scenario(size: int, duration: str, connections: int = FEW) -> Scenario:
    """Return a scenario of ``size`` users with a node each, and three pools."""
    return Scenario(
        simulation={"name": f"bench-{size}", "duration": duration},
        network={"connections": connections},
        participants={
            "user": Participant(
                count=size,
                kind="regular-user",
                wallet={"initial_balance": "10 XMR"},
                settings={"transaction_frequency": 0.1},
            ),
            "pool-a": Participant(kind="mining-pool", settings={"hashrate": 40}),
            "pool-b": Participant(kind="mining-pool", settings={"hashrate": 30}),
            "pool-c": Participant(kind="mining-pool", settings={"hashrate": 30}),
            "block-controller": Participant(kind="block-controller"),
        },
    )


def bench_one(size: int, duration: str, connections: int) -> None:
    """Run one size in this process and print its figures as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        began = process_time()
        summary = run(scenario(size, duration, connections), Path(folder) / "run").summary
        taken = process_time() - began
    print(
        json.dumps(
            {
                "cpu": taken,
                "simulated": summary.simulated_seconds,
                "payments": summary.payments.sent,
                "blocks": summary.chain.blocks,
                "memory": most_memory(),
                "unaccounted": summary.coins.unaccounted,
            }
        )
    )


def importing(code: str) -> tuple[float, float]:
    """Return the seconds of CPU that a new process takes to run a line, its start included, and the most bytes."""
    told = "; import resource; used = resource.getrusage(resource.RUSAGE_SELF); print(used.ru_utime + used.ru_stime)"
    told += "; print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", code + told], check=True, capture_output=True, text=True, env=inherited
    )
    cpu, kilobytes = done.stdout.split()
    return float(cpu), int(kilobytes) * 1024


def bench_imports() -> None:
    """Print what an agent's process imports before it does anything, beside its libraries alone."""
    taken: dict[str, list[tuple[float, float]]] = {"pass": [], AGENT_IMPORT: [], LIBRARIES_IMPORT: []}
    for code in taken:
        importing(code)
    for _ in range(IMPORTS):
        for code, found in taken.items():
            found.append(importing(code))
    # The least of some: others may disturb any single one.
    (bare, _), (agent, memory), (libraries, least) = (
        (min(cpu for cpu, _ in found), max(most for _, most in found)) for found in taken.values()
    )
    times = (agent - bare) / (libraries - bare)
    print(
        f"imports of an agent: {agent - bare:.2f} s of CPU, {times:.2f} times those of its libraries alone "
        f"(target: at most 1.15), {memory / 1e6:.0f} MB, {least / 1e6:.0f} MB with the libraries alone"
    )


def bench_build(users: int) -> None:
    """Print how long it takes to plan a run and to write its directory."""
    with tempfile.TemporaryDirectory() as folder:
        began = perf_counter()
        plan = compile_plan(scenario(users, "1h"))
        planned = perf_counter()
        write_run_directory(plan, b"", Path(folder) / "run")
        written = perf_counter()
    processes = Counter(process.name for host in plan.hosts if host.group == "user" for process in host.processes)
    counts = ", ".join(f"{number} {name}" for name, number in processes.items())
    print(
        f"building {users} users ({counts}): {written - began:.2f} s, of which the plan takes {planned - began:.2f} s"
    )


def most_memory() -> int:
    """Return the most bytes that this process has had; getrusage counts those of the process that started it, too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def bench_results() -> dict[str, float]:
    """Print what tables and pages take beside the run; return the ratios."""
    shares: dict[str, list[float]] = {"tables": [], "page": []}
    for _ in range(RESULT_ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            began = process_time()
            played = run(scenario(USERS, "1h"), Path(folder) / "run")
            ran = process_time()
            _ = played.tables
            tabled = process_time()
            write_report([played], Path(folder) / "report.html")
            shares["tables"].append((tabled - ran) / (ran - began))
            shares["page"].append((process_time() - tabled) / (ran - began))
    medians = {f"CPU of the {what}, of that of the run": median(found) for what, found in shares.items()}
    for what, share in medians.items():
        print(f"{what}: {share:.1%} ({USERS} users, 1 h)")
    return medians


def compare_ratios(ratios: dict[str, float], *, keep: bool) -> bool:
    """Print which ratios have worsened, and keep them if that is wanted; return whether none has."""
    kept: dict[str, float] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    worse = {name: new for name, new in ratios.items() if name in kept and new > kept[name] * (1 + WORSE)}
    for name, new in worse.items():
        print(f"worse by {new / kept[name] - 1:.0%}: {name}, {new:.3f} instead of {kept[name]:.3f}")
    if keep:
        KEPT.write_text(json.dumps({name: round(ratio, 4) for name, ratio in ratios.items()}, indent=1) + "\n")
    return not worse


def bench_sizes(sizes: list[int], duration: str) -> None:
    """Print speed and memory for each size and number of connections, each in a process of its own."""
    names = f"{'CPU s':>9} {'x real time':>12} {'payments':>9} {'memory MB':>10} {'us a node-second':>17}"
    print(f"{'participants':>12} {'dials':>6} {names}")
    for size, connections in product(sizes, (FEW, USUAL)):
        command = [sys.executable, __file__, "--one", str(size), "--duration", duration]
        command += ["--connections", str(connections)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        result = json.loads(output.splitlines()[-1])
        simulated, taken = result["simulated"], result["cpu"]
        print(
            f"{size:>12,} {connections:>6} {taken:>9.1f} {simulated / taken:>12,.0f} {result['payments']:>9,} "
            f"{result['memory'] / 1e6:>10,.0f} {taken / size / simulated * 1e6:>17.2f}",
            flush=True,
        )


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100,300,1000")
    parser.add_argument("--duration", default="2h")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--connections", type=int, default=FEW, help=argparse.SUPPRESS)
    parser.add_argument("--only-sizes", action="store_true", help="only the embedded engine by number of participants")
    parser.add_argument("--ratios", action="store_true", help="only what is compared with the ratios that were kept")
    parser.add_argument("--keep", action="store_true", help="keep the ratios of this run")
    options = parser.parse_args()
    if options.one is not None:
        bench_one(options.one, options.duration, options.connections)
        return
    if options.only_sizes:
        bench_sizes([int(size) for size in options.sizes.split(",")], options.duration)
        return
    ratios = bench_runtimes()
    ratios |= bench_results()
    if options.ratios:
        sys.exit(0 if compare_ratios(ratios, keep=options.keep) else 3)
    bench_latency()
    bench_letters()
    bench_agent_start()
    bench_imports()
    bench_build(USERS)
    bench_sizes([int(size) for size in options.sizes.split(",")], options.duration)
    if not compare_ratios(ratios, keep=options.keep):
        sys.exit(3)


if __name__ == "__main__":
    main()
