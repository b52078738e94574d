"""What of pools and fees depends on the version of Monero."""

import pytest
from simulated import Simulated, ask

from monerosim.model.rules import Rules
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
