"""Weights and fees of transactions, as monerod and monero-wallet-rpc 0.18 compute them."""

from bisect import bisect_left
from hashlib import shake_128
from operator import sub
from struct import unpack

PENALTY_FREE_WEIGHT = 300_000
"""Weight up to which a block's reward is not cut (``CRYPTONOTE_BLOCK_GRANTED_FULL_REWARD_ZONE_V5``)."""

COINBASE_RESERVE = 600
"""Weight kept free for the coinbase transaction (``CRYPTONOTE_COINBASE_BLOB_RESERVED_SIZE``)."""

QUANTIZATION = 10_000
"""Fees are whole multiples of this (``PER_KB_FEE_QUANTIZATION_DECIMALS`` = 8)."""

RING_SIZE = 16
PAYMENT_ID = 11
"""Bytes of a payment id in a transaction (``set_encrypted_payment_id_to_tx_extra_nonce``)."""

TARGET_WEIGHT = (PENALTY_FREE_WEIGHT // 2 - COINBASE_RESERVE) * 2 // 3
"""Estimated weight at which a wallet closes a transaction (``TX_WEIGHT_TARGET`` in src/wallet/wallet2.cpp)."""

_REFERENCE_WEIGHT = 3_000
"""``DYNAMIC_FEE_REFERENCE_TRANSACTION_WEIGHT``."""


def fees_per_byte(reward: int, long_term: int = PENALTY_FREE_WEIGHT, effective: int = PENALTY_FREE_WEIGHT) -> list[int]:
    """Return the fee per byte that a node recommends for the priorities 1 to 4, in atomic units.

    ``get_dynamic_base_fee_estimate_2021_scaling`` in src/cryptonote_core/blockchain.cpp.

    Args:
        reward: The base reward of the next block.
        long_term: The long-term median block weight, with the blocks of grace (``Mlw``).
        effective: The effective median block weight, likewise (``Mnw``).
    """
    least = min(long_term, effective)
    low = reward * _REFERENCE_WEIGHT // least**2
    normal = 4 * reward * _REFERENCE_WEIGHT // least**2
    high = 16 * reward * _REFERENCE_WEIGHT // (PENALTY_FREE_WEIGHT * least)
    highest = max(4 * high, 4 * high * least // (32 * _REFERENCE_WEIGHT * effective // PENALTY_FREE_WEIGHT))
    return [_two_digits(fee) for fee in (low, normal, high, highest)]


def least_fee(weight: int, reward: int, long_term: int, effective: int) -> int:
    """Return the least fee for which a node takes a transaction (``Blockchain::check_fee``, with its 2 % of leeway).

    Args:
        weight: The transaction's weight.
        reward: The base reward of the next block.
        long_term: The long-term median block weight.
        effective: The effective median block weight.
    """
    per_byte = reward * _REFERENCE_WEIGHT // min(long_term, effective) ** 2
    per_byte -= per_byte // 20
    needed = fee_for(weight, per_byte)
    return needed - needed // 50


def _two_digits(amount: int) -> int:
    """Round up to two significant digits (``round_money_up``)."""
    unit = int(10 ** max(len(str(amount)) - 2, 0))
    return -(-amount // unit) * unit


def fee_for(weight: int, per_byte: int) -> int:
    """Return the fee of a weight (``calculate_fee_from_weight`` in src/wallet/wallet2.cpp)."""
    return -(-weight * per_byte // QUANTIZATION) * QUANTIZATION


def _padded_log(outputs: int) -> int:
    return (outputs - 1).bit_length()


def clawback(outputs: int) -> int:
    """Return the weight charged for a range proof beyond its size, as verification grows faster than the size."""
    if outputs <= 2:  # noqa: PLR2004  (a proof of two outputs is the unit)
        return 0
    log = _padded_log(outputs)
    base = 32 * (6 + 14) // 2
    return ((base << log) - 32 * (6 + 2 * (6 + log))) * 4 // 5


def estimate_size(inputs: int, outputs: int, extra: int = 0, ring_size: int = RING_SIZE) -> int:
    """Return the size in bytes that a wallet estimates before it builds a transaction (``estimate_rct_tx_size``).

    Args:
        inputs: The number of outputs it spends.
        outputs: The number of outputs it creates, change included.
        extra: Bytes that the payer adds to its extra field: :data:`PAYMENT_ID` with a payment id.
        ring_size: Members of a ring.
    """
    prefix = 1 + 6 + inputs * (1 + 6 + ring_size * 2 + 32) + outputs * (6 + 32) + extra
    proof = 1 + (2 * (6 + _padded_log(outputs)) + 6) * 32 + 3
    signatures = inputs * (32 * ring_size + 64 + 32)
    return prefix + proof + signatures + outputs * (1 + 8 + 32) + 4


def estimate_weight(inputs: int, outputs: int, extra: int = 0) -> int:
    """Return the weight on which a wallet bases its fee (``estimate_tx_weight``)."""
    return estimate_size(inputs, outputs, extra) + clawback(outputs)


def varint_size(value: int) -> int:
    """Return the size of a variable-length integer: a byte for every seven bits."""
    return max(1, -(-value.bit_length() // 7))


def places_size(inputs: int, outputs: int, identity: bytes) -> int:
    """Draw the bytes that the places of ring members take in a transaction.

    Each is stored as the distance from the one before, seven bits a byte. wallet2 takes recent outputs more often
    (``gamma_picker``), which makes no difference to the bytes in chains of a few thousand outputs
    (tests/monero/test_emission_fees.py has real ones), so here they are taken evenly.

    Args:
        inputs: The number of outputs it spends, with a ring each.
        outputs: Outputs in the chain that are old enough to be ring members, locked coinbases included.
        identity: The transaction's hash, which decides.
    """
    members = RING_SIZE * inputs
    drawn = unpack(f"<{members}I", shake_128(identity).digest(4 * members))
    distances: list[int] = []
    for first in range(0, members, RING_SIZE):
        places = sorted(word * outputs >> 32 for word in drawn[first : first + RING_SIZE])
        distances += map(sub, places, [0, *places])
    distances.sort()
    longer = (members - bisect_left(distances, 1 << bits) for bits in range(7, outputs.bit_length(), 7))
    return members + sum(longer)


def transaction_weight(
    inputs: int, outputs: int, *, fee: int, places: int, to_subaddresses: bool, extra: int = 0
) -> int:
    """Return the weight of a finished transaction (``get_transaction_weight``).

    Args:
        inputs: The number of outputs it spends.
        outputs: The number of outputs it creates, change included.
        fee: Its fee in atomic units.
        places: Bytes of the places of all its ring members (:func:`places_size`).
        to_subaddresses: Several destinations, one of them a subaddress: a transaction key for each output.
        extra: As in :func:`estimate_size`. A transaction with two outputs carries a payment id in any case.
    """
    said = 33 + (PAYMENT_ID if outputs == 2 else extra) + (2 + 32 * outputs if to_subaddresses else 0)  # noqa: PLR2004
    prefix = 2 + varint_size(inputs) + inputs * (3 + 32) + places + 1 + outputs * 35 + varint_size(said) + said
    ringct = 1 + varint_size(fee) + outputs * 40
    proof = 1 + 32 * 6 + 2 + 2 * (6 + _padded_log(outputs)) * 32
    signatures = inputs * (32 * RING_SIZE + 64 + 32)
    return prefix + ringct + proof + signatures + clawback(outputs)


def coinbase_weight(height: int, reward: int) -> int:
    """Return the weight of a coinbase transaction with one output."""
    return 76 + varint_size(height) + varint_size(height + 60) + varint_size(reward)
