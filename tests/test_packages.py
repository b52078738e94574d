"""The packages: the wheel, in a bare environment with each extra alone, runs its first commands.

Without an extra in CI; with each of them by ``MONEROSIM_EXTRAS=all pytest tests/test_packages.py``, in some minutes.
"""

import os
import subprocess
import sys
import tarfile
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.long

FIRST_COMMANDS = {
    "": [
        ["tutorial"],
        ["new", "a.toml", "-t", "market"],
        ["check", "a.toml"],
        ["run", "a.toml", "--no-report", "-o", "run"],
    ],
    "report": [["new", "a.toml"], ["run", "a.toml", "-o", "run"], ["query", "run", "select count(*) from blocks"]],
    "dask": [["new", "a.toml", "-t", "attack"], ["sweep", "a.toml", "--seeds", "1..2", "--no-report", "--quiet"]],
    "zmq": [["model", "--help"], ["doctor"]],
    "docs": [["schema"]],
    "serve": [["serve", "--help"]],
}
"""What somebody with this extra calls first."""

EXTRAS = list(FIRST_COMMANDS) if os.environ.get("MONEROSIM_EXTRAS") == "all" else [""]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Both distributions, built from the checkout."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", out]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,), (source,) = out.glob("*.whl"), out.glob("*.tar.gz")
    return wheel, source


@pytest.mark.parametrize("extra", EXTRAS)
@pytest.mark.timeout(900)
def test_the_wheel_alone_with_an_extra_runs_its_first_commands(extra, built, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    wanted = f"{built[0]}[{extra}]" if extra else str(built[0])
    pip = [tmp_path / "venv" / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", wanted]
    subprocess.run(pip, check=True, capture_output=True)
    for command in FIRST_COMMANDS[extra]:
        done = subprocess.run(
            [tmp_path / "venv" / "bin" / "monerosim", *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)


def test_the_source_distribution_has_what_a_reader_needs(built):
    with tarfile.open(built[1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for file in ("LICENSE", "README.md", "CITATION.cff", "CHANGELOG.md", "scenarios/quickstart.toml", "docs/index.md"):
        assert file in names
    assert not any(name.startswith((".venv", "runs/", "site/")) for name in names)
