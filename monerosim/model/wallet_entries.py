"""Transfers and outputs as monero-wallet-rpc lists them (``fill_transfer_entry`` in wallet_rpc_server.cpp)."""

from monerosim.model.holdings import Holding
from monerosim.model.records import Block, Transaction
from monerosim.model.wallet_state import LEEWAY, Payment, Sent, WalletState
from monerosim.monero.address import encode_address
from monerosim.monero.constants import FIRST_TIME, SPENDABLE_AGE
from monerosim.monero.difficulty import TARGET
from monerosim.rpc.transport import Json

NO_PAYMENT_ID = "0" * 16


def incoming(wallet: WalletState, payment: Payment) -> dict[str, Json]:
    """Describe a payment to this wallet: confirmed, mined, or on its way."""
    transaction, block = payment.transaction, payment.block
    amount = sum(payment.amounts)
    coinbase = not transaction.inputs
    entry: dict[str, Json] = {
        "address": encode_address(wallet.address(payment.account, payment.minor)),
        "amount": amount,
        "amounts": list(payment.amounts),
    }
    if block is None:
        entry.update(_common(wallet, transaction, "pool", double_spend_seen=transaction.double_spend_seen))
        entry["timestamp"] = wallet.blockchain.unix(transaction.released)
        unlock_time = transaction.unlock_time
        entry.update(height=0, locked=True, unlock_time=unlock_time, **_suggested(wallet, amount, unlock_time))
    else:
        entry.update(_common(wallet, transaction, "block" if coinbase else "in"))
        unlock_time = block.height + transaction.format.coinbase_unlock if coinbase else transaction.unlock_time
        entry.update(_confirmed(wallet, block, amount, unlock_time))
    place: dict[str, Json] = {"major": payment.account, "minor": payment.minor}
    entry["subaddr_index"], entry["subaddr_indices"] = place, [place]
    entry["txid"] = transaction.id.hex()
    return entry


def outgoing(wallet: WalletState, sent: Sent) -> dict[str, Json]:
    """Describe a payment of this wallet: confirmed, pending or failed."""
    transaction, block = sent.transaction, sent.block
    kept = wallet.kept(sent) if block is not None else _change(sent)
    amount = sent.spent - kept - transaction.fee
    entry: dict[str, Json] = {
        "address": encode_address(wallet.address(sent.account, 0)),
        "amount": amount,
    }
    if sent.destinations:
        entry["destinations"] = [
            {"address": destination.address, "amount": destination.amount} for destination in sent.destinations
        ]
    entry.update(_common(wallet, transaction, sent.kind))
    unlock_time = transaction.unlock_time
    if block is None:
        entry.update(height=0, locked=True, unlock_time=unlock_time, **_suggested(wallet, amount, unlock_time))
        entry["timestamp"] = sent.timestamp
    else:
        entry.update(_confirmed(wallet, block, amount, unlock_time))
    entry["subaddr_index"] = {"major": sent.account, "minor": 0}
    entry["subaddr_indices"] = [{"major": sent.account, "minor": index} for index in sent.indices]
    entry["txid"] = transaction.id.hex()
    return entry


def _change(sent: Sent) -> int:
    return sent.spent - sent.transaction.fee - sum(destination.amount for destination in sent.destinations)


def _common(
    wallet: WalletState, transaction: Transaction, kind: str, *, double_spend_seen: bool = False
) -> dict[str, Json]:
    return {
        "double_spend_seen": double_spend_seen,
        "fee": transaction.fee,
        "note": wallet.notes.transactions.get(transaction.id, ""),
        "payment_id": transaction.payment_id or NO_PAYMENT_ID,
        "type": kind,
    }


def _confirmed(wallet: WalletState, block: Block, amount: int, unlock_time: int) -> dict[str, Json]:
    height = wallet.tip.height + 1
    return {
        "confirmations": height - block.height,
        "height": block.height,
        "locked": _is_locked(wallet, block, unlock_time),
        "timestamp": block.timestamp,
        "unlock_time": unlock_time,
        **_suggested(wallet, amount, unlock_time),
    }


def _is_locked(wallet: WalletState, block: Block, unlock_time: int) -> bool:
    """Return whether what is locked until a height or a time is so (``wallet2::is_transfer_unlocked``)."""
    height = wallet.tip.height + 1
    if unlock_time >= FIRST_TIME:
        return height < block.height + SPENDABLE_AGE or unlock_time > wallet.now + LEEWAY
    return height < max(unlock_time, block.height + SPENDABLE_AGE)


def _suggested(wallet: WalletState, amount: int, unlock_time: int) -> dict[str, Json]:
    """Return how many confirmations an amount is worth waiting for; the field is left out if there are none.

    ``set_confirmations`` in wallet_rpc_server.cpp.
    """
    until = unlock_time - wallet.tip.height - 1
    if unlock_time >= FIRST_TIME:
        until = -(-(unlock_time - wallet.blockchain.unix(wallet.blockchain.now())) // TARGET)
    blocks = max(-(-amount // wallet.tip.reward), until)
    return {"suggested_confirmations_threshold": blocks} if blocks else {}


def output(wallet: WalletState, holding: Holding) -> dict[str, Json]:
    """Describe an output of this wallet."""
    made = holding.output
    block, transaction = holding.block, made.transaction
    taken = holding.locked_by is not None and holding.locked_by.id in wallet.pending
    return {
        "amount": made.amount,
        "block_height": block.height,
        "frozen": holding.frozen,
        "global_index": wallet.blockchain.chain.output_indices(block, transaction)[made.index],
        "key_image": made.key_image.hex(),
        "pubkey": made.public_key.hex(),
        "spent": holding.spent_in is not None or taken,
        "subaddr_index": {"major": holding.account, "minor": holding.index},
        "tx_hash": transaction.id.hex(),
        "unlocked": wallet.is_unlocked(holding),
    }


def bulk(wallet: WalletState, payment: Payment, block: Block, payment_id: str) -> dict[str, Json]:
    """Describe a payment in a block as get_payments does."""
    transaction = payment.transaction
    unlock_time = transaction.unlock_time
    if not transaction.inputs:
        unlock_time = block.height + transaction.format.coinbase_unlock
    return {
        "address": encode_address(wallet.address(payment.account, payment.minor)),
        "amount": sum(payment.amounts),
        "block_height": block.height,
        "locked": _is_locked(wallet, block, unlock_time),
        "payment_id": payment_id,
        "subaddr_index": {"major": payment.account, "minor": payment.minor},
        "tx_hash": transaction.id.hex(),
        "unlock_time": unlock_time,
    }
