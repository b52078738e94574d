"""The methods of monero-wallet-rpc that list transfers and outputs (src/wallet/wallet_rpc_server.cpp)."""

from collections.abc import Callable

from monerosim.model import wallet_entries as entries
from monerosim.model.jsonrpc import (
    MAX_UINT32,
    Params,
    ServiceError,
    flag,
    integer,
    integers,
    is_hash,
    is_hex,
    text,
    texts,
)
from monerosim.model.records import Block
from monerosim.model.views import View
from monerosim.model.wallet_state import Payment, Sent, WalletState
from monerosim.rpc.transport import Json


def get_transfers(wallet: WalletState, params: Params, now: Callable[[], View]) -> dict[str, Json]:
    """Answer get_transfers; ``now`` returns what the node sees now."""
    account, indices = integer(params, "account_index", largest=MAX_UINT32), set(integers(params, "subaddr_indices"))
    every = flag(params, "all_accounts")
    low, high = integer(params, "min_height"), integer(params, "max_height", MAX_UINT32)
    if not flag(params, "filter_by_height"):
        low, high = 0, MAX_UINT32

    def within(block: Block | None) -> bool:
        return block is None or low < block.height <= high

    def received(payment: Payment) -> bool:
        mine = payment.account == account and (not indices or payment.minor in indices)
        return (every or mine) and within(payment.block)

    def paid(sent: Sent) -> bool:
        mine = sent.account == account and (not indices or not indices.isdisjoint(sent.indices))
        return (every or mine) and within(sent.block)

    wanted = {kind for kind in ("in", "out", "pending", "failed", "pool") if flag(params, kind)}
    result: dict[str, list[Json]] = {}
    if "in" in wanted:
        result["in"] = [entries.incoming(wallet, payment) for payment in wallet.payments() if received(payment)]
    for kind in sorted(wanted & {"out", "pending", "failed"}):
        chosen = (sent for sent in reversed(wallet.sent.values()) if sent.kind == kind and paid(sent))
        result[kind] = [entries.outgoing(wallet, sent) for sent in chosen]
    if "pool" in wanted:
        wallet.update_pool(now())
        result["pool"] = [entries.incoming(wallet, payment) for payment in wallet.pool_payments() if received(payment)]
    return {kind: found for kind, found in result.items() if found}


def get_transfer_by_txid(wallet: WalletState, params: Params, now: Callable[[], View]) -> dict[str, Json]:
    """Answer get_transfer_by_txid; ``now`` returns what the node sees now."""
    wanted = text(params, "txid")
    if len(wanted) != 64:  # noqa: PLR2004  (32 bytes)
        raise ServiceError(-8, f"Transaction ID has invalid {'format' if wanted else 'size: '}")
    if not is_hash(wanted):
        raise ServiceError(-8, "Transaction ID has invalid format")
    if integer(params, "account_index", largest=MAX_UINT32) >= len(wallet.labels):
        raise ServiceError(-14, "Account index is out of bound")
    identity = bytes.fromhex(wanted)
    found: list[Json] = []
    transaction = wallet.blockchain.txpool.transactions.get(identity)
    holding = None if transaction is None else wallet.blockchain.chain.block_of(wallet.tip, transaction)
    if transaction is None:
        found.extend(
            entries.incoming(wallet, payment) for payment in wallet.payments() if payment.transaction.id == identity
        )
    elif holding is not None:
        found.extend(entries.incoming(wallet, payment) for payment in wallet.payments_of(transaction, holding))
    sent = wallet.sent.get(identity)
    if sent is not None:
        found.append(entries.outgoing(wallet, sent))
    if not found:
        wallet.update_pool(now())
        found.extend(
            entries.incoming(wallet, payment)
            for payment in wallet.pool_payments()
            if payment.transaction.id == identity
        )
    if not found:
        raise ServiceError(-8, "Transaction not found.")
    return {"transfer": found[0], "transfers": found}


def incoming_transfers(wallet: WalletState, params: Params) -> dict[str, Json]:
    """Answer incoming_transfers."""
    kind = text(params, "transfer_type")
    if kind not in {"all", "available", "unavailable"}:
        raise ServiceError(-6, "Transfer type must be one of: all, available, or unavailable")
    account = integer(params, "account_index", largest=MAX_UINT32)
    indices = set(integers(params, "subaddr_indices"))
    found: list[Json] = []
    for holding in wallet.holdings.values():
        if holding.account == account and (not indices or holding.index in indices):
            entry = entries.output(wallet, holding)
            if kind == "all" or (kind == "unavailable") == entry["spent"]:
                found.append(entry)
    return {"transfers": found} if found else {}


def get_payments(wallet: WalletState, params: Params) -> dict[str, Json]:
    """Answer get_payments."""
    return _payments(wallet, [text(params, "payment_id")], 0)


def get_bulk_payments(wallet: WalletState, params: Params) -> dict[str, Json]:
    """Answer get_bulk_payments."""
    return _payments(wallet, texts(params, "payment_ids"), integer(params, "min_block_height"))


def _payments(wallet: WalletState, payment_ids: list[str], above: int) -> dict[str, Json]:
    for payment_id in payment_ids:
        if not is_hex(payment_id):
            raise ServiceError(-5, "Payment ID has invalid format")
        if len(payment_id) not in {16, 64}:
            raise ServiceError(-5, f"Payment ID has invalid size: {payment_id}")
    found: list[Json] = [
        entries.bulk(wallet, payment, payment.block.height)
        for payment in wallet.payments()
        if payment.block is not None
        and payment.block.height > above
        and (not payment_ids or payment.transaction.payment_id in payment_ids)
    ]
    return {"payments": found} if found else {}
