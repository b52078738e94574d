import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from monero.address import Address as LibraryAddress
from monero.address import SubAddress
from monero.seed import Seed

from monerosim.monero.address import STANDARD, Address, Keys, decode_address, encode_address

REAL = "51a64e9e1530ca2fef142061f2b24b6bee2bc65dfea07db3fcf96b5e9418b906"
"""A secret spend key; its addresses were recorded from monero-wallet-rpc 0.18.0.0."""


def test_real_wallets_addresses():
    keys = Keys(int.from_bytes(bytes.fromhex(REAL), "little"))
    assert keys.view_secret.to_bytes(32, "little").hex().startswith("1683a47f")
    assert encode_address(keys.address(0, 0)).startswith("48dBNVhgnXrRYeSgo3Jig98JC3Dv2vRF6JQqBi9suUSKhiYADnVaH9Gb42")
    assert encode_address(keys.address(0, 1)) == (
        "896oMFMN9hMLq3fzQdkx2p6ywZguxs3eQiwUC7VqdmUo9LBK6Tv2amnQdtvGeK64KZaU41GNhtefa6hYjRgQo719KQ1D24Q"
    )
    assert encode_address(keys.address(1, 0)) == (
        "85TSAZNrkqLEAZsqNuPefVTduK2rj3V8eTt6BcDfJuo9KUXrZBnFYyNGa7KBTkwCPUTLiXpJ4benbWFLNgBNMM1k4ijj6sf"
    )


@settings(deadline=None, max_examples=25)
@given(st.binary(max_size=40))
def test_library_agrees(seed):
    keys = Keys.from_seed(seed)
    secret = keys.spend_secret.to_bytes(32, "little").hex()
    assert str(Seed(secret).public_address()) == encode_address(keys.standard)
    assert str(LibraryAddress(encode_address(keys.standard)))
    assert str(SubAddress(encode_address(keys.address(2, 5))))


@settings(deadline=None, max_examples=25)
@given(st.binary(max_size=8), st.integers(0, 50), st.integers(0, 50))
def test_round_trip(seed, account, index):
    address = Keys.from_seed(seed).address(account, index)
    assert decode_address(encode_address(address)) == address


def test_integrated_round_trip():
    address = Keys.from_seed(b"x").integrated("1122334455667788")
    assert decode_address(encode_address(address)) == address


@given(st.text(max_size=150))
def test_rubbish_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        decode_address(text)


@given(st.integers(0, 94), st.sampled_from("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"))
def test_one_wrong_letter_is_noticed(place, letter):
    good = encode_address(Keys.from_seed(b"x").standard)
    bad = good[:place] + letter + good[place + 1 :]
    if bad != good:
        with pytest.raises(ValueError, match=r"."):
            decode_address(bad)


def test_keys_that_are_no_points_are_refused():
    with pytest.raises(ValueError, match="points"):
        decode_address(encode_address(Address(STANDARD, b"\x02" + bytes(31) + bytes(32), "")))
