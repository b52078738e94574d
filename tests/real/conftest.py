"""What the tests with real daemons share: the programs, and a chain with coins to pay with."""

import os
import shutil

import pytest

PROGRAMS = ("monerod", "monero-wallet-rpc")


@pytest.fixture(scope="session", autouse=True)
def _programs():
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if not missing:
        return
    reason = f"{' and '.join(missing)} not on PATH (Debian and Ubuntu: apt-get install monero)"
    if os.environ.get("CI"):
        pytest.fail(f"these tests may not be skipped in CI: {reason}")
    pytest.skip(reason)
