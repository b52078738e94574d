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
from collections.abc import Iterator, Mapping
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path
from typing import ClassVar

from monerosim.agent.real_conditions import LINK_CONDITIONS, PROGRAM_CONDITIONS
from monerosim.build.disk import disk_of_programs
from monerosim.build.memory import memory_of_programs
from monerosim.engine import Engine, EngineError, MemoryEstimate, Need, Progress, ProgressCallback, Timings
from monerosim.engines.follow import EventFollower
from monerosim.engines.programs import check_fresh, check_programs
from monerosim.engines.readback import EPOCH_FILE, read_back
from monerosim.files import replace_file
from monerosim.plan.plan import HostPlan, Plan
from monerosim.topology import addresses
from monerosim.units import SECOND

ENGINE_OUTPUT = "engine.out"
"""The file of the run directory that has what the process supervisor printed."""

_FIRST = "127.1.0.1"
_TO_LOOPBACK = int(IPv4Address(_FIRST)) - int(IPv4Address(addresses(1)[0]))

ADDING_ADDRESSES = f"""\
The local engine gives each host a loopback address of its own ({_FIRST} and so on). Linux has all of them;
elsewhere add one for each host: sudo ifconfig lo0 alias {_FIRST}"""

_INTERVAL = 1.0
"""Seconds between two looks at how far the run is."""

_SHOWN_LINES = 12


_PROGRAM_DECIDES = "monerod decides; another one is named by binary"
_LOOPBACK = "its network is this machine's loopback"


class Local(Engine):
    """Plays a run in real time, with real daemons and wallets on this machine's loopback."""

    real_programs = True
    watches_programs = True
    upgrades = True
    conditions = LINK_CONDITIONS | PROGRAM_CONDITIONS | {"move-wallet"}
    unheeded: ClassVar[Mapping[str, str]] = {
        "network.version": _PROGRAM_DECIDES,
        "network.relay": _PROGRAM_DECIDES,
        "network.dandelion": _PROGRAM_DECIDES,
        "participants.*.node.version": _PROGRAM_DECIDES,
        "participants.*.node.subnets": _LOOPBACK,
        "network.topology": _LOOPBACK,
        "network.places": _LOOPBACK,
        "network.latency": _LOOPBACK,
        "network.bandwidth": _LOOPBACK,
        "network.loss": _LOOPBACK,
        "letters": "letters are taken as soon as they are there",
        "shadow": "these are options of the engine shadow",
    }

    def timings(self, hosts: int, nodes: int) -> Timings:
        """Return the shortest times that this many real programs allow on two cores: every second is waited for.

        Measured: a host's programs take 2 to 2.5 seconds of CPU until they answer, half of them to calibrate tick
        counters; a block of the bootstrap takes each node 0.045. Agents wait for their services, and a start that takes
        longer than planned only uses up some of the bootstrap's margin.
        """
        return Timings(
            wallet_start=SECOND,
            agent_start=2 * SECOND,
            controller_start=2 * SECOND,
            settling=(2 + hosts) * SECOND,
            block_interval=max(SECOND // 2, nodes * SECOND // 10),
        )

    def addresses(self, count: int) -> list[str]:
        """Return addresses of the loopback network, from 127.1.0.1 on: as many as there are in other networks."""
        return [str(IPv4Address(int(IPv4Address(address)) + _TO_LOOPBACK)) for address in super().addresses(count)]

    def memory(self, plan: Plan) -> MemoryEstimate:
        """Estimate what a run's programs take."""
        return MemoryEstimate(memory_of_programs(plan))

    def seconds(self, plan: Plan) -> float:
        """Return how long a run takes: its time is real."""
        return plan.stop / SECOND

    def disk(self, plan: Plan) -> int:
        """Estimate the bytes of a run's directory."""
        return disk_of_programs(plan)

    def needs(self, plan: Plan) -> Iterator[Need]:
        """Look whether this machine has the addresses of the loopback network."""
        del plan
        with socket.socket() as probe:
            try:
                probe.bind((_FIRST, 0))
            except OSError as error:
                found = f"{_FIRST}: {error.strerror}"
                yield Need(name="loopback", state="missing", found=found, remedy=ADDING_ADDRESSES)
            else:
                yield Need(name="loopback", state="good", found=f"{_FIRST} and so on can be used")

    def check(self, plan: Plan) -> None:
        """Check that the plan's programs are here, and that nothing else uses the addresses and ports of its hosts."""
        check_programs(plan)
        _check_addresses(plan)

    def play(self, plan: Plan, directory: Path, *, trace_level: str, on_progress: ProgressCallback) -> int:
        """Play a plan. See :meth:`monerosim.engine.Engine.play`."""
        directory = directory.resolve()
        check_fresh(directory, _outputs(plan, directory))
        epoch = time.time()
        replace_file(directory / EPOCH_FILE, repr(epoch).encode())
        command = [sys.executable, "-m", "monerosim.engines.local.process_supervisor"]
        command += [f"--run={directory}", f"--epoch={epoch!r}", f"--trace-level={trace_level}"]
        with (directory / ENGINE_OUTPUT).open("wb") as output:
            supervisor = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
                command, stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True
            )
        end = _wait(supervisor, plan, EventFollower(directory), epoch, on_progress)
        if supervisor.returncode < 0:
            read_back(plan, directory, epoch=epoch)
        if supervisor.returncode != 0:
            raise EngineError(_failure(directory / ENGINE_OUTPUT, supervisor.returncode))
        return end


def _wait(
    supervisor: subprocess.Popen[bytes],
    plan: Plan,
    follower: EventFollower,
    epoch: float,
    on_progress: ProgressCallback,
) -> int:
    """Report the progress until the process supervisor has ended; end it when nobody wants the run any more.

    Returns:
        When the run stopped, microseconds since its start.
    """
    stopped: int | None = None
    try:
        while supervisor.poll() is None:
            now = min(round((time.time() - epoch) * SECOND), plan.stop)
            wanted = on_progress(Progress(now, *follower.look())) and follower.ended is None
            if not wanted and stopped is None:
                stopped = now
                _end(supervisor)
            with suppress(subprocess.TimeoutExpired):
                supervisor.wait(_INTERVAL)
    finally:
        _wait_for_end(supervisor, hurry=stopped is not None)
    end = min(round((time.time() - epoch) * SECOND), plan.stop) if stopped is None else stopped
    on_progress(Progress(end, *follower.look()))
    return end


def _end(supervisor: subprocess.Popen[bytes]) -> None:
    """End the run: the process supervisor does when its input ends."""
    if supervisor.stdin is not None:
        supervisor.stdin.close()


def _wait_for_end(supervisor: subprocess.Popen[bytes], *, hurry: bool) -> None:
    """Wait until nothing runs any more; an interruption while waiting makes the supervisor kill what is left."""
    _end(supervisor)
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
