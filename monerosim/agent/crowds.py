"""The wallets of many users that one behaviour keeps, as an engine has them."""

from collections.abc import Sequence
from typing import Protocol

from monerosim.rpc.wallet import Destination, Transferred, Transfers


class CrowdWallets(Protocol):
    """Wallets of users, who are known by their numbers from 0, on nodes, which are known by theirs (places)."""

    @property
    def users(self) -> int:
        """How many users there are."""

    @property
    def places(self) -> int:
        """How many nodes they use."""

    def place_of(self, user: int) -> int:
        """Return which of the nodes a user has."""

    def address_of(self, user: int) -> str:
        """Return the address of a user."""

    def next_refresh(self, now: int) -> int:
        """Return when wallets look at their nodes next, microseconds since the run's start."""

    def catch_up(self, place: int) -> bool:
        """Scan what a node had at the last refresh; return whether anything has changed for the users there."""

    def refresh_all(self) -> None:
        """Scan what the nodes have now."""

    def held(self, user: int) -> tuple[int, int]:
        """Return what a user holds and how much of it is unlocked, atomic units."""

    def pay(self, user: int, destinations: Sequence[Destination], priority: int) -> Transferred:
        """Pay from a user's wallet.

        Raises:
            RpcCallError: As monero-wallet-rpc answers it.
        """

    def transfers(self, place: int, above: int) -> Transfers:
        """Return the payments of a node's users, of those in blocks the ones at a height at least."""

    def is_pooled(self, place: int, txid: str) -> bool:
        """Return whether a node has a transaction in its pool."""
