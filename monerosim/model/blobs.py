"""Blocks and transactions as text: blobs, and the JSON that monerod answers beside them.

Blocks and coinbases have Monero's binary form. Any other transaction has no bytes of its own: its blob contains its
hash, so that one service understands what another one hands out, and is filled up to the size that it would have; its
JSON has the fields of monerod's, with made-up rings and no proofs.
"""

from hashlib import blake2b

import msgspec

from monerosim.model.records import Block, Output, Transaction
from monerosim.monero.constants import COINBASE_UNLOCK
from monerosim.monero.emission import GENESIS_REWARD
from monerosim.monero.fees import RING_SIZE
from monerosim.monero.serial import BlockParts, Coinbase, CoinbaseOutput, coinbase_blob, extra_field
from monerosim.monero.serial import block_blob as serialized_block
from monerosim.rpc.transport import Json

_MAGIC = b"monerosim transaction"
_PENDING = b"monerosim pending transaction"
_HASH = 32
_PREFIX_END = len(_MAGIC) + _HASH
_GENESIS = Coinbase(
    version=1,
    unlock_time=COINBASE_UNLOCK,
    height=0,
    outputs=(
        CoinbaseOutput(
            GENESIS_REWARD, bytes.fromhex("9b2e4c0281c0b02e7c53291a94d1d0cbff8883f8024f5142ee494ffbbd088071"), b""
        ),
    ),
    extra=extra_field(bytes.fromhex("7767aafcde9be00dcfd098715ebcf7f410daebc582fda69d24a28e9d0bc890d1"), b""),
)
"""``GENESIS_TX`` in src/cryptonote_config.h."""


def blob_size(transaction: Transaction) -> int:
    """Return the size of a transaction's blob, bytes: its weight without the surcharge for many outputs."""
    surcharge = transaction.format.surcharge(len(transaction.outputs)) if transaction.inputs else 0
    return transaction.weight - surcharge


def transaction_blob(transaction: Transaction) -> str:
    """Return the blob of a transaction, hexadecimal."""
    if not transaction.inputs:
        return coinbase_blob(coinbase_parts(transaction.blocks[0])).hex()
    return (_MAGIC + transaction.id).ljust(blob_size(transaction), b"\0").hex()


def prunable(blob: str, transaction: Transaction) -> tuple[str, str]:
    """Return the part of a blob that a pruned node keeps, and the rest; a coinbase has no proofs to prune."""
    place = 2 * _PREFIX_END if transaction.inputs else len(blob)
    return blob[:place], blob[place:]


def metadata(transaction: Transaction) -> str:
    """Return what a wallet needs to send a transaction that it kept back, hexadecimal."""
    return (_PENDING + transaction.id).hex()


def parse_metadata(text: str) -> bytes:
    """Return the hash of the transaction whose metadata a text is; empty if it is of none.

    Raises:
        ValueError: Not hexadecimal.
    """
    data = bytes.fromhex(text)
    return data.removeprefix(_PENDING) if data.startswith(_PENDING) else b""


def parse_blob(blob: str) -> bytes:
    """Return the hash of the transaction that a blob stands for.

    Returns:
        The hash; empty if the bytes are no blob of the model's.

    Raises:
        ValueError: Not hexadecimal.
    """
    data = bytes.fromhex(blob)
    if not data.startswith(_MAGIC) or len(data) < _PREFIX_END or any(data[_PREFIX_END:]):
        return b""
    return data[len(_MAGIC) : _PREFIX_END]


def coinbase_parts(block: Block) -> Coinbase:
    """Return a block's coinbase as it is written in its blob."""
    if block.parent is None:
        return _GENESIS._replace(outputs=(_GENESIS.outputs[0]._replace(amount=block.reward),))
    if block.submitted is not None:
        return block.submitted.coinbase
    outputs = tuple(CoinbaseOutput(made.amount, *_target_of(made)) for made in block.coinbase.outputs)
    extra = extra_field(_public_key(block.coinbase), b"\0")
    return Coinbase(2, block.height + block.coinbase.format.coinbase_unlock, block.height, outputs, extra)


def block_parts(block: Block) -> BlockParts:
    """Return a block as it is written in its blob."""
    if block.submitted is not None:
        return block.submitted
    parent = bytes(_HASH) if block.parent is None else block.parent.id
    hashes = tuple(transaction.id for transaction in block.transactions)
    return BlockParts(*versions(block), block.timestamp, parent, nonce(block), coinbase_parts(block), hashes)


def block_blob(block: Block) -> str:
    """Return the blob of a block, hexadecimal."""
    return serialized_block(block_parts(block)).hex()


def transaction_json(transaction: Transaction) -> str:
    """Return a transaction as monerod's JSON."""
    return _indented(_transaction(transaction))


def block_json(block: Block) -> str:
    """Return a block as monerod's JSON."""
    parts = block_parts(block)
    return _indented(
        {
            "major_version": parts.major_version,
            "minor_version": parts.minor_version,
            "timestamp": parts.timestamp,
            "prev_id": parts.parent.hex(),
            "nonce": parts.nonce,
            "miner_tx": _coinbase(parts.coinbase),
            "tx_hashes": [identity.hex() for identity in parts.hashes],
        }
    )


def _indented(content: Json) -> str:
    return msgspec.json.format(msgspec.json.encode(content), indent=2).decode()


def versions(block: Block) -> tuple[int, int]:
    """Return the major and minor version: what a miner votes for is the hard fork by which it mines."""
    return block.version, 0 if block.parent is None else block.version


def nonce(block: Block) -> int:
    """Return the nonce; at a difficulty of 1 the first one tried is valid."""
    if block.submitted is not None:
        return block.submitted.nonce
    return 10_000 if block.parent is None else 0


def _target_of(output: Output) -> tuple[bytes, bytes]:
    """Return an output's key and its view tag."""
    key = output.public_key
    return key, key[:1]


def _target(key: bytes, view_tag: bytes) -> Json:
    return {"tagged_key": {"key": key.hex(), "view_tag": view_tag.hex()}} if view_tag else {"key": key.hex()}


def _public_key(transaction: Transaction) -> bytes:
    return blake2b(transaction.id, digest_size=32, person=b"public key").digest()


def _coinbase(parts: Coinbase) -> dict[str, Json]:
    shown: dict[str, Json] = {
        "version": parts.version,
        "unlock_time": parts.unlock_time,
        "vin": [{"gen": {"height": parts.height}}],
        "vout": [{"amount": made.amount, "target": _target(made.key, made.view_tag)} for made in parts.outputs],
        "extra": list(parts.extra),
    }
    if parts.version > 1:
        shown["rct_signatures"] = {"type": 0}
    else:
        shown["signatures"] = []
    return shown


def _transaction(transaction: Transaction) -> dict[str, Json]:
    if not transaction.inputs:
        shown = _coinbase(coinbase_parts(transaction.blocks[0]))
        shown.pop("signatures", None)
        return shown
    encrypted = [2, 9, 1, *transaction.id[:8]] if len(transaction.outputs) == 2 else []  # noqa: PLR2004
    return {
        "version": 2,
        "unlock_time": transaction.unlock_time,
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
        "vout": [{"amount": 0, "target": _target(*_target_of(output))} for output in transaction.outputs],
        "extra": [1, *_public_key(transaction), *encrypted],
        "rct_signatures": {
            "type": 6,
            "txnFee": transaction.fee,
            "ecdhInfo": [{"amount": output.public_key[:8].hex()} for output in transaction.outputs],
            "outPk": [output.public_key.hex() for output in transaction.outputs],
        },
    }
