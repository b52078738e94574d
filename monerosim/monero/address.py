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
_D = -121665 * pow(121666, -1, _PRIME) % _PRIME
_ACCOUNTS, _INDICES = 50, 200
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


def keccak256(data: bytes) -> bytes:
    """Return Monero's hash of some bytes (``cn_fast_hash``): Keccak as it was before it became SHA-3, 32 bytes."""
    return keccak.new(digest_bits=256, data=data).digest()


def encode58(data: bytes) -> str:
    """Return bytes as base58, in Monero's blocks."""
    letters = []
    for start in range(0, len(data), _BLOCK):
        block = data[start : start + _BLOCK]
        value, text = int.from_bytes(block, "big"), ""
        for _ in range(_SIZES[len(block)]):
            value, digit = divmod(value, 58)
            text = _ALPHABET[digit] + text
        letters.append(text)
    return "".join(letters)


def decode58(text: str) -> bytes:
    """Read base58.

    Raises:
        ValueError: It is none.
    """
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
    return encode58(data + keccak256(data)[:_CHECKSUM])


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
    data = decode58(text)
    body, checksum = data[:-_CHECKSUM], data[-_CHECKSUM:]
    if not body or keccak256(body)[:_CHECKSUM] != checksum:
        raise ValueError("the checksum is wrong")
    kind, keys, payment_id = PREFIXES[network].get(body[0]), body[1:65], body[65:]
    if kind is None or len(payment_id) != (8 if kind == INTEGRATED else 0) or len(keys) != 64:  # noqa: PLR2004
        raise ValueError("not an address of this network")
    if not (_is_point(keys[:32]) and _is_point(keys[32:])):
        raise ValueError("its keys are not points of the curve")
    return Address(kind, keys, payment_id.hex())


def _square(y: int) -> int:
    """Return the square of the x of a point: (y^2 - 1) / (d y^2 + 1)."""
    return (y * y - 1) * pow(_D * y * y + 1, -1, _PRIME) % _PRIME


def _is_point(key: bytes) -> bool:
    """Return whether 32 bytes are a compressed point, so that its x has a root."""
    y = int.from_bytes(key, "little") & (2**255 - 1)
    if y >= _PRIME:
        return False
    square = _square(y)
    return square == 0 or pow(square, (_PRIME - 1) // 2, _PRIME) == 1


def _compress(point: EccPoint) -> bytes:
    x, y = int(point.x), int(point.y)
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decompress(key: bytes) -> EccPoint:
    """Return the point that 32 bytes are; they are one (:func:`_is_point`)."""
    number = int.from_bytes(key, "little")
    y = number & (2**255 - 1)
    square = _square(y)
    x = pow(square, (_PRIME + 3) // 8, _PRIME)
    if (x * x - square) % _PRIME:
        x = x * pow(2, (_PRIME - 1) // 4, _PRIME) % _PRIME
    if x & 1 != number >> 255:
        x = -x % _PRIME
    return EccPoint(x, y, curve="Ed25519")


def _scalar(data: bytes) -> int:
    return int.from_bytes(keccak256(data), "little") % _ORDER


class Keys:
    """A wallet's keys, from which all its addresses follow (src/cryptonote_basic/account.cpp, src/device).

    Args:
        spend_secret: The secret spend key.
        view_secret: The secret view key; the one that follows from the spend key by default.
    """

    def __init__(self, spend_secret: int, view_secret: int | None = None) -> None:
        self.spend_secret: int | None = spend_secret % _ORDER
        following = _scalar(self.spend_secret.to_bytes(32, "little"))
        self.view_secret = following if view_secret is None else view_secret
        self.from_words = self.view_secret == following
        """Both follow from one number, which words can be written for."""
        self._spend = _BASE * self.spend_secret
        self.standard = Address(STANDARD, _compress(self._spend) + _compress(_BASE * self.view_secret), "")

    @classmethod
    def from_seed(cls, seed: bytes) -> "Keys":
        """Derive keys from any bytes: the same keys from the same bytes."""
        return cls(int.from_bytes(blake2b(seed, digest_size=32, person=b"wallet").digest(), "little"))

    @classmethod
    def to_view(cls, address: Address, view_secret: int) -> "Keys":
        """Make the keys of a wallet that sees what comes in and cannot spend it."""
        keys = cls(0, view_secret)
        keys.spend_secret, keys.from_words = None, False
        keys._spend = _decompress(address.keys[:32])
        keys.standard = Address(STANDARD, address.keys[:32] + _compress(_BASE * view_secret), "")
        return keys

    def address(self, account: int, index: int) -> Address:
        """Return the address of an account's index; account 0, index 0 is the primary one (``get_subaddress``)."""
        if account == index == 0:
            return self.standard
        spend = self._spend + self._offset(account, index)
        return Address(SUBADDRESS, _compress(spend) + _compress(spend * self.view_secret), "")

    def siblings(self, count: int) -> list[bytes]:
        """Return the keys of as many standard addresses, 64 bytes each: its own, and those of others that it can see.

        Their secret spend keys follow each other as numbers do, so each costs an addition on the curve; they have the
        secret view key in common.
        """
        point, found = self._spend, []
        for _ in range(count):
            found.append(_compress(point) + self.standard.keys[32:])
            point = point + _BASE
        return found

    def _offset_secret(self, account: int, index: int) -> int:
        place = account.to_bytes(4, "little") + index.to_bytes(4, "little")
        return _scalar(b"SubAddr\0" + self.view_secret.to_bytes(32, "little") + place)

    def _offset(self, account: int, index: int) -> EccPoint:
        return _BASE * self._offset_secret(account, index)

    def place(self, keys: bytes) -> tuple[int, int] | None:
        """Return the account and index of an address, None if it is not one of these keys'.

        As in ``wallet2``, the first accounts and indices are tried only (``SUBADDRESS_LOOKAHEAD_MAJOR``, ``_MINOR``).
        """
        if keys == self.standard.keys:
            return 0, 0
        spend = _decompress(keys[:32])
        if _compress(spend * self.view_secret) != keys[32:]:
            return None
        offset = _compress(spend + -self._spend)
        places = ((account, index) for account in range(_ACCOUNTS) for index in range(_INDICES))
        return next((place for place in places if _compress(self._offset(*place)) == offset), None)

    def integrated(self, payment_id: str) -> Address:
        """Return the integrated address: the primary one with a payment id of 16 hexadecimal digits."""
        return Address(INTEGRATED, self.standard.keys, payment_id)

    def signing_key(self, account: int, index: int, *, view: bool) -> tuple[int, bytes]:
        """Return the secret and the public key with which an address signs (``wallet2::sign``).

        Raises:
            ValueError: The wallet has no secret spend key.
        """
        if self.spend_secret is None:
            raise ValueError("no secret spend key")
        keys = self.address(account, index).keys
        if account == index == 0:
            spend, views = self.spend_secret, self.view_secret
        else:
            spend = (self.spend_secret + self._offset_secret(account, index)) % _ORDER
            views = self.view_secret * spend % _ORDER
        return (views, keys[32:]) if view else (spend, keys[:32])


def sign(message: bytes, secret: int, public: bytes, nonce: bytes) -> bytes:
    """Return the signature of a hash (``generate_signature`` in src/crypto/crypto.cpp).

    Args:
        message: The hash, 32 bytes.
        secret: The secret key.
        public: The public key.
        nonce: Bytes that are used for nothing else.
    """
    number = _scalar(nonce + message + secret.to_bytes(32, "little"))
    challenge = _scalar(message + public + _compress(_BASE * number))
    return challenge.to_bytes(32, "little") + ((number - challenge * secret) % _ORDER).to_bytes(32, "little")


def is_signed(message: bytes, public: bytes, signature: bytes) -> bool:
    """Return whether a signature is of a hash and by the owner of a public key (``check_signature``)."""
    if len(signature) != 64 or not _is_point(public):  # noqa: PLR2004
        return False
    challenge, response = (int.from_bytes(part, "little") for part in (signature[:32], signature[32:]))
    if not 0 < challenge < _ORDER or response >= _ORDER:
        return False
    commitment = _decompress(public) * challenge + _BASE * response
    return _scalar(message + public + _compress(commitment)) == challenge
