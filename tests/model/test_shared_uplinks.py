"""What leaves a node shares its uplink: k copies of n bytes over an uplink of b take k n / b."""

import numpy as np
import pytest
from simulated import Simulated

from monerosim.network.dandelion import Dandelion
from monerosim.network.relay import Link, RelayNetwork, RelayTimings, Rewiring
from monerosim.network.uplinks import ENOUGH, Uplinks
from monerosim.network.verification import Verification
from monerosim.topology import choose_peers
from monerosim.units import SECOND

LATENCY, VERIFICATION = 50_000, 80_000
GIGABIT = 10**9
SLOW = 64_000
TRANSACTION = 2_064
"""Bytes of a message with a transaction of 2,000."""
FLUFF = Dandelion(fluff_probability=100, flush_incoming=1, flush_outgoing=1)


def network(dials, uplinks, *, nodes, dandelion=FLUFF):
    fixed = Verification(mean=VERIFICATION)
    return RelayNetwork(
        seed=1,
        names=[f"node-{node:03d}" for node in range(nodes)],
        links=[Link(*pair, LATENCY, 0.0, GIGABIT) for pair in dials],
        relay=RelayTimings(block=fixed, transaction=fixed),
        dandelion=dandelion,
        uplinks=None if uplinks is None else Uplinks(uplinks),
    )


def hub(uplink, leaves=20):
    return network([(0, leaf) for leaf in range(1, leaves + 1)], [uplink] * (leaves + 1), nodes=leaves + 1)


def usual(nodes, uplinks, **options):
    names = [f"node-{node:03d}" for node in range(nodes)]
    peers = choose_peers(names, seed=1, connections=6)
    return network(
        [(names.index(name), names.index(peer)) for name in names for peer in peers[name]],
        uplinks,
        nodes=nodes,
        **options,
    )


def run(net, seconds):
    """Let time pass, and have everything happen."""
    net.pass_time(seconds * SECOND)
    for daemon in net.daemons:
        daemon.view()


def rounded_up(bits, bandwidth):
    return -(-bits * SECOND // bandwidth)


def test_a_node_sends_in_turn_as_a_queue_does():
    rng = np.random.default_rng(1)
    bandwidth = [1_000, 3_000, 0]
    uplinks, free, begin = Uplinks(bandwidth), [0, 0, 0], 0
    for _ in range(50):
        sent = sorted(
            (int(rng.integers(3)), int(begin + rng.integers(10 * SECOND)), int(rng.integers(1, 5_000)))
            for _ in range(20)
        )
        waits = uplinks.wait(*np.array(sent, dtype=np.int64).T)
        for (node, at, bits), wait in zip(sent, waits.tolist(), strict=True):
            if not bandwidth[node]:
                assert wait == 0
                continue
            assert wait == max(free[node] - at, 0)
            free[node] = at + wait + rounded_up(bits, bandwidth[node])
        begin += 10 * SECOND


def test_copies_of_a_transaction_leave_one_after_the_other():
    star = hub(SLOW)
    relay = star.relay_transactions(lambda _node, _at: 0)
    flight = relay.release(b"1", 0, 0, 2_000)
    relay.advance(60 * SECOND)
    first, *others = sorted(relay.arrivals(flight).tolist())
    assert first == 0
    # The bandwidth of the connections is a gigabit; the first flush is due at once.
    each = rounded_up(8 * TRANSACTION, SLOW)
    waited = [arrival - LATENCY - VERIFICATION - rounded_up(8 * TRANSACTION, GIGABIT) for arrival in others]
    assert waited == [1 + each * before for before in range(20)]


def test_a_stem_waits_for_what_its_node_sends():
    def takes(uplink):
        star = network([(0, 1), (0, 2)], [uplink] * 3, nodes=3, dandelion=Dandelion(fluff_probability=0))
        relay = star.relay_transactions(lambda _node, _at: 0)
        sent = [relay.release(b"%d" % item, 0, 0, 2_000) for item in range(5)]
        relay.advance(SECOND * 10)
        return [flight.stops[1].since for flight in sent]

    each = rounded_up(8 * TRANSACTION, SLOW)
    assert takes(SLOW) == [alone + before * each for before, alone in enumerate(takes(0))]


def test_what_is_followed_in_the_order_of_leaving_arrives_as_it_would():
    # Uplinks on which nothing waits, so that only the way of computing differs.
    found = []
    for uplinks in (None, [0] * 40):
        crowd = usual(40, uplinks, dandelion=Dandelion(fluff_probability=50))
        relay = crowd.relay_transactions(lambda _node, _at: 0)
        sent = []
        for item in range(12):
            relay.advance(item * SECOND // 10)
            sent.append(relay.release(b"%d" % item, item, item * SECOND // 10, 2_000))
        for at in (4 * SECOND, 6 * SECOND):
            relay.advance(at)
            begin = 10 * at // SECOND
            crowd.rewire(at, Rewiring(close=[link[:2] for link in crowd.links[begin : begin + 15]]))
        relay.advance(600 * SECOND)
        found.append([relay.arrivals(flight).tolist() for flight in sent])
    assert found[0] == found[1]


@pytest.mark.parametrize("step", [SECOND // 10, 7 * SECOND])
def test_how_often_somebody_looks_changes_nothing(step):
    def arrivals(step):
        crowd = usual(30, [SLOW] * 30)
        relay = crowd.relay_transactions(lambda _node, _at: 0)
        sent = [relay.release(b"%d" % item, item, 0, 2_000) for item in range(10)]
        for now in range(0, 120 * SECOND, step):
            relay.advance(now)
        relay.advance(200 * SECOND)
        return [relay.arrivals(flight).tolist() for flight in sent]

    assert arrivals(step) == arrivals(200 * SECOND)


def test_copies_of_a_block_leave_one_after_the_other():
    net = Simulated(21, make=lambda *_: hub(SLOW))
    net.mine(0)
    run(net, 60)
    times = net.blockchain.chain.main[1].arrival_times
    first, *others = sorted((times - times[0]).tolist())
    assert first == 0
    each = rounded_up(8 * 300, SLOW)
    alone = LATENCY + VERIFICATION + rounded_up(8 * 300, GIGABIT)
    assert others == [alone + each * before for before in range(20)]


def test_a_block_waits_for_transactions_that_left_before_and_the_other_way_round():
    star = hub(SLOW)
    net = Simulated(21, make=lambda *_: star)
    flight = net.blockchain.relay.release(b"1", 0, 0, 2_000)
    net.pass_time(SECOND // 5)
    net.mine(0)
    run(net, 60)
    block = np.sort(net.blockchain.chain.main[1].arrival_times)[-1]
    transaction = max(net.blockchain.relay.arrivals(flight).tolist())
    # All of it has left without a gap, one message at the end.
    sent = 1 + 20 * (rounded_up(8 * TRANSACTION, SLOW) + rounded_up(8 * 300, SLOW))
    assert max(block, transaction) == pytest.approx(
        sent + LATENCY + VERIFICATION, abs=rounded_up(8 * TRANSACTION, SLOW)
    )


@pytest.mark.parametrize("peers", [1, 3])
def test_a_chain_takes_its_bytes_over_the_uplink_of_who_sends_it(peers):
    def takes(uplink):
        dials = [(0, peer) for peer in range(1, peers + 1)]
        net = Simulated(peers + 1, make=lambda *_: network(dials, [uplink] * (peers + 1), nodes=peers + 1))
        change = net.blockchain.network.rewire
        net.blockchain.rewire(Rewiring(close=dials), change)
        net.mine(0, count=10)
        net.pass_time()
        net.blockchain.rewire(Rewiring(open=[Link(*pair, LATENCY, 0.0, GIGABIT) for pair in dials]), change)
        begun, fetched = net.time, []
        net.blockchain.views.relay.on_fetched = lambda _block, _node, _sender, at: fetched.append(at)
        run(net, 60)
        assert {daemon.view().tip.height for daemon in net.daemons} == {10}
        sizes = sum(block.weight for block in net.blockchain.chain.main[1:])
        return max(fetched) - begun, sizes

    (slow, sizes), (fast, _) = takes(SLOW), takes(ENOUGH)
    expected = rounded_up(8 * sizes, SLOW) * (peers - 1)
    assert slow - fast == pytest.approx(expected, rel=0.01, abs=1_000)
