"""Crowds: behaviours that keep the wallets of many users."""

from typing import NamedTuple


class CrowdSize(NamedTuple):
    """The wallets that a behaviour keeps."""

    users: int
    initial_balance: int
    """Of each, atomic units."""
    outputs: int
    """In how many outputs it begins with them."""
    nodes: tuple[str, ...]
    """The participants and groups whose nodes they use in turn; none for the node of their own participant."""
