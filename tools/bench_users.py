"""Measure runs of many users on the embedded engine: what a delivered payment costs, and how that grows with the size.

    python tools/bench_users.py [--sizes 300,1000] [--hours 2] [--rate 0.06] [--dials 8,12]

A node and a wallet a user, 20 XMR each in twenty coins. Each size is played in a process of its own. A payment is
delivered when a block has it. Beside what was measured stands what 24 hours come to, if everything but the start goes
on as it does.
"""

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
from itertools import pairwise, product
from pathlib import Path
from statistics import fmean
from time import process_time

from monerosim import Participant, Run, Scenario, run
from monerosim.events import BlockContents, PaymentMined
from monerosim.events.log import EVENTS
from monerosim.monero.fees import PENALTY_FREE_WEIGHT

DAY = 24
NEARLY_NONE = 1e-6


def scenario(users: int, hours: float, rate: float, dials: int) -> Scenario:
    """Return a scenario of users with a node and a wallet each, and one pool."""
    return Scenario(
        simulation={"name": f"users-{users}", "duration": f"{round(hours * 3600)}s"},
        network={"connections": dials},
        participants={
            "user": Participant(
                count=users,
                kind="regular-user",
                wallet={"initial_balance": "20 XMR", "outputs": 20},
                settings={"transaction_frequency": rate},
            ),
            "pool": Participant(kind="mining-pool", settings={"hashrate": 100}),
            "block-controller": Participant(kind="block-controller"),
        },
    )


def played(users: int, hours: float, rate: float, dials: int, directory: Path) -> tuple[Run, float]:
    """Play one size; return the run and its seconds of CPU."""
    began = process_time()
    finished = run(scenario(users, hours, rate, dials), directory)
    return finished, process_time() - began


def measure(users: int, hours: float, rate: float, dials: int) -> dict[str, float]:
    """Play one size in this process, and return its figures."""
    with tempfile.TemporaryDirectory() as folder:
        _, start = played(users, 0.01, NEARLY_NONE, dials, Path(folder) / "start")
        finished, cpu = played(users, hours, rate, dials, Path(folder) / "run")
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        mined: set[str] = set()
        fill: list[float] = []
        for record in finished.events():
            match record.data:
                case PaymentMined(txid=txid):
                    mined.add(txid)
                case BlockContents(weight=weight) if record.t >= 0:
                    fill.append(weight / PENALTY_FREE_WEIGHT)
                case _:
                    pass
        return {
            "start": start,
            "cpu": cpu,
            "requested": finished.summary.payments.requested,
            "delivered": len(mined),
            "fill": fmean(fill) if fill else 0,
            "memory": memory,
            "events": (finished.directory / EVENTS).stat().st_size,
            "disk": sum(path.stat().st_size for path in finished.directory.rglob("*") if path.is_file()),
        }


def measured_apart(users: int, hours: float, rate: float, dials: int) -> dict[str, float]:
    """Return the figures of one size, played in a process of its own."""
    options = ["--one", "--sizes", str(users), "--hours", str(hours), "--rate", str(rate), "--dials", str(dials)]
    output = subprocess.run([sys.executable, __file__, *options], check=True, capture_output=True, text=True).stdout
    figures: dict[str, float] = json.loads(output.splitlines()[-1])
    return figures


def main() -> None:
    """Print the figures of each size, and by which power of the size the cost grows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="300,1000")
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--rate", type=float, default=0.06, help="payments a user and minute")
    parser.add_argument("--dials", default="8,12", help="nodes that each node dials")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes, dials = ([int(one) for one in text.split(",")] for text in (options.sizes, options.dials))
    if options.one:
        print(json.dumps(measure(sizes[0], options.hours, options.rate, dials[0])))
        return
    print(
        f"{'users':>6} {'dials':>5} {'CPU s':>7} {'start':>6} {'24 h':>6} {'asked':>7} {'delivered':>9} {'':>6} "
        f"{'ms each':>7} {'fill':>5} {'MB':>6} {'events MB':>9} {'24 h':>6} {'disk MB':>7}"
    )
    costs: dict[int, list[tuple[int, float]]] = {}
    for count, size in product(dials, sizes):
        it = measured_apart(size, options.hours, options.rate, count)
        times = DAY / options.hours
        playing = it["cpu"] - it["start"]
        each = playing / max(1, it["delivered"])
        costs.setdefault(count, []).append((size, playing))
        print(
            f"{size:>6,} {count:>5} {it['cpu']:>7.1f} {it['start']:>6.2f} "
            f"{it['start'] + times * playing:>6.0f} {it['requested']:>7,.0f} {it['delivered']:>9,.0f} "
            f"{it['delivered'] / max(1, it['requested']):>6.1%} {each * 1e3:>7.2f} {it['fill']:>5.0%} "
            f"{it['memory'] / 1e6:>6,.0f} {it['events'] / 1e6:>9,.1f} {times * it['events'] / 1e6:>6,.0f} "
            f"{it['disk'] / 1e6:>7,.1f}",
            flush=True,
        )
    for count, found in costs.items():
        for (few, cheap), (many, dear) in pairwise(found):
            power = math.log(dear / cheap) / math.log(many / few)
            print(f"{count} dials: CPU beyond the start grows from {few:,} to {many:,} users by the power {power:.2f}")


if __name__ == "__main__":
    main()
