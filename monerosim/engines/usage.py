"""Measures what the processes of a run take, while it is played."""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter

import msgspec
import psutil

from monerosim.build.processes import AGENT, PLAN
from monerosim.engine import Progress, ProgressCallback
from monerosim.plan.plan import Plan
from monerosim.tables.resources import RESOURCES_FILE, Usage

ENGINE = "monerosim"
"""What this process is called, and the engine's own ones."""

_FIRST = 2.0
"""Real seconds until the first look, and the least between two."""

_GROWTH = 0.05
"""The time between two looks grows with the run's: a long one has some hundred."""

_BLOCK = 512
"""Bytes of what ``stat`` counts (POSIX leaves it open; Linux and macOS have this)."""

_BEFORE = re.compile(rf"(^|=)[^=]*/(?=hosts/|{re.escape(PLAN)}$)")
"""Of an argument, what leads to the run directory."""

_MOST = 0.01
"""The share of the run's time that looks may take."""


class UsageMeter:
    """Looks at a run's processes now and then, and at its end, and leaves what it saw in the run directory.

    Args:
        plan: The run's plan.
        directory: The run directory.
        programs: Whether the engine starts programs; else all is in this process.
    """

    def __init__(self, plan: Plan, directory: Path, *, programs: bool) -> None:
        self._zero = plan.time_zero
        self._hosts = directory / "hosts"
        self._directory = directory
        self._programs = programs
        self._names = {
            _own_part(process.argv): f"{host.name}/{process.name}" for host in plan.hosts for process in host.processes
        }
        self._began = perf_counter()
        self._next = _FIRST
        self._now = 0
        self._own = psutil.Process()
        self._before = _cpu(self._own)
        self._known: dict[int, tuple[str, float, int]] = {}
        """Name, CPU and memory of processes by their ids, of those that have ended as they were seen last."""

    def passing(self, on_progress: ProgressCallback) -> ProgressCallback:
        """Return a callback that passes the run's progress on, and looks where it is time."""

        def pass_on(progress: Progress) -> bool:
            # Of a run that is stuck another thread tells.
            if not progress.stuck:
                self._now = progress.now
                passed = perf_counter() - self._began
                if passed >= self._next:
                    self._write(self._look())
                    took = perf_counter() - self._began - passed
                    self._next = passed + max(_FIRST, passed * _GROWTH, took / _MOST)
            return on_progress(progress)

        return pass_on

    def finish(self) -> None:
        """Write what each process had taken when it was last seen, and what its files take."""
        last = self._look() if not self._programs else self._totals()
        self._write(msgspec.structs.replace(usage, disk=self._disk(usage.process)) for usage in last)

    def _look(self) -> Iterator[Usage]:
        alive = {self._own.pid: self._own}
        if self._programs:
            alive |= {child.pid: child for child in self._own.children(recursive=True)}
        for pid, process in alive.items():
            # It may end meanwhile.
            with suppress(psutil.Error), process.oneshot():
                name = self._known[pid][0] if pid in self._known else self._name(process)
                spent = _cpu(process) - (self._before if pid == self._own.pid else 0)
                self._known[pid] = name, spent, process.memory_info().rss
        for pid in self._known.keys() - alive.keys():
            name, spent, _ = self._known[pid]
            self._known[pid] = name, spent, 0
        yield from self._totals()

    def _totals(self) -> Iterator[Usage]:
        """Return the processes by name; one that was started again is added to the one before."""
        wall, totals = perf_counter() - self._began, dict[str, tuple[float, int]]()
        for name, spent, memory in self._known.values():
            before = totals.get(name, (0.0, 0))
            totals[name] = before[0] + spent, before[1] + memory
        for name in sorted(totals):
            spent, memory = totals[name]
            yield Usage(
                process=name,
                wall_s=round(wall, 3),
                t_us=self._now - self._zero,
                cpu_s=round(spent, 3),
                rss=memory,
            )

    def _name(self, process: psutil.Process) -> str:
        return self._names.get(_own_part(process.cmdline()), ENGINE)

    def _disk(self, name: str) -> int:
        """Return the bytes of a process's files: of a program's those called so, of an agent's all others there."""
        if name == ENGINE:
            return _size(self._directory) - (_size(self._hosts) if self._programs else 0)
        host, _, program = name.partition("/")
        known = {it.partition("/")[2] for it in self._names.values() if it.startswith(f"{host}/")} - {AGENT}
        # NAME, NAME.log and those that were rotated, NAME-ringdb.
        files = [(file.name.partition(".")[0].removesuffix("-ringdb"), file) for file in (self._hosts / host).glob("*")]
        return sum(
            _size(file) for whose, file in files if (whose == program if program != AGENT else whose not in known)
        )

    def _write(self, usages: Iterator[Usage]) -> None:
        lines = b"".join(msgspec.json.encode(usage) + b"\n" for usage in usages)
        with (self._directory / RESOURCES_FILE).open("ab") as file:
            file.write(lines)


def _own_part(argv: Sequence[str]) -> tuple[str, ...]:
    """Return a program's arguments with their paths from the run directory on, which each engine names in its way."""
    return tuple(_BEFORE.sub(r"\1", part) for part in argv[1:])


def _cpu(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return float(spent.user + spent.system)


def _size(path: Path) -> int:
    """Return what a file or all files of a directory take on disk: monerod's database is mostly holes."""
    # Thousands of files make pathlib's own walk felt.
    files = (os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)  # noqa: PTH118
    return sum(_blocks(file) for file in ([path] if path.is_file() else files))


def _blocks(file: str | Path) -> int:
    status = os.lstat(file)
    return status.st_blocks * _BLOCK if stat.S_ISREG(status.st_mode) else 0
