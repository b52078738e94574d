"""The methods of monerod that deal with transactions (src/rpc/core_rpc_server.cpp, src/cryptonote_core/tx_pool.cpp).

Each takes the blockchain and what the node that is asked sees now.
"""

from monerosim.model.blobs import parse_blob, transaction_blob, transaction_json
from monerosim.model.blockchain import Blockchain
from monerosim.model.jsonrpc import Params, flag, is_hash, text, texts
from monerosim.model.records import Transaction
from monerosim.model.views import View
from monerosim.rpc.transport import Json
from monerosim.units import SECOND

RPC_PAYMENT_FIELDS: dict[str, Json] = {"credits": 0, "top_hash": ""}
"""The fields of an answer that only a daemon paid for its RPC fills (``rpc_access_response_base``)."""

STATUS_OK: dict[str, Json] = {"status": "OK", "untrusted": False}
"""The fields of every answer that is no error (``rpc_response_base``)."""

_NEVER_RELAYED = 2**64 - 1
_REFUSALS = (
    "double_spend",
    "fee_too_low",
    "invalid_input",
    "invalid_output",
    "low_mixin",
    "not_relayed",
    "overspend",
    "sanity_check_failed",
    "too_big",
    "too_few_outputs",
)


def pool(blockchain: Blockchain, view: View, _params: Params) -> dict[str, Json]:
    """Answer /get_transaction_pool."""
    found, pool = list(blockchain.txpool.contents(view)), {**RPC_PAYMENT_FIELDS, **STATUS_OK}
    if found:
        pool["transactions"] = [_pool_entry(blockchain, view, transaction) for transaction in found]
        pool["spent_key_images"] = [
            {"id_hash": output.key_image.hex(), "txs_hashes": [transaction.id.hex()]}
            for transaction in found
            for output in transaction.inputs
        ]
    return pool


def _pool_entry(blockchain: Blockchain, view: View, transaction: Transaction) -> Json:
    used = [blockchain.chain.block_of(view.tip, output.transaction) for output in transaction.inputs]
    newest = max((block for block in used if block is not None), key=lambda block: block.height, default=view.tip)
    received = blockchain.unix(blockchain.txpool.received_at(view, transaction))
    return {
        "blob_size": transaction.weight,
        "do_not_relay": not transaction.relayed,
        "double_spend_seen": transaction.double_spend_seen,
        "fee": transaction.fee,
        "id_hash": transaction.id.hex(),
        "kept_by_block": False,
        "last_failed_height": 0,
        "last_failed_id_hash": bytes(32).hex(),
        "last_relayed_time": received if transaction.relayed else _NEVER_RELAYED,
        "max_used_block_height": newest.height,
        "max_used_block_id_hash": newest.id.hex(),
        "receive_time": received,
        "relayed": transaction.relayed,
        "tx_blob": transaction_blob(transaction.id),
        "tx_json": transaction_json(transaction),
        "weight": transaction.weight,
    }


def pool_hashes(blockchain: Blockchain, view: View, _params: Params) -> dict[str, Json]:
    """Answer /get_transaction_pool_hashes."""
    hashes: list[Json] = [transaction.id.hex() for transaction in blockchain.txpool.contents(view)]
    return {**({"tx_hashes": hashes} if hashes else {}), **RPC_PAYMENT_FIELDS, **STATUS_OK}


def pool_stats(blockchain: Blockchain, view: View, _params: Params) -> dict[str, Json]:
    """Answer /get_transaction_pool_stats."""
    found = list(blockchain.txpool.contents(view))
    sizes = sorted(transaction.weight for transaction in found)
    received = [blockchain.txpool.received_at(view, transaction) for transaction in found]
    stats: dict[str, Json] = {
        "bytes_max": max(sizes, default=0),
        "bytes_med": sizes[len(sizes) // 2] if sizes else 0,
        "bytes_min": min(sizes, default=0),
        "bytes_total": sum(sizes),
        "fee_total": sum(transaction.fee for transaction in found),
        "histo_98pc": 0,
        "num_10m": sum(view.at - at > 600 * SECOND for at in received),
        "num_double_spends": sum(transaction.double_spend_seen for transaction in found),
        "num_failing": 0,
        "num_not_relayed": sum(not transaction.relayed for transaction in found),
        "oldest": blockchain.unix(min(received)) if received else 0,
        "txs_total": len(found),
    }
    return {"pool_stats": stats, **RPC_PAYMENT_FIELDS, **STATUS_OK}


def transactions(blockchain: Blockchain, view: View, params: Params) -> dict[str, Json]:
    """Answer /get_transactions."""
    wanted = texts(params, "txs_hashes")
    if not all(is_hash(identity) for identity in wanted):
        return {
            **RPC_PAYMENT_FIELDS,
            "status": "Failed to parse hex representation of transaction hash",
            "untrusted": False,
        }
    decode, prune, split = (flag(params, name) for name in ("decode_as_json", "prune", "split"))
    found: list[Json] = []
    missed: list[Json] = []
    blobs: list[Json] = []
    for identity in wanted:
        entry = _transaction_entry(blockchain, view, bytes.fromhex(identity), decode=decode, prune=prune, split=split)
        if entry is None:
            missed.append(identity)
        else:
            found.append(entry)
            blobs.append(entry["as_hex"])
    result: dict[str, Json] = {**RPC_PAYMENT_FIELDS, **STATUS_OK}
    if found:
        result["txs"], result["txs_as_hex"] = found, blobs
        if decode:
            result["txs_as_json"] = [entry["as_json"] for entry in found if isinstance(entry, dict)]
    if missed:
        result["missed_tx"] = missed
    return result


def _transaction_entry(
    blockchain: Blockchain, view: View, identity: bytes, *, decode: bool, prune: bool, split: bool
) -> dict[str, Json] | None:
    transaction = blockchain.find(identity)
    if transaction is None:
        return None
    block = blockchain.chain.block_of(view.tip, transaction)
    if block is None and not blockchain.txpool.contains(view, transaction):
        return None
    blob = transaction_blob(identity)
    entry: dict[str, Json] = {
        "as_hex": "" if prune or split else blob,
        "as_json": transaction_json(transaction) if decode else "",
        "double_spend_seen": block is None and transaction.double_spend_seen,
        "in_pool": block is None,
        "prunable_as_hex": blob if split and not prune else "",
        "prunable_hash": blockchain.digest("prunable", identity).hex(),
        "pruned_as_hex": blob if prune or split else "",
        "tx_hash": identity.hex(),
    }
    if block is None:
        entry["received_timestamp"] = blockchain.unix(blockchain.txpool.received_at(view, transaction))
        entry["relayed"] = transaction.relayed
    else:
        entry["block_height"], entry["block_timestamp"] = block.height, block.timestamp
        entry["confirmations"] = view.tip.height + 1 - block.height
        entry["output_indices"] = list(blockchain.chain.output_indices(block, transaction))
    return entry


def send_raw(blockchain: Blockchain, view: View, params: Params) -> dict[str, Json]:
    """Answer /send_raw_transaction."""
    relay = not flag(params, "do_not_relay")
    result: dict[str, Json] = {
        **RPC_PAYMENT_FIELDS,
        **dict.fromkeys(_REFUSALS, False),
        "reason": "",
        "untrusted": False,
    }
    result["status"] = "Failed"
    try:
        identity = parse_blob(text(params, "tx_as_hex"))
    except ValueError:
        return result
    transaction = blockchain.find(identity)
    if transaction is None:
        return {**result, "reason": "Sanity check failed", "sanity_check_failed": True}
    known = blockchain.txpool.knows(view, transaction)
    refused = blockchain.txpool.accept(view, transaction, relay=relay)
    if refused:
        result[refused] = True
        if refused == "double_spend" and blockchain.chain.block_of(view.tip, transaction) is None:
            result["invalid_input"] = any(blockchain.chain.spent(view.tip, output) for output in transaction.inputs)
        return result
    result["status"] = "OK"
    if known or not relay:
        result["not_relayed"], result["reason"] = True, "Not relayed"
    return result


def key_images_spent(blockchain: Blockchain, view: View, params: Params) -> dict[str, Json]:
    """Answer /is_key_image_spent."""
    wanted = texts(params, "key_images")
    if not all(is_hash(image) for image in wanted):
        return {**RPC_PAYMENT_FIELDS, "status": "Failed to parse hex representation of key image", "untrusted": False}
    status: list[Json] = [blockchain.txpool.key_image_status(view, bytes.fromhex(image)) for image in wanted]
    return {**({"spent_status": status} if status else {}), **RPC_PAYMENT_FIELDS, **STATUS_OK}
