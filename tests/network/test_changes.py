"""Connections that come and go while transactions are on their way."""

import numpy as np
import pytest

from monerosim.network.again import next_relay
from monerosim.network.dandelion import Dandelion
from monerosim.network.relay import NEVER, Link, RelayNetwork, Rewiring
from monerosim.topology import choose_peers
from monerosim.units import SECOND

LATENCY, GIGABIT, WEIGHT = 50_000, 10**9, 2_000
HOP = LATENCY + 80_000 + 17
MINUTE = 60 * SECOND


class Net:
    """Nodes, their connections, and what carries their transactions, which are all public at once."""

    def __init__(self, nodes, dials, *, fluff_probability=100):
        self.dials = list(dials)
        self.network = RelayNetwork(
            seed=1,
            names=[f"node-{index:03d}" for index in range(nodes)],
            links=[link(*pair) for pair in self.dials],
            dandelion=Dandelion(fluff_probability=fluff_probability),
        )
        self.relay = self.network.relay_transactions(lambda _node, _at: 0)

    def send(self, node, at, item=b"1"):
        self.relay.advance(at)
        return self.relay.release(item, node, at, WEIGHT)

    def change(self, at, **change):
        self.network.rewire(at, Rewiring(**change))

    def arrivals(self, flight, until=10 * MINUTE):
        self.relay.advance(until)
        return self.relay.arrivals(flight).tolist()


def link(dialer, listener, latency=LATENCY, loss=0.0):
    return Link(dialer, listener, latency, loss, GIGABIT)


def dials_of(nodes, connections):
    names = [f"node-{index:03d}" for index in range(nodes)]
    peers = choose_peers(names, seed=3, connections=connections)
    return [(names.index(name), names.index(peer)) for name in names for peer in peers[name]]


def test_what_has_left_arrives_and_what_waits_does_not():
    two = Net(2, [(0, 1)])
    arrival = two.arrivals(two.send(0, 0))[1]
    left = arrival - HOP
    for cut, expected in ((left - 1, NEVER), (left, arrival), (arrival - 1, arrival)):
        again = Net(2, [(0, 1)])
        flight = again.send(0, 0)
        again.change(cut, close=[(0, 1)])
        assert again.arrivals(flight)[1] == expected


@pytest.mark.parametrize("seed", range(5))
def test_a_network_whose_links_are_cut_is_one_without_them(seed):
    dials = dials_of(30, 4)
    rng = np.random.default_rng(seed)
    cut = [pair for pair in dials if rng.random() < 0.3]
    without = Net(30, [pair for pair in dials if pair not in cut])
    expected = without.arrivals(without.send(0, SECOND))
    changed = Net(30, dials)
    early = changed.send(5, 0, b"0")
    flight = changed.send(0, SECOND)
    # Nothing has left yet: the shortest wait is a quarter second.
    changed.change(SECOND + 1, close=cut)
    if changed.arrivals(early)[0] > 60 * SECOND:
        pytest.skip("the other one did not spread")
    got = changed.arrivals(flight)
    # The other one has set the times of some flushes, which are earlier for it.
    assert [one == NEVER for one in got] == [one == NEVER for one in expected]
    alone = Net(30, dials)
    flight = alone.send(0, SECOND)
    alone.change(SECOND + 1, close=cut)
    assert alone.arrivals(flight) == expected


@pytest.mark.parametrize("seed", range(5))
def test_a_link_that_nothing_comes_by_first_can_go_at_any_time(seed):
    dials = dials_of(30, 4)
    rng = np.random.default_rng(seed)
    usual = Net(30, dials)
    flights = [usual.send(int(rng.integers(30)), item * SECOND // 2, b"%d" % item) for item in range(6)]
    expected = [usual.arrivals(flight) for flight in flights]
    at = int(rng.integers(SECOND, 5 * SECOND))
    changed = Net(30, dials)
    rng = np.random.default_rng(seed)
    sent = [changed.send(int(rng.integers(30)), item * SECOND // 2, b"%d" % item) for item in range(6)]
    there = [dials[number] for number in rng.choice(len(dials), 10, replace=False)]
    changed.change(at, close=there)
    for before, flight in zip(expected, sent, strict=True):
        after = changed.arrivals(flight)
        # What had come by then has come, and nothing comes earlier for links that are missing.
        assert all(one == other for one, other in zip(before, after, strict=True) if one <= at)
        assert all(NEVER > other >= one for one, other in zip(before, after, strict=True))


def test_links_can_come_and_go_for_ever():
    # Places are used again, and there are more of them when a node has too few.
    net = Net(12, [(node, (node + 1) % 12) for node in range(12)])
    extra = [(0, node) for node in range(2, 11)]
    for round_ in range(20):
        at = round_ * MINUTE
        net.change(at, open=[link(*pair) for pair in extra])
        net.change(at + 30 * SECOND, close=extra)
        net.change(at + 31 * SECOND, open=[link(3, 7)], close=[(0, 1)])
        flight = net.send(1, at + 32 * SECOND, b"%d" % round_)
        assert max(net.arrivals(flight, at + 59 * SECOND)) < at + 59 * SECOND
        net.change(at + 59 * SECOND, open=[link(0, 1)], close=[(3, 7)])
    plain = Net(12, [(node, (node + 1) % 12) for node in range(12)])
    flight, other = (one.send(4, 30 * MINUTE, b"last") for one in (net, plain))
    assert net.arrivals(flight, 40 * MINUTE) == plain.arrivals(other, 40 * MINUTE)


def test_a_transaction_is_relayed_again_over_a_connection_that_comes_later():
    two = Net(2, [(0, 1)])
    two.change(0, close=[(0, 1)])
    flight = two.send(0, 0)
    two.change(2 * MINUTE, open=[link(0, 1)])
    arrival = two.arrivals(flight, 20 * MINUTE)[1]
    # Five minutes after it came, at the next look, which is every two minutes; then it waits for the flush.
    assert 5 * MINUTE < arrival < 7 * MINUTE + 10 * SECOND


@pytest.mark.parametrize(("minutes", "expected"), [(0, 6), (6, 18), (18, 40), (40, 86), (360, 602)])
def test_the_times_between_two_relays_grow_to_four_hours(minutes, expected):
    assert next_relay(0, 0, minutes * MINUTE) == expected * MINUTE


def test_what_is_older_than_a_day_and_a_half_is_not_relayed_again():
    assert next_relay(0, 0, 36 * 60 * MINUTE) == -1


class TestNodesThatAreDown:
    def test_what_is_on_its_way_to_them_is_lost_and_the_others_have_it_all_the_same(self):
        net = Net(4, [(0, 1), (1, 2), (2, 3), (3, 0)])
        flight = net.send(0, 0)
        net.change(SECOND // 5, close=[(0, 1), (1, 2)], down=[1])
        arrivals = net.arrivals(flight)
        assert arrivals[1] == NEVER
        assert max(arrivals[2:]) < NEVER
        assert flight.everywhere_at == max(arrivals[2:])

    def test_a_stem_ends_there_and_an_embargo_brings_it_out(self):
        net = Net(3, [(0, 1), (2, 0)], fluff_probability=0)
        flight = net.send(0, 0)
        net.change(10_000, close=[(0, 1)], down=[1])
        arrivals = net.arrivals(flight)
        assert flight.end == "embargo"
        assert arrivals[2] > 10 * SECOND

    def test_a_stem_that_is_gone_is_replaced(self):
        net = Net(4, [(0, 1), (0, 2), (0, 3)], fluff_probability=0)
        first = net.send(0, 0)
        stem = first.stops[0].node, next(iter(first.held))
        net.relay.advance(MINUTE)
        reached = {stop.node for stop in first.stops} - {0}
        gone = next(iter(reached))
        net.change(MINUTE, close=[(0, gone)])
        second = net.send(0, MINUTE, b"2")
        net.relay.advance(2 * MINUTE)
        assert stem == (0, 0)
        assert {stop.node for stop in second.stops} - {0, gone}

    def test_a_pool_is_asked_for(self):
        net = Net(3, [(0, 1), (1, 2)])
        net.change(0, close=[(1, 2)], down=[2])
        flight = net.send(0, 0)
        net.change(3 * MINUTE, open=[link(1, 2)], up=[2])
        net.relay.ask_for_pool(2, 1, 3 * MINUTE, LATENCY)
        assert net.arrivals(flight)[2] == 3 * MINUTE + 2 * LATENCY


class TestSilence:
    @pytest.mark.parametrize("what", ["transactions", b"1"])
    def test_a_node_keeps_what_it_is_to_keep(self, what):
        net = Net(3, [(0, 1), (1, 2)])
        net.network.silence([1], what, silent=True)
        assert net.arrivals(net.send(0, 0))[2] == NEVER
        net.network.silence([1], what, silent=False)
        assert net.arrivals(net.send(0, 20 * MINUTE, b"2"), 30 * MINUTE)[2] < NEVER

    def test_a_node_that_keeps_stems_swallows_them(self):
        net = Net(3, [(0, 1), (1, 2)], fluff_probability=0)
        net.network.silence([1], "stems", silent=True)
        flight = net.send(0, 0)
        assert net.arrivals(flight)[2] > 10 * SECOND
        assert flight.end == "embargo"


def test_a_connection_that_gets_slow_delays_what_leaves_from_then_on():
    net = Net(2, [(0, 1)])
    before = net.arrivals(net.send(0, 0))[1]
    slow = Net(2, [(0, 1)])
    flight = slow.send(0, 0)
    slow.change(0, alter=[link(0, 1, latency=LATENCY + SECOND)])
    later = slow.send(0, 5 * MINUTE, b"2")
    usual = net.send(0, 10 * MINUTE, b"2")
    assert slow.arrivals(flight)[1] == before
    late = slow.arrivals(later, 20 * MINUTE)[1] - 5 * MINUTE
    assert late == net.arrivals(usual, 20 * MINUTE)[1] - 10 * MINUTE + SECOND
