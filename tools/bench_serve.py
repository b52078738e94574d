"""How much browsers slow a run that they watch: a run of 1,000 users without a server, then with ten streams of it.

``python tools/bench_serve.py`` prints both times and their ratio; ``--users 100 --browsers 10`` changes the size.
What it says of real time counts on a machine with two idle cores.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import requests

SCENARIO = """
[simulation]
name = "watched"
duration = "2h"
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


def play(command: Sequence[str | Path]) -> tuple[float, float]:
    """Play a run; return real seconds and seconds of CPU."""
    before, began = psutil.Process().cpu_times(), time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = psutil.Process().cpu_times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - began, spent


def watch(address: str, counts: list[int]) -> None:
    """Read a stream to its end, as a browser does; count its bytes."""
    headers = {"Accept": "text/event-stream"}
    with requests.get(f"{address}/api/events", headers=headers, stream=True, timeout=600) as stream:
        counts.append(sum(len(chunk) for chunk in stream.iter_content(65_536)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--browsers", type=int, default=10)
    options = parser.parse_args()
    cli = [sys.executable, "-m", "monerosim.cli"]
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "a.toml").write_text(SCENARIO.format(users=options.users))
        for name in ("alone", "watched"):
            subprocess.run([*cli, "build", here / "a.toml", "-o", here / name], check=True, stdout=subprocess.DEVNULL)
        alone = play([*cli, "run", here / "alone", "-q", "--no-report"])
        serve = [*cli, "serve", here / "watched", "--port", "0"]
        server = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)
        address = (server.stdout.readline() if server.stdout else "").rpartition(" ")[2].partition("/#")[0]
        counts: list[int] = []
        browsers = [threading.Thread(target=watch, args=(address, counts)) for _ in range(options.browsers)]
        for browser in browsers:
            browser.start()
        watched = play([*cli, "run", here / "watched", "-q", "--no-report"])
        for browser in browsers:
            browser.join()
        server.terminate()
        server.wait()
    print(f"{options.users} users, {options.browsers} browsers, {sum(counts) / 1e6:.1f} MB streamed")
    for name, index in (("real", 0), ("CPU", 1)):
        ratio = watched[index] / alone[index]
        print(f"{name}: {alone[index]:.1f} s alone, {watched[index]:.1f} s watched, {ratio:.3f} times")


if __name__ == "__main__":
    main()
