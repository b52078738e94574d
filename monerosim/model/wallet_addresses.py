"""The methods of monero-wallet-rpc that deal with accounts and addresses (src/wallet/wallet_rpc_server.cpp)."""

import re
from typing import Annotated

from monerosim.model.errors import ServiceError
from monerosim.model.jsonrpc import Methods
from monerosim.model.parameters import U32, UNHEEDED, Parameters, is_hash
from monerosim.model.wallet_session import WalletSession
from monerosim.model.wallet_state import WalletState
from monerosim.monero.address import (
    INTEGRATED,
    MAINNET,
    PREFIXES,
    STANDARD,
    SUBADDRESS,
    Address,
    decode_address,
    encode_address,
)
from monerosim.rpc.transport import Json

METHODS: Methods[WalletSession] = Methods()

_MAX_ADDRESSES = 64


def check_account(wallet: WalletState, account: int) -> None:
    """Raise an error unless the wallet has an account."""
    if account >= len(wallet.labels):
        raise ServiceError(-14, "account index is out of bound")


class GetAddress(Parameters, frozen=True):
    """The parameters of get_address."""

    account_index: U32 = 0
    address_index: tuple[U32, ...] = ()


@METHODS.method(GetAddress, "get_address", "getaddress")
def get_address(session: WalletSession, asked: GetAddress) -> dict[str, Json]:
    """Answer get_address."""
    wallet, account = session.wallet, asked.account_index
    check_account(wallet, account)
    labels = wallet.labels[account]
    addresses: list[Json] = []
    for index in asked.address_index or range(len(labels)):
        if index >= len(labels):
            raise ServiceError(-15, "address index is out of bound")
        addresses.append(
            {
                "address": encode_address(wallet.address(account, index)),
                "address_index": index,
                "label": labels[index],
                "used": (account, index) in wallet.used,
            }
        )
    return {"address": encode_address(wallet.address(account, 0)), "addresses": addresses}


class GetAddressIndex(Parameters, frozen=True):
    """The parameters of get_address_index."""

    address: str = ""


@METHODS.method(GetAddressIndex, "get_address_index")
def get_address_index(session: WalletSession, asked: GetAddressIndex) -> dict[str, Json]:
    """Answer get_address_index."""
    wallet = session.wallet
    place = wallet.place(parse_address(asked.address, "Invalid address").keys)
    if place is None:
        raise ServiceError(-2, "Address doesn't belong to the wallet")
    return {"index": {"major": place[0], "minor": place[1]}}


class CreateAddress(Parameters, frozen=True):
    """The parameters of create_address."""

    account_index: U32 = 0
    count: U32 = 1
    label: str = ""


@METHODS.method(CreateAddress, "create_address")
def create_address(session: WalletSession, asked: CreateAddress) -> dict[str, Json]:
    """Answer create_address."""
    wallet, account, count = session.wallet, asked.account_index, asked.count
    if not 1 <= count <= _MAX_ADDRESSES:
        raise ServiceError(-1, "Count must be between 1 and 64.")
    check_account(wallet, account)
    labels = wallet.labels[account]
    first = len(labels)
    labels.extend([asked.label] * count)
    indices: list[Json] = list(range(first, first + count))
    addresses: list[Json] = [encode_address(wallet.address(account, index)) for index in range(first, first + count)]
    return {
        "address": addresses[0],
        "address_index": first,
        "address_indices": indices,
        "addresses": addresses,
    }


class AddressPlace(Parameters, frozen=True):
    """The place of an address in a wallet."""

    major: U32 = 0
    minor: U32 = 0


class LabelAddress(Parameters, frozen=True):
    """The parameters of label_address."""

    index: AddressPlace = AddressPlace()
    label: str = ""


@METHODS.method(LabelAddress, "label_address")
def label_address(session: WalletSession, asked: LabelAddress) -> dict[str, Json]:
    """Answer label_address."""
    wallet = session.wallet
    check_account(wallet, asked.index.major)
    labels = wallet.labels[asked.index.major]
    if asked.index.minor >= len(labels):
        raise ServiceError(-15, "address index is out of bound")
    labels[asked.index.minor] = asked.label
    return {}


class GetAccounts(Parameters, frozen=True):
    """The parameters of get_accounts."""

    tag: str = ""
    regexp: bool = False
    strict_balances: bool = False


@METHODS.method(GetAccounts, "get_accounts")
def get_accounts(session: WalletSession, asked: GetAccounts) -> dict[str, Json]:
    """Answer get_accounts."""
    wallet = session.wallet
    tags = wallet.notes.tags
    if asked.tag and not asked.regexp and asked.tag not in tags.values():
        raise ServiceError(-1, f"Tag {asked.tag} is unregistered.")
    balances = wallet.balances(strict=asked.strict_balances)
    accounts: list[Json] = []
    whole = unlocked = 0
    for account, labels in enumerate(wallet.labels):
        tag = tags.get(account, "")
        if asked.tag and not (_matches(asked.tag, tag) if asked.regexp else asked.tag == tag):
            continue
        held = [balance for place, balance in balances.items() if place[0] == account]
        total, free = sum(balance.total for balance in held), sum(balance.unlocked for balance in held)
        whole, unlocked = whole + total, unlocked + free
        accounts.append(
            {
                "account_index": account,
                "balance": total,
                "base_address": encode_address(wallet.address(account, 0)),
                "label": labels[0],
                "tag": tag,
                "unlocked_balance": free,
            }
        )
    if not accounts and asked.regexp:
        raise ServiceError(-1, f"No matches for regex filter {asked.tag} .")
    result: dict[str, Json] = {"total_balance": whole, "total_unlocked_balance": unlocked}
    return {**({"subaddress_accounts": accounts} if accounts else {}), **result}


_LONGEST_PATTERN = 100
_PATTERN = re.compile(r"(?:[^\\*+?{}()|]|\\[^\d])*")
"""What may stand between ``.*`` in an expression: letters, classes and escapes, which match texts of one length."""


def _matches(pattern: str, tag: str) -> bool:
    """Return whether an expression matches a tag; each part between ``.*`` as early as it can, so it takes no time."""
    first, *others = pattern.split(".*")
    if len(pattern) > _LONGEST_PATTERN or not all(_PATTERN.fullmatch(part) for part in (first, *others)):
        raise ServiceError(-1, "The model matches plain expressions only: letters, classes, .* and escapes")
    try:
        if not others:
            return re.fullmatch(first, tag) is not None
        found = re.match(first, tag)
        for part in others[:-1]:
            found = found and re.compile(part).search(tag, found.end())
        return found is not None and re.compile(f"{others[-1]}\\Z").search(tag, found.end()) is not None
    except re.error as error:
        raise ServiceError(-1, str(error)) from error


class CreateAccount(Parameters, frozen=True):
    """The parameters of create_account."""

    label: str = ""


@METHODS.method(CreateAccount, "create_account")
def create_account(session: WalletSession, asked: CreateAccount) -> dict[str, Json]:
    """Answer create_account."""
    wallet = session.wallet
    wallet.labels.append([asked.label])
    account = len(wallet.labels) - 1
    return {"account_index": account, "address": encode_address(wallet.address(account, 0))}


class LabelAccount(Parameters, frozen=True):
    """The parameters of label_account."""

    account_index: U32 = 0
    label: str = ""


@METHODS.method(LabelAccount, "label_account")
def label_account(session: WalletSession, asked: LabelAccount) -> dict[str, Json]:
    """Answer label_account."""
    wallet = session.wallet
    check_account(wallet, asked.account_index)
    wallet.labels[asked.account_index][0] = asked.label
    return {}


def parse_address(address: str, message: str) -> Address:
    """Read an address; ``message`` is the error's text if it is not one."""
    try:
        return decode_address(address)
    except ValueError:
        raise ServiceError(-2, message) from None


class ValidateAddress(Parameters, frozen=True):
    """The parameters of validate_address."""

    address: str = ""
    any_net_type: bool = False
    allow_openalias: Annotated[bool, UNHEEDED] = False


@METHODS.method(ValidateAddress, "validate_address")
def validate_address(_session: WalletSession, asked: ValidateAddress) -> dict[str, Json]:
    """Answer validate_address."""
    for network in tuple(PREFIXES) if asked.any_net_type else (MAINNET,):
        try:
            kind = decode_address(asked.address, network).kind
        except ValueError:
            continue
        return _validity(network, integrated=kind == INTEGRATED, subaddress=kind == SUBADDRESS)
    return _validity("", integrated=False, subaddress=False)


def _validity(network: str, *, integrated: bool, subaddress: bool) -> dict[str, Json]:
    return {
        "integrated": integrated,
        "nettype": network,
        "openalias_address": "",
        "subaddress": subaddress,
        "valid": network != "",
    }


class MakeIntegrated(Parameters, frozen=True):
    """The parameters of make_integrated_address."""

    standard_address: str = ""
    payment_id: str = ""


@METHODS.method(MakeIntegrated, "make_integrated_address")
def make_integrated_address(session: WalletSession, asked: MakeIntegrated) -> dict[str, Json]:
    """Answer make_integrated_address."""
    wallet = session.wallet
    payment_id = asked.payment_id or wallet.identity([b"payment id"])[:8].hex()
    if len(payment_id) != 16 or not is_hash(payment_id * 4):  # noqa: PLR2004  (8 bytes)
        raise ServiceError(-5, "Invalid payment ID")
    if asked.standard_address:
        parsed = parse_address(asked.standard_address, "Invalid address")
        if parsed.kind == SUBADDRESS:
            raise ServiceError(-2, "Subaddress shouldn't be used")
        if parsed.kind == INTEGRATED:
            raise ServiceError(-2, "Already integrated address")
        whole = Address(INTEGRATED, parsed.keys, payment_id)
    else:
        whole = wallet.keys.integrated(payment_id)
    return {"integrated_address": encode_address(whole), "payment_id": payment_id}


class SplitIntegrated(Parameters, frozen=True):
    """The parameters of split_integrated_address."""

    integrated_address: str = ""


@METHODS.method(SplitIntegrated, "split_integrated_address")
def split_integrated_address(session: WalletSession, asked: SplitIntegrated) -> dict[str, Json]:
    """Answer split_integrated_address."""
    session.require_wallet()
    parsed = parse_address(asked.integrated_address, "Invalid address")
    if parsed.kind != INTEGRATED:
        raise ServiceError(-2, "Address is not an integrated address")
    return {
        "is_subaddress": False,
        "payment_id": parsed.payment_id,
        "standard_address": encode_address(Address(STANDARD, parsed.keys, "")),
    }
