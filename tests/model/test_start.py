"""Chains that begin with what other blocks left: supply, medians, difficulty."""

from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import Simulated, ask
from small_network import Line

from monerosim.model import Blockchain
from monerosim.model.medians import BlockWeights
from monerosim.model.records import Block, Transaction
from monerosim.model.start import Past, Start
from monerosim.monero.difficulty import BLOCKS
from monerosim.monero.emission import TAIL_SUPPLY
from monerosim.monero.weights import effective_median
from monerosim.runtime.clock import EPOCH
from monerosim.units import SECOND, XMR

TAIL = 6 * XMR // 10


def begun(start, **more):
    """A network whose chain begins with something."""
    net = Simulated(start=start, **more)
    net.mine(0, 3)
    net.pass_time()
    return net


def round_up(amount):
    digits = len(str(amount)) - 2
    return -(-amount // 10**digits) * 10**digits


@pytest.mark.parametrize(("long_term", "short_term"), [(300_000, 300_000), (1_000, 300_000), (420_000, 700_000)])
def test_at_the_tail_fees_are_those_of_the_2021_scaling(long_term, short_term):
    """Against the formulas of get_dynamic_base_fee_estimate_2021_scaling, and by hand at the usual medians."""
    net = begun(Start(TAIL_SUPPLY, past=Past(long_term, short_term)))
    answer = ask(net.daemons[0], "get_fee_estimate")
    ml = max(300_000, long_term)
    mn = min(max(ml, short_term), 50 * ml)
    low, normal = TAIL * 3000 // ml**2, 4 * TAIL * 3000 // ml**2
    high = 16 * TAIL * 3000 // (300_000 * ml)
    highest = max(4 * high, 4 * high * ml // (32 * 3000 * mn // 300_000))
    assert answer["fees"] == [round_up(fee) for fee in (low, normal, high, highest)]
    if (ml, mn) == (300_000, 300_000):
        assert answer["fees"] == [20_000, 80_000, 320_000, 4_000_000]


def test_headers_sums_and_forks_agree_with_where_the_chain_begins():
    endowment = (5 * XMR, 7 * XMR)
    net = begun(Start(TAIL_SUPPLY, endowment, Past(400_000, 500_000), until=SECOND))
    daemon = net.daemons[0]
    headers = ask(daemon, "get_block_headers_range", start_height=0, end_height=3)["headers"]
    assert [header["reward"] for header in headers[2:]] == [TAIL, TAIL]
    assert headers[0]["reward"] == TAIL_SUPPLY - 12 * XMR
    assert 12 * XMR + TAIL <= headers[1]["reward"] < 12 * XMR + TAIL + XMR // 10
    for height, count in ((0, 4), (1, 3), (0, 1), (1, 1)):
        asked = ask(daemon, "get_coinbase_tx_sum", height=height, count=count)
        assert asked["emission_amount"] == sum(header["reward"] for header in headers[height : height + count])
    info = ask(daemon, "get_info")
    assert (info["height"], info["block_weight_median"], info["block_weight_limit"]) == (4, 500_000, 1_000_000)
    fork = ask(daemon, "hard_fork_info")
    assert (fork["version"], fork["votes"], fork["window"]) == (16, 3, 4)
    net.refresh()
    assert net.balance(0)[0] == headers[1]["reward"] + 2 * TAIL


def test_what_a_chain_begins_with_can_be_spent_and_is_all_there_is():
    net = begun(Start(TAIL_SUPPLY, (100 * XMR,) * 3, Past()))
    net.mine(0, 77)
    net.pass_time()
    net.refresh()
    net.pay(0, 1, 99 * XMR)
    net.mine(0, 11)
    net.pass_time()
    net.refresh()
    assert net.balance(1) == (99 * XMR, 99 * XMR)
    last = net.tips()[0]
    assert sum(net.balance(node)[0] for node in range(2)) == net.supply(last)


def test_blocks_of_the_bootstrap_move_neither_medians_nor_difficulty():
    net = begun(Start(TAIL_SUPPLY, past=Past(400_000, 500_000), until=3600 * SECOND), difficulty=10**6, target=120)
    net.mine(0, 150)
    net.pass_time()
    info = ask(net.daemons[0], "get_info")
    assert (info["block_weight_median"], info["difficulty"], info["target"]) == (500_000, 10**6, 120)
    net.pass_time(3600 * SECOND)
    net.mine(0, 60)
    # Sixty of a hundred blocks are light, the others are the past's.
    assert ask(net.daemons[0], "get_info")["block_weight_median"] == 400_000


def test_difficulty_stays_at_a_steady_pace_and_follows_double_the_hashrate_within_735_blocks():
    net = begun(Start(until=600 * SECOND), difficulty=10**6, target=120)
    net.time = 600 * SECOND
    for _ in range(20):
        net.pass_time(120 * SECOND)
        net.mine(0)
    assert ask(net.daemons[0], "get_info")["difficulty"] == 10**6
    # At double the hashrate each block takes half as long for its difficulty. The first 75 do not count yet: fifteen
    # are left out, then the sixty latest timestamps.
    difficulty, paces = 10**6, []
    for _ in range(BLOCKS + 1):
        paces.append(120 * SECOND * difficulty // (2 * 10**6))
        net.pass_time(paces[-1])
        net.mine(0)
        difficulty = ask(net.daemons[0], "get_info")["difficulty"]
    assert paces[:75] == [60 * SECOND] * 75
    assert paces[80] > 60 * SECOND
    assert paces[-1] == pytest.approx(120 * SECOND, rel=0.01)
    header = ask(net.daemons[0], "get_last_block_header")["block_header"]
    before = ask(net.daemons[0], "get_block_header_by_hash", hash=header["prev_hash"])["block_header"]
    assert header["cumulative_difficulty"] - before["cumulative_difficulty"] == header["difficulty"]


def test_numbers_above_64_bits_are_answered_in_halves():
    net = begun(Start(until=3600 * SECOND), difficulty=2**65, target=120)
    info = ask(net.daemons[0], "get_info")
    assert (info["difficulty"], info["difficulty_top64"], info["wide_difficulty"]) == (0, 2, hex(2**65))
    assert int(info["wide_cumulative_difficulty"], 16) == 3 * 2**65 + 1
    net.pass_time(600 * SECOND)
    net.mine(1)
    assert ask(net.daemons[1], "get_info")["height"] == 5


def test_a_timestamp_is_at_least_the_median_of_sixty():
    """A miner whose clock is behind: what it finds is dated as late as the blocks before allow."""
    net = begun(Start())
    for _ in range(60):
        net.pass_time(120 * SECOND)
        net.mine(0)
    chain = net.blockchain.chain.main
    net.blockchain.epoch -= 7200
    net.mine(0)
    assert chain[-1].timestamp == int(median(block.timestamp for block in chain[-61:-1]))
    net.blockchain.epoch += 7200
    net.mine(0)
    assert chain[-1].timestamp == EPOCH + net.time // SECOND


WEIGHTS = st.lists(st.tuples(st.integers(80, 900_000), st.integers(0, 3)), min_size=1, max_size=30)


@settings(deadline=None, max_examples=60)
@given(WEIGHTS, st.sampled_from([None, Past(500_000, 900_000), Past(100, 350_000)]))
def test_medians_of_any_tree_are_those_of_sorted_lists(steps, past):
    """Each block follows the last one, or one up to three before it."""
    start = Start(past=past)
    chain = Blockchain(seed=1, now=lambda: 0, network=Line(nodes=1, delay=0), difficulty=1, start=start).chain
    weights = BlockWeights(chain, past)
    tip, counted = chain.main[0], {}
    for weight, back in steps:
        for _ in range(back):
            tip = tip.parent or tip
        tip = grown(chain, tip, weight)
        weights.add(tip)
        chain.add(tip)
        medians = tip.parent.medians
        counted[tip] = min(weight, medians.long_term + medians.long_term * 7 // 10)
        line = [block for block in chain.recent(tip, 1000) if block.parent]
        first = [chain.main[0].weight] if past is None else []
        long = first + [counted[block] for block in line]
        short = first + [block.weight for block in line]
        if past is not None:
            long = [past.long_term_median] * (100_000 - len(long)) + long
            short = [past.short_term_median] * (100 - len(short)) + short
        long_term = max(300_000, int(median(long)))
        assert tip.medians == (long_term, effective_median(long_term, int(median(short[-100:]))))


def grown(chain, parent, weight):
    """A block of a weight."""
    number = len(chain.blocks).to_bytes(32, "little")
    block = Block(parent, number, Transaction(number, (), 0, 0, ""), difficulty=1)
    block.weight = weight
    return block
