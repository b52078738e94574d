"""How much browsers slow a run that they watch: a run of 1,000 users, in turn without a server and with ten browsers.

    python tools/bench_serve.py [--users 1000] [--browsers 10] [--duration 30m] [--rounds 2]

A browser is what the page of a run asks for: the stream of all events, and each second how far the run is and what its
clock does. The CPU time is that of the run's own process, so that it counts on a busy machine too; real time counts on
a machine with two idle cores, as server and browsers take one.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

SCENARIO = """
[simulation]
name = "watched"
duration = "{duration}"
[participants.pool]
kind = "mining-pool"
hashrate = 100
[participants.block-controller]
kind = "block-controller"
[participants.user]
kind = "regular-user"
count = {users}
wallet = {{ initial_balance = "10 XMR" }}
transaction_frequency = 0.1
"""
CLI = [sys.executable, "-m", "monerosim.cli"]


def play(command: Sequence[str | Path]) -> tuple[float, float]:
    """Play a run; return real seconds and its process's seconds of CPU."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, [str(it) for it in command])
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime


def follow(address: str, counts: list[int]) -> None:
    """Read the stream of a run to its end, as a browser does; count its bytes."""
    headers = {"Accept": "text/event-stream"}
    with requests.get(f"{address}/api/events", headers=headers, stream=True, timeout=600) as stream:
        counts.append(sum(len(chunk) for chunk in stream.iter_content(65_536)))


def poll(address: str, over: threading.Event) -> None:
    """Ask each second what the page asks."""
    with requests.Session() as session:
        while not over.wait(1):
            for path in ("status", "control"):
                session.get(f"{address}/api/{path}", timeout=600)


@contextmanager
def watching(run: Path, browsers: int, counts: list[int]) -> Iterator[None]:
    """Have browsers watch a run while entered, and until they have all of it."""
    server = subprocess.Popen([*CLI, "serve", run, "--port", "0"], stdout=subprocess.PIPE, text=True)
    if server.stdout is None:
        raise RuntimeError("the server has no output")
    address = server.stdout.readline().rpartition(" ")[2].partition("/#")[0]
    over = threading.Event()
    streams = [threading.Thread(target=follow, args=(address, counts)) for _ in range(browsers)]
    polls = [threading.Thread(target=poll, args=(address, over)) for _ in range(browsers)]
    for thread in (*streams, *polls):
        thread.start()
    try:
        yield
        for thread in streams:
            thread.join()
    finally:
        over.set()
        for thread in polls:
            thread.join()
        server.terminate()
        server.wait()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--browsers", type=int, default=10)
    parser.add_argument("--duration", default="30m")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    counts: list[int] = []
    alone: list[tuple[float, float]] = []
    watched: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "a.toml").write_text(SCENARIO.format(users=options.users, duration=options.duration))
        for number in range(options.rounds):
            runs = here / f"alone-{number}", here / f"watched-{number}"
            for run in runs:
                subprocess.run([*CLI, "build", here / "a.toml", "-o", run], check=True, stdout=subprocess.DEVNULL)
            commands = [[*CLI, "run", run, "-q", "--no-report"] for run in runs]
            alone.append(play(commands[0]))
            with watching(runs[1], options.browsers, counts):
                watched.append(play(commands[1]))
    print(f"{options.users} users, {options.browsers} browsers, {sum(counts) / 1e6:.1f} MB streamed")
    for name, index in (("CPU", 1), ("real time", 0)):
        pairs = [(one[index], other[index]) for one, other in zip(alone, watched, strict=True)]
        ratio = statistics.median(other / one for one, other in pairs)
        each = ", ".join(f"{one:.1f} s alone and {other:.1f} s watched" for one, other in pairs)
        print(f"{name}: {ratio:.3f} times ({each})")


if __name__ == "__main__":
    main()
