"""What a machine has of what the engines need."""

import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import msgspec
from packaging.requirements import Requirement

from monerosim.build.binaries import INSTALLING, BinaryError, ask_binary, resolve_binaries
from monerosim.engine import Engine, EngineError, Need, State, engine_names, load_engine
from monerosim.plan.plan import Plan
from monerosim.units import format_bytes

PACKAGES = """\
How Python packages are installed: `make run` in a checkout makes an environment that has them; elsewhere
`python3 -m pip install .`"""

REQUIRED_FLAGS = (
    *("--regtest", "--keep-fakechain", "--fixed-difficulty", "--offline", "--add-exclusive-node", "--disable-rpc-ban"),
    *("--wallet-dir", "--daemon-address", "--trusted-daemon", "--disable-rpc-login", "--confirm-external-bind"),
)
"""Flags of Monero's programs that a network of one's own takes; of a program those are shown that it knows."""

MEMORY = "memory for the scenario"
"""What a scenario may lack that others do not."""


class Check(Need, frozen=True, kw_only=True):
    """Something that was looked for."""

    engines: tuple[str, ...] = ()
    """The engines that cannot do without it; none for what is only shown."""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """All that was looked for."""

    checks: tuple[Check, ...]

    def lacking(self, engine: str) -> list[str]:
        """Name what keeps an engine from being used; nothing if it is ready."""
        missing = [check.name for check in self.checks if check.state == "missing" and engine in check.engines]
        return list(dict.fromkeys(missing))

    @property
    def remedies(self) -> list[str]:
        """How to get what is missing, each remedy once."""
        return list(dict.fromkeys(check.remedy for check in self.checks if check.state != "good" and check.remedy))


def diagnose(plan: Plan, base: Path | None = None, *, own: bool = True, flags_for_all: Sequence[str] = ()) -> Diagnosis:
    """Look at this machine, for each engine that is installed.

    Args:
        plan: What is to be played, whose programs are looked up even if its engine does not start them.
        base: What relative paths of programs are relative to.
        own: Whether the plan is the user's; another one serves to look up the usual programs.
        flags_for_all: Those that the scenario gives in ``[binaries]``.
    """
    engines: dict[str, Engine] = {}
    broken: list[Check] = []
    for name in engine_names():
        try:
            engines[name] = load_engine(name)
        except EngineError as error:
            broken.append(Check(name=f"engine {name}", state="missing", found=str(error), engines=(name,)))
    real = tuple(name for name, engine in engines.items() if engine.real_programs)
    checks = [*_for(tuple(engines), _python()), *broken, *_for(real, _monero(plan, base, flags_for_all))]
    checks += [*_needs(engines, plan), *_for((), _machine()), *(_memory(engines, plan) if own else ())]
    return Diagnosis(checks=tuple(checks))


def _for(engines: tuple[str, ...], needs: Iterable[Need]) -> Iterator[Check]:
    for need in needs:
        yield Check(**msgspec.structs.asdict(need), engines=engines)


def _python() -> Iterator[Need]:
    yield Need(name="Python", state="good", found=f"{platform.python_version()} ({sys.executable})")
    good = []
    for requirement in map(Requirement, requires("monerosim") or ()):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            there = version(requirement.name)
        except PackageNotFoundError:
            yield Need(name=requirement.name, state="missing", found="not installed", remedy=PACKAGES)
            continue
        if requirement.specifier.contains(there, prereleases=True):
            good.append(f"{requirement.name} {there}")
        else:
            found = f"{there}, {requirement.specifier} is needed"
            yield Need(name=requirement.name, state="missing", found=found, remedy=PACKAGES)
    yield Need(name="Python packages", state="good", found=", ".join(good))


def _monero(plan: Plan, base: Path | None, flags_for_all: Sequence[str]) -> Iterator[Need]:
    problems: Sequence[str] = ()
    wrong_flags: Sequence[str] = ()
    try:
        binaries = resolve_binaries(plan, base, flags_for_all).binaries
    except BinaryError as error:
        binaries, problems, wrong_flags = error.found, error.problems, error.flags
    for binary in binaries:
        flags = ask_binary(Path(binary.path)).flags
        known = ", ".join(flag for flag in REQUIRED_FLAGS if flag in flags)
        peculiar = [*(f"without {flag}: {meaning}" for flag, meaning in binary.left_out.items()), *binary.notes]
        found = f"{binary.version} ({binary.path}), {len(flags)} flags, among them {known}"
        found = "; ".join([found, *peculiar])
        yield Need(name=Path(binary.path).name, state="warning" if peculiar else "good", found=found)
    for problem in problems:
        if problem in wrong_flags:
            yield Need(name="flags", state="missing", found=problem)
        else:
            yield Need(name="Monero", state="missing", found=problem, remedy=INSTALLING)


def _needs(engines: dict[str, Engine], plan: Plan) -> Iterator[Check]:
    """Ask each engine for what it needs; what several need is listed once."""
    needed_by: dict[Need, list[str]] = {}
    for name, engine in engines.items():
        for need in engine.needs(plan):
            needed_by.setdefault(need, []).append(name)
    for need, names in needed_by.items():
        yield from _for(tuple(names), [need])


def _machine() -> Iterator[Need]:
    total, free = memory()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Need(name="cores", state="good", found=str(cores))
    yield Need(name="memory", state="good", found=f"{format_bytes(total)}, {format_bytes(free)} of it free")


def _memory(engines: dict[str, Engine], plan: Plan) -> Iterator[Check]:
    """Estimate what the scenario takes, on each engine of which that is known."""
    total, free = memory()
    for name, engine in engines.items():
        estimate = engine.memory(plan)
        if estimate is None:
            continue
        parts = [f"{count:,} {what} of {format_bytes(each)}" for what, (count, each) in estimate.parts.items() if count]
        found = f"{name}: about {format_bytes(estimate.total)}: {', '.join(parts)}"
        lacking = estimate.total > free
        remedy = 'How a run gets smaller: let participants use others\' nodes (node = "NAME"), or have fewer of them'
        if lacking and estimate.total <= total:
            remedy += "; or end other programs, which use what is not free"
        state: State = "missing" if lacking else "good"
        yield Check(name=MEMORY, state=state, found=found, engines=(name,), remedy=remedy)


def memory() -> tuple[int, int]:
    """Return how much memory this machine (or container) has, and how much of it is free, in bytes."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.is_file() and (text := limit.read_text(encoding="ascii").strip()).isdigit():
        total = min(total, int(text))
    free = total
    info = Path("/proc/meminfo")
    if info.is_file() and (match := re.search(r"MemAvailable:\s*(\d+) kB", info.read_text(encoding="ascii"))):
        free = min(total, int(match[1]) * 1024)
    return total, free
