"""Measure what a network that changes costs beside one that does not, in seconds of processor time.

    python tools/bench_conditions.py [NODES [HOURS]]

The nodes have eight connections each; of the changing network three tenths come and go, up for two hours and down for
twenty minutes on average. Twenty of them mine, and each of twenty users pays every ten minutes.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from monerosim import NodeCaughtUp, PeerConnected, run
from monerosim.scenario import parse

SCENARIO = """
[simulation]
name = "conditions"
duration = "{hours}h"
seed = 1

[network]
connections = 8
turnover = {{ share = {share}, session = "2h", downtime = "20min", among = ["node"] }}

[record]
spreads = "quantiles"

[participants.miner]
kind = "autonomous-miner"
count = 20
hashrate = 5

[participants.user]
kind = "regular-user"
count = 20
node = "miner"
wallet = {{ initial_balance = "50 XMR" }}
transaction_frequency = 0.1

[participants.node]
kind = "relay"
count = {count}
"""


def measure(nodes: int, hours: float, share: float) -> tuple[float, int, int]:
    """Return the processor time of a run, the connections that were made, and how often nodes came back."""
    text = SCENARIO.format(hours=hours, share=share, count=nodes - 20)
    with TemporaryDirectory() as directory:
        begin = process_time()
        played = run(parse(text), Path(directory) / "run")
        took = process_time() - begin
        kinds = [type(record.data) for record in played.events()]
    return took, kinds.count(PeerConnected), kinds.count(NodeCaughtUp)


def main() -> None:
    """Play both networks and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nodes", nargs="?", type=int, default=1_000, help="%(default)s if left out")
    parser.add_argument("hours", nargs="?", type=float, default=24.0, help="%(default)s if left out")
    given = parser.parse_args()
    nodes, hours = given.nodes, given.hours
    fixed, _, _ = measure(nodes, hours, 0.0)
    changing, made, back = measure(nodes, hours, 0.3)
    sys.stdout.write(
        f"{nodes} nodes, {hours:g} h: fixed {fixed:.1f} s, changing {changing:.1f} s of processor time, "
        f"{changing / fixed:.2f} times as much; {made} connections made, nodes came back {back} times\n"
    )


if __name__ == "__main__":
    main()
