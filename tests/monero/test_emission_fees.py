import json
from pathlib import Path
from statistics import fmean, stdev

import pytest

from monerosim.monero.constants import SPENDABLE_AGE
from monerosim.monero.emission import GENESIS_REWARD, base_reward
from monerosim.monero.fees import (
    coinbase_weight,
    estimate_weight,
    fee_for,
    fees_per_byte,
    places_size,
    transaction_weight,
)

RECORDED = json.loads((Path(__file__).parents[1] / "model" / "recorded_blocks.json").read_text())
PAID = 52
"""Payments to sixteen outputs in each of the recording's blocks that have so many."""

TWO_INPUTS = 6500
"""They weigh more if they spend two outputs, and less if they spend one."""


def test_first_rewards_of_a_real_regtest_chain():
    generated, rewards = GENESIS_REWARD, []
    for _ in range(3):
        rewards.append(base_reward(generated))
        generated += rewards[-1]
    assert rewards == [35_184_338_534_400, 35_184_271_425_600, 35_184_204_316_927]


def test_tail_emission():
    assert base_reward(2**64 - 1) == 600_000_000_000


def test_fee_estimate_of_a_real_regtest_chain():
    assert fees_per_byte(35_184_137_208_383) == [1_200_000, 4_700_000, 19_000_000, 240_000_000]


@pytest.mark.parametrize(
    ("inputs", "outputs", "weight", "fee"),
    [
        (2, 2, 2166, 2_605_200_000),
        (2, 3, 2754, 3_328_800_000),
        (2, 4, 2829, 3_423_600_000),
        (2, 5, 3941, 4_762_800_000),
        (2, 9, 6302, 7_615_200_000),
        (2, 16, 6827, 8_278_800_000),
    ],
)
def test_weights_and_fees_of_real_transactions(inputs, outputs, weight, fee):
    assert fee_for(estimate_weight(inputs, outputs), 1_200_000) == fee
    assert transaction_weight(inputs, outputs, fee=fee, places=16 * inputs, to_subaddresses=False) == weight


def recorded_places():
    """Of real payments: how many outputs could be in rings, how many they spend, and the bytes of the places."""
    outputs = [1] * RECORDED["coinbases"]
    for block in RECORDED["blocks"]:
        new = block.get("new", [])
        if len(new) == PAID:
            for weight, fee, _ in new:
                inputs = 1 + (weight > TWO_INPUTS)
                bare = transaction_weight(inputs, 16, fee=fee, places=0, to_subaddresses=False)
                yield sum(outputs[:-SPENDABLE_AGE]), inputs, weight - bare
        outputs += [1] * block["empty"] if "empty" in block else [1 + 16 * len(new)]


def test_places_take_as_many_bytes_as_in_real_payments():
    excess, expected = [], []
    for number, (pool, inputs, places) in enumerate(recorded_places()):
        drawn = [places_size(inputs, pool, bytes([number % 256, number // 256, one])) for one in range(200)]
        excess.append((places - fmean(drawn)) / stdev(drawn))
        expected.append(fmean(drawn))
    assert len(excess) == 12 * PAID
    assert max(expected) > 1.3 * min(expected) > 1.3 * 16
    # If its places are taken as here, these are standard normal deviates; it fails by chance once in 5,000 times.
    assert fmean(excess) == pytest.approx(0, abs=3.9 * len(excess) ** -0.5)
    assert stdev(excess) == pytest.approx(1, abs=3.9 * (2 * len(excess)) ** -0.5)


@pytest.mark.parametrize(
    ("pool", "least", "most"), [(0, 32, 32), (100, 32, 32), (10**9, 32 * 3, 32 * 5), (2**62, 224, 288)]
)
def test_places_are_a_byte_for_every_seven_bits(pool, least, most):
    assert least <= places_size(2, pool, b"some") <= most


def test_coinbase_weight_of_real_blocks():
    assert coinbase_weight(3, 35_184_204_316_927) == 85
    assert coinbase_weight(105, 35_182_570_304_722) == 86
