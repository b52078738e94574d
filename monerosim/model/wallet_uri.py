"""The methods of monero-wallet-rpc for payment URIs (``make_uri``, ``parse_uri`` in src/wallet/wallet2.cpp)."""

from urllib.parse import quote, unquote

from monerosim.model.errors import ServiceError
from monerosim.model.jsonrpc import Methods
from monerosim.model.parameters import MAX_UINT64, U64, Parameters, is_hash
from monerosim.model.wallet_session import WalletSession
from monerosim.monero.address import INTEGRATED, Address, decode_address
from monerosim.rpc.transport import Json
from monerosim.units import XMR

METHODS: Methods[WalletSession] = Methods()

_SCHEME = "monero:"
_DECIMALS = 12


class MakeUri(Parameters, frozen=True):
    """The parameters of make_uri."""

    address: str = ""
    payment_id: str = ""
    amount: U64 = 0
    tx_description: str = ""
    recipient_name: str = ""


@METHODS.method(MakeUri, "make_uri")
def make_uri(session: WalletSession, asked: MakeUri) -> dict[str, Json]:
    """Answer make_uri."""
    session.require_wallet()
    refusal = "Cannot make URI from supplied parameters: "
    kind = _decoded(asked.address, f"{refusal}wrong address: {asked.address}").kind
    if asked.payment_id:
        single = kind == INTEGRATED
        reason = (
            "A single payment id is allowed"
            if single
            else "Standalone payment id deprecated, use integrated address instead"
        )
        raise ServiceError(-11, refusal + reason)
    fields = []
    if asked.amount:
        fields.append(f"tx_amount={asked.amount // XMR}.{asked.amount % XMR:0{_DECIMALS}}")
    if asked.recipient_name:
        fields.append(f"recipient_name={quote(asked.recipient_name, safe='/=')}")
    if asked.tx_description:
        fields.append(f"tx_description={quote(asked.tx_description, safe='/=')}")
    return {"uri": f"{_SCHEME}{asked.address}{'?' if fields else ''}{'&'.join(fields)}"}


def _decoded(address: str, message: str) -> Address:
    try:
        return decode_address(address)
    except ValueError:
        raise ServiceError(-11, message) from None


class ParseUri(Parameters, frozen=True):
    """The parameters of parse_uri."""

    uri: str = ""


@METHODS.method(ParseUri, "parse_uri")
def parse_uri(session: WalletSession, asked: ParseUri) -> dict[str, Json]:
    """Answer parse_uri."""
    session.require_wallet()
    refusal = "Error parsing URI: "
    if not asked.uri.startswith(_SCHEME):
        raise ServiceError(-11, f'{refusal}URI has wrong scheme (expected "monero:"): {asked.uri}')
    address, _, body = asked.uri.removeprefix(_SCHEME).partition("?")
    kind = _decoded(address, f"{refusal}URI has wrong address: {address}").kind
    found: dict[str, Json] = {
        "address": address,
        "amount": 0,
        "payment_id": "",
        "recipient_name": "",
        "tx_description": "",
    }
    unknown: list[Json] = []
    names = set()
    for argument in body.split("&") if body else ():
        name, _, value = argument.partition("=")
        if argument.count("=") != 1:
            raise ServiceError(-11, f"{refusal}URI has wrong parameter: {argument}")
        if name in names:
            raise ServiceError(-11, f"{refusal}URI has more than one instance of {name}")
        names.add(name)
        if name == "tx_amount":
            found["amount"] = _amount(value, f"{refusal}URI has invalid amount: {value}")
        elif name == "tx_payment_id":
            if kind == INTEGRATED:
                raise ServiceError(-11, f"{refusal}Separate payment id given with an integrated address")
            if not is_hash(value):
                raise ServiceError(-11, f"{refusal}Invalid payment id: {value}")
            found["payment_id"] = value
        elif name in {"recipient_name", "tx_description"}:
            found[name] = unquote(value)
        else:
            unknown.append(argument)
    return {**({"unknown_parameters": unknown} if unknown else {}), "uri": found}


def _amount(text: str, message: str) -> int:
    """Read an amount in XMR (``parse_amount``)."""
    whole, _, part = text.strip().partition(".")
    digits = part.rstrip("0")
    if not (whole or part) or not (whole + part).isdecimal() or not text.isascii() or len(digits) > _DECIMALS:
        raise ServiceError(-11, message)
    amount = int(whole or "0") * XMR + int(digits.ljust(_DECIMALS, "0"))
    if amount > MAX_UINT64:
        raise ServiceError(-11, message)
    return amount
