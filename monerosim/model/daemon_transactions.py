"""The methods of monerod that deal with transactions (src/rpc/core_rpc_server.cpp, src/cryptonote_core/tx_pool.cpp).

Each takes the world and the index of the node that is asked.
"""

from monerosim.model.blobs import parse_blob, transaction_blob, transaction_json
from monerosim.model.jsonrpc import Params, flag, is_hash, text, texts
from monerosim.model.records import Block, Transaction
from monerosim.model.world import World
from monerosim.monero.emission import base_reward
from monerosim.monero.fees import fees_per_byte
from monerosim.rpc.transport import Json
from monerosim.units import SECOND

PAID: dict[str, Json] = {"credits": 0, "top_hash": ""}
"""What answers hold for a daemon that is paid for its service."""

FINE: dict[str, Json] = {"status": "OK", "untrusted": False}
"""What answers hold that went well."""

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


def _in_pool(world: World, node: int) -> list[Transaction]:
    return list(world.pool(node, world.now()))


def pool(world: World, node: int, _params: Params) -> dict[str, Json]:
    """Answer /get_transaction_pool."""
    found, pool, tip = _in_pool(world, node), {**PAID, **FINE}, world.tip(node, world.now())
    if found:
        pool["transactions"] = [_pool_entry(world, node, transaction, tip) for transaction in found]
        pool["spent_key_images"] = [
            {"id_hash": output.key_image.hex(), "txs_hashes": [transaction.id.hex()]}
            for transaction in found
            for output in transaction.inputs
        ]
    return pool


def _pool_entry(world: World, node: int, transaction: Transaction, tip: Block) -> Json:
    chain = world.chain
    used = [chain.block_of(tip, output.transaction) for output in transaction.inputs]
    newest = max((block for block in used if block is not None), key=lambda block: block.height, default=tip)
    received = world.unix(world.arrival(transaction, node))
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


def pool_hashes(world: World, node: int, _params: Params) -> dict[str, Json]:
    """Answer /get_transaction_pool_hashes."""
    hashes: list[Json] = [transaction.id.hex() for transaction in _in_pool(world, node)]
    return {**({"tx_hashes": hashes} if hashes else {}), **PAID, **FINE}


def pool_stats(world: World, node: int, _params: Params) -> dict[str, Json]:
    """Answer /get_transaction_pool_stats."""
    found, now = _in_pool(world, node), world.now()
    sizes = sorted(transaction.weight for transaction in found)
    received = [world.arrival(transaction, node) for transaction in found]
    stats: dict[str, Json] = {
        "bytes_max": max(sizes, default=0),
        "bytes_med": sizes[len(sizes) // 2] if sizes else 0,
        "bytes_min": min(sizes, default=0),
        "bytes_total": sum(sizes),
        "fee_total": sum(transaction.fee for transaction in found),
        "histo_98pc": 0,
        "num_10m": sum(now - at > 600 * SECOND for at in received),
        "num_double_spends": sum(transaction.double_spend_seen for transaction in found),
        "num_failing": 0,
        "num_not_relayed": sum(not transaction.relayed for transaction in found),
        "oldest": world.unix(min(received)) if received else 0,
        "txs_total": len(found),
    }
    return {"pool_stats": stats, **PAID, **FINE}


def transactions(world: World, node: int, params: Params) -> dict[str, Json]:
    """Answer /get_transactions."""
    wanted = texts(params, "txs_hashes")
    if not all(is_hash(identity) for identity in wanted):
        return {**PAID, "status": "Failed to parse hex representation of transaction hash", "untrusted": False}
    decode, prune, split = (flag(params, name) for name in ("decode_as_json", "prune", "split"))
    found: list[Json] = []
    missed: list[Json] = []
    blobs: list[Json] = []
    for identity in wanted:
        entry = _transaction_entry(world, node, bytes.fromhex(identity), decode=decode, prune=prune, split=split)
        if entry is None:
            missed.append(identity)
        else:
            found.append(entry)
            blobs.append(entry["as_hex"])
    result: dict[str, Json] = {**PAID, **FINE}
    if found:
        result["txs"], result["txs_as_hex"] = found, blobs
        if decode:
            result["txs_as_json"] = [entry["as_json"] for entry in found if isinstance(entry, dict)]
    if missed:
        result["missed_tx"] = missed
    return result


def _transaction_entry(
    world: World, node: int, identity: bytes, *, decode: bool, prune: bool, split: bool
) -> dict[str, Json] | None:
    tip = world.tip(node, world.now())
    transaction = world.find(identity)
    if transaction is None:
        return None
    block = world.chain.block_of(tip, transaction)
    pending = block is None and world.pending(transaction, node, world.now(), tip)
    if block is None and not pending:
        return None
    blob = transaction_blob(identity)
    entry: dict[str, Json] = {
        "as_hex": "" if prune or split else blob,
        "as_json": transaction_json(transaction) if decode else "",
        "double_spend_seen": block is None and transaction.double_spend_seen,
        "in_pool": block is None,
        "prunable_as_hex": blob if split and not prune else "",
        "prunable_hash": world.digest("prunable", identity).hex(),
        "pruned_as_hex": blob if prune or split else "",
        "tx_hash": identity.hex(),
    }
    if block is None:
        entry["received_timestamp"] = world.unix(world.arrival(transaction, node))
        entry["relayed"] = transaction.relayed
    else:
        entry["block_height"], entry["block_timestamp"] = block.height, block.timestamp
        entry["confirmations"] = tip.height + 1 - block.height
        entry["output_indices"] = list(world.chain.output_indices(block, transaction))
    return entry


def accept(world: World, node: int, transaction: Transaction, *, relay: bool) -> str:
    """Take a transaction into the pool.

    Returns:
        Why not, as a field of send_raw_transaction's answer; empty if taken or known already.
    """
    tip = world.tip(node, world.now())
    now = world.now()
    if world.known(transaction, node, now):
        if relay and not transaction.relayed:
            world.release(transaction, node, relay=True)
        return ""
    for output in transaction.inputs:
        if world.chain.spent(tip, output):
            return "double_spend"
        for other in output.spenders:
            if other is not transaction and world.pending(other, node, now, tip):
                other.double_spend_seen = True
                return "double_spend"
        if not world.chain.spendable(tip, output):
            return "invalid_input"
    least = fees_per_byte(base_reward(tip.generated))[0] * transaction.weight
    if transaction.fee * 100 < least * 98:
        return "fee_too_low"
    world.release(transaction, node, relay=relay)
    return ""


def send_raw(world: World, node: int, params: Params) -> dict[str, Json]:
    """Answer /send_raw_transaction."""
    relay = not flag(params, "do_not_relay")
    result: dict[str, Json] = {**PAID, **dict.fromkeys(_REFUSALS, False), "reason": "", "untrusted": False}
    result["status"] = "Failed"
    try:
        identity = parse_blob(text(params, "tx_as_hex"))
    except ValueError:
        return result
    transaction = world.find(identity)
    if transaction is None:
        return {**result, "reason": "Sanity check failed", "sanity_check_failed": True}
    known = world.known(transaction, node, world.now())
    refused = accept(world, node, transaction, relay=relay)
    if refused:
        result[refused] = True
        if refused == "double_spend" and world.chain.block_of(world.tip(node, world.now()), transaction) is None:
            result["invalid_input"] = any(
                world.chain.spent(world.tip(node, world.now()), output) for output in transaction.inputs
            )
        return result
    result["status"] = "OK"
    if known or not relay:
        result["not_relayed"], result["reason"] = True, "Not relayed"
    return result


def key_images_spent(world: World, node: int, params: Params) -> dict[str, Json]:
    """Answer /is_key_image_spent."""
    wanted = texts(params, "key_images")
    if not all(is_hash(image) for image in wanted):
        return {**PAID, "status": "Failed to parse hex representation of key image", "untrusted": False}
    status: list[Json] = [world.image_status(node, bytes.fromhex(image)) for image in wanted]
    return {**({"spent_status": status} if status else {}), **PAID, **FINE}
