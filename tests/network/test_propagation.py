"""The shortest-arrival search, against the textbook's binary heap."""

import heapq

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from monerosim.network.propagation import NEVER, UNREACHABLE, Links


def by_heap(nodes, links, starts, ready, silent):
    arrivals = [NEVER] * nodes
    heap = []
    for node, time in starts:
        if time < arrivals[node]:
            arrivals[node] = time
            heapq.heappush(heap, (time, node))
    while heap:
        time, node = heapq.heappop(heap)
        if time > arrivals[node] or silent[node]:
            continue
        for source, target, wait in links:
            reached = max(time + wait, ready[target])
            if source == node and wait < UNREACHABLE and reached < arrivals[target]:
                arrivals[target] = reached
                heapq.heappush(heap, (reached, target))
    return arrivals


@st.composite
def cases(draw):
    nodes = draw(st.integers(1, 12))
    node = st.integers(0, nodes - 1)
    wait = st.one_of(st.integers(0, 5), st.integers(0, 10**12), st.just(UNREACHABLE))
    links = draw(st.lists(st.tuples(node, node, wait).filter(lambda link: link[0] != link[1]), max_size=40))
    starts = draw(st.lists(st.tuples(node, st.integers(0, 10**13)), max_size=3))
    ready = draw(st.lists(st.integers(0, 10**6), min_size=nodes, max_size=nodes))
    silent = draw(st.lists(st.booleans(), min_size=nodes, max_size=nodes))
    return nodes, links, starts, ready, silent


@given(cases())
def test_the_search_finds_what_a_binary_heap_finds(case):
    nodes, links, starts, ready, silent = case
    columns = np.array(links, dtype=np.int64).reshape(-1, 3)
    graph = Links(nodes, columns[:, 0], columns[:, 1])
    waits = columns[graph.order, 2]
    plain = graph.search(waits, starts)
    assert plain.tolist() == by_heap(nodes, links, starts, [0] * nodes, [False] * nodes)
    special = graph.search(waits, starts, ready=np.array(ready), silent=np.array(silent))
    assert special.tolist() == by_heap(nodes, links, starts, ready, silent)


def test_the_search_agrees_with_scipy_on_a_thousand_nodes():
    random = np.random.default_rng(5)
    nodes, degree = 1_000, 12
    source = np.repeat(np.arange(nodes), degree)
    target = (source + random.integers(1, nodes, len(source))) % nodes
    waits = random.integers(1, 10**7, len(source))
    # scipy adds up links that are there twice
    _, once = np.unique(source * nodes + target, return_index=True)
    source, target, waits = source[once], target[once], waits[once]
    graph = Links(nodes, source, target)
    expected = dijkstra(csr_array((waits.astype(float), (source, target)), shape=(nodes, nodes)), indices=17)
    assert np.array_equal(graph.search(waits[graph.order], [(17, 0)]), expected.astype(np.int64))


def test_links_are_checked():
    with pytest.raises(ValueError, match="outside 0 to 1"):
        Links(2, np.array([0]), np.array([2]))
    with pytest.raises(ValueError, match="node 1 has a link to itself"):
        Links(2, np.array([1]), np.array([1]))
