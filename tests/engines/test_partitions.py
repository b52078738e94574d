"""Many partitions: both sides grow as a Poisson process of their hashrate does, and the loser loses what it has.

A tenth of what ``MONEROSIM_PARTITIONS=1000 pytest -s tests/engines/test_partitions.py`` plays; that prints figures.
"""

import os
import sys
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from small_runs import happened, play

from monerosim.events import BlockContents, NodeClosed, Reorganised
from monerosim.units import SECOND

PARTITIONS = int(os.environ.get("MONEROSIM_PARTITIONS", "100"))
APART, TOGETHER = 30, 10
"""Minutes."""

SHARE = 0.6
ERROR_RATE = 0.001


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    cycle = APART + TOGETHER
    text = f"""
[simulation]
name = "partitions"
duration = "{PARTITIONS * cycle}min"
seed = 11

[network]
latency = "10ms"

[consensus]
block_time = "60s"

[participants.north]
kind = "autonomous-miner"
hashrate = {100 * SHARE}

[participants.south]
kind = "autonomous-miner"
hashrate = {100 * (1 - SHARE)}
"""
    for number in range(PARTITIONS):
        text += f"""
[[timeline]]
at = "{number * cycle}min"
do = "partition"
sides = {{ north = ["north"] }}

[[timeline]]
at = "{number * cycle + APART}min"
do = "heal"
"""
    return play(text, tmp_path_factory.mktemp("partitions") / "run")


@pytest.fixture(scope="module")
def counts(played):
    """How many blocks each side found in each partition, shape ``(partitions, 2)``."""
    found = [(record.t, record.participant) for record in happened(played, BlockContents)]
    return np.array(
        [
            [sum(begin <= t < begin + APART * 60 * SECOND and who == side for t, who in found) for side in sides()]
            for begin in begins()
        ]
    )


def sides():
    return "north", "south"


def begins():
    return [number * (APART + TOGETHER) * 60 * SECOND for number in range(PARTITIONS)]


@pytest.mark.long
@pytest.mark.parametrize(("side", "share"), [(0, SHARE), (1, 1 - SHARE)])
def test_each_side_grows_as_a_poisson_process_of_its_hashrate(counts, side, share):
    mean = APART * share
    edges = [-1, *stats.poisson.ppf([0.2, 0.4, 0.6, 0.8], mean).astype(int), 10**6]
    observed = [int(((counts[:, side] > low) & (counts[:, side] <= high)).sum()) for low, high in pairwise(edges)]
    chances = np.diff(stats.poisson.cdf(edges, mean))
    found, p = counts[:, side], stats.chisquare(observed, PARTITIONS * chances).pvalue
    sys.stdout.write(
        f"{PARTITIONS} partitions, {sides()[side]}: {found.mean():.2f} blocks on average (Poisson {mean:g}), "
        f"variance {found.var():.2f}, chi-square p = {p:.2f}\n"
    )
    assert p > ERROR_RATE


@pytest.mark.long
def test_the_sides_do_not_depend_on_each_other(counts):
    assert stats.spearmanr(counts[:, 0], counts[:, 1]).pvalue > ERROR_RATE


@pytest.mark.long
def test_the_loser_loses_what_it_found(played, counts):
    lost, off = happened(played, Reorganised), []
    for begin, (north, south) in zip(begins(), counts.tolist(), strict=True):
        healed = begin + APART * 60 * SECOND
        depths = [record.data.depth for record in lost if healed <= record.t < healed + TOGETHER * 60 * SECOND]
        if north != south and min(north, south) and depths:
            off.append(max(depths) - min(north, south))
            # A block found in the second before they meet may go either way.
            assert max(depths) in range(min(north, south) - 1, min(north, south) + 2)
        elif north != south:
            assert min(north, south) == 0
    kinds = ", ".join(f"{off.count(kind)} by {kind}" for kind in sorted(set(off)))
    sys.stdout.write(f"depth of the loser's reorganisation off what it had found, in {len(off)} cases: {kinds}\n")
    assert len({record.data.tip for record in happened(played, NodeClosed)}) == 1
    assert played.summary.coins.unaccounted == 0
