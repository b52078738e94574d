"""Who dials whom."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from monerosim.topology import choose_peers
from monerosim.topology.peers import MOST_CANDIDATES


def parts(peers):
    index = {name: position for position, name in enumerate(peers)}
    edges = [(index[name], index[peer]) for name, dialled in peers.items() for peer in dialled]
    rows, columns = np.array(edges, dtype=int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(edges)), (rows, columns)), shape=(len(peers), len(peers)))
    return connected_components(graph, directed=False)[0]


@given(st.lists(st.text(min_size=1, max_size=4), unique=True, max_size=30), st.integers(0, 2**64), st.integers(1, 12))
def test_each_dials_that_many_others_and_all_are_connected(names, seed, connections):
    peers = choose_peers(names, seed=seed, connections=connections)
    assert list(peers) == names
    wanted = min(connections, len(names) - 1)
    for name, dialled in peers.items():
        assert wanted <= len(dialled) <= wanted + 1
        assert len(set(dialled)) == len(dialled)
        assert name not in dialled
        assert set(dialled) <= set(names)
    if names:
        assert parts(peers) == 1


@given(st.permutations([f"user-{index}" for index in range(12)]))
def test_the_order_of_names_does_not_matter(names):
    assert choose_peers(names, seed=3, connections=1) == choose_peers(sorted(names), seed=3, connections=1)


def test_parts_that_are_apart_are_joined():
    names = [f"user-{index}" for index in range(200)]
    peers = choose_peers(names, seed=1, connections=1)
    assert max(map(len, peers.values())) == 2
    assert parts(peers) == 1


def test_a_new_node_changes_few_choices():
    names = [f"user-{index}" for index in range(200)]
    before = choose_peers(names, seed=1, connections=8)
    after = choose_peers([*names, "newcomer"], seed=1, connections=8)
    changed = [name for name in names if before[name] != after[name]]
    # it is among the eight highest of 200 with probability 0.04: eight on average
    assert 1 <= len(changed) <= 20
    assert all("newcomer" in after[name] for name in changed)


def test_seeds_make_a_difference_and_nobody_is_dialled_by_all():
    names = [f"user-{index}" for index in range(300)]
    peers = choose_peers(names, seed=1, connections=8)
    assert peers != choose_peers(names, seed=2, connections=8)
    incoming = np.bincount([names.index(peer) for dialled in peers.values() for peer in dialled], minlength=300)
    # binomial with mean 8: outside 0 to 24 less than once in 10,000 networks
    assert incoming.max() <= 24


def test_what_cannot_be_connected_is_refused():
    with pytest.raises(ValueError, match="same name"):
        choose_peers(["a", "a"], seed=1, connections=1)
    with pytest.raises(ValueError, match="at least one connection"):
        choose_peers(["a", "b"], seed=1, connections=0)
    assert choose_peers(["a"], seed=1, connections=0) == {"a": ()}


def test_among_very_many_it_takes_no_longer_for_each_and_a_new_one_changes_few_choices():
    names = [f"node-{number:05d}" for number in range(MOST_CANDIDATES + 200)]
    before = choose_peers(names, seed=3, connections=8)
    after = choose_peers([*names, "new"], seed=3, connections=8)
    assert all(len(set(peers)) >= 8 and name not in peers for name, peers in before.items())
    changed = sum(before[name] != after[name] for name in names)
    assert changed < 0.05 * len(names)
    dialled = Counter(peer for peers in before.values() for peer in peers)
    assert len(dialled) > 0.99 * len(names)
    assert max(dialled.values()) < 40


def test_the_order_of_very_many_does_not_matter():
    names = [f"node-{number:05d}" for number in range(MOST_CANDIDATES + 1)]
    assert choose_peers(names, seed=3, connections=2) == choose_peers(names[::-1], seed=3, connections=2)
