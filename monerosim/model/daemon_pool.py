"""The methods of monerod that deal with its pool (src/rpc/core_rpc_server.cpp, src/cryptonote_core/tx_pool.cpp)."""

from monerosim.model.blobs import blob_size, transaction_blob, transaction_json
from monerosim.model.errors import ServiceError
from monerosim.model.jsonrpc import Methods
from monerosim.model.node_state import RPC_PAYMENT_FIELDS, STATUS_OK, NodeState
from monerosim.model.parameters import Parameters, is_hash
from monerosim.model.records import Transaction
from monerosim.model.views import View
from monerosim.rpc.transport import Json
from monerosim.units import SECOND

METHODS: Methods[NodeState] = Methods()

_NEVER_RELAYED = 2**64 - 1


@METHODS.method(Parameters, "/get_transaction_pool")
def get_transaction_pool(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer /get_transaction_pool."""
    blockchain, view = node.blockchain, node.view()
    found, pool = list(blockchain.txpool.contents(view)), {**RPC_PAYMENT_FIELDS, **STATUS_OK}
    if found:
        pool["transactions"] = [_entry(node, view, transaction) for transaction in found]
        pool["spent_key_images"] = [
            {"id_hash": output.key_image.hex(), "txs_hashes": [transaction.id.hex()]}
            for transaction in found
            for output in transaction.inputs
        ]
    return pool


def _entry(node: NodeState, view: View, transaction: Transaction) -> Json:
    blockchain = node.blockchain
    used = [blockchain.chain.block_of(view.tip, output.transaction) for output in transaction.inputs]
    newest = max((block for block in used if block is not None), key=lambda block: block.height, default=view.tip)
    received = blockchain.unix(blockchain.txpool.received_at(view, transaction))
    return {
        "blob_size": blob_size(transaction),
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
        "tx_blob": transaction_blob(transaction),
        "tx_json": transaction_json(transaction),
        "weight": transaction.weight,
    }


@METHODS.method(Parameters, "/get_transaction_pool_hashes")
def get_transaction_pool_hashes(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer /get_transaction_pool_hashes."""
    blockchain, view = node.blockchain, node.view()
    hashes: list[Json] = [transaction.id.hex() for transaction in blockchain.txpool.contents(view)]
    return {**({"tx_hashes": hashes} if hashes else {}), **RPC_PAYMENT_FIELDS, **STATUS_OK}


@METHODS.method(Parameters, "/get_transaction_pool_stats")
def get_transaction_pool_stats(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer /get_transaction_pool_stats."""
    blockchain, view = node.blockchain, node.view()
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


@METHODS.method(Parameters, "get_txpool_backlog")
def get_txpool_backlog(node: NodeState, _asked: Parameters) -> dict[str, Json]:
    """Answer get_txpool_backlog: weight, fee and seconds in the pool, eight bytes each, in one string."""
    blockchain, view = node.blockchain, node.view()
    data = b"".join(
        number.to_bytes(8, "little")
        for transaction in blockchain.txpool.contents(view)
        for number in (
            transaction.weight,
            transaction.fee,
            (view.at - blockchain.txpool.received_at(view, transaction)) // SECOND,
        )
    )
    return {**({"backlog": data.decode("latin-1")} if data else {}), **RPC_PAYMENT_FIELDS, **STATUS_OK}


class Txids(Parameters, frozen=True):
    """The parameters of flush_txpool and relay_tx."""

    txids: tuple[str, ...] = ()


@METHODS.method(Txids, "flush_txpool")
def flush_txpool(node: NodeState, asked: Txids) -> dict[str, Json]:
    """Answer flush_txpool."""
    blockchain, view = node.blockchain, node.view()
    wanted = {bytes.fromhex(identity) for identity in asked.txids if is_hash(identity)}
    for transaction in list(blockchain.txpool.contents(view)):
        if not asked.txids or transaction.id in wanted:
            blockchain.txpool.flush(view, transaction)
    if len(wanted) == len(set(asked.txids)):
        return dict(STATUS_OK)
    return {**STATUS_OK, "status": "Failed to parse some of the txids" if wanted else "Failed to parse txid"}


@METHODS.method(Txids, "relay_tx")
def relay_tx(node: NodeState, asked: Txids) -> dict[str, Json]:
    """Answer relay_tx."""
    blockchain, view, failures = node.blockchain, node.view(), []
    for identity in asked.txids:
        if not is_hash(identity):
            failures.append(f"invalid transaction id: {identity}")
            continue
        transaction = blockchain.find(bytes.fromhex(identity))
        if transaction is None or not blockchain.txpool.contains(view, transaction):
            failures.append(f"transaction not found in pool: {identity}")
        else:
            node.accept(transaction, relay=True)
    if failures:
        raise ServiceError(-5, ", ".join(failures))
    return {**RPC_PAYMENT_FIELDS, **STATUS_OK}
