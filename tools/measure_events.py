"""Print the bytes of events that a scenario writes on the embedded engine, by number of users and way of recording.

    python tools/measure_events.py [USERS ...]

A node and a wallet a user, 0.1 payments a user and minute, half an hour. The digests of one number of users are
compared; exit code 1 if two differ.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from monerosim.cli.exits import FAILED
from monerosim.events.log import EVENTS
from monerosim.runs import run
from monerosim.scenario import parse

SCENARIO = """
[simulation]
duration = "30m"
seed = 1

[network]
connections = 8

[participants.pool]
kind = "mining-pool"
hashrate = 100

[participants.block-controller]
kind = "block-controller"

[participants.user]
kind = "regular-user"
count = {users}
wallet = {{ initial_balance = "10 XMR", outputs = 4 }}
"""


def main() -> int:
    """Play and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("users", nargs="*", type=int, default=[100, 300, 1000])
    differ = False
    print(f"{'users':>6} {'spreads':<10} {'events':>8} {'bytes':>12} {'of spreads':>12} {'wall s':>7}")
    for users in parser.parse_args().users:
        digests = set()
        for form in ("all", "sample", "quantiles"):
            with tempfile.TemporaryDirectory() as directory:
                played = run(
                    parse(SCENARIO.format(users=users), changes=[f"record.spreads={form}"]), Path(directory) / "run"
                )
                sizes = [(record.tag.endswith("-spread"), len(record.line)) for record in played.events()]
                total = (played.directory / EVENTS).stat().st_size
                spreads = sum(size for is_spread, size in sizes if is_spread)
                digests.add(played.summary.digest)
                seconds = played.summary.wall_seconds
            print(f"{users:>6} {form:<10} {len(sizes):>8,} {total:>12,} {spreads:>12,} {seconds:>7.1f}", flush=True)
        differ = differ or len(digests) > 1
    return FAILED if differ else 0


if __name__ == "__main__":
    sys.exit(main())
