"""Blocks and pools in a network whose connections come and go."""

import pytest
from simulated import Simulated, ask

from monerosim.network.dandelion import Dandelion
from monerosim.network.relay import Link, RelayNetwork, RelayTimings, Rewiring
from monerosim.network.verification import Verification
from monerosim.units import SECOND

LATENCY, VERIFICATION = SECOND // 10, SECOND // 5
MINUTE = 60 * SECOND


def link(dialer, listener):
    return Link(dialer, listener, LATENCY, 0.0, 10**12)


def network(dials, seed=1):
    """Make a network of some connections, for :class:`Simulated`."""

    def make(nodes, _delay):
        return RelayNetwork(
            seed=seed,
            names=[f"node-{node}" for node in range(nodes)],
            links=[link(*pair) for pair in dials],
            relay=RelayTimings(block=Verification(mean=VERIFICATION), transaction=Verification(mean=VERIFICATION)),
            dandelion=Dandelion(fluff_probability=100),
        )

    return make


class Changing(Simulated):
    """A network of a line of nodes, or of what is dialled."""

    def __init__(self, nodes, dials=None, seed=1):
        self.dials = [(node, node + 1) for node in range(nodes - 1)] if dials is None else dials
        super().__init__(nodes, make=network(self.dials, seed))

    def change(self, **change):
        self.blockchain.rewire(Rewiring(**change), self.blockchain.network.rewire)

    def silence(self, node, *, silent):
        self.blockchain.rewire(
            Rewiring(), lambda _at, _change: self.blockchain.network.silence([node], "blocks", silent=silent)
        )

    def heights(self):
        return [tip.height for tip in self.tips()]

    def pool(self, node):
        return list(self.blockchain.txpool.contents(self.daemons[node].view()))

    def grow(self, node, blocks, gap=10 * SECOND):
        for _ in range(blocks):
            self.mine(node)
            self.pass_time(gap)


def test_a_block_that_has_left_arrives_and_one_that_has_not_does_not():
    net = Changing(3)
    net.mine(0)
    net.pass_time(LATENCY // 2)
    net.change(close=[(0, 1)])
    # It is on its way to the second node, which passes it on to the third.
    net.pass_time(10 * SECOND)
    assert net.heights() == [1, 1, 1]
    net.mine(0)
    net.pass_time(LATENCY + VERIFICATION // 2)
    net.change(close=[(1, 2)])
    net.pass_time(10 * SECOND)
    assert net.heights() == [2, 1, 1]


def test_a_block_is_relayed_over_what_is_there_when_it_is_verified():
    net = Changing(4)
    net.mine(0)
    net.pass_time(LATENCY + VERIFICATION // 2)
    net.change(close=[(1, 2)], open=[link(1, 3)])
    net.pass_time(2 * VERIFICATION + 2)
    assert net.heights() == [1, 1, 0, 1]
    net.pass_time(VERIFICATION + LATENCY + 2)
    assert net.heights() == [1, 1, 1, 1]


def test_sides_go_on_by_themselves_and_the_weaker_one_follows_when_they_meet():
    net = Changing(4)
    net.grow(0, 3)
    net.change(close=[(1, 2)])
    for _ in range(20):
        net.mine(0)
        net.pass_time()
        net.mine(0)
        net.mine(3)
        net.pass_time()
    assert net.heights() == [43, 43, 23, 23]
    net.change(open=[link(1, 2)])
    # The listener has the dialer's tip after one latency, asks for the chain and for two spans of blocks.
    took = LATENCY + 4 * LATENCY + 2 * LATENCY + 40 * VERIFICATION
    net.pass_time(took - 1)
    assert net.heights()[2] < 43
    net.pass_time(1)
    assert net.heights()[2] == 43
    # What is fetched is not relayed: the last one has it by the timed sync.
    net.pass_time(MINUTE + 20 * SECOND)
    assert net.heights() == [43] * 4
    net.pass_time(5 * MINUTE)
    net.mine(0)
    net.blockchain.finish(net.time)
    lost = [one for one in net.reorganisations if one.node in (2, 3)]
    assert {one.node: sum(it.depth for it in lost if it.node == one.node) for one in lost} == {2: 20, 3: 20}


def test_payments_of_the_losing_side_are_relayed_again_and_confirmed():
    net = Changing(4)
    for node in (0, 3):
        net.mine(node, count=70)
        net.pass_time(MINUTE)
    net.refresh()
    net.change(close=[(1, 2)])
    paid = net.pay(3, 0, 10**12)["tx_hash"]
    net.pass_time(30 * SECOND)
    net.grow(3, 2)
    net.grow(0, 6)
    assert [len(net.pool(node)) for node in range(4)] == [0, 0, 0, 0]
    net.change(open=[link(1, 2)])
    net.pass_time(2 * MINUTE)
    # The block that had it is off the chain; only those that had it have it.
    assert [len(net.pool(node)) for node in range(4)] == [0, 0, 1, 1]
    net.pass_time(8 * MINUTE)
    assert [len(net.pool(node)) for node in range(4)] == [1, 1, 1, 1]
    net.grow(0, 1)
    status = ask(net.daemons[3], "get_info")
    assert status["tx_pool_size"] == 0
    assert paid in [transaction.id.hex() for transaction in net.tips()[3].transactions]


class TestNodesThatWereDown:
    def test_they_fetch_the_chain_and_the_pool_of_the_first_peer(self):
        net = Changing(3)
        net.mine(0, count=70)
        net.pass_time(MINUTE)
        net.refresh()
        net.change(close=[(1, 2)], down=[2])
        net.grow(0, 30)
        net.pay(0, 1, 10**12)
        net.pass_time(5 * MINUTE)
        assert net.heights() == [100, 100, 70]
        net.change(open=[link(1, 2)], up=[2])
        took = LATENCY + 4 * LATENCY + 2 * LATENCY + 30 * VERIFICATION
        net.pass_time(took)
        assert (net.heights()[2], len(net.pool(2))) == (100, 0)
        net.pass_time(2 * LATENCY)
        assert len(net.pool(2)) == 1

    def test_the_others_do_not_wait_for_them(self):
        net = Changing(3)
        seen = []
        net.blockchain.sightings.on_block = lambda block, times: seen.append((block.height, times.tolist()))
        net.change(close=[(1, 2)], down=[2])
        net.grow(0, 50, 30 * SECOND)
        assert len(seen) > 40
        net.change(open=[link(1, 2)], up=[2])
        net.pass_time(MINUTE)
        assert net.heights() == [50, 50, 50]
        net.grow(2, 20, 30 * SECOND)
        assert net.heights() == [70, 70, 70]
        net.blockchain.finish(net.time)
        assert sorted(height for height, _ in seen) == list(range(1, 71))

    def test_a_branch_that_one_was_on_is_left(self):
        net = Changing(3)
        net.change(close=[(1, 2)])
        net.grow(2, 3)
        net.change(down=[2])
        net.grow(0, 30)
        net.change(open=[link(1, 2)], up=[2])
        net.pass_time(MINUTE)
        assert len(set(net.tips())) == 1
        net.grow(0, 3)
        net.pass_time(5 * MINUTE)
        net.blockchain.finish(net.time)
        assert [(one.node, one.depth) for one in net.reorganisations] == [(2, 3)]

    @pytest.mark.parametrize("seed", range(3))
    def test_coins_add_up_whatever_comes_and_goes(self, seed):
        dials = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)]
        net = Changing(4, dials, seed)
        for node in range(4):
            net.mine(node, count=70)
            net.pass_time(20 * SECOND)
        for round_ in range(6):
            net.refresh()
            out = (round_ + seed) % 4
            mine = [pair for pair in dials if out in pair]
            net.change(close=mine, down=[out] if round_ % 2 else [])
            others = [node for node in range(4) if node != out]
            for payer in others:
                net.pay(payer, others[0] if payer != others[0] else others[1], 10**11)
            net.grow(others[round_ % 3], 3, 40 * SECOND)
            if not round_ % 2:
                net.grow(out, 1 + round_ % 3)
            net.change(open=[link(*pair) for pair in mine], up=[out] if round_ % 2 else [])
            net.pass_time(3 * MINUTE)
        net.pass_time(30 * MINUTE)
        net.grow(0, 12, 30 * SECOND)
        net.refresh()
        (tip,) = set(net.tips())
        wallets = [server.wallets[0] for server in net.wallets]
        assert sum(net.confirmed(wallet, tip) for wallet in wallets) == net.supply(tip)
        assert [net.balance(node)[0] for node in range(4)] == [net.confirmed(wallet, tip) for wallet in wallets]
        assert not any(net.pool(node) for node in range(4))


def test_a_node_that_keeps_blocks_to_itself_passes_none_on():
    net = Changing(3)
    net.silence(1, silent=True)
    net.grow(0, 3)
    net.pass_time(2 * MINUTE)
    assert net.heights() == [3, 3, 0]
    net.silence(1, silent=False)
    net.pass_time(2 * MINUTE)
    assert net.heights() == [3, 3, 3]
    net.mine(0)
    net.silence(1, silent=True)
    net.pass_time(2 * MINUTE)
    assert net.heights() == [4, 4, 3]


def test_all_nodes_may_be_down_at_once():
    net = Changing(2)
    net.grow(0, 2)
    net.change(down=[0, 1], close=[(0, 1)])
    net.pass_time(10 * MINUTE)
    net.change(up=[0, 1], open=[link(0, 1)])
    net.grow(1, 1)
    assert net.heights() == [3, 3]
