"""Blocks and their coinbases in Monero's binary form, and the hashes that follow from it.

src/cryptonote_basic/cryptonote_basic.h, cryptonote_format_utils.cpp and src/crypto/tree-hash.c.
"""

from functools import lru_cache
from typing import NamedTuple

from monerosim.monero.address import keccak256

_HASH = 32
_GENERATED, _TO_KEY, _TO_TAGGED_KEY = 0xFF, 0x02, 0x03
"""The tags of a coinbase's input and of the two kinds of outputs (``VARIANT_TAG``)."""

_NONCE_TAG = 0x02
_KEY_TAG = 0x01
"""Tags of the fields of a transaction's extra (src/cryptonote_basic/tx_extra.h)."""

_MOST_BYTES = 10
_MOST_OUTPUTS = 10_000
_RINGCT = 2
"""The version of transactions from which on they have a ring signature part; a coinbase's is empty."""


class CoinbaseOutput(NamedTuple):
    """An output of a coinbase."""

    amount: int
    key: bytes
    """The one-time key that it pays, 32 bytes."""
    view_tag: bytes
    """One byte; empty in an output without one."""


class Coinbase(NamedTuple):
    """The transaction that pays a block's miner."""

    version: int
    unlock_time: int
    height: int
    outputs: tuple[CoinbaseOutput, ...]
    extra: bytes


class BlockParts(NamedTuple):
    """A block."""

    major_version: int
    minor_version: int
    timestamp: int
    parent: bytes
    """The hash of the block before it."""
    nonce: int
    coinbase: Coinbase
    hashes: tuple[bytes, ...]
    """Of its transactions, without the coinbase."""


def varint(value: int) -> bytes:
    """Return a variable-length integer: seven bits a byte, the lowest first."""
    data = bytearray()
    while value > 0x7F:  # noqa: PLR2004
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


def extra_field(public_key: bytes, nonce: bytes) -> bytes:
    """Return a coinbase's extra field: the transaction's public key, and a nonce if there is one."""
    return bytes([_KEY_TAG]) + public_key + (bytes([_NONCE_TAG, len(nonce)]) + nonce if nonce else b"")


def _prefix(coinbase: Coinbase) -> bytes:
    return b"".join(
        (
            varint(coinbase.version),
            varint(coinbase.unlock_time),
            varint(1),
            bytes([_GENERATED]),
            varint(coinbase.height),
            varint(len(coinbase.outputs)),
            *map(_output, coinbase.outputs),
            varint(len(coinbase.extra)),
            coinbase.extra,
        )
    )


def _output(output: CoinbaseOutput) -> bytes:
    tag = _TO_TAGGED_KEY if output.view_tag else _TO_KEY
    return varint(output.amount) + bytes([tag]) + output.key + output.view_tag


def coinbase_blob(coinbase: Coinbase) -> bytes:
    """Return the bytes of a coinbase."""
    return _prefix(coinbase) + (b"\0" if coinbase.version >= _RINGCT else b"")


def coinbase_hash(coinbase: Coinbase) -> bytes:
    """Return the hash of a coinbase (``calculate_transaction_hash``)."""
    prefix = keccak256(_prefix(coinbase))
    return keccak256(prefix + keccak256(b"\0") + bytes(_HASH)) if coinbase.version >= _RINGCT else prefix


def _header(block: BlockParts) -> bytes:
    numbers = varint(block.major_version) + varint(block.minor_version) + varint(block.timestamp)
    return numbers + block.parent + block.nonce.to_bytes(4, "little")


def block_blob(block: BlockParts) -> bytes:
    """Return the bytes of a block."""
    return _header(block) + coinbase_blob(block.coinbase) + varint(len(block.hashes)) + b"".join(block.hashes)


def hashing_blob(block: BlockParts) -> bytes:
    """Return what a miner hashes (``get_block_hashing_blob``)."""
    hashes = [coinbase_hash(block.coinbase), *block.hashes]
    return _header(block) + _tree_hash(hashes) + varint(len(hashes))


def block_hash(block: BlockParts) -> bytes:
    """Return the hash of a block (``calculate_block_hash``)."""
    blob = hashing_blob(block)
    return keccak256(varint(len(blob)) + blob)


def _tree_hash(hashes: list[bytes]) -> bytes:
    count = len(hashes)
    if count == 1:
        return hashes[0]
    width = 1 << (count - 1).bit_length() - 1
    kept = 2 * width - count
    level = hashes[:kept]
    level += [keccak256(hashes[place] + hashes[place + 1]) for place in range(kept, count, 2)]
    while len(level) > 1:
        level = [keccak256(level[place] + level[place + 1]) for place in range(0, len(level), 2)]
    return level[0]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def bytes(self, count: int) -> bytes:
        found = self._data[self._place : self._place + count]
        if len(found) != count:
            raise ValueError("the blob ends early")
        self._place += count
        return found

    def varint(self) -> int:
        value = 0
        for place in range(_MOST_BYTES):
            (byte,) = self.bytes(1)
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:  # noqa: PLR2004
                return value
        raise ValueError("no number is as long")

    def expect(self, value: int) -> None:
        if self.varint() != value:
            raise ValueError("not what a block has here")

    @property
    def at_end(self) -> bool:
        return self._place == len(self._data)

    def end(self) -> None:
        if not self.at_end:
            raise ValueError("the blob goes on")


@lru_cache(maxsize=16)
def parse_block(data: bytes) -> BlockParts:
    """Read a block; whoever hands one in does so at many nodes.

    Raises:
        ValueError: The bytes are no block.
    """
    reader = _Reader(data)
    major, minor, timestamp = reader.varint(), reader.varint(), reader.varint()
    parent, nonce = reader.bytes(_HASH), int.from_bytes(reader.bytes(4), "little")
    coinbase = _parse_coinbase(reader)
    # The last byte of a block without transactions may be missing.
    count = 0 if reader.at_end else reader.varint()
    if count > len(data) // _HASH:
        raise ValueError("more transactions than the blob holds")
    hashes = tuple(reader.bytes(_HASH) for _ in range(count))
    reader.end()
    return BlockParts(major, minor, timestamp, parent, nonce, coinbase, hashes)


def _parse_coinbase(reader: _Reader) -> Coinbase:
    version, unlock_time = reader.varint(), reader.varint()
    reader.expect(1)
    if reader.bytes(1)[0] != _GENERATED:
        raise ValueError("the first transaction is no coinbase")
    height = reader.varint()
    count = reader.varint()
    if not 1 <= count <= _MOST_OUTPUTS:
        raise ValueError("no coinbase has as many outputs")
    outputs = tuple(_parse_output(reader) for _ in range(count))
    extra = reader.bytes(reader.varint())
    if version >= _RINGCT:
        reader.expect(0)
    return Coinbase(version, unlock_time, height, outputs, extra)


def _parse_output(reader: _Reader) -> CoinbaseOutput:
    amount = reader.varint()
    (tag,) = reader.bytes(1)
    if tag not in {_TO_KEY, _TO_TAGGED_KEY}:
        raise ValueError("an output of no kind that there is")
    return CoinbaseOutput(amount, reader.bytes(_HASH), reader.bytes(1) if tag == _TO_TAGGED_KEY else b"")
