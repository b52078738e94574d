"""Constants of Monero's protocol and wallet that several packages use (src/cryptonote_config.h)."""

_FORK_TIME, _FORK_HEIGHT, _BLOCK_SECONDS = 1_458_748_658, 1_009_827, 120


def approximate_height(now: int) -> int:
    """Return the height that a wallet believes a chain to have when no daemon answers, by the date alone.

    A wallet that is created then scans nothing below it, on any chain (``wallet2::get_approximate_blockchain_height``,
    src/wallet/wallet2.cpp; unsigned 64 bits, so that dates before 2012 give the largest numbers).

    Args:
        now: Unix time in seconds.
    """
    since = now - _FORK_TIME
    blocks = abs(since) // _BLOCK_SECONDS
    return (_FORK_HEIGHT + (blocks if since >= 0 else -blocks)) % 2**64


HARD_FORK = 16
"""The version of blocks after the newest hard fork, to which regtest goes over at height 1."""

COINBASE_UNLOCK = 60
"""Blocks until a coinbase output can be spent (``CRYPTONOTE_MINED_MONEY_UNLOCK_WINDOW``)."""

SPENDABLE_AGE = 10
"""Blocks until any other output can be spent (``CRYPTONOTE_DEFAULT_TX_SPENDABLE_AGE``)."""

MAX_OUTPUTS = 16
"""Outputs of a transaction, change included (``BULLETPROOF_PLUS_MAX_OUTPUTS``)."""

MAX_RECIPIENTS = MAX_OUTPUTS - 1
"""Recipients of a transaction: one of its outputs is change."""

FIRST_TIME = 500_000_000
"""An unlock time from this on is a unix time, below it is a height (``CRYPTONOTE_MAX_BLOCK_NUMBER``)."""
