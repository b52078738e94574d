"""What a machine has of what the engines need."""

import os
import platform
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from monerosim.build.binaries import INSTALLING, BinaryError, ask_binary, resolve_binaries
from monerosim.build.compat import CompatError, built_compat, find_compiler
from monerosim.build.memory import estimate_memory
from monerosim.build.shadow import INSTALLING_SHADOW
from monerosim.engine import engine_names
from monerosim.plan.plan import Plan

State: TypeAlias = Literal["good", "warning", "missing"]

ALL = ("embedded", "local", "shadow")
REAL = ("local", "shadow")

COMPILER = """\
How a C compiler is installed:
  Debian, Ubuntu  apt install build-essential
  Fedora          dnf install gcc glibc-devel
  Arch Linux      pacman -S base-devel
  macOS           xcode-select --install"""

PACKAGES = """\
How Python packages are installed: `make run` in a checkout makes an environment that has them; elsewhere
`python3 -m pip install .`"""

OLDEST_SHADOW = (3, 0)
"""The release whose configuration has expected_final_state, which shadow.yaml uses."""

ENOUGH_SHARED = 1_000_000_000
"""Bytes of /dev/shm: Shadow keeps what it shares with each of its processes there; containers have 64 MB by default."""

REQUIRED_FLAGS = (
    *("--regtest", "--keep-fakechain", "--fixed-difficulty", "--offline", "--add-exclusive-node", "--disable-rpc-ban"),
    *("--wallet-dir", "--daemon-address", "--trusted-daemon", "--disable-rpc-login", "--confirm-external-bind"),
)
"""Flags of Monero's programs that a network of one's own takes; of a program those are told that it knows."""

MEMORY = "memory for the scenario"
"""What a scenario may lack that others do not."""

_TIMEOUT = 20
_FEW = 10_000_000


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str
    state: State
    found: str
    engines: tuple[str, ...] = ()
    """The engines that cannot do without it; none for what is only told."""
    remedy: str = ""
    """How to get what is missing."""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """All that was looked at."""

    checks: tuple[Check, ...]

    def lacking(self, engine: str) -> list[str]:
        """Name what keeps an engine from being used; nothing if it is ready."""
        missing = [check.name for check in self.checks if check.state == "missing" and engine in check.engines]
        return list(dict.fromkeys(missing))

    @property
    def remedies(self) -> list[str]:
        """Say how to get what is missing, each remedy once."""
        return list(dict.fromkeys(check.remedy for check in self.checks if check.state != "good" and check.remedy))


def diagnose(plan: Plan, base: Path | None = None, *, own: bool = True, flags_for_all: Sequence[str] = ()) -> Diagnosis:
    """Look at this machine.

    Args:
        plan: What is to be played, whose programs are looked up even if its engine does not start them.
        base: What relative paths of programs are relative to.
        own: Whether the plan is the user's; another one serves to look up the usual programs.
        flags_for_all: Those that the scenario gives in ``[binaries]``.
    """
    checks = [*_python(), *_engines(plan.engine), *_monero(plan, base, flags_for_all), *_loopback(), *_shadow()]
    checks += [*_compiler(plan), *_machine(), *(_memory(plan) if own else ())]
    return Diagnosis(checks=tuple(checks))


def _python() -> Iterable[Check]:
    yield Check(name="Python", state="good", found=f"{platform.python_version()} ({sys.executable})", engines=ALL)
    good = []
    for requirement in requires("monerosim") or ():
        name, least = _requirement(requirement)
        if "extra ==" in requirement:
            continue
        try:
            there = version(name)
        except PackageNotFoundError:
            yield Check(name=name, state="missing", found="not installed", engines=ALL, remedy=PACKAGES)
            continue
        if _numbers(there) < _numbers(least):
            found = f"{there}, {least} or later is needed"
            yield Check(name=name, state="missing", found=found, engines=ALL, remedy=PACKAGES)
        else:
            good.append(f"{name} {there}")
    yield Check(name="Python packages", state="good", found=", ".join(good), engines=ALL)


def _requirement(text: str) -> tuple[str, str]:
    """Take a package's name and least version from a line such as ``click>=8.1``."""
    name = re.match(r"[A-Za-z0-9._-]*[A-Za-z0-9]", text)
    least = re.search(r">=\s*([0-9.]+)", text)
    return name[0] if name else text, least[1] if least else "0"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _engines(wanted: str) -> Iterable[Check]:
    installed = engine_names()
    for name in dict.fromkeys((*ALL, wanted)):
        if name not in installed:
            found = f"monerosim run cannot play it: this installation has {', '.join(installed)}"
            yield Check(name=f"engine {name}", state="missing", found=found, engines=(name,))


def _monero(plan: Plan, base: Path | None, flags_for_all: Sequence[str]) -> Iterable[Check]:
    problems: Sequence[str] = ()
    wrong_flags: Sequence[str] = ()
    try:
        binaries = resolve_binaries(msgspec.structs.replace(plan, engine="local"), base, flags_for_all).binaries
    except BinaryError as error:
        binaries, problems, wrong_flags = error.found, error.problems, error.flags
    for binary in binaries:
        flags = ask_binary(Path(binary.path)).flags
        known = ", ".join(flag for flag in REQUIRED_FLAGS if flag in flags)
        peculiar = [*(f"without {flag}: {meaning}" for flag, meaning in binary.left_out.items()), *binary.notes]
        found = f"{binary.version} ({binary.path}), {len(flags)} flags, among them {known}"
        found = "; ".join([found, *peculiar])
        yield Check(name=Path(binary.path).name, state="warning" if peculiar else "good", found=found, engines=REAL)
    for problem in problems:
        if problem in wrong_flags:
            yield Check(name="flags", state="missing", found=problem, engines=REAL)
        else:
            yield Check(name="Monero", state="missing", found=problem, engines=REAL, remedy=INSTALLING)


def _loopback() -> Iterable[Check]:
    with socket.socket() as probe:
        try:
            probe.bind(("127.1.0.1", 0))
        except OSError as error:
            remedy = (
                "The local engine gives each host a loopback address of its own (127.1.0.1 and so on). Linux has all "
            )
            remedy += "of them; elsewhere add one for each host: sudo ifconfig lo0 alias 127.1.0.1"
            found = f"127.1.0.1: {error.strerror}"
            yield Check(name="loopback", state="missing", found=found, engines=("local",), remedy=remedy)
        else:
            yield Check(name="loopback", state="good", found="127.1.0.1 and so on can be used", engines=("local",))


def _shadow() -> Iterable[Check]:
    path = shutil.which("shadow")
    if path is None:
        found = "not on PATH" if sys.platform == "linux" else "not on PATH, and it runs on Linux only"
        yield Check(name="shadow", state="missing", found=found, engines=("shadow",), remedy=INSTALLING_SHADOW)
        return
    said = _output([path, "--version"])
    number = re.search(r"\d+\.\d+(?:\.\d+)*", said)
    if number is None:
        found = f"{path} --version tells no version"
        yield Check(name="shadow", state="missing", found=found, engines=("shadow",), remedy=INSTALLING_SHADOW)
    elif _numbers(number[0])[:2] < OLDEST_SHADOW:
        found = f"{number[0]} ({path}), {'.'.join(map(str, OLDEST_SHADOW))} or later is needed"
        yield Check(name="shadow", state="missing", found=found, engines=("shadow",), remedy=INSTALLING_SHADOW)
    else:
        full = re.search(r"v\d[\w.-]*", said)
        found = f"{full[0] if full else number[0]} ({path})"
        yield Check(name="shadow", state="good", found=found, engines=("shadow",))
    shared = Path("/dev/shm")  # noqa: S108  (looked at only)
    if shared.is_dir() and (size := shutil.disk_usage(shared).total) < ENOUGH_SHARED:
        remedy = "How /dev/shm is made larger: docker run --shm-size=8g, or mount -o remount,size=8g /dev/shm"
        found = f"{format_bytes(size)}, which is little for more than a few hosts"
        yield Check(name=str(shared), state="warning", found=found, engines=("shadow",), remedy=remedy)


def _compiler(plan: Plan) -> Iterable[Check]:
    """Build the library that Monero's programs need under Shadow, or find it built: nothing else tells as much."""
    if plan.shadow.compat == "off":
        return
    try:
        compiler = find_compiler()
        built_compat()
    except CompatError as error:
        yield Check(name="C compiler", state="missing", found=str(error), engines=("shadow",), remedy=COMPILER)
    else:
        name = _output([*compiler, "--version"]).partition("\n")[0]
        found = f"{name} ({shlex.join(compiler)}) builds the library for Shadow"
        yield Check(name="C compiler", state="good", found=found, engines=("shadow",))


def _machine() -> Iterable[Check]:
    total, free = memory()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Check(name="cores", state="good", found=str(cores))
    yield Check(name="memory", state="good", found=f"{format_bytes(total)}, {format_bytes(free)} of it free")


def _memory(plan: Plan) -> Iterable[Check]:
    """Estimate what the scenario takes, on each engine of which that is known."""
    total, free = memory()
    for engine in ALL:
        estimate = estimate_memory(msgspec.structs.replace(plan, engine=engine))
        if estimate is None:
            continue
        parts = [f"{count:,} {what} of {format_bytes(each)}" for what, (count, each) in estimate.parts.items() if count]
        found = f"{engine}: about {format_bytes(estimate.total)}: {', '.join(parts)}"
        lacking = estimate.total > free
        remedy = 'How a run gets smaller: let participants use others\' nodes (node = "NAME"), or have fewer of them'
        if lacking and estimate.total <= total:
            remedy += "; or end other programs, which use what is not free"
        state: State = "missing" if lacking else "good"
        yield Check(name=MEMORY, state=state, found=found, engines=(engine,), remedy=remedy)


def memory() -> tuple[int, int]:
    """Tell how much memory this machine (or container) has, and how much of it is free, in bytes."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.is_file() and (text := limit.read_text(encoding="ascii").strip()).isdigit():
        total = min(total, int(text))
    free = total
    info = Path("/proc/meminfo")
    if info.is_file() and (match := re.search(r"MemAvailable:\s*(\d+) kB", info.read_text(encoding="ascii"))):
        free = min(total, int(match[1]) * 1024)
    return total, free


def format_bytes(number: int) -> str:
    """Write a number of bytes in the largest decimal unit: ``11.4 GB``, ``430 MB``."""
    if number >= 10**9:
        return f"{number / 1e9:.1f} GB"
    return f"{number / 1e6:.0f} MB" if number >= _FEW else f"{number / 1e6:.1f} MB"


def _output(command: list[str]) -> str:
    """Run a program that tells of itself; nothing if it does not."""
    try:
        answer = subprocess.run(  # noqa: S603  (a program of the user's PATH)
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode(errors="replace")
