"""Blocks and transactions as text: the model's own blobs, and the JSON that monerod answers beside them.

A modelled transaction has no bytes of its own. Its blob contains its hash, so that one service understands what
another one hands out; the JSON has the fields of monerod's, with made-up rings and no proofs.
"""

import json
from hashlib import blake2b

from monerosim.model.records import Block, Output, Transaction
from monerosim.monero.constants import COINBASE_UNLOCK
from monerosim.monero.fees import RING_SIZE
from monerosim.rpc.transport import Json

_MAGIC = b"monerosim transaction"
_HASH = 32


def transaction_blob(identity: bytes) -> str:
    """Return the blob of a transaction, hexadecimal."""
    return (_MAGIC + identity).hex()


def parse_blob(blob: str) -> bytes:
    """Return the hash of the transaction that a blob stands for.

    Returns:
        The hash; empty if the bytes are no blob of the model's.

    Raises:
        ValueError: Not hexadecimal.
    """
    data = bytes.fromhex(blob)
    if not data or not data.startswith(_MAGIC) or len(data) != len(_MAGIC) + _HASH:
        return b""
    return data[len(_MAGIC) :]


def block_blob(block: Block) -> str:
    """Return the blob of a block, hexadecimal."""
    return (b"monerosim block" + block.id).hex()


def transaction_json(transaction: Transaction) -> str:
    """Return a transaction as monerod's JSON."""
    return json.dumps(_transaction(transaction), indent=2)


def block_json(block: Block) -> str:
    """Return a block as monerod's JSON."""
    version, minor = versions(block)
    return json.dumps(
        {
            "major_version": version,
            "minor_version": minor,
            "timestamp": block.timestamp,
            "prev_id": bytes(_HASH).hex() if block.parent is None else block.parent.id.hex(),
            "nonce": nonce(block),
            "miner_tx": _coinbase(block),
            "tx_hashes": [transaction.id.hex() for transaction in block.transactions],
        },
        indent=2,
    )


def versions(block: Block) -> tuple[int, int]:
    """Return the major and minor version: the genesis block's, else those of regtest's only hard fork."""
    return (1, 0) if block.parent is None else (16, 16)


def nonce(block: Block) -> int:
    """Return the nonce; at a difficulty of 1 the first one tried is valid."""
    return 10_000 if block.parent is None else 0


def _target(output: Output) -> Json:
    key = output.public_key
    return {"tagged_key": {"key": key.hex(), "view_tag": f"{key[0]:02x}"}}


def _extra(transaction: Transaction, nonce_field: list[int]) -> list[int]:
    return [1, *blake2b(transaction.id, digest_size=32, person=b"public key").digest(), *nonce_field]


def _coinbase(block: Block) -> dict[str, Json]:
    transaction = block.coinbase
    shown: dict[str, Json] = {
        "version": 1 if block.parent is None else 2,
        "unlock_time": block.height + COINBASE_UNLOCK,
        "vin": [{"gen": {"height": block.height}}],
        "vout": [{"amount": made.amount, "target": _target(made)} for made in transaction.outputs],
        "extra": list(_extra(transaction, [2, 1, 0])),
    }
    if block.parent is None:
        shown["vout"] = [
            {"amount": made.amount, "target": {"key": made.public_key.hex()}} for made in transaction.outputs
        ]
        shown["signatures"] = []
    else:
        shown["rct_signatures"] = {"type": 0}
    return shown


def _transaction(transaction: Transaction) -> dict[str, Json]:
    if not transaction.inputs:
        return _coinbase(transaction.blocks[0])
    encrypted = [int(digit) for digit in transaction.id[:8]] if len(transaction.outputs) == 2 else []  # noqa: PLR2004
    return {
        "version": 2,
        "unlock_time": 0,
        "vin": [
            {
                "key": {
                    "amount": 0,
                    "key_offsets": [1 + byte % 8 for byte in output.key_image[:RING_SIZE]],
                    "k_image": output.key_image.hex(),
                }
            }
            for output in transaction.inputs
        ],
        "vout": [{"amount": 0, "target": _target(output)} for output in transaction.outputs],
        "extra": list(_extra(transaction, [2, 9, 1, *encrypted] if encrypted else [])),
        "rct_signatures": {
            "type": 6,
            "txnFee": transaction.fee,
            "ecdhInfo": [{"amount": output.public_key[:8].hex()} for output in transaction.outputs],
            "outPk": [output.public_key.hex() for output in transaction.outputs],
        },
    }
