"""Payouts of mining pools."""

from monerosim.events.event import Event


class RewardShared(Event, frozen=True):
    """A pool divided an unlocked reward among its miners."""

    txid: str
    """The coinbase."""
    amount: int
    kept: int
    """By the pool: its fee, and what division leaves."""
    parts: dict[str, int]
    """What each miner gets, by participant."""


class MinersPaid(Event, frozen=True):
    """A pool paid its miners."""

    txid: str
    parts: dict[str, int]
    """What each was paid, by participant."""
