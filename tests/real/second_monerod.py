"""A second monerod, for tests of two versions: a machine has seldom two."""

import os
import shutil
from pathlib import Path

import pytest

from monerosim.build.binaries import ask_binary
from monerosim.monero.versions import parse_version

VARIABLE = "MONEROSIM_SECOND_MONEROD"
"""The environment variable that names it, of 0.18.2.0 or later."""


def second_monerod():
    """Return its path and version; the test is skipped without it."""
    named = shutil.which(os.environ.get(VARIABLE, ""))
    if named is None:
        pytest.skip(f"{VARIABLE} names no monerod of 0.18.2.0 or later: {os.environ.get(VARIABLE, 'it is not set')}")
    return named, parse_version(ask_binary(Path(named)).version.partition("-")[0])
