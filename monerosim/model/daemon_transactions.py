"""The methods of monerod that deal with transactions (src/rpc/core_rpc_server.cpp)."""

from typing import Annotated

from monerosim.model.blobs import parse_blob, prunable, transaction_blob, transaction_json
from monerosim.model.jsonrpc import Methods
from monerosim.model.node_state import RPC_PAYMENT_FIELDS, STATUS_OK, NodeState
from monerosim.model.parameters import UNHEEDED, Parameters, is_hash
from monerosim.model.views import View
from monerosim.rpc.transport import Json

METHODS: Methods[NodeState] = Methods()

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


class GetTransactions(Parameters, frozen=True):
    """The parameters of /get_transactions."""

    txs_hashes: tuple[str, ...] = ()
    decode_as_json: bool = False
    prune: bool = False
    split: bool = False


@METHODS.method(GetTransactions, "/get_transactions", "/gettransactions")
def get_transactions(node: NodeState, asked: GetTransactions) -> dict[str, Json]:
    """Answer /get_transactions."""
    view, wanted = node.view(), asked.txs_hashes
    if not all(is_hash(identity) for identity in wanted):
        return {
            **RPC_PAYMENT_FIELDS,
            "status": "Failed to parse hex representation of transaction hash",
            "untrusted": False,
        }
    found: list[Json] = []
    missed: list[Json] = []
    blobs: list[Json] = []
    for identity in wanted:
        entry = _entry(node, view, bytes.fromhex(identity), asked)
        if entry is None:
            missed.append(identity)
        else:
            found.append(entry)
            blobs.append(entry["as_hex"])
    result: dict[str, Json] = {**RPC_PAYMENT_FIELDS, **STATUS_OK}
    if found:
        result["txs"], result["txs_as_hex"] = found, blobs
        if asked.decode_as_json:
            result["txs_as_json"] = [entry["as_json"] for entry in found if isinstance(entry, dict)]
    if missed:
        result["missed_tx"] = missed
    return result


def _entry(node: NodeState, view: View, identity: bytes, asked: GetTransactions) -> dict[str, Json] | None:
    blockchain = node.blockchain
    transaction = blockchain.find(identity)
    if transaction is None:
        return None
    block = blockchain.chain.block_of(view.tip, transaction)
    if block is None and not blockchain.txpool.contains(view, transaction):
        return None
    blob = transaction_blob(transaction)
    kept, rest = prunable(blob, transaction)
    # What has no proofs is shown as if it was pruned.
    apart = asked.prune or asked.split or not rest
    entry: dict[str, Json] = {
        "as_hex": "" if apart else blob,
        "as_json": transaction_json(transaction) if asked.decode_as_json else "",
        "double_spend_seen": block is None and transaction.double_spend_seen,
        "in_pool": block is None,
        "prunable_as_hex": rest if asked.split and not asked.prune else "",
        "prunable_hash": blockchain.digest("prunable", identity).hex(),
        "pruned_as_hex": kept if apart else "",
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


class SendRaw(Parameters, frozen=True):
    """The parameters of /send_raw_transaction."""

    tx_as_hex: str = ""
    do_not_relay: bool = False
    do_sanity_checks: Annotated[bool, UNHEEDED] = True


@METHODS.method(SendRaw, "/send_raw_transaction", "/sendrawtransaction")
def send_raw_transaction(node: NodeState, asked: SendRaw) -> dict[str, Json]:
    """Answer /send_raw_transaction."""
    blockchain, view = node.blockchain, node.view()
    result: dict[str, Json] = {
        **RPC_PAYMENT_FIELDS,
        **dict.fromkeys(_REFUSALS, False),
        "reason": "",
        "untrusted": False,
    }
    result["status"] = "Failed"
    try:
        identity = parse_blob(asked.tx_as_hex)
    except ValueError:
        return result
    transaction = blockchain.find(identity)
    if transaction is None or transaction_blob(transaction) != asked.tx_as_hex.lower():
        return {**result, "reason": "Sanity check failed", "sanity_check_failed": True}
    known = blockchain.txpool.knows(view, transaction)
    refused = node.accept(transaction, relay=not asked.do_not_relay)
    if refused:
        result[refused] = True
        if refused == "double_spend" and blockchain.chain.block_of(view.tip, transaction) is None:
            result["invalid_input"] = any(blockchain.chain.spent(view.tip, output) for output in transaction.inputs)
        return result
    result["status"] = "OK"
    if known or asked.do_not_relay:
        result["not_relayed"], result["reason"] = True, "Not relayed"
    return result


class KeyImages(Parameters, frozen=True):
    """The parameters of /is_key_image_spent."""

    key_images: tuple[str, ...] = ()


@METHODS.method(KeyImages, "/is_key_image_spent")
def is_key_image_spent(node: NodeState, asked: KeyImages) -> dict[str, Json]:
    """Answer /is_key_image_spent."""
    if not all(is_hash(image) for image in asked.key_images):
        return {**RPC_PAYMENT_FIELDS, "status": "Failed to parse hex representation of key image", "untrusted": False}
    view, txpool = node.view(), node.blockchain.txpool
    status: list[Json] = [txpool.key_image_status(view, bytes.fromhex(image)) for image in asked.key_images]
    return {**({"spent_status": status} if status else {}), **RPC_PAYMENT_FIELDS, **STATUS_OK}
