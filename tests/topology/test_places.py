"""Topologies, the ways between their places, and what Shadow is told of them."""

import re
from ipaddress import IPv4Address, IPv4Network

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from monerosim.build.gml import to_gml
from monerosim.config import dump_config, load_config
from monerosim.plan.plan import LinkPlan, TopologyPlan
from monerosim.topology import (
    Star,
    addresses,
    build_switch,
    load_topology,
    paths_between,
    topology_names,
)

HOSTS = ["a", "b", "c", "d", "e"]


def link(source, target, latency, loss=0.0):
    return LinkPlan(source=source, target=target, latency=latency, loss=loss)


def test_a_switch_is_one_place():
    switch = build_switch(HOSTS, latency=50_000, bandwidth=10**9, loss=0.25)
    assert switch.places == dict.fromkeys(HOSTS, 0)
    assert paths_between(switch, {(0, 0)}) == {(0, 0): (50_000, 0.25)}


@pytest.mark.parametrize(("name", "hops"), [("switch", [1, 1]), ("star", [2, 2]), ("ring", [1, 2]), ("mesh", [1, 1])])
def test_ways_in_the_topologies_that_come_along(name, hops):
    topology = load_config({"latency": "10ms", "loss": 0.5}, load_topology(name)).build(HOSTS)
    places = topology.places
    pairs = {(places["a"], places["b"]), (places["d"], places["a"]), (places["a"], places["c"])}
    ways = paths_between(topology, pairs)
    near, far = (ways[places["a"], places[other]] for other in "bc")
    assert [near[0], far[0]] == [10_000 * hop for hop in hops]
    assert [near[1], far[1]] == [1 - 0.5**hop for hop in hops]
    assert ways[places["d"], places["a"]] == far


@pytest.mark.parametrize("name", [name for name in topology_names() if name != "file"])
@pytest.mark.parametrize("count", range(4))
def test_every_place_has_one_link_to_itself_and_no_link_is_there_twice(name, count):
    """Shadow refuses anything else."""
    topology = load_topology(name)().build(HOSTS[:count])
    ends = [(one.source, one.target) for one in topology.links]
    assert len({frozenset(pair) for pair in ends}) == len(ends)
    assert set(topology.places.values()) <= {one for one, other in ends if one == other}
    assert all(0 <= end < len(topology.bandwidth) for pair in ends for end in pair)


@pytest.mark.parametrize("options", [{"latency": 0}, {"bandwidth": 0}, {"loss": 1.5}, {"loss": "much"}, {"hub": 1}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(msgspec.ValidationError):
        load_config(options, load_topology("switch"))


def test_a_topology_survives_writing_and_reading():
    star = load_config({"latency": "10ms"}, Star)
    assert load_config(dump_config(star), Star) == star


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(1, 10**6)), max_size=30))
def test_ways_are_the_shortest(edges):
    once = {frozenset(edge[:2]): edge for edge in edges if edge[0] != edge[1]}
    links = tuple(link(*edge) for edge in once.values())
    topology = TopologyPlan(bandwidth=(1,) * 8, links=links, places={})
    ends = np.array(list(once.values()), dtype=np.int64).reshape(-1, 3)
    matrix = coo_array((ends[:, 2].astype(float), (ends[:, 0], ends[:, 1])), shape=(8, 8))
    expected = dijkstra(matrix, directed=False)
    for pair in [(one, other) for one in range(8) for other in range(8) if one != other]:
        if np.isinf(expected[pair]):
            with pytest.raises(ValueError, match="there is no path"):
                paths_between(topology, {pair})
        else:
            assert paths_between(topology, {pair})[pair] == (int(expected[pair]), 0.0)


def test_of_ways_of_one_latency_the_one_that_loses_least_is_taken():
    links = (link(0, 1, 20, 0.5), link(0, 2, 10, 0.1), link(2, 1, 10, 0.2))
    topology = TopologyPlan(bandwidth=(1, 1, 1), links=links, places={})
    ways = paths_between(topology, {(0, 1), (1, 0)})
    assert ways[0, 1] == ways[1, 0] == (20, 1 - (1 - 0.1) * (1 - 0.2))


def test_a_place_without_a_link_to_itself_has_no_way_within():
    topology = TopologyPlan(bandwidth=(1, 1), links=(link(0, 1, 20),), places={})
    with pytest.raises(ValueError, match="no path from place 0 to place 0"):
        paths_between(topology, {(0, 0)})


def test_the_graph_as_shadow_reads_it():
    assert to_gml(build_switch(["a"], latency=50_000, bandwidth=10**9, loss=0.00001)) == (
        "graph [\n"
        "  directed 0\n"
        "  node [\n"
        "    id 0\n"
        '    host_bandwidth_down "1000000000 bit"\n'
        '    host_bandwidth_up "1000000000 bit"\n'
        "  ]\n"
        "  edge [\n"
        "    source 0\n"
        "    target 0\n"
        '    latency "50000 us"\n'
        "    packet_loss 0.00001\n"
        "  ]\n"
        "]\n"
    )


@given(st.floats(0, 1))
def test_losses_are_written_with_a_point_and_lose_nothing(loss):
    gml = to_gml(TopologyPlan(bandwidth=(1,), links=(link(0, 0, 1, loss),), places={}))
    written = re.search(r"packet_loss (\d+\.\d+)\n", gml)
    assert written is not None
    assert float(written[1]) == loss


def test_shadow_refuses_links_of_no_latency_and_so_does_the_graph():
    with pytest.raises(ValueError, match="places 0 and 0 needs a latency"):
        to_gml(TopologyPlan(bandwidth=(1,), links=(link(0, 0, 0),), places={}))


def test_addresses_are_those_shadow_would_give():
    given_out = addresses(1_000)
    assert given_out[:2] == ["11.0.0.1", "11.0.0.2"]
    assert given_out[253:255] == ["11.0.0.254", "11.0.1.1"]
    assert len(set(given_out)) == 1_000
    assert all(IPv4Address(address) in IPv4Network("11.0.0.0/8") for address in given_out)
    assert not any(address.endswith((".0", ".255")) for address in given_out)
    with pytest.raises(ValueError, match="got 16646145"):
        addresses(254 * 65_536 + 1)
