"""Ask pip whether all dependencies have binary wheels for other versions of Python than the one that runs here.

    python tools/wheels.py [VERSION ...]

For Linux on x86-64; versions 3.12, 3.13 and 3.14 if left out. Asked are the dependencies of the package and of the
extras for users; nothing is installed. What is Python alone and comes as source is named, and not asked. Prints a line
each, and exits with code 1 if a wheel is missing.
"""

import argparse
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("report", "serve", "dask", "zmq")
SOURCES = ("monero", "varint")
"""Without wheels; what ``monero`` needs is asked instead."""

PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux1_x86_64")


def dependencies() -> Iterator[str]:
    """Yield what is to be asked."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *(text for extra in EXTRAS for text in extras[extra])]
    needed += requires("monero") or ()
    for text in needed:
        if Requirement(text).name not in (*SOURCES, project["name"]):
            yield text


def ask(version: str) -> subprocess.CompletedProcess[str]:
    """Have pip look for wheels, and install nothing."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--target", folder]
        command += ["--only-binary=:all:", "--python-version", version, "--implementation", "cp"]
        command += [word for platform in PLATFORMS for word in ("--platform", platform)]
        return subprocess.run([*command, *dependencies()], capture_output=True, text=True, check=False)


def main() -> int:
    """Ask for each version; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="*", metavar="VERSION", default=["3.12", "3.13", "3.14"])
    failed = False
    for version in parser.parse_args().versions:
        done = ask(version)
        failed = failed or done.returncode != 0
        print(f"{version}: {'all have wheels' if done.returncode == 0 else done.stderr.strip()}", flush=True)
    print(f"from source, Python alone: {' and '.join(SOURCES)}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
