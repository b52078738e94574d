"""Topologies from files and drawn ones; places by name, and lines of participants' own."""

import random
from statistics import mean

import networkx as nx
import pytest

from monerosim.build.gml import to_gml
from monerosim.config import load_config
from monerosim.plugins import PluginFiles
from monerosim.topology import (
    GraphFile,
    Own,
    TopologyError,
    build_places,
    load_topology,
    paths_between,
)

TWO = """\
graph [
  directed 0
  node [
    id 0
    label "here"
    host_bandwidth_up "10 Mbit"
    host_bandwidth_down "50 Mbit"
  ]
  node [
    id 7
    label "there"
    host_bandwidth_up "1 Gbit"
    host_bandwidth_down "1 Gbit"
  ]
  edge [
    source 0
    target 0
    latency "1 ms"
  ]
  edge [
    source 7
    target 7
    latency "2 ms"
  ]
  edge [
    source 0
    target 7
    latency "85 ms"
    packet_loss 0.01
  ]
]
"""
HOSTS = [f"host-{number:03d}" for number in range(200)]


def built(tmp_path, text, name="graph.gml", hosts=HOSTS, own=None, **options):
    (tmp_path / name).write_text(text)
    topology = load_config({"file": name, **options}, GraphFile)
    return build_places(topology, hosts, own=own, files=PluginFiles(tmp_path))


def way(plan, one, two):
    pair = plan.places[one], plan.places[two]
    return paths_between(plan, {pair})[pair]


def test_shadows_own_graph_is_read_as_it_stands(tmp_path):
    plan = built(tmp_path, TWO, hosts=["a", "b", "c"], own={"a": Own("here"), "b": Own("there"), "c": Own("there")})
    assert plan.names == ("here", "there")
    assert (plan.bandwidth, plan.bandwidth_down) == ((10_000_000, 10**9), (50_000_000, 10**9))
    assert way(plan, "a", "b") == (85_000, pytest.approx(0.01))
    assert way(plan, "b", "c") == (2_000, 0.0)
    # What Shadow is given says the same.
    again = built(tmp_path, to_gml(plan), "again.gml", hosts=["a", "b"], own={"a": Own("0"), "b": Own("1")})
    assert (again.links, again.bandwidth, again.bandwidth_down) == (plan.links, plan.bandwidth, plan.bandwidth_down)


def test_graphml_and_edges_are_read_and_what_is_not_said_is_the_topologys(tmp_path):
    graph = nx.Graph()
    graph.add_node("x", host_bandwidth_up="1 Mbit", host_bandwidth_down="2 Mbit")
    graph.add_node("y", host_bandwidth_up="3 Mbit", host_bandwidth_down="4 Mbit")
    graph.add_edge("x", "y", latency="20 ms", packet_loss=0.25)
    nx.write_graphml(graph, tmp_path / "written.graphml")
    own = {"a": Own("x"), "b": Own("y")}
    plan = built(tmp_path, (tmp_path / "written.graphml").read_text(), "graph.graphml", ["a", "b"], own)
    assert way(plan, "a", "b") == (20_000, 0.25)
    assert plan.bandwidth_down == (2_000_000, 4_000_000)
    listed = "# two links\nx y 20ms 0.25\ny,z\n"
    plan = built(
        tmp_path, listed, "graph.edges", ["a", "b"], {"a": Own("x"), "b": Own("z")}, bandwidth=9, latency="1ms"
    )
    assert way(plan, "a", "b") == (21_000, 0.25)
    assert set(plan.bandwidth) == {9}


def without(line):
    return TWO.replace(line, "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TWO.replace('target 7\n    latency "85', 'target 8\n    latency "85'), "graph.gml:25: there is no node 8"),
        (TWO.replace('"85 ms"', '"85"'), "graph.gml:25: latency: expected a duration"),
        (TWO.replace('"85 ms"', '"0 ms"'), "graph.gml:25: latency: the latency has to be above 0"),
        (without('    latency "85 ms"\n'), "graph.gml:25: the edge has no latency"),
        (TWO.replace("packet_loss 0.01", "packet_loss 1.5"), "graph.gml:25: packet_loss: the loss has to be"),
        (TWO.replace("10 Mbit", "10 MB"), "graph.gml:3: host_bandwidth_up: expected a bandwidth"),
        (TWO.replace("id 7", "id 0"), "graph.gml:9: there is a node 0 before"),
        (without("    id 7\n"), "graph.gml:9: the node has no id"),
        (without("    source 7\n"), "graph.gml:20: the edge has no source"),
        (TWO.replace('target 7\n    latency "2', 'target 0\n    latency "2'), "graph.gml:25: there is a link between"),
        (TWO.replace("  edge [\n    source 7", "  egde [\n    source 7"), "graph.gml:20: expected node"),
        (TWO[:-3], "graph.gml: expected graph"),
        ("directed 0\n", "graph.gml: expected graph"),
        ("graph [ ]", "graph.gml: there are no nodes"),
        (TWO[: TWO.rindex("  edge")] + "]", "graph.gml: left no path from place here to place there"),
    ],
)
def test_what_is_wrong_with_a_graph_is_told_with_its_place(tmp_path, text, message):
    with pytest.raises(TopologyError) as refused:
        built(tmp_path, text)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("graph.edges", "a b 10ms\na b c d e\n", "graph.edges:2: expected SOURCE TARGET"),
        ("graph.edges", "a b 10ms\nb a 10ms\n", "graph.edges:2: there is a link between a and b before"),
        ("graph.edges", "a b 10ms\nc d 10ms\n", "graph.edges: left no path from place a to place"),
        ("graph.graphml", "<graphml", "graph.graphml: no GraphML"),
        ("graph.graphml", '<!DOCTYPE a [<!ENTITY b "c">]>', "graph.graphml: a document type is not read"),
        ("graph.json", "{}", "graph.json: the name of a graph ends with"),
        ("graph.gml", "graph [ node [ id 0 ] ]", "graph.gml: no node has host_bandwidth_up"),
    ],
)
def test_other_forms_are_refused_with_their_place_too(tmp_path, name, text, message):
    options = {"bandwidth": 1_000} if name.endswith("edges") else {}
    with pytest.raises(TopologyError) as refused:
        built(tmp_path, text, name, **options)
    assert str(refused.value).startswith(message)


def test_a_directed_graph_has_to_be_the_same_both_ways(tmp_path):
    directed = TWO.replace("directed 0", "directed 1")
    back = '  edge [\n    source 7\n    target 0\n    latency "85 ms"\n    packet_loss 0.01\n  ]\n]\n'
    assert built(tmp_path, directed[:-2] + back, hosts=["a"]).links == built(tmp_path, TWO, hosts=["a"]).links
    with pytest.raises(TopologyError, match=r"graph.gml:31: the link between here and there is another one"):
        built(tmp_path, directed[:-2] + back.replace("85", "86"))


@pytest.mark.parametrize("path", ["../graph.gml", "/etc/hostname.gml", "graph.gnl"])
def test_only_graphs_beside_the_scenario_are_read(tmp_path, path):
    (tmp_path / "graph.gml").write_text(TWO)
    with pytest.raises(TopologyError, match=r"outside of|no such file"):
        build_places(GraphFile(file=path), HOSTS, files=PluginFiles(tmp_path))


def test_a_large_graph_is_read(tmp_path):
    """In 1.5 s of processor time; networkx takes 4 s to read it."""
    drawn = random.Random(1)
    pairs = {(drawn.randrange(place), place) for place in range(1, 3_000)} | {(place, place) for place in range(3_000)}
    while len(pairs) < 100_000:
        pairs.add(tuple(sorted((drawn.randrange(3_000), drawn.randrange(3_000)))))
    nodes = "".join(
        f'node [\nid {it}\nhost_bandwidth_up "1 Gbit"\nhost_bandwidth_down "1 Gbit"\n]\n' for it in range(3_000)
    )
    edges = "".join(
        f'edge [\nsource {one}\ntarget {two}\nlatency "{(one + two) % 99 + 1} ms"\n]\n' for one, two in pairs
    )
    plan = built(tmp_path, f"graph [\n{nodes}{edges}]\n")
    assert len(plan.links) == 100_000
    assert len(set(plan.places.values())) > 150


@pytest.mark.parametrize(
    ("name", "options", "degrees"),
    [
        ("random-regular", {"degree": 6}, {6}),
        ("random-regular", {"degree": 195}, {195}),
        ("small-world", {"neighbours": 6, "rewired": 0}, {6}),
        ("small-world", {"neighbours": 6, "rewired": 0.3}, None),
        ("scale-free", {"links": 3}, None),
    ],
)
def test_drawn_graphs_have_the_degrees_that_they_are_named_for(name, options, degrees):
    topology = load_config({"latency": "10ms", **options}, load_topology(name))
    plan = topology.draw(HOSTS, 1)
    graph = nx.Graph((link.source, link.target) for link in plan.links if link.source != link.target)
    assert nx.is_connected(graph)
    assert graph.number_of_nodes() == 200
    found = [degree for _, degree in graph.degree()]
    assert degrees is None or set(found) == degrees
    assert topology.draw(HOSTS, 1) == plan
    assert topology.draw(HOSTS, 2) != plan or options.get("rewired") == 0
    if name == "scale-free":
        # Of 200 with 3 links each the largest has some 40; in a regular graph of as many links it would have 6.
        assert max(found) > 20
        assert mean(found) == pytest.approx(6, abs=0.1)
    elif degrees is None:
        lattice = nx.watts_strogatz_graph(200, 6, 0)
        assert nx.average_shortest_path_length(graph) < 0.5 * nx.average_shortest_path_length(lattice)


def test_hosts_are_on_continents_by_shares_or_by_name():
    regional = load_config({"regions": {"europe": 3, "oceania": 1}, "latency": "4ms"}, load_topology("regional"))
    plan = build_places(regional, HOSTS, seed=3, own={"host-000": Own("asia"), "host-001": Own("europe")})
    there = [plan.names[plan.places[host]] for host in HOSTS[2:]]
    # Binomial: 198 of 3/4, so 148.5 +- 6.1; outside of five standard errors once in 10^6 seeds.
    assert 118 < there.count("europe") < 179
    assert set(there) == {"europe", "oceania"}
    # 179 ms there and back, and 4 ms of a line at both ends.
    assert way(plan, "host-000", "host-001") == (89_500 + 8_000, 0.0)
    more = build_places(regional, [*HOSTS, "newcomer"], seed=3)
    assert [more.places[host] for host in HOSTS[2:]] == [plan.places[host] for host in HOSTS[2:]]


def test_values_are_drawn_by_their_shares():
    options = {
        "latencies": {"10ms": 3, "200ms": 1},
        "losses": {"0": 1, "0.5": 1},
        "bandwidths": {"1 Mbit": 1, "9 Mbit": 1},
    }
    star = load_config(options, load_topology("star"))
    plan = build_places(star, HOSTS, seed=1)
    spokes = [link for link in plan.links if link.source != link.target]
    # Binomial with n = 200: five standard errors are 31 and 35.
    assert abs(sum(link.latency == 10_000 for link in spokes) - 150) < 31
    assert abs(sum(link.loss == 0.5 for link in spokes) - 100) < 36
    slow = [plan.bandwidth[plan.places[host]] for host in HOSTS]
    assert set(slow) == {10**6, 9 * 10**6}
    assert abs(slow.count(10**6) - 100) < 36


def test_a_line_of_ones_own_adds_to_those_of_the_place():
    switch = load_config({"latency": "50ms", "loss": 0.1}, load_topology("switch"))
    own = {"a": Own(latency=10_000, loss=0.5), "b": Own(bandwidth=64_000), "c": Own(latency=10_000, loss=0.5)}
    plan = build_places(switch, ["a", "b", "c", "d"], own=own)
    assert way(plan, "d", "b") == (50_000, pytest.approx(0.1))
    assert way(plan, "a", "b") == (60_000, pytest.approx(1 - 0.9 * 0.5))
    assert way(plan, "a", "c") == (70_000, pytest.approx(1 - 0.9 * 0.5 * 0.5))
    assert plan.places["a"] == plan.places["c"]
    assert [plan.bandwidth[plan.places[host]] for host in "abd"] == [10**9, 64_000, 10**9]
    ring = build_places(load_topology("ring")(), ["a", "b", "c"], own={"a": Own(bandwidth=5)})
    assert ring.bandwidth == (5, 10**9, 10**9)


def test_a_place_that_there_is_not_is_told_with_the_nearest():
    with pytest.raises(TopologyError, match='there is no place "europ": did you mean "europe"'):
        build_places(load_topology("regional")(), ["a"], own={"a": Own("europ")})
    with pytest.raises(TopologyError, match="have no names"):
        build_places(load_topology("ring")(), ["a"], own={"a": Own("europe")})
