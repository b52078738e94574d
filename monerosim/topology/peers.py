"""The choice of outgoing connections."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monerosim.runtime.counters import draws, key


def choose_peers(names: Sequence[str], *, seed: int, connections: int) -> dict[str, tuple[str, ...]]:
    """Choose the outgoing connections of each node by rendezvous hashing.

    A node dials the nodes whose hash with it is highest, so a new node changes only a few choices. Where the graph
    would not be connected, one node of each separate component dials one more.

    Args:
        names: The nodes.
        seed: The run's seed.
        connections: The number of nodes that each dials; all others where there are fewer.

    Returns:
        For each node, in the order of ``names``, the nodes it dials, the highest hash first.

    Raises:
        ValueError: A name occurs twice, or there are several nodes and no connections.
    """
    count = len(names)
    if len(set(names)) != count:
        raise ValueError("two nodes have the same name")
    if count > 1 and connections < 1:
        raise ValueError(f"{count} nodes need at least one connection each, got {connections}")
    wanted = min(connections, count - 1)
    candidates = np.array([key("candidate", name) for name in names], dtype=np.uint64)
    chosen: list[list[int]] = []
    for index, name in enumerate(names):
        hashes = draws(key(seed, "peers", name), candidates)
        hashes[index] = 0
        chosen.append(_highest(hashes, wanted, index, names))
    _connect(chosen, candidates, seed, names)
    return {name: tuple(names[peer] for peer in peers) for name, peers in zip(names, chosen, strict=True)}


def _highest(hashes: NDArray[np.uint64], wanted: int, own: int, names: Sequence[str]) -> list[int]:
    if not wanted:
        return []
    least = np.partition(hashes, len(hashes) - wanted)[-wanted]
    # all that share the last one's hash: names decide between equal hashes, not the order of a sort
    picked = [int(other) for other in np.flatnonzero(hashes >= least) if other != own]
    return sorted(picked, key=lambda other: (-int(hashes[other]), names[other]))[:wanted]


def _connect(chosen: list[list[int]], candidates: NDArray[np.uint64], seed: int, names: Sequence[str]) -> None:
    """Connect separate components to the component of the first name."""
    part = _parts(chosen)
    members: dict[int, list[int]] = {}
    for index in sorted(range(len(names)), key=names.__getitem__):
        members.setdefault(part[index], []).append(index)
    if len(members) < 2:  # noqa: PLR2004 - one part is connected
        return
    main, *others = members.values()
    for apart in others:
        hashes = draws(key(seed, "peers", names[apart[0]]), candidates[main])
        chosen[apart[0]].append(main[int(np.argmax(hashes))])


def _parts(chosen: list[list[int]]) -> list[int]:
    """Return the number of each node's component (union-find)."""
    parent = list(range(len(chosen)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for node, peers in enumerate(chosen):
        for peer in peers:
            parent[root(node)] = root(peer)
    return [root(node) for node in range(len(chosen))]
