"""The methods of monero-wallet-rpc that make transactions (src/wallet/wallet_rpc_server.cpp)."""

from typing import Annotated

from monerosim.model.blobs import metadata, parse_metadata, transaction_blob
from monerosim.model.errors import ServiceError
from monerosim.model.formats import MONEROD
from monerosim.model.jsonrpc import Methods
from monerosim.model.parameters import U32, U64, UNHEEDED, Parameters, is_hash
from monerosim.model.spending import Draft, Request, pay, request_at, sweep, sweep_one
from monerosim.model.wallet_addresses import check_account, parse_address
from monerosim.model.wallet_session import WalletSession
from monerosim.model.wallet_state import Destination, WalletState
from monerosim.monero.address import INTEGRATED, SUBADDRESS, Address
from monerosim.monero.constants import MAX_OUTPUTS
from monerosim.monero.fees import estimate_size
from monerosim.rpc.transport import Json

METHODS: Methods[WalletSession] = Methods()

_TYPICAL_EXTRA = 44
"""Bytes of extra that estimate_tx_size_and_weight reckons with: a public key and an encrypted payment id."""


class Answering(Parameters, frozen=True):
    """What is done with a transaction, and what the answer shows of it."""

    do_not_relay: bool = False
    get_tx_hex: bool = False
    get_tx_metadata: bool = False


class Spending(Answering, frozen=True):
    """The parameters that all methods have that spend."""

    priority: U32 = 0
    ring_size: Annotated[U64, UNHEEDED] = 0
    unlock_time: U64 = 0
    payment_id: str = ""


class WantedDestination(Parameters, frozen=True):
    """A destination of transfer."""

    address: str = ""
    amount: U64 = 0


class TransferSplit(Spending, frozen=True):
    """The parameters of transfer_split."""

    destinations: tuple[WantedDestination, ...] = ()
    account_index: U32 = 0
    subaddr_indices: tuple[U32, ...] = ()
    get_tx_keys: bool = False


class Transfer(Spending, frozen=True):
    """The parameters of transfer."""

    destinations: tuple[WantedDestination, ...] = ()
    account_index: U32 = 0
    subaddr_indices: tuple[U32, ...] = ()
    get_tx_key: bool = False


class SweepAll(Spending, frozen=True):
    """The parameters of sweep_all."""

    address: str = ""
    account_index: U32 = 0
    subaddr_indices: tuple[U32, ...] = ()
    subaddr_indices_all: bool = False
    outputs: U64 = 1
    below_amount: U64 = 0
    get_tx_keys: bool = False


class SweepSingle(Spending, frozen=True):
    """The parameters of sweep_single."""

    address: str = ""
    key_image: str = ""
    outputs: U64 = 1
    get_tx_key: bool = False


class SweepDust(Parameters, frozen=True):
    """The parameters of sweep_dust, which finds none: on regtest all outputs can be mixed with others."""

    do_not_relay: Annotated[bool, UNHEEDED] = False
    get_tx_keys: Annotated[bool, UNHEEDED] = False
    get_tx_hex: Annotated[bool, UNHEEDED] = False
    get_tx_metadata: Annotated[bool, UNHEEDED] = False


def _request(session: WalletSession, asked: Spending, *, account: int, indices: frozenset[int], pid: str) -> Request:
    view = session.daemon_view(-4, "Failed to get height")
    request = request_at(session.blockchain, view, asked.priority, account=account)
    return request._replace(indices=indices, payment_id=pid, unlock_time=asked.unlock_time)


def _spending_wallet(session: WalletSession) -> WalletState:
    wallet = session.wallet
    if wallet.keys.spend_secret is None:
        raise ServiceError(-29, "The model's watch-only wallets make no transactions")
    return wallet


def _check_payment_id(payment_id: str) -> None:
    if payment_id:
        raise ServiceError(-5, "Standalone payment IDs are obsolete. Use subaddresses or integrated addresses instead")


def _payee(address: str) -> Address:
    return parse_address(address, f"WALLET_RPC_ERROR_CODE_WRONG_ADDRESS: {address}")


def _pay(session: WalletSession, asked: Transfer | TransferSplit) -> list[Draft]:
    wallet = _spending_wallet(session)
    _check_payment_id(asked.payment_id)
    destinations, subaddresses, payment_id = [], set(), ""
    for entry in asked.destinations:
        parsed = _payee(entry.address)
        destinations.append(Destination(entry.address, parsed.keys, entry.amount))
        if parsed.kind == SUBADDRESS:
            subaddresses.add(parsed.keys)
        if parsed.kind == INTEGRATED:
            if payment_id:
                raise ServiceError(-5, "A single payment id is allowed per transaction")
            payment_id = parsed.payment_id
    if not destinations:
        raise ServiceError(-20, "Transaction has no destination")
    indices = frozenset(asked.subaddr_indices)
    request = _request(session, asked, account=asked.account_index, indices=indices, pid=payment_id)
    # A payment id is encrypted for one address (``get_destination_view_key_pub``); change does not count.
    own = wallet.keys.address(request.account, 0).keys
    if payment_id and len({destination.keys for destination in destinations} - {own}) > 1:
        raise ServiceError(-4, "transaction was not constructed")
    return pay(wallet, request, destinations, subaddresses)


def _commit(session: WalletSession, drafts: list[Draft], asked: Answering) -> None:
    if asked.do_not_relay:
        return
    for draft in drafts:
        if session.daemon().accept(draft.transaction, relay=True):
            raise ServiceError(-4, "transaction was rejected by daemon")
        session.wallet.record(draft.sent)


def _single(session: WalletSession, drafts: list[Draft], asked: Transfer | SweepSingle) -> dict[str, Json]:
    _commit(session, drafts, asked)
    (draft,) = drafts
    transaction = draft.transaction
    return {
        "amount": draft.amount,
        "fee": transaction.fee,
        "multisig_txset": "",
        "spent_key_images": _key_images(draft),
        "tx_blob": transaction_blob(transaction) if asked.get_tx_hex else "",
        "tx_hash": transaction.id.hex(),
        "tx_key": transaction_key(session, transaction.id) if asked.get_tx_key else "",
        "tx_metadata": metadata(transaction) if asked.get_tx_metadata else "",
        "unsigned_txset": "",
        "weight": transaction.weight,
    }


def _several(session: WalletSession, drafts: list[Draft], asked: TransferSplit | SweepAll) -> dict[str, Json]:
    _commit(session, drafts, asked)
    lists: dict[str, list[Json]] = {
        "amount_list": [draft.amount for draft in drafts],
        "fee_list": [draft.transaction.fee for draft in drafts],
        "spent_key_images_list": [_key_images(draft) for draft in drafts],
        "tx_hash_list": [draft.transaction.id.hex() for draft in drafts],
        "weight_list": [draft.transaction.weight for draft in drafts],
    }
    if asked.get_tx_hex:
        lists["tx_blob_list"] = [transaction_blob(draft.transaction) for draft in drafts]
    if asked.get_tx_keys:
        lists["tx_key_list"] = [transaction_key(session, draft.transaction.id) for draft in drafts]
    if asked.get_tx_metadata:
        lists["tx_metadata_list"] = [metadata(draft.transaction) for draft in drafts]
    return {"multisig_txset": "", "unsigned_txset": "", **{name: found for name, found in lists.items() if found}}


def _key_images(draft: Draft) -> Json:
    return {"key_images": [output.key_image.hex() for output in draft.transaction.inputs]}


def transaction_key(session: WalletSession, identity: bytes) -> str:
    """Return the secret key of a transaction, hexadecimal."""
    return session.blockchain.digest("transaction key", identity).hex()


@METHODS.method(Transfer, "transfer")
def transfer(session: WalletSession, asked: Transfer) -> dict[str, Json]:
    """Answer transfer."""
    drafts = _pay(session, asked)
    if len(drafts) != 1:
        raise ServiceError(-18, "Transaction would be too large.  try /transfer_split.")
    return _single(session, drafts, asked)


@METHODS.method(TransferSplit, "transfer_split")
def transfer_split(session: WalletSession, asked: TransferSplit) -> dict[str, Json]:
    """Answer transfer_split."""
    return _several(session, _pay(session, asked), asked)


def _target(asked: SweepAll | SweepSingle) -> tuple[list[Destination], str]:
    _check_payment_id(asked.payment_id)
    parsed = _payee(asked.address)
    target = Destination(asked.address, parsed.keys, 0)
    return [target] * min(asked.outputs, MAX_OUTPUTS + 1), parsed.payment_id


def _check_outputs(outputs: int) -> None:
    if not outputs:
        raise ServiceError(-16, "Amount of outputs should be greater than 0.")


@METHODS.method(SweepAll, "sweep_all")
def sweep_all(session: WalletSession, asked: SweepAll) -> dict[str, Json]:
    """Answer sweep_all."""
    wallet = _spending_wallet(session)
    targets, payment_id = _target(asked)
    _check_outputs(asked.outputs)
    indices = frozenset(asked.subaddr_indices)
    if asked.subaddr_indices_all:
        check_account(wallet, asked.account_index)
        indices = frozenset(range(len(wallet.labels[asked.account_index])))
    request = _request(session, asked, account=asked.account_index, indices=indices, pid=payment_id)
    return _several(session, sweep(wallet, request, targets, asked.below_amount), asked)


@METHODS.method(SweepSingle, "sweep_single")
def sweep_single(session: WalletSession, asked: SweepSingle) -> dict[str, Json]:
    """Answer sweep_single."""
    wallet = _spending_wallet(session)
    _check_outputs(asked.outputs)
    targets, payment_id = _target(asked)
    if not is_hash(asked.key_image):
        raise ServiceError(-10, "failed to parse key image")
    image = bytes.fromhex(asked.key_image)
    chosen = [holding for holding in wallet.holdings.values() if holding.output.key_image == image]
    account = chosen[0].account if chosen else 0
    request = _request(session, asked, account=account, indices=frozenset(), pid=payment_id)
    return _single(session, sweep_one(wallet, request, targets, chosen), asked)


@METHODS.method(SweepDust, "sweep_dust", "sweep_unmixable")
def sweep_dust(session: WalletSession, _asked: SweepDust) -> dict[str, Json]:
    """Answer sweep_dust."""
    session.require_wallet()
    return {"multisig_txset": "", "unsigned_txset": ""}


class RelayTx(Parameters, frozen=True):
    """The parameters of relay_tx."""

    hex: str = ""


@METHODS.method(RelayTx, "relay_tx")
def relay_tx(session: WalletSession, asked: RelayTx) -> dict[str, Json]:
    """Answer relay_tx."""
    wallet, txpool = session.wallet, session.blockchain.txpool
    try:
        identity = parse_metadata(asked.hex)
    except ValueError:
        raise ServiceError(-26, "Failed to parse hex.") from None
    transaction = txpool.drafts.get(identity) or txpool.transactions.get(identity)
    if transaction is None:
        raise ServiceError(-27, "Failed to parse tx metadata.")
    if session.daemon().accept(transaction, relay=True):
        raise ServiceError(-4, "Failed to commit tx.")
    if identity in wallet.drafts:
        wallet.record(wallet.drafts[identity])
    return {"tx_hash": identity.hex()}


class EstimateSize(Parameters, frozen=True):
    """The parameters of estimate_tx_size_and_weight."""

    n_inputs: U32 = 0
    n_outputs: U32 = 0
    ring_size: U32 = 0
    rct: Annotated[bool, UNHEEDED] = True


@METHODS.method(EstimateSize, "estimate_tx_size_and_weight")
def estimate_tx_size_and_weight(session: WalletSession, asked: EstimateSize) -> dict[str, Json]:
    """Answer estimate_tx_size_and_weight."""
    session.require_wallet()
    if not asked.n_inputs or not asked.n_outputs:
        raise ServiceError(-1, "Failed to determine size and weight")
    height, own = session.wallet.tip.height + 1, MONEROD
    if session.node is not None:
        own = session.blockchain.mining.format(session.node.index, height)
    if asked.ring_size and own is MONEROD:
        size = estimate_size(asked.n_inputs, asked.n_outputs, _TYPICAL_EXTRA, asked.ring_size)
    else:
        size = own.estimate(asked.n_inputs, asked.n_outputs, _TYPICAL_EXTRA)
    return {"size": size, "weight": size + own.surcharge(asked.n_outputs)}
