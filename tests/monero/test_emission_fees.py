import pytest

from monerosim.monero.emission import GENESIS_REWARD, base_reward
from monerosim.monero.fees import coinbase_weight, estimate_weight, fee_for, fees_per_byte, transaction_weight


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
    assert transaction_weight(inputs, outputs, fee=fee, ring_pool=100, to_subaddresses=False) == weight


def test_coinbase_weight_of_real_blocks():
    assert coinbase_weight(3, 35_184_204_316_927) == 85
    assert coinbase_weight(105, 35_182_570_304_722) == 86
