"""Prints what the runtimes and the embedded engine cost: the figures of docs/performance.md.

    python tools/bench.py [--sizes 100,300,1000] [--duration 2h]

Asks on both runtimes are measured in turn in one run, so that their ratio holds on a noisy machine.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median
from time import perf_counter

import pykka

from monerosim import Participant, Scenario, run
from monerosim.plan.compile import compile_plan
from monerosim.plan.rundir import write_run_directory
from monerosim.runtime.runtime import Runtime
from monerosim.runtime.threads import ThreadsRuntime
from monerosim.runtime.virtual import VirtualRuntime

ASKS = 20_000
ROUNDS = 5
ACTORS = 3_000
USERS = 400


class Echo(pykka.Actor):
    """Answers with what it is sent."""

    def on_receive(self, message: object) -> object:
        """Answer."""
        return message


class Asker(pykka.Actor):
    """Asks another actor many times."""

    def __init__(self, other: pykka.ActorRef[Echo]) -> None:
        super().__init__()
        self.other = other

    def on_receive(self, message: object) -> float:
        """Ask, and tell how many asks a second that were."""
        del message
        began = perf_counter()
        for number in range(ASKS):
            self.other.ask(number)
        return ASKS / (perf_counter() - began)


def asks_a_second(runtime: Runtime) -> float:
    """Measure asks from actor to actor, an answer awaited each time."""
    echo = runtime.start(Echo)
    asker = runtime.start(Asker, echo)
    rate: float = asker.ask("go")
    asker.stop()
    echo.stop()
    return rate


def resident() -> int:
    """Tell this process's resident bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def bench_runtimes() -> None:
    """Print asks a second on both runtimes, and bytes an actor on the virtual one."""
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


def scenario(size: int, duration: str) -> Scenario:
    """Compose a network of ``size`` users with a node each, and three pools."""
    return Scenario(
        simulation={"name": f"bench-{size}", "duration": duration},
        network={"connections": 8},
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


def bench_one(size: int, duration: str) -> None:
    """Play one size in this process and print its figures as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        began = perf_counter()
        summary = run(scenario(size, duration), Path(folder) / "run").summary
        wall = perf_counter() - began
    print(
        json.dumps(
            {
                "wall": wall,
                "simulated": summary.simulated_seconds,
                "payments": summary.transactions.sent,
                "blocks": summary.blocks,
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "unaccounted": summary.unaccounted,
            }
        )
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


def bench_sizes(sizes: list[int], duration: str) -> None:
    """Print speed and memory for each size, each in a process of its own."""
    names = f"{'seconds':>9} {'x real time':>12} {'payments':>9} {'memory MB':>10} {'us a node-second':>17}"
    print(f"{'participants':>12} {names}")
    for size in sizes:
        command = [sys.executable, __file__, "--one", str(size), "--duration", duration]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  (this file)
        result = json.loads(output.splitlines()[-1])
        simulated = result["simulated"]
        print(
            f"{size:>12,} {result['wall']:>9.1f} {simulated / result['wall']:>12,.0f} {result['payments']:>9,} "
            f"{result['memory'] / 1e6:>10,.0f} {result['wall'] / size / simulated * 1e6:>17.2f}"
        )


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100,300,1000")
    parser.add_argument("--duration", default="2h")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        bench_one(options.one, options.duration)
        return
    bench_runtimes()
    bench_build(USERS)
    bench_sizes([int(size) for size in options.sizes.split(",")], options.duration)


if __name__ == "__main__":
    main()
