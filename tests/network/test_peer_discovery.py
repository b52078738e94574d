"""Whom nodes dial that find their peers as monerod does, for how long, and what a sybil gets of it."""

from collections import Counter
from statistics import mean, median_grouped

import pytest

from monerosim.network.discovery import DROP_INTERVAL, Discovery, PeerNode
from monerosim.network.peer_lists import IN_HANDSHAKE, WHITE_LIMIT, PeerLists
from monerosim.runtime.rng import Rng
from monerosim.units import SECOND

HOUR = 3_600 * SECOND
PUBLIC = 2**24


def network(reachable, others=0, hidden=0, seed=1, **more):
    """A network of nodes in subnets of their own, as far as they are random."""
    drawn = Rng(seed)
    reach = ["reachable"] * reachable + ["unreachable"] * others + ["hidden"] * hidden
    nodes = [
        PeerNode(name=f"node-{number:04d}", address=drawn.integer(PUBLIC, 2**31), reach=it, **more)
        for number, it in enumerate(reach)
    ]
    return Discovery(seed, nodes, [0, 1, 2])


def degrees(discovery, nodes):
    return [len(discovery.incoming(node)) for node in nodes]


@pytest.fixture(scope="module")
def mainnet():
    """A thousand nodes of which 15 % can be dialled, for two hours."""
    discovery = network(150, 750, 100)
    return discovery, discovery.advance(2 * HOUR)


@pytest.mark.long
def test_the_reachable_have_the_connections_of_all(mainnet):
    discovery, _ = mainnet
    # One may just have dropped a connection.
    assert Counter(len(discovery.outgoing(node)) for node in range(1_000))[12] > 950
    reachable = degrees(discovery, range(150))
    # 12 / 0.15 = 80, less what was dropped just now; that of one has a standard deviation of about 9.
    assert mean(reachable) == pytest.approx(80, abs=3 * 9 / 150**0.5)
    assert 40 < min(reachable) <= max(reachable) < 120
    assert sum(degrees(discovery, range(150, 1_000))) == 0


@pytest.mark.long
def test_connections_last_as_long_as_the_drop_each_101_seconds_makes_them(mainnet):
    """One of twelve is dropped each time: the median is the eighth, 13.5 minutes (mainnet's is said to be 23)."""
    _, changes = mainnet
    begun = {}
    lasted = []
    for change in changes:
        pair = change[1:3]
        if change.is_open:
            begun[pair] = change.at
        else:
            since = begun.pop(pair)
            lasted.append((since, change.at - since))
    ticks = [round(took / DROP_INTERVAL) for since, took in lasted if HOUR // 4 < since < HOUR]
    ticks += [1_000 for since in begun.values() if HOUR // 4 < since < HOUR]
    assert len(ticks) > 10_000
    # A tick is a class: half of the connections are over somewhere in it.
    middle = (median_grouped(ticks) - 0.5) * 101 / 60
    assert 12 <= middle <= 14
    # Geometric with mean 12: of all, (11 / 12)^24 last longer than 24 ticks.
    assert sum(it > 24 for it in ticks) / len(ticks) == pytest.approx((11 / 12) ** 24, abs=0.02)


def test_the_same_seed_gives_the_same_connections():
    first, again, other = (network(20, 30, seed=seed).advance(HOUR // 4) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_limits_and_those_that_are_hidden_are_heeded():
    discovery = network(40, 0, 10, out_peers=5, in_peers=6)
    discovery.advance(HOUR // 2)
    assert max(degrees(discovery, range(50))) == 6
    assert sum(degrees(discovery, range(40, 50))) == 0
    # 40 x 6 places are fewer than the 50 x 5 that are wanted.
    assert sum(degrees(discovery, range(40))) > 230
    discovery.limit(0, HOUR // 2, out_peers=1, in_peers=2)
    assert len(discovery.outgoing(0)) == 1
    assert len(discovery.incoming(0)) == 2


def test_bans_cut_connections_and_keep_them_cut_until_they_end():
    discovery = network(12, out_peers=4)
    discovery.advance(HOUR // 4)
    banned = next(iter(discovery.outgoing(0)))
    address = discovery._nodes[banned].own.address
    discovery.ban(0, address, 32, HOUR, HOUR // 4)
    assert [change[1:] for change in discovery.advance(HOUR // 4)] == [(0, banned, False)]
    for at in range(HOUR // 4, HOUR, 60 * SECOND):
        discovery.advance(at)
        assert banned not in {**discovery.outgoing(0), **discovery.incoming(0)}
        assert banned not in discovery.lists(0).white
    discovery.advance(3 * HOUR)
    assert banned in discovery.lists(0).white
    discovery.ban(0, 0, 1, 4 * HOUR, 3 * HOUR)
    assert (discovery.outgoing(0), discovery.incoming(0)) == ({}, {})


def test_a_node_that_was_down_dials_its_anchors_first():
    discovery = network(30, out_peers=6)
    discovery.advance(HOUR)
    before = list(discovery.lists(0).anchors)
    discovery.stop([0], HOUR)
    assert (discovery.outgoing(0), discovery.incoming(0)) == ({}, {})
    assert all(0 not in discovery.outgoing(node) for node in range(30))
    discovery.advance(HOUR + 60 * SECOND)
    discovery.start([0], HOUR + 60 * SECOND)
    discovery.advance(HOUR + 62 * SECOND)
    assert set(before[:1]) <= set(discovery.outgoing(0))
    kept = set(discovery._nodes[0].as_anchors)
    assert kept
    # Anchors are never dropped to look for others.
    discovery.advance(3 * HOUR)
    assert kept <= set(discovery.outgoing(0))


def share_of_sybil(subnets, seed):
    """Return the share of 60 honest nodes' connections that go to one of 40 addresses in so many /16."""
    drawn = Rng(seed)
    nodes = [PeerNode(name=f"honest-{it}", address=drawn.integer(PUBLIC, 2**31)) for it in range(60)]
    nodes += [PeerNode(name=f"sybil-{it}", address=(200 << 24) + (it % subnets << 16) + it + 1) for it in range(40)]
    discovery = Discovery(seed, nodes, [0, 1, 2])
    discovery.advance(HOUR)
    peers = [peer for node in range(60) for peer in discovery.outgoing(node)]
    return sum(peer >= 60 for peer in peers) / len(peers)


def test_a_sybil_gets_little_in_one_subnet_and_its_share_in_many():
    one = mean(share_of_sybil(1, seed) for seed in range(2))
    many = mean(share_of_sybil(40, seed) for seed in range(2))
    # One connection of twelve at most goes to one /16 as long as there are others; of 100 addresses 40 are its own.
    assert one <= 1 / 12 + 0.02
    assert 0.25 < many < 0.55


def test_lists_keep_their_limits_and_tell_a_part_of_themselves():
    lists = PeerLists()
    for peer in range(WHITE_LIMIT + 500):
        lists.see(peer, peer)
    assert len(lists.white) == WHITE_LIMIT
    assert next(iter(lists.white)) == 500
    told = lists.head(0, 7)
    assert 200 < told.bit_count() <= IN_HANDSHAKE
    assert lists.head(0, 8) != told
    assert not lists.head(told, 9) & told
    lists.see(500, 9_999)
    assert list(lists.white)[-1] == 500
    lists.meet(501, 10_000)
    assert next(iter(lists.white)) == 501
