"""Puts faults into copies of the checkout and has the swarm find them.

    python tools/mutants.py [NAME ...]

Each patch of tests/swarm/mutants makes one. Prints the seed that found it and the lines of the smallest scenario, and
exits with code 1 if one is not found.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
MUTANTS = ROOT / "tests" / "swarm" / "mutants"

SEEDS = 1000
"""How many seeds may be needed."""

CHECKED = 300
"""How many seeds are checked before any is played."""

FOUND = 3
"""The exit code of a swarm that has found a fault."""

LINES = 15
"""A shrunk scenario has fewer lines, blank ones aside."""


def copy(target: Path) -> None:
    """Copy what git knows of the checkout."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, names.decode().split("\0")):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / name)


def hunt(patch: Path, seeds: int) -> tuple[str, int, int]:
    """Put a fault in and look for it.

    Returns:
        The kind of fault, the seed that found it, and the lines of the smallest scenario; an empty text if none did.
    """
    with TemporaryDirectory() as directory:
        target = Path(directory)
        copy(target)
        subprocess.run(["git", "apply", str(patch)], cwd=target, check=True)
        # Checking is quick, and finds what it can find at once.
        return look(target, min(seeds, CHECKED), "--check-only") or look(target, seeds) or ("", 0, 0)


def look(checkout: Path, seeds: int, *options: str) -> tuple[str, int, int] | None:
    """Have the swarm of a checkout look for a fault."""
    command = [sys.executable, "-P", "-c", "from monerosim.cli import main; main()", "swarm"]
    command += ["--seeds", f"1..{seeds}", "--until-fault", *options]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run(command, cwd=checkout, env=environment, check=False, capture_output=True, text=True)
    if done.returncode not in (0, FOUND):
        raise RuntimeError(done.stderr)
    pattern = r"^FAULT (?P<kind>.*)\nseeds (?P<seed>\d+).*?^-{8}\n(?P<text>.*?)^-{8}$"
    found = re.search(pattern, done.stdout, re.MULTILINE | re.DOTALL)
    if found is None:
        return None
    lines = [line for line in found["text"].splitlines() if line.strip()]
    return found["kind"], int(found["seed"]), len(lines)


def main() -> int:
    """Hunt the mutants that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many may be needed")
    options = parser.parse_args()
    patches = [MUTANTS / f"{name}.patch" for name in options.names] or sorted(MUTANTS.glob("*.patch"))
    missed, small = 0, 0
    for patch in patches:
        kind, seed, lines = hunt(patch, options.seeds)
        missed += not kind
        small += bool(kind) and lines < LINES
        print(f"{patch.stem}: {f'seed {seed}, {lines} lines: {kind}' if kind else 'not found'}", flush=True)
    print(f"{len(patches) - missed} of {len(patches)} found, {small} in fewer than {LINES} lines")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
