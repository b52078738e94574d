"""What a program that failed has printed, cut to what a message can hold."""

from collections.abc import Sequence

_HEAD = 2
"""Monero's programs begin with what was wrong with their arguments, before a help text of a hundred lines."""

_TAIL = 6
_WIDTH = 500


def output_tail(lines: Sequence[str]) -> list[str]:
    """Choose the first and the last of the lines that a program has printed."""
    kept = list(lines)
    if len(kept) > _HEAD + _TAIL:
        kept = [*kept[:_HEAD], "...", *kept[-_TAIL:]]
    return [line[:_WIDTH] for line in kept]
