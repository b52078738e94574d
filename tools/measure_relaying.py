"""Measure how the model relays, beside closed forms and published figures.

    python tools/measure_relaying.py [--nodes 1000] [--transactions 10000] [--blocks 2000]

Prints forwards of stems and payments that their own node fluffs, by version of monerod; messages with a single
transaction, by rate; the first embargo of a stem that is dropped; and stale blocks beside D/(T+D), D being the mean
time that a block takes to another node and T the time between blocks; and what the recording of messages costs.
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from time import process_time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monerosim import BlockSpread, Participant, Scenario, run
from monerosim.network.dandelion import Dandelion
from monerosim.network.queues import Messages
from monerosim.network.relay import Link, RelayNetwork
from monerosim.runtime.rng import Rng
from monerosim.topology import choose_peers
from monerosim.units import SECOND

LATENCY, BANDWIDTH, WEIGHT = 50_000, 100_000_000, 2_000
VERSIONS = ((0, 18, 0, 0), (0, 18, 2, 0))
RATES = (0.05, 0.2, 0.5, 1.45)
MAINNET = 0.2505
"""Messages of one transaction at 1.45 a second, measured on mainnet in March 2024 (Rucknium)."""
_LAST = 4
SETTINGS = [("50ms", 10), ("1s", 10), ("5s", 10), ("50ms", 30), ("1s", 30), ("5s", 30), ("1s", 60), ("5s", 60)]
SETTINGS += [("1s", 120), ("5s", 120)]


def crowd(
    nodes: int,
    version: tuple[int, ...],
    connections: int = 12,
    dandelion: Dandelion = Dandelion(),  # noqa: B008 - immutable
) -> RelayNetwork:
    """Return nodes that dial as many others each."""
    names = [f"user-{index:05d}" for index in range(nodes)]
    place = {name: index for index, name in enumerate(names)}
    peers = choose_peers(names, seed=1, connections=connections)
    links = [Link(place[name], place[peer], LATENCY, 0.0, BANDWIDTH) for name in names for peer in peers[name]]
    return RelayNetwork(seed=1, names=names, links=links, dandelion=dandelion, versions=[version] * nodes)


def stems(nodes: int, transactions: int) -> None:
    """Print where stems end. Heights are all alike, so that none ends for them."""
    for version in VERSIONS:
        relay = crowd(nodes, version).relay_transactions(lambda _node, _at: 0)
        flights = []
        for item in range(transactions):
            at = item * SECOND
            relay.advance(at)
            flights.append(relay.release(b"%d" % item, item % nodes, at, WEIGHT))
        relay.advance((transactions + 300) * SECOND)
        forwards = np.array([len(flight.stops) - 1 for flight in flights])
        own = np.mean([flight.published == flight.origin and flight.end == "fluff" for flight in flights])
        ends = ", ".join(
            f"{end} {count / transactions:.1%}" for end, count in Counter(it.end for it in flights).items()
        )
        print(f"{'.'.join(map(str, version))}: forwards {forwards.mean():.2f}, fluffed at the origin {own:.1%}; {ends}")


def single_share(nodes: int, rate: float, connections: int = 12, dandelion: Dandelion = Dandelion()) -> float:  # noqa: B008
    """Return the share of public messages that carry one transaction, at a rate of transactions a second."""
    network = crowd(nodes, VERSIONS[1], connections, dandelion)
    relay, rng = network.relay_transactions(lambda _node, _at: 0), Rng(1)
    links: list[NDArray[np.int64]] = []

    def count(messages: Messages) -> None:
        links.append(np.stack([messages.link, messages.left]))

    relay.queues.on_messages = count
    at = 0
    for item in range(200):
        at += round(rng.exponential(1 / rate) * SECOND)
        relay.advance(at)
        relay.release(b"%d" % item, rng.integer(0, nodes - 1), at, WEIGHT)
    relay.advance(at + 120 * SECOND)
    _, sizes = np.unique(np.concatenate(links, axis=1), axis=1, return_counts=True)
    return float(np.mean(sizes == 1))


def batches(nodes: int) -> None:
    """Print the share of messages that carry a single transaction: by rate, by connections, by the queues' averages."""
    for rate in RATES:
        share = single_share(nodes, rate)
        print(f"{rate:.2f} transactions a second: {share:.1%} of messages carry one (mainnet: {MAINNET:.1%})")
    for connections in (4, 8, 24):
        share = single_share(nodes, RATES[-1], connections)
        print(f"{RATES[-1]} a second, each node dials {connections}: {share:.1%}")
    for flush in ((20, 10), (10, 5), (8, 4), (6, 3)):
        own = Dandelion(flush_incoming=flush[0], flush_outgoing=flush[1])
        share = single_share(nodes, RATES[-1], dandelion=own)
        print(f"{RATES[-1]} a second, flushed after {flush[0] / 4} and {flush[1] / 4} s on average: {share:.1%}")


def black_hole(transactions: int) -> None:
    """Print when a stem that five nodes have and the sixth never gets is made public."""
    links = [Link(node, node + 1, LATENCY, float(node == _LAST), BANDWIDTH) for node in range(_LAST + 1)]
    network = RelayNetwork(seed=1, names="abcdef", links=links, dandelion=Dandelion(fluff_probability=0))
    relay = network.relay_transactions(lambda _node, _at: 0)
    flights = []
    for item in range(transactions):
        relay.advance(item * 120 * SECOND)
        flights.append(relay.release(b"%d" % item, 0, item * 120 * SECOND, WEIGHT))
    relay.advance(transactions * 120 * SECOND)
    waits = [(flight.published_at - flight.stops[0].since) / SECOND for flight in flights if flight.published >= 0]
    last = np.mean([flight.published == _LAST for flight in flights])
    print(f"dropped after five nodes: public after {np.mean(waits):.1f} s (31.9), by the fifth in {last:.0%}")


class Stale(NamedTuple):
    """The stale share of blocks in one setting."""

    latency: str
    block_time: int
    delay: float
    """The mean seconds that a block takes to another node."""
    share: float
    expected: float
    """By the closed form."""
    apart: float
    """How many standard errors the two are apart."""


def stale_settings() -> list[tuple[str, int]]:
    """Return latencies, and seconds between blocks."""
    return SETTINGS


def stale_share(latency: str, block_time: int, blocks: int) -> Stale:
    """Return the stale share of blocks of a hundred autonomous miners beside D/(T+D)."""
    scenario = Scenario(
        simulation={"name": "stale", "duration": blocks * block_time},
        network={"connections": 8, "latency": latency},
        consensus={"block_time": block_time},
        record={"spreads": "all"},
        participants={"miner": Participant(kind="autonomous-miner", count=100, settings={"hashrate": 1})},
    )
    with tempfile.TemporaryDirectory() as home:
        played = run(scenario, Path(home) / "run")
        delays = [
            [delay for delay in record.data.delays if delay > 0]
            for record in played.events()
            if isinstance(record.data, BlockSpread) and -1 not in record.data.delays
        ]
        chain = played.summary.chain
    mean = np.mean([np.mean(delay) for delay in delays if delay]) / SECOND
    share, expected = chain.stale / chain.blocks, mean / (block_time + mean)
    error = (expected * (1 - expected) / chain.blocks) ** 0.5
    return Stale(latency, block_time, mean, share, expected, (share - expected) / error)


def stale(blocks: int) -> None:
    """Print stale shares beside their closed form."""
    for latency, block_time in SETTINGS:
        it = stale_share(latency, block_time, blocks)
        print(
            f"latency {latency:>4}, T {block_time:3d} s: D {it.delay:6.3f} s, stale {it.share:6.2%}, "
            f"D/(T+D) {it.expected:6.2%}, {it.apart:+.1f} standard errors"
        )


def recording() -> None:
    """Print what the recording of messages costs, of 101 nodes in half an hour, beside none in the same process."""
    scenarios = {
        name: Scenario(
            simulation={"name": "recorded", "duration": "30m"},
            network={"connections": 8},
            record={"relays": relays, "stems": "none" if relays == "none" else "all"},
            participants={
                "user": Participant(kind="regular-user", count=100, wallet={"initial_balance": "10 XMR"}),
                "pool": Participant(kind="mining-pool", settings={"hashrate": 100}),
                "block-controller": Participant(kind="block-controller"),
            },
        )
        for name, relays in {"none": "none", "one node": ["user-003"], "all": "all"}.items()
    }
    taken = dict.fromkeys(scenarios, float("inf"))
    # In turns, so that a machine that gets busy slows down all of them.
    for name, scenario in [*scenarios.items()] * 5:
        with tempfile.TemporaryDirectory() as home:
            began = process_time()
            run(scenario, Path(home) / "run")
            taken[name] = min(taken[name], process_time() - began)
    for name, least in taken.items():
        print(f"relays of {name}: {least:.2f} s of CPU, {least / taken['none']:.2f} times as much as none")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=1_000)
    parser.add_argument("--transactions", type=int, default=10_000)
    parser.add_argument("--blocks", type=int, default=2_000)
    parser.add_argument("--only", action="append", choices=("stems", "batches", "embargo", "recording", "stale"))
    given = parser.parse_args()
    parts = {
        "stems": lambda: stems(given.nodes, given.transactions),
        "batches": lambda: batches(given.nodes),
        "embargo": lambda: black_hole(2_000),
        "recording": recording,
        "stale": lambda: stale(given.blocks),
    }
    for part in given.only or parts:
        parts[part]()
