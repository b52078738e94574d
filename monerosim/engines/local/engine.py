"""Playing a plan with real programs on this machine.

The programs are started and ended by a process of its own, the process supervisor
(:mod:`monerosim.engines.local.process_supervisor`): it has one thread, so it may arrange between fork and exec that its
children die with it, and it notices when this process is gone.
"""

import errno
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from monerosim.engine import EngineError, Progress, Watch
from monerosim.engines.follow import EventFollower
from monerosim.engines.programs import check_fresh, check_programs
from monerosim.engines.readback import EPOCH_FILE, read_back
from monerosim.plan.plan import HostPlan, Plan
from monerosim.units import SECOND

ENGINE_OUTPUT = "engine.out"
"""The file of the run directory that has what the process supervisor printed."""

_WATCH_INTERVAL = 1.0
_SHOWN_LINES = 12


def play(plan: Plan, directory: Path, *, trace_level: str, watch: Watch) -> int:
    """Play a plan in real time, with real daemons and wallets on this machine's loopback.

    See :class:`monerosim.engine.Engine`.
    """
    directory = directory.resolve()
    check_fresh(directory, _outputs(plan, directory))
    check_programs(plan)
    _check_addresses(plan)
    epoch = time.time()
    (directory / EPOCH_FILE).write_text(repr(epoch), encoding="ascii")
    command = [sys.executable, "-m", "monerosim.engines.local.process_supervisor"]
    command += [f"--run={directory}", f"--epoch={epoch!r}", f"--trace-level={trace_level}"]
    with (directory / ENGINE_OUTPUT).open("wb") as output:
        supervisor = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
            command, stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True
        )
    end = _watch(supervisor, plan, EventFollower(directory), epoch, watch)
    if supervisor.returncode < 0:
        read_back(plan, directory, epoch=epoch)
    if supervisor.returncode != 0:
        raise EngineError(_failure(directory / ENGINE_OUTPUT, supervisor.returncode))
    return end


def _watch(supervisor: subprocess.Popen[bytes], plan: Plan, follower: EventFollower, epoch: float, watch: Watch) -> int:
    """Tell of the progress until the process supervisor has ended, and have it end when nobody wants the run any more.

    Returns:
        When the run stopped, microseconds since its start.
    """
    told: int | None = None
    try:
        while supervisor.poll() is None:
            now = min(round((time.time() - epoch) * SECOND), plan.stop)
            wanted = watch(Progress(now, *follower.look())) and follower.ended is None
            if not wanted and told is None:
                told = now
                _tell(supervisor)
            with suppress(subprocess.TimeoutExpired):
                supervisor.wait(_WATCH_INTERVAL)
    finally:
        _wait_for_end(supervisor, hurry=told is not None)
    end = min(round((time.time() - epoch) * SECOND), plan.stop) if told is None else told
    watch(Progress(end, *follower.look()))
    return end


def _tell(supervisor: subprocess.Popen[bytes]) -> None:
    """Have the process supervisor end the run: it does when its input ends."""
    if supervisor.stdin is not None:
        supervisor.stdin.close()


def _wait_for_end(supervisor: subprocess.Popen[bytes], *, hurry: bool) -> None:
    """Wait until nothing runs any more; an interruption while waiting makes the supervisor kill what is left."""
    _tell(supervisor)
    if hurry:
        # If it has ended in order, nothing happens.
        supervisor.terminate()
    try:
        supervisor.wait()
    except BaseException:
        supervisor.terminate()
        supervisor.wait()
        raise


def _failure(output: Path, status: int) -> str:
    lines = output.read_text(errors="replace").strip().splitlines()
    if not lines:
        return f"the local engine's process supervisor ended with status {status}"
    return "\n".join(lines[-_SHOWN_LINES:]) if status > 0 and "Traceback" not in lines[0] else lines[-1]


def _outputs(plan: Plan, directory: Path) -> Iterator[Path]:
    for host in plan.hosts:
        for process in host.processes:
            yield directory / "hosts" / host.name / f"{process.name}.out"


def _check_addresses(plan: Plan) -> None:
    for host in plan.hosts:
        for what, port in _ports(host):
            with socket.socket() as probe:
                # As the programs do, so that connections of an earlier run that are still fading do not count.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((host.address, port))
                except OSError as error:
                    hint = {
                        errno.EADDRINUSE: "; is another run of the local engine going on?",
                        errno.EADDRNOTAVAIL: "; the local engine needs all of 127.0.0.0/8 on the loopback interface",
                    }.get(error.errno or 0, "")
                    raise EngineError(
                        f"{what} of {host.name} cannot have {host.address}:{port}: {error.strerror}{hint}"
                    ) from error


def _ports(host: HostPlan) -> Iterator[tuple[str, int]]:
    if host.node is not None:
        yield "monerod", host.node.p2p_port
        yield "monerod", host.node.rpc_port
    for wallet in host.wallets:
        yield "monero-wallet-rpc", wallet.rpc_port
