import cProfile
import pstats
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import RefusedError, Simulated, ask

from monerosim.model.views import HORIZON
from monerosim.units import SECOND, XMR

PAYABLE = 80
"""Blocks after which a wallet can pay: 16 coinbases are unlocked."""


def test_a_block_reaches_nodes_in_turn():
    net = Simulated(nodes=3)
    net.mine(0)
    heights = []
    for _ in range(3):
        heights.append([ask(daemon, "get_block_count")["count"] for daemon in net.daemons])
        net.pass_time(SECOND)
    assert heights == [[2, 1, 1], [2, 2, 1], [2, 2, 2]]


def work(blocks):
    """How many calls it takes to make blocks while time passes, as it does for who asks over HTTP."""
    net = Simulated(nodes=1)

    def now():
        net.time += 1
        return net.time

    net.blockchain.now = now
    with cProfile.Profile() as profile:
        net.mine(0, blocks)
    return pstats.Stats(profile).total_calls


def test_the_work_for_many_blocks_grows_with_their_number():
    few, many = work(500), work(2000)
    assert many < 5 * few


def test_equal_work_first_come_stays_and_more_work_wins():
    net = Simulated(nodes=3)
    (left,), (right,) = net.mine(0), net.mine(2)
    net.pass_time()
    tips = [ask(daemon, "get_info")["top_block_hash"] for daemon in net.daemons]
    assert tips[0] == left
    assert tips[2] == right
    # The node between them has both and passes on the one that it took; the other one's maker hears of no rival.
    beaten = 0 if tips[1] == left else 2
    for _ in range(2):
        alternatives = [ask(daemon, "get_info")["alt_blocks_count"] for daemon in net.daemons]
        assert alternatives == [0 if node == beaten else 1 for node in range(3)]
        net.pass_time(60 * SECOND)
    (child,) = net.mine(2)
    net.pass_time()
    assert {ask(daemon, "get_info")["top_block_hash"] for daemon in net.daemons} == {child}
    net.blockchain.settle(net.time)
    left_by = [0, 1] if tips[1] == left else [0]
    assert sorted((entry.node, entry.depth, entry.new.id.hex()) for entry in net.reorganisations) == [
        (node, 1, child) for node in left_by
    ]
    assert [block.id.hex() for block in net.blockchain.views.alternative_blocks(net.daemons[0].view())] == [left]


def test_reorganisations_are_told_when_settled():
    net = Simulated(nodes=2)
    (old,) = net.mine(0)
    net.pass_time(1)
    genesis = net.blockchain.chain.main[0].id.hex()
    net.mine(1, count=2, prev_block=genesis)
    found_at = net.time
    net.pass_time(5 * SECOND)
    net.blockchain.settle(net.time)
    (seen,) = net.reorganisations
    assert (seen.node, seen.old.id.hex(), seen.depth, seen.at) == (0, old, 1, found_at + SECOND)


def test_views_of_the_past_do_not_change():
    net = Simulated(nodes=2)
    net.mine(0)
    before = net.blockchain.view(1)
    then = net.time
    net.pass_time(HORIZON - SECOND)
    net.mine(0)
    assert net.blockchain.view(1, then) == before


def test_transactions_come_back_when_their_block_is_left():
    net = Simulated(nodes=2)
    net.mine(0, PAYABLE)
    net.pass_time()
    net.refresh()
    sent = net.pay(0, 1, XMR)["tx_hash"]
    net.pass_time()
    fork = ask(net.daemons[0], "get_info")["top_block_hash"]
    net.mine(0)
    net.pass_time()
    net.refresh()
    assert net.balance(1)[0] == XMR
    net.pass_time(2 * HORIZON)
    assert ask(net.daemons[1], "get_info")["tx_pool_size"] == 0
    branch = net.mine(1, count=2, prev_block=fork)
    net.pass_time()
    net.refresh()
    assert ask(net.daemons[0], "get_info")["top_block_hash"] == branch[-1]
    confirmed = ask(net.daemons[0], "get_block", hash=branch[0]).get("tx_hashes", [])
    confirmed += ask(net.daemons[0], "get_block", hash=branch[1]).get("tx_hashes", [])
    waiting = net.daemons[0].post("/get_transaction_pool_hashes", {}).get("tx_hashes", [])
    assert confirmed + waiting == [sent]


def test_two_payments_at_one_moment_use_different_outputs():
    net = Simulated()
    net.mine(0, PAYABLE)
    net.pass_time()
    net.refresh()
    used = [image for _ in range(3) for image in net.pay(0, 1, XMR)["spent_key_images"]["key_images"]]
    assert len(used) == len(set(used))


def test_same_seed_same_hashes():
    def play():
        net = Simulated()
        net.mine(0, PAYABLE)
        net.pass_time()
        net.refresh()
        return net.pay(0, 1, XMR)["tx_hash"], net.mine(1), net.addresses

    assert play() == play()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("mine"), st.integers(0, 2), st.integers(0, 4)),
        st.tuples(st.just("pay"), st.integers(0, 2), st.integers(0, 2)),
        st.tuples(st.just("wait"), st.integers(0, 200_000_000), st.just(0)),
        st.tuples(st.just("sweep"), st.integers(0, 2), st.integers(0, 2)),
    ),
    max_size=40,
)


def _step(net, kind, first, second):
    if kind == "wait":
        net.pass_time(first)
    elif kind == "mine":
        tip = ask(net.daemons[first], "get_block_count")["count"] - 1
        # A branch of two from some blocks back, so that it soon overtakes.
        parent = ask(net.daemons[first], "get_block_header_by_height", height=max(tip - second, 1))
        net.mine(first, count=1 + second // 2, prev_block=parent["block_header"]["hash"])
    else:
        ask(net.wallets[first], "refresh")
        try:
            if kind == "pay":
                net.pay(first, second, 3 * XMR + first)
            else:
                ask(net.wallets[first], "sweep_all", address=net.addresses[second])
        except RefusedError as refused:
            assert refused.code in {-4, -16, -17, -37}  # noqa: PT017  (what a wallet without funds says)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_every_coin_is_accounted_for(steps):
    net = Simulated(nodes=3, delay=7 * SECOND)
    net.mine(0, PAYABLE)
    net.pass_time(60 * SECOND)
    for step in steps:
        _step(net, *step)
    wallets = [wallet for server in net.wallets for wallet in server.wallets]
    for tip in net.tips():
        assert sum(net.confirmed(wallet, tip) for wallet in wallets) == net.supply(tip)
    net.pass_time(60 * SECOND)
    (last,) = net.mine(0)
    net.pass_time(60 * SECOND)
    net.refresh()
    agreed = Counter(net.tips()).most_common(1)[0][0]
    assert sum(net.confirmed(wallet, agreed) for wallet in wallets) == net.supply(agreed)
    spent = [
        output
        for height in range(1, agreed.height + 1)
        for transaction in net.blockchain.chain.at(agreed, height).transactions
        for output in transaction.inputs
    ]
    assert len(spent) == len(set(spent))
    for wallet in wallets:
        if wallet.tip is agreed:
            on_chain = sum(h.output.amount for h in wallet.holdings.values() if h.spent_in is None)
            assert on_chain == net.confirmed(wallet, agreed)
    assert last


@pytest.mark.parametrize("blocks", [59, 60, 61])
def test_idle_wallet_catches_up_at_once(blocks):
    net = Simulated()
    net.mine(0, blocks)
    net.pass_time(3600 * SECOND)
    assert ask(net.wallets[1], "get_height")["height"] == blocks + 1
