"""The methods of monero-wallet-rpc for what a user writes down: notes, attributes, tags, the address book.

src/wallet/wallet_rpc_server.cpp and wallet2.cpp.
"""

from monerosim.model.errors import ServiceError
from monerosim.model.jsonrpc import Methods
from monerosim.model.parameters import U32, U64, Parameters, is_hash
from monerosim.model.wallet_addresses import parse_address
from monerosim.model.wallet_notes import Row
from monerosim.model.wallet_session import WalletSession
from monerosim.monero.address import Address, encode_address
from monerosim.rpc.transport import Json

METHODS: Methods[WalletSession] = Methods()


class SetTxNotes(Parameters, frozen=True):
    """The parameters of set_tx_notes."""

    txids: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def _hashes(txids: tuple[str, ...]) -> list[bytes]:
    if not all(is_hash(txid) for txid in txids):
        raise ServiceError(-8, "TX ID has invalid format")
    return [bytes.fromhex(txid) for txid in txids]


@METHODS.method(SetTxNotes, "set_tx_notes")
def set_tx_notes(session: WalletSession, asked: SetTxNotes) -> dict[str, Json]:
    """Answer set_tx_notes."""
    wallet = session.wallet
    if len(asked.txids) != len(asked.notes):
        raise ServiceError(-1, "Different amount of txids and notes")
    wallet.notes.transactions.update(zip(_hashes(asked.txids), asked.notes, strict=True))
    return {}


class GetTxNotes(Parameters, frozen=True):
    """The parameters of get_tx_notes."""

    txids: tuple[str, ...] = ()


@METHODS.method(GetTxNotes, "get_tx_notes")
def get_tx_notes(session: WalletSession, asked: GetTxNotes) -> dict[str, Json]:
    """Answer get_tx_notes."""
    known = session.wallet.notes.transactions
    notes: list[Json] = [known.get(identity, "") for identity in _hashes(asked.txids)]
    return {"notes": notes} if notes else {}


class SetAttribute(Parameters, frozen=True):
    """The parameters of set_attribute."""

    key: str = ""
    value: str = ""


@METHODS.method(SetAttribute, "set_attribute")
def set_attribute(session: WalletSession, asked: SetAttribute) -> dict[str, Json]:
    """Answer set_attribute."""
    session.wallet.notes.attributes[asked.key] = asked.value
    return {}


class GetAttribute(Parameters, frozen=True):
    """The parameters of get_attribute."""

    key: str = ""


@METHODS.method(GetAttribute, "get_attribute")
def get_attribute(session: WalletSession, asked: GetAttribute) -> dict[str, Json]:
    """Answer get_attribute."""
    attributes = session.wallet.notes.attributes
    if asked.key not in attributes:
        raise ServiceError(-45, "Attribute not found.")
    return {"value": attributes[asked.key]}


@METHODS.method(Parameters, "get_account_tags")
def get_account_tags(session: WalletSession, _asked: Parameters) -> dict[str, Json]:
    """Answer get_account_tags."""
    notes = session.wallet.notes
    tags: list[Json] = []
    for tag in sorted(set(notes.tags.values())):
        accounts: list[Json] = [*sorted(account for account, given in notes.tags.items() if given == tag)]
        tags.append({"accounts": accounts, "label": notes.descriptions.get(tag, ""), "tag": tag})
    return {"account_tags": tags} if tags else {}


class UntagAccounts(Parameters, frozen=True):
    """The parameters of untag_accounts."""

    accounts: tuple[U32, ...] = ()


class TagAccounts(UntagAccounts, frozen=True):
    """The parameters of tag_accounts."""

    tag: str = ""


@METHODS.method(TagAccounts, "tag_accounts")
def tag_accounts(session: WalletSession, asked: TagAccounts) -> dict[str, Json]:
    """Answer tag_accounts."""
    return _tag(session, asked.accounts, asked.tag)


@METHODS.method(UntagAccounts, "untag_accounts")
def untag_accounts(session: WalletSession, asked: UntagAccounts) -> dict[str, Json]:
    """Answer untag_accounts."""
    return _tag(session, asked.accounts, "")


def _tag(session: WalletSession, accounts: tuple[int, ...], tag: str) -> dict[str, Json]:
    wallet = session.wallet
    notes = wallet.notes
    for account in sorted(set(accounts)):
        if account >= len(wallet.labels):
            raise ServiceError(-1, "Account index out of bound")
        notes.tags.pop(account, None)
        if tag:
            notes.tags[account] = tag
    used = set(notes.tags.values())
    notes.descriptions = {known: text for known, text in notes.descriptions.items() if known in used}
    return {}


class DescribeTag(Parameters, frozen=True):
    """The parameters of set_account_tag_description."""

    tag: str = ""
    description: str = ""


@METHODS.method(DescribeTag, "set_account_tag_description")
def set_account_tag_description(session: WalletSession, asked: DescribeTag) -> dict[str, Json]:
    """Answer set_account_tag_description."""
    notes = session.wallet.notes
    if not asked.tag:
        raise ServiceError(-1, "Tag must not be empty")
    if asked.tag not in notes.tags.values():
        raise ServiceError(-1, "Tag is unregistered")
    notes.descriptions[asked.tag] = asked.description
    return {}


class GetAddressBook(Parameters, frozen=True):
    """The parameters of get_address_book."""

    entries: tuple[U64, ...] = ()


@METHODS.method(GetAddressBook, "get_address_book")
def get_address_book(session: WalletSession, asked: GetAddressBook) -> dict[str, Json]:
    """Answer get_address_book."""
    book = session.wallet.notes.address_book
    entries: list[Json] = []
    for index in asked.entries or range(len(book)):
        _check_row(book, index)
        address, description = book[index]
        entries.append({"address": encode_address(address), "description": description, "index": index})
    return {"entries": entries} if entries else {}


def _check_row(book: list[Row], index: int) -> None:
    if index >= len(book):
        raise ServiceError(-12, f"Index out of range: {index}")


def _address(text: str) -> Address:
    return parse_address(text, f"WALLET_RPC_ERROR_CODE_WRONG_ADDRESS: {text}")


class AddAddress(Parameters, frozen=True):
    """The parameters of add_address_book."""

    address: str = ""
    description: str = ""


@METHODS.method(AddAddress, "add_address_book")
def add_address_book(session: WalletSession, asked: AddAddress) -> dict[str, Json]:
    """Answer add_address_book."""
    book = session.wallet.notes.address_book
    book.append(Row(_address(asked.address), asked.description))
    return {"index": len(book) - 1}


class EditAddress(Parameters, frozen=True):
    """The parameters of edit_address_book."""

    index: U64 = 0
    set_address: bool = False
    address: str = ""
    set_description: bool = False
    description: str = ""


@METHODS.method(EditAddress, "edit_address_book")
def edit_address_book(session: WalletSession, asked: EditAddress) -> dict[str, Json]:
    """Answer edit_address_book."""
    book = session.wallet.notes.address_book
    _check_row(book, asked.index)
    row = book[asked.index]
    if asked.set_address:
        row = row._replace(address=_address(asked.address))
    if asked.set_description:
        row = row._replace(description=asked.description)
    book[asked.index] = row
    return {}


class DeleteAddress(Parameters, frozen=True):
    """The parameters of delete_address_book."""

    index: U64 = 0


@METHODS.method(DeleteAddress, "delete_address_book")
def delete_address_book(session: WalletSession, asked: DeleteAddress) -> dict[str, Json]:
    """Answer delete_address_book."""
    book = session.wallet.notes.address_book
    _check_row(book, asked.index)
    del book[asked.index]
    return {}
