"""When items reach nodes."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from monerosim.engines.embedded.network import network_of
from monerosim.network.relay import NEVER, Link, Peer, RelayNetwork, RelayTimings
from monerosim.network.verification import Verification
from monerosim.plan.plan import (
    PLAN_VERSION,
    ConsensusPlan,
    HostPlan,
    LinkPlan,
    NodePlan,
    Plan,
    RelayPlan,
    TopologyPlan,
    VerificationPlan,
)
from monerosim.topology import Star, choose_peers
from monerosim.units import SECOND

ERROR_RATE = 0.001
GIGABIT = 10**9
RELAY = RelayTimings(block=Verification(mean=200_000))


def network(names, dials, *, seed=1, loss=0.0, latency=50_000, relay=RELAY, **options):
    index = {name: position for position, name in enumerate(names)}
    links = [Link(index[one], index[other], latency, loss, GIGABIT) for one, other in dials]
    return RelayNetwork(seed=seed, names=names, links=links, relay=relay, **options)


def usual(nodes, **options):
    names = [f"user-{index:03d}" for index in range(nodes)]
    peers = choose_peers(names, seed=1, connections=8)
    return network(names, [(name, peer) for name in names for peer in peers[name]], **options)


class TestBlocks:
    def test_a_hop_is_latency_transmission_and_verification(self):
        two = RelayNetwork(seed=1, names=["a", "b"], links=[Link(0, 1, 50_000, 0.0, 8_000)], relay=RELAY)
        # 300 bytes and ten hashes of 32 at 1,000 bytes a second
        expected = 7 * SECOND + 50_000 + 620_000 + RELAY.block.mean
        for origin in (0, 1):
            arrivals = two.block_arrivals(b"block", origin, 7 * SECOND, 20_000)
            assert arrivals[origin] == 7 * SECOND
            assert arrivals[1 - origin] == expected

    def test_a_node_out_of_reach_never_has_it(self):
        three = network(["a", "b", "c"], [("a", "b")])
        assert three.block_arrivals(b"block", 0, 0, 0)[2] == NEVER

    @pytest.mark.parametrize(
        ("distribution", "quantile"),
        [("uniform", stats.uniform(0.01, 0.08).cdf), ("exponential", stats.expon(0.01, 0.04).cdf)],
    )
    def test_verification_is_distributed_as_it_says(self, distribution, quantile):
        drawn = Verification(mean=50_000, distribution=distribution, least=10_000)
        nodes = usual(300, relay=RelayTimings(block=drawn))
        times = np.concatenate([nodes.block_verification(b"%d" % item) for item in range(10)])
        assert stats.kstest(times / SECOND, quantile).pvalue > ERROR_RATE
        assert drawn.shortest == 10_000

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
        timeout = 200_000
        counts = [np.count_nonzero(late[1:] == timeout * (2**retries - 1)) for retries in range(4)]
        expected = [4_000 * 0.7 * 0.3**retries for retries in range(4)]
        rest = 4_000 - sum(counts), 4_000 - sum(expected)
        assert stats.chisquare([*counts, rest[0]], [*expected, rest[1]]).pvalue > ERROR_RATE

    def test_the_first_timeout_is_the_round_trip_and_at_least_a_fifth_of_a_second(self):
        for latency, timeout in ((50_000, 200_000), (99_000, 200_000), (150_000, 300_000)):
            names = [f"node-{index}" for index in range(200)]
            star = network(names, [(names[0], name) for name in names[1:]], loss=0.3, latency=latency)
            arrivals = np.unique(star.block_arrivals(b"block", 0, 0, 0)[1:])
            assert arrivals[1] - arrivals[0] == timeout

    def test_a_link_that_loses_all_delivers_nothing(self):
        two = network(["a", "b"], [("a", "b")], loss=1.0)
        assert two.block_arrivals(b"block", 0, 0, 0).tolist() == [0, NEVER]


class TestStability:
    def test_the_order_of_nodes_and_links_does_not_matter(self):
        names, dials = ["a", "b", "c", "d"], [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")]
        one = network(names, dials, loss=0.2)
        other = network(names[::-1], dials[::-1], loss=0.2)
        for item in (b"1", b"2", b"3"):
            arrivals = one.block_arrivals(item, 0, 0, 2_000).tolist()
            assert arrivals == other.block_arrivals(item, 3, 0, 2_000)[::-1].tolist()

    def test_a_new_participant_changes_nothing_it_is_not_on_the_way_of(self):
        dials = [("b", "c"), ("c", "d"), ("d", "b")]
        small = network(["b", "c", "d"], dials, loss=0.2)
        grown = network(["a", "b", "c", "d"], [*dials, ("a", "c")], loss=0.2)
        for item in (b"1", b"2", b"3"):
            arrivals = small.block_arrivals(item, 0, 0, 2_000).tolist()
            assert arrivals == grown.block_arrivals(item, 1, 0, 2_000)[1:].tolist()

    def test_arrivals_are_pinned(self):
        """The same numbers on every machine: change this only with a change that is meant to change results."""
        many = usual(50, loss=0.02)
        digest = hashlib.sha256()
        for item in range(10):
            digest.update(many.block_arrivals(b"%d" % item, item, item * SECOND, 50_000).astype("<i8").tobytes())
        assert digest.hexdigest()[:16] == "5d8786fb6f81206d"


RELAY_PLAN = RelayPlan(
    block_verification=VerificationPlan(mean=200_000, distribution="fixed", least=0),
    transaction_verification=VerificationPlan(mean=80_000, distribution="fixed", least=0),
    stems=2,
    fluff_probability=20,
    epoch=600 * SECOND,
    epoch_range=30 * SECOND,
    embargo=39 * SECOND,
    flush_incoming=5 * SECOND,
    flush_outgoing=2 * SECOND,
)


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
        relay=RELAY_PLAN,
    )


class TestPlan:
    def test_hops_follow_the_ways_between_places(self):
        names = ("a", "b", "c")
        star = Star(bandwidth=8_000_000).build(names)
        made = network_of(plan_of(star, {"a": ["b"], "b": ["c"]}, names))
        assert made.nodes == 3
        assert made.names == names
        hop = 2 * 50_000 + 300 + RELAY.block.mean  # two spokes, 300 bytes at a megabyte a second
        assert made.block_arrivals(b"block", 0, 9 * SECOND, 0).tolist() == [9 * SECOND + hop * n for n in range(3)]
        # nobody is up before three seconds
        assert made.block_arrivals(b"block", 0, 0, 0).tolist() == [0, 3 * SECOND, 3 * SECOND + hop]

    def test_the_slower_end_counts(self):
        links = tuple(LinkPlan(source=s, target=t, latency=1_000, loss=0.0) for s, t in ((0, 0), (0, 1), (1, 1)))
        places = TopologyPlan(bandwidth=(8_000, 8_000_000), links=links, places={"a": 0, "b": 1})
        made = network_of(plan_of(places, {"a": ["b"]}, ("a", "b")))
        arrival = made.block_arrivals(b"block", 1, 5 * SECOND, 0)[0]
        assert arrival == 5 * SECOND + 1_000 + 300_000 + RELAY.block.mean

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
        RelayNetwork(seed=1, names=names, links=links)


def test_scipy_is_not_needed_at_run_time():
    code = "import sys, monerosim.network.relay; sys.exit('scipy' in sys.modules or 'numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
