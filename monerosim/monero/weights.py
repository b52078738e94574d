"""Block weights, their medians, and the reward of a block that weighs more (hard fork 16, "2021 scaling").

From src/cryptonote_core/blockchain.cpp and src/cryptonote_basic/cryptonote_basic_impl.cpp of v0.18.0.0.
"""

from collections.abc import Sequence
from struct import pack, unpack
from typing import NamedTuple

from monerosim.monero.fees import PENALTY_FREE_WEIGHT

SHORT_TERM_WINDOW = 100
"""Blocks of the short-term median (``CRYPTONOTE_REWARD_BLOCKS_WINDOW``)."""

LONG_TERM_WINDOW = 100_000
"""Blocks of the long-term median (``CRYPTONOTE_LONG_TERM_BLOCK_WEIGHT_WINDOW_SIZE``)."""

SURGE_FACTOR = 50
"""How far the short-term median may exceed the long-term one (``CRYPTONOTE_SHORT_TERM_BLOCK_WEIGHT_SURGE_FACTOR``)."""

POOL_WEIGHT = 648_000_000
"""How much a txpool holds, bytes (``DEFAULT_TXPOOL_MAX_WEIGHT`` in src/cryptonote_config.h)."""


class Medians(NamedTuple):
    """What the block after a chain is judged by, bytes; each at least :data:`PENALTY_FREE_WEIGHT`."""

    long_term: int
    """``m_long_term_effective_median_block_weight``."""
    effective: int
    """``m_current_block_cumul_weight_median``: up to it a block pays its miner the full reward; twice as much is the
    limit."""


FLOOR = Medians(PENALTY_FREE_WEIGHT, PENALTY_FREE_WEIGHT)
"""The medians of a chain of small blocks."""


def median(values: Sequence[int]) -> int:
    """Return the middle value, of an even number the mean of the two in the middle (``epee::misc_utils::median``)."""
    if not values:
        return 0
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) // 2


def long_term_weight(weight: int, long_term: int) -> int:
    """Return a block's long-term weight: between 1/1.7 and 1.7 of the median (``get_next_long_term_block_weight``).

    Args:
        weight: The block's weight.
        long_term: The long-term median of the chain before it.
    """
    return min(max(weight, long_term * 10 // 17), surge_limit(long_term))


def surge_limit(long_term: int) -> int:
    """Return the most that one block counts in the long-term median: 1.7 of it."""
    return long_term + long_term * 7 // 10


def effective_median(long_term: int, short_term: int) -> int:
    """Return the median that blocks are judged by (``update_next_cumulative_weight_limit``)."""
    return min(max(long_term, short_term), SURGE_FACTOR * long_term)


def penalised(base_reward: int, weight: int, effective: int) -> int:
    """Return what is left of the base reward of a block (``get_block_reward``).

    Args:
        base_reward: Atomic units.
        weight: The block's weight, its coinbase included.
        effective: The median it is judged by.

    Raises:
        ValueError: It weighs more than twice the median, and is no valid block.
    """
    if weight <= effective:
        return base_reward
    if weight > 2 * effective:
        raise ValueError(f"a block of weight {weight} is above the limit, {2 * effective}")
    return base_reward * ((2 * effective - weight) * weight) // effective // effective


def as_float(amount: int) -> int:
    """Return an amount as it comes out of the template's comparison, which computes with 24 significant bits.

    ``template_accept_threshold`` in src/cryptonote_core/tx_pool.cpp multiplies by a ``float`` of 1.

    Args:
        amount: Atomic units, below 2^53.
    """
    rounded: float = unpack("<f", pack("<f", amount))[0]
    return int(rounded)
