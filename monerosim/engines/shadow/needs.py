"""What Shadow's engine needs of a machine."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.version import Version

from monerosim.build.compat import (
    COMPAT,
    PROOF_OF_WORK,
    CompatError,
    built_library,
    libraries_of,
    takes_randomx_from_library,
)
from monerosim.build.shadow import INSTALLING_SHADOW
from monerosim.engine import EngineError, Need
from monerosim.libraries import find_compiler
from monerosim.plan.plan import Plan
from monerosim.units import format_bytes

OLDEST_SHADOW = Version("3.0")
"""The release whose configuration has expected_final_state, which shadow.yaml uses."""

ENOUGH_SHARED = 1_000_000_000
"""Bytes of /dev/shm: Shadow keeps what it shares with each of its processes there; containers have 64 MB by default."""

COMPILER = """\
How a C compiler is installed:
  Debian, Ubuntu  apt install build-essential
  Fedora          dnf install gcc glibc-devel
  Arch Linux      pacman -S base-devel
  macOS           xcode-select --install"""

_TIMEOUT = 20
"""Seconds a program may take to print its version."""


def find_shadow() -> str:
    """Find Shadow on PATH.

    Raises:
        EngineError: It is not there; the message says how it is installed.
    """
    found = shutil.which("shadow")
    if found is None:
        raise EngineError(f"not found on PATH: shadow\n{INSTALLING_SHADOW}")
    return found


def needs_of_shadow(plan: Plan) -> Iterator[Need]:
    """Look for Shadow, for shared memory enough, and for the compiler that a plan may need."""
    path = shutil.which("shadow")
    if path is None:
        found = "not on PATH" if sys.platform == "linux" else "not on PATH, and it runs on Linux only"
        yield Need(name="shadow", state="missing", found=found, remedy=INSTALLING_SHADOW)
    else:
        yield _version(path)
        yield from _shared_memory()
    # Building the library that Monero's programs need under Shadow, or finding it built, is the only sure test.
    if plan.shadow.compat != "off":
        yield _compiler()
    if PROOF_OF_WORK in libraries_of(plan):
        yield from _randomx(plan)


def _version(path: str) -> Need:
    printed = _output([path, "--version"])
    number = re.search(r"\d+\.\d+(?:\.\d+)*", printed)
    if number is None:
        found = f"{path} --version prints no version"
        return Need(name="shadow", state="missing", found=found, remedy=INSTALLING_SHADOW)
    if Version(number[0]) < OLDEST_SHADOW:
        found = f"{number[0]} ({path}), {OLDEST_SHADOW} or later is needed"
        return Need(name="shadow", state="missing", found=found, remedy=INSTALLING_SHADOW)
    full = re.search(r"v\d[\w.-]*", printed)
    return Need(name="shadow", state="good", found=f"{full[0] if full else number[0]} ({path})")


def _shared_memory() -> Iterator[Need]:
    shared = Path("/dev/shm")  # noqa: S108  (looked at only)
    if shared.is_dir() and (size := shutil.disk_usage(shared).total) < ENOUGH_SHARED:
        remedy = "How /dev/shm is made larger: docker run --shm-size=8g, or mount -o remount,size=8g /dev/shm"
        found = f"{format_bytes(size)}, which is little for more than a few hosts"
        yield Need(name=str(shared), state="warning", found=found, remedy=remedy)


def _compiler() -> Need:
    try:
        built_library(COMPAT)
    except CompatError as error:
        return Need(name="C compiler", state="missing", found=str(error), remedy=COMPILER)
    compiler = find_compiler()
    name = _output([*compiler, "--version"]).partition("\n")[0]
    return Need(name="C compiler", state="good", found=f"{name} ({shlex.join(compiler)}) builds the library for Shadow")


def _randomx(plan: Plan) -> Iterator[Need]:
    """Look for programs whose proof of work cannot be skipped."""
    nodes = [host.node for host in plan.hosts if host.node is not None]
    programs = {node.binary for node in nodes} | {node.upgrade.binary for node in nodes if node.upgrade is not None}
    for program in sorted(programs):
        found = shutil.which(program)
        try:
            if found is None or takes_randomx_from_library(Path(found)):
                continue
        except OSError:
            continue
        remedy = "A distribution's monerod takes it from a shared library: then nodes take a tenth of the memory"
        yield Need(
            name=program, state="warning", found="has RandomX built in, so it computes every hash", remedy=remedy
        )


def _output(command: list[str]) -> str:
    """Return what a program prints; nothing if it cannot be run."""
    try:
        answer = subprocess.run(  # noqa: S603  (a program of the user's PATH)
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode(errors="replace")
