"""Check the rates of `monerosim compare`: equal sets that are called different, and different ones that are found.

    python tools/check_compare.py [--repetitions 200] [--runs 30]

Each repetition draws two sets of runs of one scenario, of different seeds, and compares them; then one of those with a
set of the same seeds in which a pool has a fifth more of the hashrate. The exit code is 3 if more than 5 % of the equal
sets are called different, by more than chance allows, or fewer than 90 % of the others are found.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.stats import binom

from monerosim import Sweep, sweep
from monerosim.report.summary import Summary
from monerosim.results.compare import LEVEL, differences

POOLS = """
[simulation]
name = "pools"
duration = "20m"

[consensus]
block_time = "20s"

[participants.alpha]
kind = "mining-pool"
hashrate = 50

[participants.beta]
kind = "mining-pool"
hashrate = 50

[participants.block-controller]
kind = "block-controller"
"""

STRONGER = "participants.alpha.hashrate"
SHARE = "share of blocks of alpha"
FOUND = 0.9


def summaries(swept: Sweep, value: str) -> list[Summary]:
    """Return the summaries of a sweep's runs with a value, by seed."""
    found = {
        entry.seed: swept.store.summary(entry.key) for entry in swept.index.runs if entry.values[STRONGER] == value
    }
    return [summary for _, summary in sorted(found.items()) if summary is not None]


def main() -> None:
    """Print both rates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--runs", type=int, default=30, help="of a set")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pools.toml"
        path.write_text(POOLS)
        # Enough that repetitions share few runs, in few minutes.
        swept = sweep(path, Path(folder) / "sweep", seeds=range(1, 8 * options.runs + 1), vary={STRONGER: [50, 60]})
        equal, stronger = summaries(swept, "50"), summaries(swept, "60")
    rng = np.random.default_rng(1)
    wrong = found = 0
    for _ in range(options.repetitions):
        one, other = rng.permutation(len(equal))[: 2 * options.runs].reshape(2, -1)
        sets = [[equal[place] for place in places] for places in (one, other)]
        wrong += any(it.differs for it in differences(*sets, paired=False))
        pairs = differences(sets[0], [stronger[place] for place in one], paired=True)
        found += any(it.differs for it in pairs if it.measure == SHARE)
    n, allowed = options.repetitions, int(binom.ppf(0.999, options.repetitions, LEVEL))
    print(
        f"equal sets of {options.runs} runs called different: {wrong} of {n} ({wrong / n:.1%}; {LEVEL:.0%} is the aim)"
    )
    print(f"a fifth more hashrate found, of the same {options.runs} seeds: {found} of {n} ({found / n:.1%})")
    sys.exit(0 if wrong <= allowed and found >= FOUND * n else 3)


if __name__ == "__main__":
    main()
