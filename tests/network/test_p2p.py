"""When items reach nodes."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from monerosim.engines.embedded.network import network_of
from monerosim.network.dandelion import Dandelion
from monerosim.network.p2p import NEVER, Link, P2PNetwork, Peer, RelayTimings
from monerosim.plan.plan import PLAN_VERSION, ConsensusPlan, HostPlan, LinkPlan, NodePlan, Plan, TopologyPlan
from monerosim.topology import Star, choose_peers
from monerosim.units import SECOND

ERROR_RATE = 0.001
GIGABIT = 10**9
RELAY = RelayTimings()


def network(names, dials, *, seed=1, loss=0.0, latency=50_000, **options):
    index = {name: position for position, name in enumerate(names)}
    links = [Link(index[one], index[other], latency, loss, GIGABIT) for one, other in dials]
    return P2PNetwork(seed=seed, names=names, links=links, **options)


def usual(nodes, **options):
    names = [f"user-{index:03d}" for index in range(nodes)]
    peers = choose_peers(names, seed=1, connections=8)
    return network(names, [(name, peer) for name in names for peer in peers[name]], **options)


class TestBlocks:
    def test_a_hop_is_latency_transmission_and_verification(self):
        two = P2PNetwork(seed=1, names=["a", "b"], links=[Link(0, 1, 50_000, 0.0, 8_000)])
        # 300 bytes and ten hashes of 32 at 1,000 bytes a second
        expected = 7 * SECOND + 50_000 + 620_000 + RELAY.block_validation
        for origin in (0, 1):
            arrivals = two.block_arrivals(b"block", origin, 7 * SECOND, 20_000)
            assert arrivals[origin] == 7 * SECOND
            assert arrivals[1 - origin] == expected

    def test_a_node_out_of_reach_never_has_it(self):
        three = network(["a", "b", "c"], [("a", "b")])
        assert three.block_arrivals(b"block", 0, 0, 0)[2] == NEVER

    def test_several_nodes_may_have_it_and_some_pass_nothing_on(self):
        line = network(["a", "b", "c", "d"], [("a", "b"), ("b", "c"), ("c", "d")])
        hop = int(line.block_arrivals(b"block", 0, 0, 0)[1])
        assert line.relay_block(b"block", [(0, 5), (3, 9)], 0).tolist() == [5, 5 + hop, 9 + hop, 9]
        silent = np.array([False, True, False, False])
        assert line.relay_block(b"block", [(0, 5)], 0, silent=silent).tolist() == [5, 5 + hop, NEVER, NEVER]

    def test_a_node_that_is_not_up_yet_gets_it_when_it_is(self):
        line = network(["a", "b", "c"], [("a", "b"), ("b", "c")], ready=[0, 90 * SECOND, 0])
        arrivals = line.block_arrivals(b"block", 0, 0, 0)
        assert arrivals[1] == 90 * SECOND
        assert arrivals[2] > 90 * SECOND


class TestLoss:
    def test_retries_are_distributed_as_the_losses_say(self):
        names = [f"node-{index}" for index in range(4_001)]
        # a block of no transactions is one segment, so a hop needs k retries or more with probability 0.3^k
        star = network(names, [(names[0], name) for name in names[1:]], loss=0.3)
        lossless = network(names, [(names[0], name) for name in names[1:]])
        late = star.block_arrivals(b"block", 0, 0, 0) - lossless.block_arrivals(b"block", 0, 0, 0)
        timeout = 2 * 50_000 + 200_000
        counts = [np.count_nonzero(late[1:] == timeout * (2**retries - 1)) for retries in range(4)]
        expected = [4_000 * 0.7 * 0.3**retries for retries in range(4)]
        rest = 4_000 - sum(counts), 4_000 - sum(expected)
        assert stats.chisquare([*counts, rest[0]], [*expected, rest[1]]).pvalue > ERROR_RATE

    def test_a_link_that_loses_all_delivers_nothing(self):
        two = network(["a", "b"], [("a", "b")], loss=1.0)
        assert two.block_arrivals(b"block", 0, 0, 0).tolist() == [0, NEVER]
        assert two.transaction_arrivals(b"tx", 0, 0, 2_000).tolist() == [0, NEVER]


class TestFluff:
    @pytest.mark.parametrize(("origin", "mean"), [(0, 10), (1, 20)])
    def test_waits_for_a_flush_are_poisson_in_quarter_seconds(self, origin, mean):
        two = network(["a", "b"], [("a", "b")], dandelion=None)
        least = 50_000 + RELAY.transaction_validation + 17  # 2,064 bytes at a gigabit
        waits = [two.transaction_arrivals(b"%d" % item, origin, 0, 2_000)[1 - origin] - least for item in range(2_000)]
        steps, rest = np.divmod(waits, SECOND // 4)
        assert not rest.any()
        low, high = mean // 2, mean * 3 // 2
        observed = np.bincount(np.clip(steps, low, high))[low:]
        chances = stats.poisson.pmf(np.arange(low, high + 1), mean)
        chances[0], chances[-1] = stats.poisson.cdf(low, mean), stats.poisson.sf(high - 1, mean)
        assert stats.chisquare(observed, 2_000 * chances).pvalue > ERROR_RATE

    def test_some_may_have_it_and_pass_nothing_on(self):
        line = network(["a", "b", "c"], [("a", "b"), ("b", "c")], dandelion=None)
        silent = np.array([False, True, False])
        arrivals = line.relay_transaction(b"tx", [(0, 5)], 2_000, silent=silent)
        assert arrivals[0] == 5
        assert arrivals[1] < NEVER
        assert arrivals[2] == NEVER


class TestDandelion:
    def test_stems_end_with_the_fluff_probability(self):
        many = usual(300)
        paths = [many.route_transaction(b"%d" % i, i % 300, i * 20 * SECOND, 2_000).stem for i in range(1_500)]
        # the origin always stems; then each node ends it with probability 0.2. Loops are rare up to four nodes
        lengths = np.clip([len(path.passed) for path in paths], 1, 5)
        expected = 1_500 * np.array([0.2, 0.16, 0.128, 0.1024, 0.4096])
        assert stats.chisquare(np.bincount(lengths)[1:], expected).pvalue > ERROR_RATE

    def test_a_node_keeps_its_choices_for_an_epoch(self):
        many = usual(300)
        seconds = [many.route_transaction(b"%d" % i, 5, i * 60 * SECOND, 2_000).stem.passed[1:2] for i in range(600)]
        hops = [path[0][0] for path in seconds if path]
        assert set(hops[:10]) == {hops[0]}
        assert len(set(hops)) > 4
        assert set(hops) <= {peer.node for peer in many.peers(5) if not peer.incoming}

    def test_a_stem_transaction_is_held_before_it_is_public(self):
        many = usual(100)
        for item in range(20):
            route = many.route_transaction(b"%d" % item, 3, SECOND, 2_000)
            assert route.stem_or_public[3] == SECOND
            assert np.all(route.stem_or_public <= route.public)
            assert {node for node, _ in route.stem.passed} == set(np.flatnonzero(route.stem_or_public < route.public))
            assert np.array_equal(many.transaction_arrivals(b"%d" % item, 3, SECOND, 2_000), route.stem_or_public)
            assert route.public.max() < 60 * SECOND

    def test_the_end_of_a_stem_does_not_send_it_back(self):
        two = network(["a", "b"], [("a", "b")], dandelion=Dandelion(fluff_probability=100))
        route = two.route_transaction(b"tx", 0, 0, 2_000)
        assert route.public[1] < SECOND
        # a knows of it as public when its own embargo is over
        assert 20 * SECOND < route.public[0] < 60 * SECOND

    def test_a_loop_ends_the_stem(self):
        ring = network(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a")], dandelion=Dandelion(fluff_probability=0))
        route = ring.route_transaction(b"tx", 0, 0, 2_000)
        assert [node for node, _ in route.stem.passed] == [0, 1, 2]
        assert route.stem.starts[0][0] == 0
        assert route.public[0] == route.stem.starts[0][1] < SECOND

    def test_a_node_nobody_answers_fluffs_after_the_embargo(self):
        links = [Link(0, 1, 50_000, 1.0, GIGABIT), Link(2, 0, 50_000, 0.0, GIGABIT)]
        lost = P2PNetwork(seed=1, names=["a", "b", "c"], links=links)
        public = [lost.route_transaction(b"%d" % item, 0, 0, 2_000).public for item in range(400)]
        embargoes = np.array([arrivals[0] for arrivals in public])
        assert not np.any(embargoes % SECOND)
        assert abs(embargoes.mean() / SECOND - 39) < 1.1  # 3.4 standard errors of sqrt(39 / 400)
        assert all(arrivals[2] > arrivals[0] for arrivals in public)

    def test_a_node_that_dials_nobody_fluffs_at_once(self):
        two = network(["a", "b"], [("a", "b")])
        assert two.route_transaction(b"tx", 1, 5, 2_000).public[1] == 5

    def test_stems_avoid_nodes_that_are_not_up(self):
        late = network(["a", "b", "c"], [("a", "b"), ("a", "c")], ready=[0, 3_600 * SECOND, 0])
        for item in range(20):
            assert late.transaction_arrivals(b"%d" % item, 0, SECOND, 2_000)[2] < 2 * SECOND


class TestStability:
    def test_the_order_of_asking_does_not_matter(self):
        one, other = usual(60, loss=0.05), usual(60, loss=0.05)
        items = [(b"%d" % item, item, item * 400 * SECOND, 2_000) for item in range(30)]
        forward = [one.transaction_arrivals(*item).tolist() for item in items]
        for item in items:
            other.block_arrivals(*item)
        backward = [other.transaction_arrivals(*item).tolist() for item in reversed(items)]
        assert forward == backward[::-1]

    def test_the_order_of_nodes_and_links_does_not_matter(self):
        names, dials = ["a", "b", "c", "d"], [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")]
        one = network(names, dials, loss=0.2)
        other = network(names[::-1], dials[::-1], loss=0.2)
        for item in (b"1", b"2", b"3"):
            arrivals = one.transaction_arrivals(item, 0, 0, 2_000).tolist()
            assert arrivals == other.transaction_arrivals(item, 3, 0, 2_000)[::-1].tolist()

    def test_a_new_participant_changes_nothing_it_is_not_on_the_way_of(self):
        dials = [("b", "c"), ("c", "d"), ("d", "b")]
        small = network(["b", "c", "d"], dials, loss=0.2)
        grown = network(["a", "b", "c", "d"], [*dials, ("a", "c")], loss=0.2)
        for item in (b"1", b"2", b"3"):
            arrivals = small.transaction_arrivals(item, 0, 0, 2_000).tolist()
            assert arrivals == grown.transaction_arrivals(item, 1, 0, 2_000)[1:].tolist()

    def test_seeds_and_items_make_a_difference(self):
        one, other = usual(30), usual(30, seed=2)
        arrivals = [one.transaction_arrivals(b"1", 0, 0, 2_000), one.transaction_arrivals(b"2", 0, 0, 2_000)]
        arrivals.append(other.transaction_arrivals(b"1", 0, 0, 2_000))
        assert len({tuple(some.tolist()) for some in arrivals}) == 3

    def test_arrivals_are_pinned(self):
        """The same numbers on every machine: change this only with a change that is meant to change results."""
        many = usual(50, loss=0.02)
        digest = hashlib.sha256()
        for item in range(10):
            digest.update(many.block_arrivals(b"%d" % item, item, item * SECOND, 50_000).astype("<i8").tobytes())
            digest.update(many.transaction_arrivals(b"%d" % item, item, item * SECOND, 2_000).astype("<i8").tobytes())
        assert digest.hexdigest()[:16] == "9bffe6ec2139376c"


def plan_of(topology, dials, names):
    nodes = {
        name: NodePlan(
            p2p_port=18_080, rpc_port=18_081, start=SECOND, ready_after=2 * SECOND, peers=tuple(dials.get(name, ()))
        )
        for name in names
    }
    hosts = (
        *(HostPlan(name=name, group=name, address="", agent_start=0, node=nodes[name]) for name in names),
        HostPlan(name="without-node", group="without-node", address="", agent_start=0),
    )
    consensus = ConsensusPlan(block_time=120 * SECOND, difficulty=1, block_arrivals="poisson")
    return Plan(
        version=PLAN_VERSION,
        name="test",
        seed=1,
        engine="embedded",
        time_zero=0,
        duration=1,
        stop=1,
        consensus=consensus,
        topology=topology,
        bootstrap=None,
        hosts=hosts,
    )


class TestPlan:
    def test_hops_follow_the_ways_between_places(self):
        names = ("a", "b", "c")
        star = Star(bandwidth=8_000_000).build(names)
        made = network_of(plan_of(star, {"a": ["b"], "b": ["c"]}, names))
        assert made.nodes == 3
        assert made.names == names
        hop = 2 * 50_000 + 300 + RELAY.block_validation  # two spokes, 300 bytes at a megabyte a second
        assert made.block_arrivals(b"block", 0, 9 * SECOND, 0).tolist() == [9 * SECOND + hop * n for n in range(3)]
        # nobody is up before three seconds
        assert made.block_arrivals(b"block", 0, 0, 0).tolist() == [0, 3 * SECOND, 3 * SECOND + hop]

    def test_the_slower_end_counts(self):
        links = tuple(LinkPlan(source=s, target=t, latency=1_000, loss=0.0) for s, t in ((0, 0), (0, 1), (1, 1)))
        places = TopologyPlan(bandwidth=(8_000, 8_000_000), links=links, places={"a": 0, "b": 1})
        made = network_of(plan_of(places, {"a": ["b"]}, ("a", "b")))
        arrival = made.block_arrivals(b"block", 1, 5 * SECOND, 0)[0]
        assert arrival == 5 * SECOND + 1_000 + 300_000 + RELAY.block_validation

    def test_peers_are_those_dialled_and_those_that_dialled(self):
        names = ("a", "b", "c")
        made = network_of(plan_of(Star().build(names), {"a": ["b", "c"], "b": ["a"]}, names))
        assert made.peers(0) == [Peer(1, incoming=False), Peer(2, incoming=False), Peer(1, incoming=True)]
        assert made.peers(2) == [Peer(0, incoming=True)]

    def test_a_peer_without_a_node_is_an_error(self):
        star = Star().build(("a", "without-node"))
        with pytest.raises(ValueError, match="a dials without-node, which has no node"):
            network_of(plan_of(star, {"a": ["without-node"]}, ("a",)))


@pytest.mark.parametrize(
    ("names", "links", "message"),
    [
        (["a", "a"], [], "two nodes have the same name"),
        (["a", "b"], [Link(0, 1, 1, 0.0, 1), Link(0, 1, 1, 0.0, 1)], "a dials b twice"),
        (["a", "b"], [Link(0, 1, 1, 0.0, 0)], "not a possible link"),
        (["a", "b"], [Link(0, 0, 1, 0.0, 1)], "link to itself"),
        (["a", "b"], [Link(0, 2, 1, 0.0, 1)], "names a node outside"),
    ],
)
def test_what_is_no_network_is_refused(names, links, message):
    with pytest.raises(ValueError, match=message):
        P2PNetwork(seed=1, names=names, links=links)


def test_scipy_is_not_needed_at_run_time():
    code = "import sys, monerosim.network.p2p; sys.exit('scipy' in sys.modules or 'numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
