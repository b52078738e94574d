"""What of pools and fees depends on the version of Monero."""

import pytest
from simulated import Simulated, ask

from monerosim.model.rules import Rules
from monerosim.network.dandelion import Dandelion
from monerosim.network.relay import Link, RelayNetwork
from monerosim.units import SECOND

FEE, WEIGHT = 10**10, 2_000
OLD, NEW = (0, 18, 0, 0), (0, 18, 3, 3)


def network(version, coins=90):
    """A node of a version, its wallet with coins."""
    net = Simulated(nodes=1, rules=Rules([version]))
    net.mine(0, coins)
    net.pass_time()
    net.refresh()
    return net, [block.coinbase.outputs[0] for block in net.blockchain.chain.main[1:]]


@pytest.mark.parametrize(("version", "order"), [(OLD, [2, 1, 0]), ((0, 18, 3, 1), [2, 1, 0]), (NEW, [0, 2, 1])])
def test_order_of_equal_fees_within_a_second(version, order):
    net, coins = network(version)
    net.time = 100 * SECOND
    sent = []
    for digit in (1, 7, 4):
        sent.append(net.hand(bytes([digit] * 32), coins.pop(0), WEIGHT, FEE))
        net.pass_time(SECOND // 10)
    net.mine(0)
    taken = net.blockchain.chain.main[-1].transactions
    assert [sent.index(transaction) for transaction in taken] == order


def test_from_one_second_to_the_next_the_earlier_is_first_in_all_versions():
    for version in (OLD, NEW):
        net, coins = network(version)
        net.time = 100 * SECOND - 1
        first = net.hand(bytes([9] * 32), coins.pop(0), WEIGHT, FEE)
        net.pass_time(1)
        second = net.hand(bytes([1] * 32), coins.pop(0), WEIGHT, FEE)
        net.mine(0)
        assert net.blockchain.chain.main[-1].transactions == (first, second)


def paid(net, priority):
    """The fee a byte of a payment, as a multiple of the lowest."""
    fee = net.pay(0, 0, 10**9, priority=priority, do_not_relay=True)["fee"]
    lowest = net.pay(0, 0, 10**9, priority=1, do_not_relay=True)["fee"]
    return round(fee / lowest)


@pytest.mark.parametrize(("version", "multiple"), [(OLD, 1), ((0, 18, 3, 1), 1), (NEW, 4)])
def test_a_wallet_leaves_the_lowest_fee_with_a_backlog(version, multiple):
    net, coins = network(version)
    assert paid(net, 0) == 1
    net.hand(bytes(32), coins.pop(0), 299_999, 299_999 * 1_300_000)
    assert paid(net, 0) == 1
    net.hand(bytes([1] * 32), coins.pop(0), 10, 10 * 1_000_000 + 10**9)
    assert paid(net, 0) == multiple
    assert paid(net, 2) == 4
    assert ask(net.daemons[0], "get_info")["tx_pool_size"] == 2


def test_a_wallet_leaves_the_lowest_fee_after_ten_full_blocks():
    net, coins = network(NEW)
    for number in range(9):
        net.hand(bytes([number] * 32), coins.pop(0), 270_000, 270_000 * 1_300_000)
        net.mine(0)
        net.pass_time()
    # Nine of the last ten blocks at 90 %: 81 % in all.
    net.refresh()
    assert paid(net, 0) == 4
    net.mine(0, 2)
    net.refresh()
    assert paid(net, 0) == 1


def test_a_transaction_leaves_pools_after_its_lifetime_and_its_inputs_are_free():
    net = Simulated(nodes=2, rules=Rules(pool_lifetime=3600 * SECOND))
    net.mine(0, 90)
    net.pass_time()
    net.refresh()
    before = net.balance(0)
    net.pay(0, 1, 10**12)
    net.pass_time(3600 * SECOND)
    net.refresh()
    assert [ask(daemon, "get_info")["tx_pool_size"] for daemon in net.daemons] == [1, 1]
    # The second node has it a second later, and drops it as much later.
    net.pass_time(1)
    assert [ask(daemon, "get_info")["tx_pool_size"] for daemon in net.daemons] == [0, 1]
    net.pass_time(SECOND)
    assert [ask(daemon, "get_info")["tx_pool_size"] for daemon in net.daemons] == [0, 0]
    net.refresh()
    (failed,) = ask(net.wallets[0], "get_transfers", failed=True)["failed"]
    assert failed["amount"] == 10**12
    assert net.balance(0) == before
    net.pay(0, 1, 2 * 10**12)
    net.mine(0)
    assert len(net.blockchain.chain.main[-1].transactions) == 1


def stemming(rules):
    """A node that dials another one and passes its own transactions on as stems, which do not come back from there."""

    def make(nodes, delay):
        links, names = [Link(0, 1, delay, 0.0, 10**9)], [f"node-{node}" for node in range(nodes)]
        return RelayNetwork(seed=1, names=names, links=links, dandelion=Dandelion(fluff_probability=0))

    net = Simulated(nodes=2, delay=SECOND // 10, make=make, rules=rules)
    net.mine(0, 90)
    net.pass_time(100 * SECOND)
    return net, [block.coinbase.outputs[0] for block in net.blockchain.chain.main[1:]]


EMBARGO = 80 * SECOND
"""Longer than any."""


@pytest.mark.parametrize("stems_in_blocks", [True, False])
def test_a_transaction_in_its_stem_phase_is_in_blocks_by_network_type(stems_in_blocks):
    net, coins = stemming(Rules(stems_in_blocks=stems_in_blocks))
    sent = net.hand(bytes([9] * 32), coins[0], WEIGHT, FEE)
    net.pass_time(5 * SECOND)
    net.mine(0)
    assert (sent in net.blockchain.chain.main[-1].transactions) == stems_in_blocks
    net.pass_time(EMBARGO)
    net.mine(0)
    assert sum(sent in block.transactions for block in net.blockchain.chain.main) == 1


@pytest.mark.parametrize(("version", "order"), [((0, 18, 3, 0), [0, 1]), ((0, 18, 3, 1), [1, 0])])
def test_from_0_18_3_1_a_transaction_counts_from_when_it_is_public(version, order):
    net, coins = stemming(Rules([version] * 2))
    sent = [net.hand(bytes([9] * 32), coins[0], WEIGHT, FEE)]
    net.pass_time(2 * SECOND)
    sent.append(net.hand(bytes([1] * 32), coins[1], WEIGHT, FEE, node=1))
    net.pass_time(EMBARGO)
    net.mine(0)
    assert [sent.index(transaction) for transaction in net.blockchain.chain.main[-1].transactions] == order


def test_of_a_full_pool_the_cheapest_go():
    net = Simulated(nodes=2, rules=Rules(pool_weight=3 * WEIGHT))
    net.mine(0, 90)
    coins = [block.coinbase.outputs[0] for block in net.blockchain.chain.main[1:]]
    net.pass_time()
    for number, multiple in enumerate([5, 2, 4, 3]):
        net.hand(bytes([number + 1] * 32), coins[number], WEIGHT, multiple * FEE)
        net.pass_time()
    # The other node drops what is too much when the next transaction comes.
    assert pools(net) == [[3, 4, 5], [2, 3, 4, 5]]
    net.hand(bytes([9] * 32), coins[9], WEIGHT, FEE)
    assert pools(net) == [[3, 4, 5]] * 2


def pools(net):
    """The fees in each node's pool."""
    found = (daemon.post("/get_transaction_pool", {}).get("transactions", []) for daemon in net.daemons)
    return [sorted(entry["fee"] // FEE for entry in pool) for pool in found]
