"""Break a run at each of its writes, and look whether what it leaves can be read.

    python tools/inject_faults.py                  # at every write of a small run, about three minutes
    python tools/inject_faults.py --points 12      # at twelve of them

A child process plays a small scenario, and what it does to files of its folder by Python's own calls is counted. At one
of the calls a fault happens: the disk is full from then on (a write is made by half first), it is full for that call
alone, or the process is killed before the call, or in the middle of a write. Then `monerosim report` and
`monerosim trace` have to read what is left: its events are the beginning of those of the undisturbed run, and nothing
half written is taken for a result.
"""

import argparse
import io
import os
import re
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir
from errno import ENOSPC
from functools import wraps
from itertools import product
from pathlib import Path
from typing import Any, NoReturn

from monerosim.cli import main
from monerosim.cli.commands import report, run, trace  # noqa: F401  (imported once for all children)

FAULTS = ("full", "full once", "killed", "torn")

SCENARIO = """
[simulation]
name = "small"
duration = "6m"

[consensus]
block_time = "60s"

[participants.miner]
kind = "autonomous-miner"
hashrate = 100

[participants.user]
kind = "regular-user"
count = 2
wallet = { initial_balance = "20 XMR" }
transaction_interval = "2m"
"""

_RUN = Path("runs/small")
_EVENTS = _RUN / "events.jsonl"
_CALLS = ("mkdir", "rename", "replace", "symlink", "unlink", "rmdir", "chmod")
_GROWING = ("mkdir", "symlink")
_LEFT_OVER = re.compile(r"^\..*(\.building-|\.old-|\.\d+$)")


class Disk:
    """Counts the calls that change something below a folder, and breaks one of them.

    Args:
        root: The folder.
        at: The number of the call that is broken, from 1.
        fault: One of :data:`FAULTS`.
    """

    def __init__(self, root: Path, at: int, fault: str) -> None:
        self.calls = 0
        self._root = f"{root}/"
        self._at = at
        self._fault = fault

    def holds(self, path: object) -> bool:
        """Return whether a path is below the folder."""
        return isinstance(path, str | os.PathLike) and str(Path(path).absolute()).startswith(self._root)

    def before(self, *, grows: bool) -> bool:
        """Count a call that is about to be made; return whether it is to be made by half, if that is possible.

        Raises:
            OSError: The disk is full.
        """
        self.calls += 1
        first = self.calls == self._at
        full = (first and self._fault == "full once") or (self.calls >= self._at and self._fault == "full")
        if self.calls == self._at and self._fault == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if full and grows:
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        return self.calls == self._at and self._fault != "killed" and not grows

    def after_half(self) -> None:
        """Break a write that was made by half.

        Raises:
            OSError: The disk is full.
        """
        if self._fault == "torn":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(ENOSPC, os.strerror(ENOSPC))

    def full(self) -> bool:
        """Return whether nothing more fits on the disk."""
        return self._fault == "full" and self.calls > self._at

    def interpose(self) -> None:
        """Put itself between this process and its files."""
        plain_open, disk = io.open, self

        @wraps(plain_open)
        def opened(file: Any, mode: str = "r", buffering: int = -1, *arguments: Any, **options: Any) -> Any:
            if not set(mode) & set("wax+") or not disk.holds(file):
                return plain_open(file, mode, buffering, *arguments, **options)
            disk.before(grows=not Path(file).exists())
            raw = _File(disk, file, mode.replace("b", "").replace("t", ""))
            if buffering == 0:
                return raw
            buffered = io.BufferedWriter(raw)
            return buffered if "b" in mode else io.TextIOWrapper(buffered, *arguments, **options)

        io.open = opened  # type: ignore[assignment]
        for name in _CALLS:
            setattr(os, name, self._counted(getattr(os, name), grows=name in _GROWING))

    def _counted(self, call: Callable[..., Any], *, grows: bool) -> Callable[..., Any]:
        @wraps(call)
        def counted(path: Any, *arguments: Any, **options: Any) -> Any:
            if self.holds(path) and options.get("dir_fd") is None:
                self.before(grows=grows)
            return call(path, *arguments, **options)

        return counted


class _File(io.FileIO):
    def __init__(self, disk: Disk, path: Any, mode: str) -> None:
        super().__init__(path, mode)
        self._disk = disk

    def write(self, data: Any) -> int:
        half = self._disk.before(grows=False)
        if self._disk.full():
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        if half:
            super().write(memoryview(data)[: len(data) // 2])
            self._disk.after_half()
        return super().write(data)


def main_program() -> int:
    """Break the run at each point that is wanted; return 1 if something could not be read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=0, help="at how many of the calls; at all, if left out")
    parser.add_argument("--fault", choices=FAULTS, action="append", help="only this; may be given again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="monerosim-faults-") as folder:
        whole = Path(folder).resolve() / "whole"
        status, said, calls = _play(whole, 0, "")
        if status:
            sys.exit(said)
        points = sorted({1 + round(it * (calls - 1) / max(1, options.points - 1)) for it in range(options.points)})
        events, failures = (whole / _EVENTS).read_bytes(), 0
        tried = list(product(points or range(1, calls + 1), options.fault or FAULTS))
        for at, fault in tried:
            root = Path(folder).resolve() / f"{at}-{fault.replace(' ', '-')}"
            for found in _break(root, at, fault, events):
                failures += 1
                sys.stdout.write(f"call {at} of {calls}, {fault}: {found}\n")
    sys.stdout.write(f"{len(tried)} runs broken at {len(points) or calls} of {calls} calls, {failures} failures\n")
    return int(failures > 0)


def _break(root: Path, at: int, fault: str, events: bytes) -> Iterator[str]:
    """Play with a fault, and list what is wrong with what is left."""
    status, said, _ = _play(root, at, fault)
    killed = fault in ("killed", "torn")
    if status not in ((0, 1, -signal.SIGKILL) if killed else (0, 1)):
        yield f"the run ended with {status}: {said}"
    if "Traceback" in said:
        yield f"the run: {said}"
    if not killed:
        yield from (f"left over: {path}" for path in root.rglob("*") if _LEFT_OVER.match(path.name))
    if not (root / _RUN).exists():
        return
    there = (root / _EVENTS).is_file()
    had = (root / _EVENTS).read_bytes() if there else b""
    if not events.startswith(had[: had.rfind(b"\n") + 1]):
        yield "its events are not the beginning of those of the whole run"
    for command in ("report", "trace"):
        code, told = _call(root, lambda: None, command, str(_RUN))
        if "Traceback" in told or code not in ((0,) if there and command == "report" else (0, 1)):
            yield f"{command} ended with {code}: {told}"


def _play(root: Path, at: int, fault: str) -> tuple[int, str, int]:
    """Play the scenario in a folder of its own; return exit code, output and the number of calls."""
    root.mkdir()
    (root / "scenario.toml").write_text(SCENARIO, encoding="utf-8")
    disk, (reading, writing) = Disk(root, at, fault), os.pipe()

    def report_calls() -> None:
        os.write(writing, str(disk.calls).encode())

    status, said = _call(root, disk.interpose, "run", "scenario.toml", "--quiet", at_end=report_calls)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        return status, said, int(pipe.read() or 0)


def _call(
    root: Path, prepare: Callable[[], None], *arguments: str, at_end: Callable[[], None] = lambda: None
) -> tuple[int, str]:
    """Call monerosim in a child process; return its exit code, or the negative number of a signal, and its output."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            _become(root, output.fileno(), prepare, arguments, at_end)
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read().decode(errors="replace")


def _become(
    root: Path, output: int, prepare: Callable[[], None], arguments: tuple[str, ...], at_end: Callable[[], None]
) -> NoReturn:
    code = 1
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        with chdir(root):
            prepare()
            sys.argv = ["monerosim", *arguments]
            main()
            code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:  # noqa: BLE001  (as the interpreter does)
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        at_end()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main_program())
