"""Measure what a task of a sweep costs a Dask cluster: bytes, and CPU and memory of scheduler, sweep and workers.

    python tools/bench_cluster.py [--runs 2000] [--workers 2] [SCENARIO]

Scheduler and workers are processes on this machine's loopback. Runs are as small as can be (a minute with a miner), so
that what is measured is the cluster; SCENARIO is whose bytes are told, scenarios/smoke.toml if left out.
"""

import argparse
import pickle
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter, sleep

import psutil

from monerosim import sweep
from monerosim.ensemble.cluster import Cluster
from monerosim.ensemble.design import design_of
from monerosim.ensemble.member import Keep, play_member
from monerosim.ensemble.source import Source
from monerosim.scenario.permissions import NOTHING
from monerosim.scenario.tables import SweepTable

TINY = """
[simulation]
name = "tiny"
duration = "1m"

[participants.miner]
kind = "mining-pool"
hashrate = 1

[participants.block-controller]
kind = "block-controller"
"""

WARM_UP = 50
"""Runs before the clock starts: workers import what all need."""


def print_bytes(scenario: Path, folder: Path) -> None:
    """Print how many bytes a run of a scenario is on its way to a worker, and its results on their way back."""
    source = Source(scenario, (), NOTHING)
    (entry,) = source.entries(design_of(SweepTable(seeds="1")))
    keeps: tuple[Keep, ...] = ("summary", "tables")
    for keep in keeps:
        member = source.member(entry, keep, folder)
        outcome = play_member(member)
        there, back = len(pickle.dumps(member)), len(pickle.dumps(outcome))
        print(f"{source.name}, --keep {keep}: {there:,} bytes to the worker, {back:,} bytes back")


@contextmanager
def process(module: str, *arguments: str, folder: str) -> Iterator[psutil.Process]:
    """Start a part of a Dask cluster, and end it."""
    command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--no-dashboard"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as started:
        try:
            yield psutil.Process(started.pid)
        finally:
            started.kill()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def spent(process: psutil.Process) -> float:
    """Return the CPU seconds of a process so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def await_listener(port: int) -> None:
    """Wait until somebody listens on a port."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            sleep(0.1)
        else:
            return


def print_load(runs: int, workers: int, folder: str) -> None:
    """Print what a task takes of each part of a cluster."""
    path, port = Path(folder) / "tiny.toml", free_port()
    path.write_text(TINY)
    with ExitStack() as stack:
        where = ("--host", "127.0.0.1")
        scheduler = stack.enter_context(process("dask_scheduler", *where, "--port", str(port), folder=folder))
        await_listener(port)
        options = (*where, "--nthreads", "1", "--no-nanny", "--local-directory", folder)
        started = [
            stack.enter_context(process("dask_worker", f"tcp://127.0.0.1:{port}", *options, folder=folder))
            for _ in range(workers)
        ]
        cluster = Cluster(f"tcp://127.0.0.1:{port}")
        sweep(path, Path(folder) / "warm", seeds=range(1, WARM_UP + 1), executor=cluster)
        parts = {"scheduler": [scheduler], "sweep": [psutil.Process()], "workers": started}
        before = {
            name: (sum(map(spent, them)), sum(it.memory_info().rss for it in them)) for name, them in parts.items()
        }
        began = perf_counter()
        sweep(path, Path(folder) / "sweep", seeds=range(1, runs + 1), executor=cluster)
        seconds = perf_counter() - began
        print(f"{runs} runs on {workers} workers: {seconds:.1f} s, {runs / seconds:.0f} a second")
        for name, them in parts.items():
            busy = 1e3 * (sum(map(spent, them)) - before[name][0]) / runs
            grown = (sum(it.memory_info().rss for it in them) - before[name][1]) / runs
            size = max(it.memory_info().rss for it in them) / 1e6
            print(f"{name}: {busy:.2f} ms of CPU a run, {size:.0f} MB, {grown:+,.0f} bytes a run")


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="?", type=Path, default=Path("scenarios/smoke.toml"))
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print_bytes(options.scenario, Path(folder))
        print_load(options.runs, options.workers, folder)


if __name__ == "__main__":
    main()
