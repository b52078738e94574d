"""The methods of monero-wallet-rpc that deal with accounts and addresses (src/wallet/wallet_rpc_server.cpp)."""

from monerosim.model.jsonrpc import MAX_UINT32, Params, ServiceError, flag, integer, integers, is_hash, mapping, text
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

_MAX_ADDRESSES = 64


def checked_account(wallet: WalletState, params: Params, name: str = "account_index") -> int:
    """Read the index of an account that the wallet has."""
    account = integer(params, name, largest=MAX_UINT32)
    if account >= len(wallet.labels):
        raise ServiceError(-14, "account index is out of bound")
    return account


def get_address(wallet: WalletState, params: Params) -> dict[str, Json]:
    """Answer get_address."""
    account = checked_account(wallet, params)
    labels = wallet.labels[account]
    wanted = integers(params, "address_index") or range(len(labels))
    addresses: list[Json] = []
    for index in wanted:
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


def get_address_index(wallet: WalletState, params: Params) -> dict[str, Json]:
    """Answer get_address_index."""
    place = wallet.place(parse_address(text(params, "address"), "Invalid address").keys)
    if place is None:
        raise ServiceError(-2, "Address doesn't belong to the wallet")
    return {"index": {"major": place[0], "minor": place[1]}}


def create_address(wallet: WalletState, params: Params) -> dict[str, Json]:
    """Answer create_address."""
    count = integer(params, "count", 1, MAX_UINT32)
    if not 1 <= count <= _MAX_ADDRESSES:
        raise ServiceError(-1, "Count must be between 1 and 64.")
    account, label = checked_account(wallet, params), text(params, "label")
    labels = wallet.labels[account]
    first = len(labels)
    labels.extend([label] * count)
    indices: list[Json] = list(range(first, first + count))
    addresses: list[Json] = [encode_address(wallet.address(account, index)) for index in range(first, first + count)]
    return {
        "address": addresses[0],
        "address_index": first,
        "address_indices": indices,
        "addresses": addresses,
    }


def label_address(wallet: WalletState, params: Params) -> dict[str, Json]:
    """Answer label_address."""
    place = mapping(params.get("index"))
    account = checked_account(wallet, place, "major")
    index, label = integer(place, "minor", largest=MAX_UINT32), text(params, "label")
    if index >= len(wallet.labels[account]):
        raise ServiceError(-15, "address index is out of bound")
    wallet.labels[account][index] = label
    return {}


def create_account(wallet: WalletState, params: Params) -> dict[str, Json]:
    """Answer create_account."""
    wallet.labels.append([text(params, "label")])
    account = len(wallet.labels) - 1
    return {"account_index": account, "address": encode_address(wallet.address(account, 0))}


def parse_address(address: str, message: str) -> Address:
    """Read an address; ``message`` is the error's text if it is not one."""
    try:
        return decode_address(address)
    except ValueError:
        raise ServiceError(-2, message) from None


def validate_address(_wallet: WalletState, params: Params) -> dict[str, Json]:
    """Answer validate_address."""
    address, networks = text(params, "address"), tuple(PREFIXES) if flag(params, "any_net_type") else (MAINNET,)
    for network in networks:
        try:
            kind = decode_address(address, network).kind
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


def make_integrated_address(wallet: WalletState, params: Params) -> dict[str, Json]:
    """Answer make_integrated_address."""
    payment_id, standard = text(params, "payment_id"), text(params, "standard_address")
    if not payment_id:
        payment_id = wallet.identity([b"payment id"])[:8].hex()
    if len(payment_id) != 16 or not is_hash(payment_id * 4):  # noqa: PLR2004  (8 bytes)
        raise ServiceError(-5, "Invalid payment ID")
    if standard:
        parsed = parse_address(standard, "Invalid address")
        if parsed.kind == SUBADDRESS:
            raise ServiceError(-2, "Subaddress shouldn't be used")
        if parsed.kind == INTEGRATED:
            raise ServiceError(-2, "Already integrated address")
        whole = Address(INTEGRATED, parsed.keys, payment_id)
    else:
        whole = wallet.keys.integrated(payment_id)
    return {"integrated_address": encode_address(whole), "payment_id": payment_id}


def split_integrated_address(_wallet: WalletState, params: Params) -> dict[str, Json]:
    """Answer split_integrated_address."""
    parsed = parse_address(text(params, "integrated_address"), "Invalid address")
    if parsed.kind != INTEGRATED:
        raise ServiceError(-2, "Address is not an integrated address")
    return {
        "is_subaddress": False,
        "payment_id": parsed.payment_id,
        "standard_address": encode_address(Address(STANDARD, parsed.keys, "")),
    }


def query_key(wallet: WalletState, params: Params) -> dict[str, Json]:
    """Answer query_key.

    There are no word lists here, so a wallet refuses to show seed words, as one does whose keys do not follow from a
    seed.
    """
    kind = text(params, "key_type")
    if kind == "mnemonic":
        raise ServiceError(-43, "The wallet is non-deterministic. Cannot display seed.")
    secret = {"view_key": wallet.keys.view_secret, "spend_key": wallet.keys.spend_secret}.get(kind)
    if secret is None:
        raise ServiceError(0, f"key_type {kind} not found")
    return {"key": secret.to_bytes(32, "little").hex()}
