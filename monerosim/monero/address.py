"""Monero addresses: base58, checksums and the keys behind them."""

from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from Crypto.Hash import keccak
from Crypto.PublicKey.ECC import EccPoint  # type: ignore[attr-defined]  # re-exported, see its documentation

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS = {letter: value for value, letter in enumerate(_ALPHABET)}
_BLOCK = 8
_SIZES = (0, 2, 3, 5, 6, 7, 9, 10, 11)
"""Characters for 0 to 8 bytes (src/common/base58.cpp)."""

_CHECKSUM = 4
STANDARD, INTEGRATED, SUBADDRESS = 18, 19, 42
"""``CRYPTONOTE_PUBLIC_*ADDRESS_BASE58_PREFIX`` of mainnet, which regtest uses too."""

MAINNET = "mainnet"
PREFIXES = {
    MAINNET: {STANDARD: STANDARD, INTEGRATED: INTEGRATED, SUBADDRESS: SUBADDRESS},
    "testnet": {53: STANDARD, 54: INTEGRATED, 63: SUBADDRESS},
    "stagenet": {24: STANDARD, 25: INTEGRATED, 36: SUBADDRESS},
}
"""Each network's first bytes of addresses, and the kinds they stand for (src/cryptonote_config.h)."""

_ORDER = 2**252 + 27742317777372353535851937790883648493
"""The order of ed25519's base point."""

_PRIME = 2**255 - 19
_BASE = EccPoint(
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
    curve="Ed25519",
)
_LONGEST = 128


class Address(NamedTuple):
    """The contents of an address."""

    kind: int
    """:data:`STANDARD`, :data:`INTEGRATED` or :data:`SUBADDRESS`."""
    keys: bytes
    """The public spend key and the public view key, 64 bytes."""
    payment_id: str
    """16 hexadecimal digits in an integrated address, else empty."""


def _keccak(data: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=data).digest()


def _encode58(data: bytes) -> str:
    letters = []
    for start in range(0, len(data), _BLOCK):
        block = data[start : start + _BLOCK]
        value, text = int.from_bytes(block, "big"), ""
        for _ in range(_SIZES[len(block)]):
            value, digit = divmod(value, 58)
            text = _ALPHABET[digit] + text
        letters.append(text)
    return "".join(letters)


def _decode58(text: str) -> bytes:
    data = b""
    for start in range(0, len(text), _SIZES[_BLOCK]):
        letters = text[start : start + _SIZES[_BLOCK]]
        value = 0
        for letter in letters:
            if letter not in _DIGITS:
                raise ValueError("not a base58 character")
            value = value * 58 + _DIGITS[letter]
        if len(letters) not in _SIZES or value >> (8 * _SIZES.index(len(letters))):
            raise ValueError("not a base58 block")
        data += value.to_bytes(_SIZES.index(len(letters)), "big")
    return data


@lru_cache(maxsize=65_536)
def encode_address(address: Address) -> str:
    """Return the base58 text of an address."""
    data = bytes([address.kind]) + address.keys + bytes.fromhex(address.payment_id)
    return _encode58(data + _keccak(data)[:_CHECKSUM])


@lru_cache(maxsize=65_536)
def decode_address(text: str, network: str = MAINNET) -> Address:
    """Read an address.

    Args:
        text: The address.
        network: A key of :data:`PREFIXES`; regtest's addresses are mainnet's.

    Raises:
        ValueError: Not base58, a wrong checksum, prefix or length, or keys that are not points of ed25519.
    """
    if len(text) > _LONGEST:
        raise ValueError("too long to be an address")
    data = _decode58(text)
    body, checksum = data[:-_CHECKSUM], data[-_CHECKSUM:]
    if not body or _keccak(body)[:_CHECKSUM] != checksum:
        raise ValueError("the checksum is wrong")
    kind, keys, payment_id = PREFIXES[network].get(body[0]), body[1:65], body[65:]
    if kind is None or len(payment_id) != (8 if kind == INTEGRATED else 0) or len(keys) != 64:  # noqa: PLR2004
        raise ValueError("not an address of this network")
    if not (_is_point(keys[:32]) and _is_point(keys[32:])):
        raise ValueError("its keys are not points of the curve")
    return Address(kind, keys, payment_id.hex())


def _is_point(key: bytes) -> bool:
    """Return whether 32 bytes are a compressed point: x^2 = (y^2 - 1) / (d y^2 + 1) has a root."""
    y = int.from_bytes(key, "little") & (2**255 - 1)
    if y >= _PRIME:
        return False
    d = -121665 * pow(121666, -1, _PRIME) % _PRIME
    square = (y * y - 1) * pow(d * y * y + 1, -1, _PRIME) % _PRIME
    return square == 0 or pow(square, (_PRIME - 1) // 2, _PRIME) == 1


def _compress(point: EccPoint) -> bytes:
    x, y = int(point.x), int(point.y)
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _scalar(data: bytes) -> int:
    return int.from_bytes(_keccak(data), "little") % _ORDER


class Keys:
    """A wallet's keys, from which all its addresses follow (src/cryptonote_basic/account.cpp, src/device).

    Args:
        spend_secret: The secret spend key.
    """

    def __init__(self, spend_secret: int) -> None:
        self.spend_secret = spend_secret % _ORDER
        self.view_secret = _scalar(self.spend_secret.to_bytes(32, "little"))
        self._spend = _BASE * self.spend_secret
        self.standard = Address(STANDARD, _compress(self._spend) + _compress(_BASE * self.view_secret), "")

    @classmethod
    def from_seed(cls, seed: bytes) -> "Keys":
        """Derive keys from any bytes: the same keys from the same bytes."""
        return cls(int.from_bytes(blake2b(seed, digest_size=32, person=b"wallet").digest(), "little"))

    def address(self, account: int, index: int) -> Address:
        """Return the address of an account's index; account 0, index 0 is the primary one (``get_subaddress``)."""
        if account == index == 0:
            return self.standard
        place = account.to_bytes(4, "little") + index.to_bytes(4, "little")
        offset = _scalar(b"SubAddr\0" + self.view_secret.to_bytes(32, "little") + place)
        spend = self._spend + _BASE * offset
        return Address(SUBADDRESS, _compress(spend) + _compress(spend * self.view_secret), "")

    def integrated(self, payment_id: str) -> Address:
        """Return the integrated address: the primary one with a payment id of 16 hexadecimal digits."""
        return Address(INTEGRATED, self.standard.keys, payment_id)
