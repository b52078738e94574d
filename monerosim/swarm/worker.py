"""A process that has everything loaded, and forks a child for each command: a crash, a hang or a leak is the child's.

It reads a :class:`Call` a line from standard input and answers with a :class:`Result` a line; it ends when the input
does. The commands are those of the installed program, so what is tried is what a person would call.
"""

import gc
import mmap
import os
import resource
import selectors
import signal
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from importlib.metadata import entry_points
from io import StringIO
from pathlib import Path
from types import FrameType
from typing import NoReturn

import msgspec

from monerosim.swarm.inspection import inspect

PROGRAM = "monerosim"
"""The installed program's name."""

FILE = "scenario.toml"
"""The scenario's file, wherever one is tried."""

MEMORY = 4 * 2**30
"""Bytes of address space that a child may have."""

_PATIENCE = 10
"""Seconds of real time for a second of CPU, before a child that does not work counts as hanging."""

_MOST_OUTPUT = 2**20
"""Bytes of a child's output that are kept."""

_CHUNK = 2**16


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A command to try in a directory."""

    arguments: tuple[str, ...]
    """Those of the program; or ``inspect`` and a run directory, which looks at what the run has left; or ``check-all``
    and directories, in each of which ``check`` is called, one after the other in the same process."""
    directory: str
    seconds: float
    """Of CPU; whoever takes longer is killed."""
    interrupt: float = 0
    """Seconds of CPU after which it is interrupted as by Ctrl-C; not at all if 0."""
    file_size: int = -1
    """Bytes after which no file grows, as on a full disk; no limit if negative."""
    killed: bool = False
    """Whether it is killed at the write that would make a file larger."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a command."""

    status: int
    """Its exit code, or the negative number of the signal that ended it."""
    output: str
    errors: str
    hung: bool
    """Whether it was killed because its time was over."""
    interrupted: bool
    seconds: float
    """Of CPU."""


def serve() -> None:
    """Answer calls until there are no more."""
    (program,) = entry_points(group="console_scripts", name=PROGRAM)
    main: Callable[[], object] = program.load()
    _load_everything()
    decode, encode = msgspec.json.Decoder(Call).decode, msgspec.json.Encoder().encode
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(encode(_call(decode(line), main)) + b"\n")
        sys.stdout.buffer.flush()


_SCENARIO = b"""
[participants.pool]
kind = "mining-pool"
hashrate = 1
[participants.controller]
kind = "block-controller"
[participants.user]
kind = "regular-user"
wallet = { initial_balance = 1 }
"""


def _load_everything() -> None:
    """Import what commands import when they are called, and look up what they look up once, for all children."""
    from importlib import import_module  # noqa: PLC0415

    from monerosim.agent.registry import SUPERVISOR, behaviour_names, load_actor, load_behaviour  # noqa: PLC0415
    from monerosim.scenario import examine  # noqa: PLC0415

    for name in ("check", "run", "report", "trace"):
        import_module(f"{PROGRAM}.cli.commands.{name}")
    for name in behaviour_names():
        load_behaviour(name)
    load_actor(SUPERVISOR)
    import_module(f"{PROGRAM}.engines.embedded")
    examine(_SCENARIO)
    gc.freeze()


def _call(call: Call, main: Callable[[], object]) -> Result:
    # Shared with the child, which may be interrupted at the last of its instructions.
    interrupted = mmap.mmap(-1, 1)
    output, output_end = os.pipe()
    errors, errors_end = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(output)
        os.close(errors)
        _act(call, main, output_end, errors_end, interrupted)
    os.close(output_end)
    os.close(errors_end)
    told, hung = _read({output: b"", errors: b""}, child, began + call.seconds * _PATIENCE)
    _, status, usage = os.wait4(child, 0)
    os.close(output)
    os.close(errors)
    code = os.waitstatus_to_exitcode(status)
    seconds = usage.ru_utime + usage.ru_stime
    return Result(
        status=code,
        output=told[output].decode(errors="replace"),
        errors=told[errors].decode(errors="replace"),
        hung=hung or code == -signal.SIGXCPU or (code == -signal.SIGKILL and seconds >= call.seconds),
        interrupted=interrupted[0] != 0,
        seconds=seconds,
    )


def _read(told: dict[int, bytes], child: int, until: float) -> tuple[dict[int, bytes], bool]:
    """Read what a child writes until it closes both ends, and kill it if it takes too long."""
    hung = False
    with selectors.DefaultSelector() as selector:
        for end in told:
            selector.register(end, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(None if hung else max(0.0, until - time.monotonic()))
            if not ready and not hung:
                os.kill(child, signal.SIGKILL)
                hung = True
            for key, _ in ready:
                chunk = os.read(key.fd, _CHUNK)
                if not chunk:
                    selector.unregister(key.fd)
                elif len(told[key.fd]) < _MOST_OUTPUT:
                    told[key.fd] += chunk
    return told, hung


def _act(call: Call, main: Callable[[], object], output: int, errors: int, interrupted: mmap.mmap) -> NoReturn:
    """Be the child."""
    code = 70
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(errors, 2)
        os.chdir(call.directory)
        _limit(call, interrupted)
        what, *rest = call.arguments
        if what == "inspect":
            code = _command(lambda: sys.stdout.write(msgspec.json.encode(inspect(Path(rest[0]))).decode()))
        elif what == "check-all":
            sys.stdout.write(msgspec.json.encode([_check(Path(call.directory, name), main) for name in rest]).decode())
            code = 0
        else:
            sys.argv = [PROGRAM, *call.arguments]
            code = _command(main)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _command(main: Callable[[], object]) -> int:
    """Call a program and return its exit code."""
    try:
        main()
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:  # noqa: BLE001  (as the interpreter does)
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _check(directory: Path, main: Callable[[], object]) -> Result:
    """Check the scenario in a directory."""
    os.chdir(directory)
    sys.argv = [PROGRAM, "check", FILE]
    with redirect_stdout(StringIO()) as output, redirect_stderr(StringIO()) as errors:
        status = _command(main)
    told = output.getvalue(), errors.getvalue()
    return Result(status=status, output=told[0], errors=told[1], hung=False, interrupted=False, seconds=0)


def _limit(call: Call, interrupted: mmap.mmap) -> None:
    seconds = max(1, round(call.seconds))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if call.interrupt:

        def interrupt(_signal: int, _frame: FrameType | None) -> None:
            interrupted[0] = 1
            signal.raise_signal(signal.SIGINT)

        signal.signal(signal.SIGPROF, interrupt)
        signal.setitimer(signal.ITIMER_PROF, call.interrupt)
    if call.file_size >= 0:
        # Python ignores the signal, and the write fails; with it, whoever writes is killed.
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL if call.killed else signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (call.file_size, call.file_size))
