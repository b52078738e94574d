"""The methods of monero-wallet-rpc that list transfers and outputs (src/wallet/wallet_rpc_server.cpp)."""

import msgspec

from monerosim.model import wallet_entries as entries
from monerosim.model.errors import ServiceError
from monerosim.model.jsonrpc import Methods
from monerosim.model.parameters import U32, U64, Parameters, is_hash, is_hex
from monerosim.model.records import Block
from monerosim.model.wallet_session import WalletSession
from monerosim.model.wallet_state import Payment, Sent, WalletState
from monerosim.monero.constants import FIRST_TIME
from monerosim.rpc.transport import Json

METHODS: Methods[WalletSession] = Methods()


class GetTransfers(Parameters, frozen=True):
    """The parameters of get_transfers."""

    incoming: bool = msgspec.field(name="in", default=False)
    out: bool = False
    pending: bool = False
    failed: bool = False
    pool: bool = False
    filter_by_height: bool = False
    min_height: U64 = 0
    max_height: U64 = FIRST_TIME
    account_index: U32 = 0
    subaddr_indices: tuple[U32, ...] = ()
    all_accounts: bool = False


@METHODS.method(GetTransfers, "get_transfers")
def get_transfers(session: WalletSession, asked: GetTransfers) -> dict[str, Json]:
    """Answer get_transfers."""
    wallet, account, indices = session.wallet, asked.account_index, set(asked.subaddr_indices)

    def within(block: Block | None) -> bool:
        return block is None or not asked.filter_by_height or asked.min_height < block.height <= asked.max_height

    def received(payment: Payment) -> bool:
        mine = payment.account == account and (not indices or payment.minor in indices)
        return (asked.all_accounts or mine) and within(payment.block)

    def paid(sent: Sent) -> bool:
        mine = sent.account == account and (not indices or not indices.isdisjoint(sent.indices))
        return (asked.all_accounts or mine) and within(sent.block)

    result: dict[str, list[Json]] = {}
    if asked.incoming:
        payments = wallet.payments(asked.min_height if asked.filter_by_height else -1)
        result["in"] = [entries.incoming(wallet, payment) for payment in payments if received(payment)]
    wanted = {"out": asked.out, "pending": asked.pending, "failed": asked.failed}
    for kind in (kind for kind, chosen in wanted.items() if chosen):
        sent = (one for one in reversed(wallet.sent.values()) if one.kind == kind and paid(one))
        result[kind] = [entries.outgoing(wallet, one) for one in sent]
    if asked.pool:
        wallet.update_pool(session.daemon_view())
        result["pool"] = [entries.incoming(wallet, payment) for payment in wallet.pool_payments() if received(payment)]
    return {kind: found for kind, found in result.items() if found}


class GetTransfer(Parameters, frozen=True):
    """The parameters of get_transfer_by_txid."""

    txid: str = ""
    account_index: U32 = 0


@METHODS.method(GetTransfer, "get_transfer_by_txid")
def get_transfer_by_txid(session: WalletSession, asked: GetTransfer) -> dict[str, Json]:
    """Answer get_transfer_by_txid."""
    wallet, account = session.wallet, asked.account_index
    if not is_hex(asked.txid):
        raise ServiceError(-8, "Transaction ID has invalid format")
    if not is_hash(asked.txid):
        raise ServiceError(-8, f"Transaction ID has invalid size: {asked.txid}")
    if account >= len(wallet.labels):
        raise ServiceError(-14, "Account index is out of bound")
    identity = bytes.fromhex(asked.txid)
    payments = [payment for payment in _mined(wallet, identity) if payment.account == account]
    found: list[Json] = [entries.incoming(wallet, payment) for payment in payments]
    sent = wallet.sent.get(identity)
    if sent is not None and sent.account == account:
        found.append(entries.outgoing(wallet, sent))
    if not found:
        wallet.update_pool(session.daemon_view())
        coming = (one for one in wallet.pool_payments() if one.transaction.id == identity and one.account == account)
        found.extend(entries.incoming(wallet, payment) for payment in coming)
    if not found:
        raise ServiceError(-8, "Transaction not found.")
    return {"transfer": found[0], "transfers": found}


def _mined(wallet: WalletState, identity: bytes) -> list[Payment]:
    """Return what a transaction in a block pays to a wallet."""
    transaction = wallet.blockchain.find(identity)
    block = None if transaction is None else wallet.blockchain.chain.block_of(wallet.tip, transaction)
    if transaction is None or block is None or block.height < wallet.restore_height:
        return []
    return wallet.payments_of(transaction, block)


class IncomingTransfers(Parameters, frozen=True):
    """The parameters of incoming_transfers."""

    transfer_type: str = ""
    account_index: U32 = 0
    subaddr_indices: tuple[U32, ...] = ()


@METHODS.method(IncomingTransfers, "incoming_transfers")
def incoming_transfers(session: WalletSession, asked: IncomingTransfers) -> dict[str, Json]:
    """Answer incoming_transfers."""
    wallet, kind = session.wallet, asked.transfer_type
    if kind not in {"all", "available", "unavailable"}:
        raise ServiceError(-6, "Transfer type must be one of: all, available, or unavailable")
    indices = set(asked.subaddr_indices)
    found: list[Json] = []
    for holding in wallet.holdings.values():
        if holding.account == asked.account_index and (not indices or holding.index in indices):
            entry = entries.output(wallet, holding)
            if kind == "all" or (kind == "unavailable") == entry["spent"]:
                found.append(entry)
    return {"transfers": found} if found else {}


class GetPayments(Parameters, frozen=True):
    """The parameters of get_payments."""

    payment_id: str = ""


@METHODS.method(GetPayments, "get_payments")
def get_payments(session: WalletSession, asked: GetPayments) -> dict[str, Json]:
    """Answer get_payments."""
    wallet, wanted = session.wallet, asked.payment_id
    if not is_hex(wanted):
        raise ServiceError(-5, "Payment ID has invalid format")
    if len(wanted) not in {16, 64}:
        raise ServiceError(-5, f"Payment ID has invalid size: {wanted}")
    return _listed(_with_id(wallet, wanted, 0))


class GetBulkPayments(Parameters, frozen=True):
    """The parameters of get_bulk_payments."""

    payment_ids: tuple[str, ...] = ()
    min_block_height: U64 = 0


@METHODS.method(GetBulkPayments, "get_bulk_payments")
def get_bulk_payments(session: WalletSession, asked: GetBulkPayments) -> dict[str, Json]:
    """Answer get_bulk_payments."""
    wallet = session.wallet
    if not asked.payment_ids:
        return _listed(
            [
                entries.bulk(wallet, payment, block, _padded(payment.transaction.payment_id))
                for payment, block in _above(wallet, asked.min_block_height)
            ]
        )
    for wanted in asked.payment_ids:
        if len(wanted) not in {16, 64}:
            raise ServiceError(-5, f"Payment ID has invalid size: {wanted}")
        if not is_hex(wanted):
            raise ServiceError(-5, f"Payment ID has invalid format: {wanted}")
    return _listed(
        [entry for wanted in asked.payment_ids for entry in _with_id(wallet, wanted, asked.min_block_height)]
    )


def _listed(found: list[Json]) -> dict[str, Json]:
    return {"payments": found} if found else {}


def _padded(payment_id: str) -> str:
    return payment_id.ljust(64, "0")


def _above(wallet: WalletState, height: int) -> list[tuple[Payment, Block]]:
    """Return the payments in blocks above a height."""
    return [(payment, payment.block) for payment in wallet.payments(height) if payment.block is not None]


def _with_id(wallet: WalletState, wanted: str, height: int) -> list[Json]:
    """Describe the payments with a payment id of 8 or 32 bytes, in blocks above a height."""
    return [
        entries.bulk(wallet, payment, block, wanted)
        for payment, block in _above(wallet, height)
        if _padded(payment.transaction.payment_id) == _padded(wanted.lower())
    ]
