"""Measure the propagation search in milliseconds per item, against a binary heap and scipy's Dijkstra.

    python tools/bench_propagation.py [NODES ...]

Each node dials eight others, then twelve, as monerod does.
All are seconds of CPU, so that a busy machine counts little. Every figure is the best of three rounds, but those of
transactions, of which one is sent every 30 seconds, or every second ("often"). The heap and
scipy get a block's waits and have to find the same arrivals. MONEROSIM_COMPILED=0 leaves out the library in C.
"""

import argparse
import heapq
from collections.abc import Callable
from time import process_time

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from monerosim.network.relay import NEVER, Link, RelayNetwork
from monerosim.topology import choose_peers
from monerosim.units import SECOND

CONNECTIONS = (8, 12)
WEIGHT = 2_000
BLOCK_WEIGHT = 60_000
SELDOM, OFTEN = 30 * SECOND, SECOND


def build(nodes: int, connections: int) -> tuple[list[str], list[Link]]:
    """Return a network whose nodes are all 50 ms apart."""
    names = [f"user-{index:05d}" for index in range(nodes)]
    index = {name: position for position, name in enumerate(names)}
    peers = choose_peers(names, seed=1, connections=connections)
    links = [Link(index[name], index[peer], 50_000, 0.0, 10**9) for name in names for peer in peers[name]]
    return names, links


def by_heap(neighbours: list[list[tuple[int, int]]], origin: int) -> list[int]:
    """Return arrivals found with a binary heap, as in textbooks."""
    arrivals = [NEVER] * len(neighbours)
    arrivals[origin] = 0
    heap = [(0, origin)]
    while heap:
        time, node = heapq.heappop(heap)
        if time > arrivals[node]:
            continue
        for peer, wait in neighbours[node]:
            if time + wait < arrivals[peer]:
                arrivals[peer] = time + wait
                heapq.heappush(heap, (time + wait, peer))
    return arrivals


def milliseconds(run: Callable[[int], object], items: int) -> float:
    """Return the milliseconds that ``run`` takes per item."""
    best = float("inf")
    for _ in range(3):
        begin = process_time()
        for item in range(items):
            run(item)
        best = min(best, process_time() - begin)
    return best / items * 1_000


def waits_of(network: RelayNetwork, item: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return sources, targets and waits of a block's hops, the same for all searches."""
    links, numbers = network.connections.search()
    hops = network.block_hops(item, BLOCK_WEIGHT)[numbers] + network.block_verification(item)[links.target]
    return links.source, links.target, hops


def transactions(network: RelayNetwork, gap: int) -> float:
    """Return the milliseconds that a transaction takes, of some of which one is sent every ``gap`` microseconds."""
    relay = network.relay_transactions(lambda _node, _at: 0)
    items = max(20, 100_000 // network.nodes)
    begin = process_time()
    for item in range(items):
        relay.advance(item * gap)
        relay.release(b"%d" % item, item % network.nodes, item * gap, WEIGHT)
    relay.advance(items * gap + 120 * SECOND)
    return (process_time() - begin) / items * 1_000


def measure(nodes: int, connections: int) -> None:
    """Print one line of figures."""
    begin = process_time()
    names, links = build(nodes, connections)
    chosen = process_time() - begin
    begin = process_time()
    network = RelayNetwork(seed=1, names=names, links=links)
    made = process_time() - begin
    lossy = RelayNetwork(seed=1, names=names, links=[link._replace(loss=0.01) for link in links])
    items = max(10, 20_000 // nodes)
    source, target, hops = waits_of(network, b"item")
    neighbours: list[list[tuple[int, int]]] = [[] for _ in names]
    for one, other, wait in zip(source.tolist(), target.tolist(), hops.tolist(), strict=True):
        neighbours[one].append((other, wait))
    links, _ = network.connections.search()
    arrivals = links.search(hops, [(0, 0)])
    assert arrivals.tolist() == by_heap(neighbours, 0)  # noqa: S101 - a benchmark of wrong results says nothing
    matrix = csr_array((hops.astype(np.float64), (source, target)), shape=(nodes, nodes))
    figures = {
        "block": milliseconds(lambda i: network.block_arrivals(b"%d" % i, i % nodes, 0, BLOCK_WEIGHT), items),
        "transaction": transactions(network, SELDOM),
        "often": transactions(network, OFTEN),
        "with loss": transactions(lossy, OFTEN),
        "waits alone": milliseconds(lambda i: waits_of(network, b"%d" % i), items),
        "search alone": milliseconds(lambda i: links.search(hops, [(i % nodes, 0)]), items),
        "heap": milliseconds(lambda i: by_heap(neighbours, i % nodes), max(3, items // 20)),
        "scipy": milliseconds(lambda i: dijkstra(matrix, indices=i % nodes), max(3, items // 20)),
    }
    line = "  ".join(f"{name} {value:8.3f}" for name, value in figures.items())
    print(
        f"{nodes:6d} nodes that dial {connections:2d}  {line}  "
        f"(ms an item; peers chosen in {chosen:.2f} s, network made in {made:.2f} s)"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nodes", nargs="*", type=int, default=[100, 1_000, 10_000], help="100, 1000, 10000 if left out")
    for size in parser.parse_args().nodes:
        for dialled in CONNECTIONS:
            measure(size, dialled)
