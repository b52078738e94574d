"""The choice of outgoing connections."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from monerosim.runtime.counters import draws, key

MOST_CANDIDATES = 4_096
"""Nodes among which each chooses from all: the hashes are the square of that."""

_STRETCHES = 16
_SHORTEST_STRETCH = 32


def choose_peers(names: Sequence[str], *, seed: int, connections: int) -> dict[str, tuple[str, ...]]:
    """Choose the outgoing connections of each node by rendezvous hashing.

    A node dials the nodes whose hash with it is highest, so a new node changes only a few choices. Of more than
    :data:`MOST_CANDIDATES` it looks at those in some stretches of a ring on which all have their places, at random
    points of its own. Where the graph would not be connected, one node of each separate component dials one more.

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
    everybody, ring = np.arange(count), np.argsort(candidates)
    chosen: list[list[int]] = []
    for index, name in enumerate(names):
        near = everybody
        if count > MOST_CANDIDATES:
            near = _stretches(key(seed, "stretches", name), candidates, ring, wanted)
        near = near[near != index]
        hashes = draws(key(seed, "peers", name), candidates[near])
        chosen.append(_highest(hashes, wanted, near, names))
    _connect(chosen, candidates, seed, names)
    return {name: tuple(names[peer] for peer in peers) for name, peers in zip(names, chosen, strict=True)}


def choose_limited_peers(
    names: Sequence[str], *, seed: int, connections: Mapping[str, int], incoming: Mapping[str, int]
) -> dict[str, tuple[str, ...]]:
    """Choose the outgoing connections of each node where some take only so many incoming ones.

    Nodes choose in the order of ``names``, by rendezvous hashing among those that have room left. Components may stay
    separate where there is no room.

    Args:
        names: The nodes.
        seed: The run's seed.
        connections: The number of nodes that each dials; fewer where no more have room.
        incoming: The most incoming connections of those nodes that have a limit.

    Returns:
        As :func:`choose_peers`.
    """
    candidates = np.array([key("candidate", name) for name in names], dtype=np.uint64)
    room = np.array([incoming.get(name, len(names)) for name in names], dtype=np.int64)
    chosen: list[list[int]] = []
    for index, name in enumerate(names):
        near = np.flatnonzero(room > 0)
        near = near[near != index]
        hashes = draws(key(seed, "peers", name), candidates[near])
        chosen.append(_highest(hashes, min(connections[name], len(near)), near, names))
        room[chosen[-1]] -= 1
    _connect(chosen, candidates, seed, names, room)
    return {name: tuple(names[peer] for peer in peers) for name, peers in zip(names, chosen, strict=True)}


def _stretches(own: int, candidates: NDArray[np.uint64], ring: NDArray[np.int64], wanted: int) -> NDArray[np.int64]:
    """List the nodes in some stretches of the ring of all nodes, in the order of their numbers."""
    length = max(_SHORTEST_STRETCH, -(-wanted // _STRETCHES) * 4)
    points = draws(own, np.array([key("stretch", number) for number in range(_STRETCHES)], dtype=np.uint64))
    starts = np.searchsorted(candidates, points, sorter=ring)
    places = (starts[:, np.newaxis] + np.arange(length)) % len(ring)
    return np.unique(ring[places])


def _highest(hashes: NDArray[np.uint64], wanted: int, near: NDArray[np.int64], names: Sequence[str]) -> list[int]:
    if not wanted:
        return []
    least = np.partition(hashes, len(hashes) - wanted)[-wanted]
    # all that share the last one's hash: names decide between equal hashes, not the order of a sort
    picked = [int(place) for place in np.flatnonzero(hashes >= least)]
    picked.sort(key=lambda place: (-int(hashes[place]), names[int(near[place])]))
    return [int(near[place]) for place in picked[:wanted]]


def _connect(
    chosen: list[list[int]],
    candidates: NDArray[np.uint64],
    seed: int,
    names: Sequence[str],
    room: NDArray[np.int64] | None = None,
) -> None:
    """Connect separate components to the component of the first name, as far as nodes of that have room."""
    part = _parts(chosen)
    members: dict[int, list[int]] = {}
    for index in sorted(range(len(names)), key=names.__getitem__):
        members.setdefault(part[index], []).append(index)
    if len(members) < 2:  # noqa: PLR2004 - one part is connected
        return
    main, *others = members.values()
    for apart in others:
        open_to = main if room is None else [index for index in main if room[index] > 0]
        if not open_to:
            return
        hashes = draws(key(seed, "peers", names[apart[0]]), candidates[open_to])
        chosen[apart[0]].append(peer := open_to[int(np.argmax(hashes))])
        if room is not None:
            room[peer] -= 1


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
