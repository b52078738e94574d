"""What crowds cost: CPU time, memory and bytes for a simulated hour, beside what was paid.

    python tools/bench_crowd.py [USERS:NODES:RATE ...]

RATE is payments a user and minute. Each row is a process of its own; CPU time is the process's own, start included.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from monerosim import run
from monerosim.scenario import parse

SIZES = ("10000:100:0.006", "100000:1000:0.0006")
"""About 120 payments a block in both, so that blocks are not full."""

SCENARIO = """
[simulation]
name = "crowd"
duration = "1h"

[consensus]
start = "tail"

[network]
connections = {connections}

[participants.pool]
kind = "mining-pool"
hashrate = 100

[participants.controller]
kind = "block-controller"

[participants.relays]
kind = "relay"
count = {nodes}

[participants.people]
kind = "crowd"
users = {users}
nodes = ["relays"]
transaction_frequency = {rate}
"""

_MB = 1e6


def measure(size: str, connections: int) -> dict[str, float]:
    """Play a size, and return what it cost."""
    users, nodes, rate = size.split(":")
    text = SCENARIO.format(users=users, nodes=nodes, rate=rate, connections=connections)
    with tempfile.TemporaryDirectory() as directory:
        began, place = time.process_time(), Path(directory) / "run"
        played = run(parse(text, seed=1), place)
        spent = time.process_time() - began
        files = [path.stat().st_size for path in place.rglob("*") if path.is_file()]
        made = played.summary.requests["people"]
        return {
            "users": int(users),
            "nodes": int(nodes),
            "rate": float(rate),
            "requested": made.requested,
            "drawn": made.drawn,
            "confirmed": made.confirmed,
            "cpu": spent,
            "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MB,
            "events": (place / "events.jsonl").stat().st_size / _MB,
            "disk": sum(files) / _MB,
        }


def main() -> None:
    """Print a row for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", default=SIZES, metavar="USERS:NODES:RATE")
    parser.add_argument("--connections", type=int, default=8, help="that each node dials")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.sizes[0], options.connections)))
        return
    print(
        "| users | nodes | payments a user and minute | requested | came due | confirmed | CPU s | ms a confirmed one "
        "| times real time | MB | events MB | disk MB |"
    )
    print("|" + "---|" * 12)
    for size in options.sizes:
        command = [sys.executable, __file__, "--one", "--connections", str(options.connections), size]
        it = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(
            f"| {it['users']:,} | {it['nodes']:,} | {it['rate']:g} | {it['requested']:,.0f} | {it['drawn']:,} "
            f"| {it['confirmed']:,} | {it['cpu']:.1f} | {1000 * it['cpu'] / it['confirmed']:.1f} "
            f"| {3600 / it['cpu']:,.0f} | {it['mb']:,.0f} | {it['events']:.1f} | {it['disk']:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
