"""These tests need Shadow and Monero's programs; where they are not there, the tests are skipped and say so."""

import shutil

import pytest

PROGRAMS = ("shadow", "monerod", "monero-wallet-rpc")


@pytest.fixture(autouse=True, scope="session")
def _shadow():
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"not on PATH: {', '.join(missing)}")
