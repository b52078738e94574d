"""The difficulty of the next block (src/cryptonote_basic/difficulty.cpp), and the timestamps that blocks may have."""

from collections.abc import Sequence

from monerosim.monero.weights import median

TARGET = 120
"""Seconds between two blocks at which the difficulty aims (``DIFFICULTY_TARGET_V2``)."""

_WINDOW = 720
_LAG = 15
_CUT = 60

BLOCKS = _WINDOW + _LAG
"""Blocks whose timestamps and work a daemon looks at (``DIFFICULTY_BLOCKS_COUNT``). It leaves the last fifteen out."""

TIMESTAMP_WINDOW = 60
"""A block is at least as late as the median of so many before it (``BLOCKCHAIN_TIMESTAMP_CHECK_WINDOW``)."""

FUTURE_LIMIT = 7_200
"""Seconds that a block may be ahead of a daemon's clock (``CRYPTONOTE_BLOCK_FUTURE_TIME_LIMIT``)."""

MAINNET = (0x517D415FEE3A816 - 0x2E0D87526FF161F) // (3_198_000 - 2_661_600)
"""The mean difficulty on mainnet of two years from July 2022 on, soon after the tail emission had begun: the difference
of the cumulative difficulties of two checkpoints (src/checkpoints/checkpoints.cpp), divided by their distance."""


def next_difficulty(timestamps: Sequence[int], cumulative: Sequence[int], target: int = TARGET) -> int:
    """Return the difficulty of the block that follows some others (``next_difficulty``).

    Args:
        timestamps: Of the last :data:`BLOCKS` blocks, or of all but the genesis block if they are fewer: the first one
            first, unix times in seconds.
        cumulative: The cumulative difficulty of each of them.
        target: Seconds between two blocks.
    """
    ordered, work = sorted(timestamps[:_WINDOW]), cumulative[:_WINDOW]
    length = len(ordered)
    if length <= 1:
        return 1
    kept = _WINDOW - 2 * _CUT
    begin = (length - kept + 1) // 2 if length > kept else 0
    last = min(begin + kept, length) - 1
    span = max(ordered[last] - ordered[begin], 1)
    return -(-(work[last] - work[begin]) * target // span)


def earliest_timestamp(timestamps: Sequence[int]) -> int:
    """Return the least timestamp of the block that follows some others (``check_block_timestamp``).

    Args:
        timestamps: Of the last :data:`TIMESTAMP_WINDOW` blocks, or of all if they are fewer: then there is no limit.

    Returns:
        Unix time in seconds; 0 where there is no limit.
    """
    return median(timestamps) if len(timestamps) >= TIMESTAMP_WINDOW else 0
