"""What the user of a wallet wrote down in it."""

from typing import NamedTuple

from monerosim.monero.address import Address


class Row(NamedTuple):
    """A row of the address book."""

    address: Address
    description: str


class Notes:
    """What a wallet's user wrote down: nothing that the chain says.

    Attributes:
        transactions: Notes on transactions, by hash.
        attributes: Values of the user's own, by key.
        address_book: Its rows.
        tags: Each tagged account's tag.
        descriptions: The descriptions of tags.
    """

    def __init__(self) -> None:
        self.transactions: dict[bytes, str] = {}
        self.attributes: dict[str, str] = {}
        self.address_book: list[Row] = []
        self.tags: dict[int, str] = {}
        self.descriptions: dict[str, str] = {}
