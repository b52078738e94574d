"""Playing a plan under Shadow, and reading the run back."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from monerosim.agent.commands import RUN_OVER_AFTER
from monerosim.agent.real_conditions import LINK_CONDITIONS, SCHEDULED_CONDITIONS
from monerosim.build.disk import disk_of_programs
from monerosim.build.memory import memory_of_programs
from monerosim.build.shadow import data_directory, shadow_yaml
from monerosim.engine import Engine, EngineError, MemoryEstimate, Need, Progress, ProgressCallback
from monerosim.engines.follow import EventFollower
from monerosim.engines.programs import check_fresh, check_programs
from monerosim.engines.readback import read_back
from monerosim.engines.shadow.needs import find_shadow, needs_of_shadow
from monerosim.engines.shadow.output import Heartbeats, dead_programs, explain_failure
from monerosim.engines.shadow.preparation import prepare
from monerosim.events import ProcessDied, Record
from monerosim.events.feed import ENGINE_EVENTS
from monerosim.events.log import EventLog
from monerosim.files import replace_file
from monerosim.plan.plan import Plan
from monerosim.runtime.clock import EPOCH
from monerosim.units import SECOND

OUTPUT = "shadow.log"
"""The file of the run directory that has what Shadow printed."""

_INTERVAL = 1.0
"""Seconds between two looks at how far the run is."""

SHADOW = 180_000_000
SHADOW_PROCESS = 150_000
"""Bytes for Shadow itself, and more for each program: 184 MB for 14, 213 MB for 236 (tools/measure_shadow.py)."""

_START = 5.0
_PROCESS_SECOND = 1.35e-3
"""Seconds of a run, and more for each program and simulated second: on two cores 1,069 s for 236 programs and 3,350 s
(hundred-users.toml), 38 s for 14 and 1,600 s (smoke.toml; tools/measure_shadow.py, tools/compare_engines.py)."""

_ENDING = 60 * SECOND
"""How much longer Shadow plays a run that an agent has ended: simulated time, so that it does not depend on the machine
what the agents, which end by themselves, report at their end."""

_TIMEOUT = 10.0
"""Seconds that Shadow may take to end after SIGTERM."""


_PROGRAM_DECIDES = "monerod decides; another one is named by binary"
_NOBODY_WATCHES = "a program that has died or hangs under Shadow is not started again"


class Shadow(Engine):
    """Plays a run under Shadow: real daemons and wallets, simulated network and clock."""

    real_programs = True
    skips_proof_of_work = True
    upgrades = True
    conditions = LINK_CONDITIONS | {"move-wallet"}
    scheduled_conditions = SCHEDULED_CONDITIONS
    unheeded: ClassVar[Mapping[str, str]] = {
        "network.version": _PROGRAM_DECIDES,
        "network.relay": _PROGRAM_DECIDES,
        "network.dandelion": _PROGRAM_DECIDES,
        "participants.*.node.version": _PROGRAM_DECIDES,
        "participants.*.restarts.timeout": _NOBODY_WATCHES,
        "participants.*.restarts.start_timeout": _NOBODY_WATCHES,
    }

    def memory(self, plan: Plan) -> MemoryEstimate:
        """Estimate what a run takes: its programs, and Shadow with them."""
        programs = sum(len(host.processes) for host in plan.hosts)
        return MemoryEstimate({**memory_of_programs(plan), "Shadow": (1, SHADOW + programs * SHADOW_PROCESS)})

    def seconds(self, plan: Plan) -> float:
        """Estimate the real time that a run takes on two cores."""
        programs = sum(len(host.processes) for host in plan.hosts)
        return _START + programs * _PROCESS_SECOND * plan.stop / SECOND

    def disk(self, plan: Plan) -> int:
        """Estimate the bytes of a run's directory."""
        return disk_of_programs(plan)

    def needs(self, plan: Plan) -> Iterator[Need]:
        """Look for Shadow, for shared memory enough, and for a compiler."""
        yield from needs_of_shadow(plan)

    def check(self, plan: Plan) -> None:
        """Check that Shadow and the plan's programs are here."""
        find_shadow()
        check_programs(plan)

    def prepare(self, plan: Plan, directory: Path, final: Path) -> None:
        """Write the libraries of Monero's programs into the run directory, and compile the modules of its agents."""
        prepare(plan, directory, final)

    def play(self, plan: Plan, directory: Path, *, trace_level: str, on_progress: ProgressCallback) -> int:
        """Play a plan. See :meth:`monerosim.engine.Engine.play`."""
        directory = directory.resolve()
        shadow = find_shadow()
        check_fresh(directory, [data_directory(plan, directory)])
        # It was not known when the run was built, or is not there any more.
        replace_file(directory / "shadow.yaml", shadow_yaml(plan, directory, trace_level=trace_level).encode())
        self.prepare(plan, directory, directory)
        with (directory / OUTPUT).open("wb") as output:
            process = subprocess.Popen(  # noqa: S603  (the user's Shadow)
                # It dies with this process, and the programs die with it.
                [sys.executable, "-m", "monerosim.engines.shadow.launch", str(os.getpid()), shadow, "shadow.yaml"],
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            end, wanted = _wait(process, plan, directory, on_progress)
        finally:
            _stop(process)
        if wanted and process.returncode != 0:
            _record_deaths(plan, directory, end)
        read_back(plan, directory, epoch=EPOCH)
        if wanted and process.returncode != 0:
            raise EngineError(_failure(plan, directory, process.returncode))
        return end


def _record_deaths(plan: Plan, directory: Path, end: int) -> None:
    """Record which programs ended before their time: with one of them Shadow fails, and so the run ends."""
    log = EventLog(directory / ENGINE_EVENTS)
    for host, process, status in dead_programs(directory / OUTPUT):
        log.append(Record(end - plan.time_zero, host, "engine", "", ProcessDied(process, status)))
    log.close()


def _failure(plan: Plan, directory: Path, status: int) -> str:
    message = explain_failure(directory / OUTPUT, data_directory(plan, directory), directory / "hosts", status)
    if plan.shadow.compat == "off":
        message += (
            '\nThe scenario has compat = "off" in [shadow]; without that library an unpatched Shadow cannot run monerod'
        )
    return message


def _wait(
    process: subprocess.Popen[bytes], plan: Plan, directory: Path, on_progress: ProgressCallback
) -> tuple[int, bool]:
    """Report the progress until Shadow has ended or nobody wants the run any more.

    Returns:
        When the run stopped, microseconds since its start, and whether it was still wanted.
    """
    heartbeats = Heartbeats(directory / OUTPUT)
    follower = EventFollower(directory)
    while process.poll() is None:
        counted = follower.look()
        now = heartbeats.look()
        if follower.latest is not None:
            # Heartbeats come late: Shadow keeps back what it prints.
            now = max(now, plan.time_zero + follower.latest)
        now = min(now, plan.stop)
        if not on_progress(Progress(now, *counted)):
            return now, False
        if follower.ended is not None and now >= (over := _over(plan, follower.ended)) + _ENDING:
            return over, False
        with suppress(subprocess.TimeoutExpired):
            process.wait(_INTERVAL)
    progress = follower.look()
    end = plan.stop if process.returncode == 0 else min(heartbeats.look(), plan.stop)
    if follower.ended is not None:
        end = _over(plan, follower.ended)
    on_progress(Progress(end, *progress))
    return end, True


def _over(plan: Plan, ended: int) -> int:
    """Return when the agents act for the last time in a run that one of them has ended, since the run's start."""
    return min(plan.time_zero + ended + RUN_OVER_AFTER, plan.stop)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End Shadow if it still runs. Its programs have asked the kernel to be killed when it is gone."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_TIMEOUT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
