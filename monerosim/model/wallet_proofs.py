"""The methods of monero-wallet-rpc that sign and prove (src/wallet/wallet_rpc_server.cpp and wallet2.cpp).

Signatures of messages are Monero's own: real wallets accept the model's, and the other way round. Proofs about
transactions stand on rings and keys that the model does not have: its proofs are hashes that only the model can make
and check, and it makes them only where a real wallet could.
"""

from monerosim.model.errors import ServiceError
from monerosim.model.holdings import Holding
from monerosim.model.jsonrpc import Methods
from monerosim.model.parameters import U32, U64, Parameters, is_hash
from monerosim.model.records import Output, Transaction
from monerosim.model.wallet_addresses import parse_address
from monerosim.model.wallet_payments import transaction_key
from monerosim.model.wallet_session import WalletSession
from monerosim.model.wallet_state import WalletState
from monerosim.monero.address import (
    SUBADDRESS,
    Address,
    decode58,
    encode58,
    is_signed,
    keccak256,
    sign,
)
from monerosim.monero.serial import varint
from monerosim.rpc.transport import Json

METHODS: Methods[WalletSession] = Methods()

_SIGNATURE = "SigV2"
_SIGNING = b"MoneroMessageSignature\0"
"""``HASH_KEY_MESSAGE_SIGNING`` in src/cryptonote_config.h."""

_IN_PROOF, _OUT_PROOF, _SPEND_PROOF, _RESERVE_PROOF = "InProofV2", "OutProofV2", "SpendProofV1", "ReserveProofV2"
_HASH = 32
_PLACE = 36


def message_hash(message: str, keys: bytes, *, view: bool) -> bytes:
    """Return what is signed of a message for an address (``get_message_hash``).

    Args:
        message: The message.
        keys: The address's public spend and view key, 64 bytes.
        view: The view key signs, not the spend key.
    """
    data = message.encode()
    return keccak256(_SIGNING + keys + bytes([view]) + varint(len(data)) + data)


class Sign(Parameters, frozen=True):
    """The parameters of sign."""

    data: str = ""
    account_index: U32 = 0
    address_index: U32 = 0
    signature_type: str = ""


@METHODS.method(Sign, "sign")
def sign_message(session: WalletSession, asked: Sign) -> dict[str, Json]:
    """Answer sign."""
    wallet = session.wallet
    if asked.signature_type not in {"", "spend", "view"}:
        raise ServiceError(-47, "Invalid signature type requested")
    view = asked.signature_type == "view"
    try:
        secret, public = wallet.keys.signing_key(asked.account_index, asked.address_index, view=view)
    except ValueError:
        raise ServiceError(-29, "The model's watch-only wallets sign nothing") from None
    keys = wallet.keys.address(asked.account_index, asked.address_index).keys
    nonce = session.blockchain.digest("signature", wallet.tag)
    return {"signature": _SIGNATURE + encode58(sign(message_hash(asked.data, keys, view=view), secret, public, nonce))}


class Verify(Parameters, frozen=True):
    """The parameters of verify."""

    data: str = ""
    address: str = ""
    signature: str = ""


@METHODS.method(Verify, "verify")
def verify(session: WalletSession, asked: Verify) -> dict[str, Json]:
    """Answer verify."""
    session.require_wallet()
    keys = parse_address(asked.address, "").keys
    signature = _decoded(asked.signature, _SIGNATURE)
    for kind, public in (("spend", keys[:_HASH]), ("view", keys[_HASH:])):
        if is_signed(message_hash(asked.data, keys, view=kind == "view"), public, signature):
            return {"good": True, "old": False, "signature_type": kind, "version": 2}
    return {"good": False, "old": False, "signature_type": "spend", "version": 0}


def _decoded(text: str, header: str) -> bytes:
    """Return the bytes behind a header; none if the text is not of that kind."""
    try:
        return decode58(text.removeprefix(header)) if text.startswith(header) else b""
    except ValueError:
        return b""


def _hash(txid: str) -> bytes:
    if not is_hash(txid):
        raise ServiceError(-8, "TX ID has invalid format")
    return bytes.fromhex(txid)


_NOT_THERE = "Failed to get transaction from daemon"


def _transaction(session: WalletSession, identity: bytes, message: str = _NOT_THERE) -> Transaction:
    """Return a transaction that the daemon knows; raise an error of this text if it knows none."""
    view = session.daemon_view(-1, message)
    found = session.blockchain.find(identity)
    if found is None or not (
        session.blockchain.chain.block_of(view.tip, found) or session.blockchain.txpool.contains(view, found)
    ):
        raise ServiceError(-1, message)
    return found


def _received(session: WalletSession, transaction: Transaction, address: Address) -> dict[str, Json]:
    """Return what a transaction pays to an address, and where it is."""
    tip = session.daemon_view(-1, "Failed to get transaction from daemon").tip
    block = session.blockchain.chain.block_of(tip, transaction)
    return {
        "confirmations": 0 if block is None else tip.height + 1 - block.height,
        "in_pool": block is None,
        "received": sum(output.amount for output in transaction.outputs if output.keys == address.keys),
    }


class Txid(Parameters, frozen=True):
    """The parameters of get_tx_key."""

    txid: str = ""


@METHODS.method(Txid, "get_tx_key")
def get_tx_key(session: WalletSession, asked: Txid) -> dict[str, Json]:
    """Answer get_tx_key."""
    wallet = session.wallet
    identity = _hash(asked.txid)
    if identity not in wallet.made:
        raise ServiceError(-24, "No tx secret key is stored for this tx")
    return {"tx_key": transaction_key(session, identity)}


class CheckTxKey(Parameters, frozen=True):
    """The parameters of check_tx_key."""

    txid: str = ""
    tx_key: str = ""
    address: str = ""


@METHODS.method(CheckTxKey, "check_tx_key")
def check_tx_key(session: WalletSession, asked: CheckTxKey) -> dict[str, Json]:
    """Answer check_tx_key."""
    session.require_wallet()
    identity = _hash(asked.txid)
    keys = [asked.tx_key[place : place + 2 * _HASH] for place in range(0, len(asked.tx_key), 2 * _HASH)]
    if not keys or not all(is_hash(key) for key in keys):
        raise ServiceError(-25, "Tx key has invalid format")
    address = parse_address(asked.address, "Invalid address")
    found = _received(session, _transaction(session, identity), address)
    return found if transaction_key(session, identity) in keys else {**found, "received": 0}


class GetTxProof(Parameters, frozen=True):
    """The parameters of get_tx_proof."""

    txid: str = ""
    address: str = ""
    message: str = ""


@METHODS.method(GetTxProof, "get_tx_proof")
def get_tx_proof(session: WalletSession, asked: GetTxProof) -> dict[str, Json]:
    """Answer get_tx_proof."""
    wallet = session.wallet
    identity = _hash(asked.txid)
    address = parse_address(asked.address, "Invalid address")
    transaction = _transaction(session, identity)
    header = _OUT_PROOF if wallet.place(address.keys) is None else _IN_PROOF
    if header == _OUT_PROOF and identity not in wallet.made:
        raise ServiceError(-1, "Tx secret key wasn't found in the wallet file.")
    if not any(output.keys == address.keys for output in transaction.outputs):
        raise ServiceError(-1, "No funds received in this tx.")
    return {"signature": _proof(session, header, identity, address.keys, asked.message.encode())}


def _proof(session: WalletSession, header: str, *parts: bytes) -> str:
    return header + encode58(session.blockchain.digest(header, *parts))


class CheckTxProof(Parameters, frozen=True):
    """The parameters of check_tx_proof."""

    txid: str = ""
    address: str = ""
    message: str = ""
    signature: str = ""


@METHODS.method(CheckTxProof, "check_tx_proof")
def check_tx_proof(session: WalletSession, asked: CheckTxProof) -> dict[str, Json]:
    """Answer check_tx_proof."""
    session.require_wallet()
    identity = _hash(asked.txid)
    address = parse_address(asked.address, "Invalid address")
    transaction = _transaction(session, identity)
    header = next((one for one in (_IN_PROOF, _OUT_PROOF) if asked.signature.startswith(one)), "")
    if not header:
        raise ServiceError(-1, "Signature header check error")
    if asked.signature != _proof(session, header, identity, address.keys, asked.message.encode()):
        return {"confirmations": 0, "good": False, "in_pool": False, "received": 0}
    return {"good": True, **_received(session, transaction, address)}


class GetSpendProof(Parameters, frozen=True):
    """The parameters of get_spend_proof."""

    txid: str = ""
    message: str = ""


@METHODS.method(GetSpendProof, "get_spend_proof")
def get_spend_proof(session: WalletSession, asked: GetSpendProof) -> dict[str, Json]:
    """Answer get_spend_proof."""
    wallet = session.wallet
    identity = _hash(asked.txid)
    if wallet.keys.spend_secret is None:
        raise ServiceError(-1, "get_spend_proof requires spend secret key and is not available for a watch-only wallet")
    lacking = "daemon returned wrong response for gettransactions, wrong txs count = 0, expected 1"
    transaction = _transaction(session, identity, lacking)
    if not transaction.inputs or not all(output in wallet.holdings for output in transaction.inputs):
        raise ServiceError(-1, "This tx wasn't generated by this wallet!")
    return {"signature": _proof(session, _SPEND_PROOF, identity, asked.message.encode())}


class CheckSpendProof(Parameters, frozen=True):
    """The parameters of check_spend_proof."""

    txid: str = ""
    message: str = ""
    signature: str = ""


@METHODS.method(CheckSpendProof, "check_spend_proof")
def check_spend_proof(session: WalletSession, asked: CheckSpendProof) -> dict[str, Json]:
    """Answer check_spend_proof."""
    session.require_wallet()
    identity = _hash(asked.txid)
    if not asked.signature.startswith(_SPEND_PROOF):
        raise ServiceError(-1, "Signature header check error")
    _transaction(session, identity)
    return {"good": asked.signature == _proof(session, _SPEND_PROOF, identity, asked.message.encode())}


class GetReserveProof(Parameters, frozen=True):
    """The parameters of get_reserve_proof."""

    all: bool = False
    account_index: U32 = 0
    amount: U64 = 0
    message: str = ""


@METHODS.method(GetReserveProof, "get_reserve_proof")
def get_reserve_proof(session: WalletSession, asked: GetReserveProof) -> dict[str, Json]:
    """Answer get_reserve_proof."""
    wallet = session.wallet
    if not asked.all and asked.account_index >= len(wallet.labels):
        raise ServiceError(-1, "Account index is out of bound")
    if wallet.keys.spend_secret is None:
        raise ServiceError(-1, "Reserve proof can only be generated by a full wallet")
    balances = wallet.balances(strict=True)
    if not sum(balance.total for balance in balances.values()):
        raise ServiceError(-1, "Zero balance")
    chosen = _reserve(wallet, asked)
    places = b"".join(
        output.transaction.id + output.index.to_bytes(4, "little") for output in (one.output for one in chosen)
    )
    keys = wallet.keys.standard.keys
    digest = session.blockchain.digest(_RESERVE_PROOF, keys, places, asked.message.encode())
    return {"signature": _RESERVE_PROOF + encode58(digest + places)}


def _reserve(wallet: WalletState, asked: GetReserveProof) -> list[Holding]:
    """Choose the outputs of a proof: all, or the least number that covers an amount."""
    unspent = [one for one in wallet.holdings.values() if one.spent_in is None and not one.frozen]
    if asked.all:
        return unspent
    mine = [one for one in unspent if one.account == asked.account_index]
    if sum(one.output.amount for one in mine) < asked.amount:
        raise ServiceError(-1, "Not enough balance in this account for the requested minimum reserve amount")
    if not asked.amount:
        raise ServiceError(-1, "Proved amount must be greater than 0")
    mine.sort(key=lambda one: -one.output.amount)
    enough = [one for one in mine if one.output.amount >= asked.amount]
    if enough:
        return enough[-1:]
    total, chosen = 0, []
    for one in mine:
        if total >= asked.amount:
            break
        chosen.append(one)
        total += one.output.amount
    return chosen


class CheckReserveProof(Parameters, frozen=True):
    """The parameters of check_reserve_proof."""

    address: str = ""
    message: str = ""
    signature: str = ""


@METHODS.method(CheckReserveProof, "check_reserve_proof")
def check_reserve_proof(session: WalletSession, asked: CheckReserveProof) -> dict[str, Json]:
    """Answer check_reserve_proof."""
    session.require_wallet()
    address = parse_address(asked.address, "Invalid address")
    if address.kind == SUBADDRESS:
        raise ServiceError(-1, "Address must not be a subaddress")
    if not asked.signature.startswith(_RESERVE_PROOF):
        raise ServiceError(-1, "Signature header check error")
    data = _decoded(asked.signature, _RESERVE_PROOF)
    if len(data) < _HASH or (len(data) - _HASH) % _PLACE:
        raise ServiceError(-1, "Signature decoding error")
    places = data[_HASH:]
    if session.blockchain.digest(_RESERVE_PROOF, address.keys, places, asked.message.encode()) != data[:_HASH]:
        return {"good": False, "spent": 0, "total": 0}
    tip = session.daemon_view(-1, "Failed to connect to daemon").tip
    outputs = [_output(session, places[place : place + _PLACE]) for place in range(0, len(places), _PLACE)]
    spent = sum(output.amount for output in outputs if session.blockchain.chain.spent(tip, output))
    return {"good": True, "spent": spent, "total": sum(output.amount for output in outputs)}


def _output(session: WalletSession, place: bytes) -> Output:
    transaction = session.blockchain.find(place[:_HASH])
    if transaction is None:
        raise ServiceError(-1, "Failed to get transaction from daemon")
    return transaction.outputs[int.from_bytes(place[_HASH:], "little")]
