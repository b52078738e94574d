"""The block subsidy."""

from monerosim.units import XMR

MONEY_SUPPLY = 2**64 - 1
"""Atomic units of the main emission (``MONEY_SUPPLY`` in monero's src/cryptonote_config.h)."""

GENESIS_REWARD = 17_592_186_044_415
"""The output of the genesis block's coinbase, which belongs to no wallet; it counts as already generated."""

_SPEED_FACTOR = 20 - 1
"""``EMISSION_SPEED_FACTOR_PER_MINUTE`` less a block time of two minutes, minus one."""

_TAIL = 6 * XMR // 10
"""``FINAL_SUBSIDY_PER_MINUTE`` times two minutes."""


TAIL_SUPPLY = MONEY_SUPPLY - (_TAIL << _SPEED_FACTOR)
"""The coins that there are when the tail emission begins: from then on each block creates 0.6 XMR."""


def base_reward(already_generated: int) -> int:
    """Return the subsidy of the next block, in atomic units.

    ``get_block_reward`` in monero's src/cryptonote_basic/cryptonote_basic_impl.cpp, for a block within the penalty-free
    zone.

    Args:
        already_generated: The sum of all subsidies so far, genesis included, in atomic units.
    """
    return max((MONEY_SUPPLY - already_generated) >> _SPEED_FACTOR, _TAIL)
