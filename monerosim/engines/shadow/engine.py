"""Playing a plan under Shadow, and reading the run back."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from monerosim.agent.commands import RUN_OVER_AFTER
from monerosim.build.preparation import PreparationError, prepare_for_shadow
from monerosim.build.shadow import data_directory, shadow_yaml
from monerosim.engine import EngineError, Progress, Watch
from monerosim.engines.follow import EventFollower
from monerosim.engines.programs import check_fresh, check_programs, find_shadow
from monerosim.engines.readback import read_back
from monerosim.engines.shadow.output import Heartbeats, explain_failure
from monerosim.plan.plan import Plan
from monerosim.runtime.clock import EPOCH
from monerosim.units import SECOND

OUTPUT = "shadow.log"
"""The file of the run directory that has what Shadow printed."""

_WATCH_INTERVAL = 1.0
_ENDING = 60 * SECOND
"""How much longer Shadow plays a run that an agent has ended: simulated time, so that it does not depend on the machine
what the agents, which end by themselves, have to tell at their end."""

_TIMEOUT = 10.0
"""Seconds that Shadow may take to end after SIGTERM."""


def play(plan: Plan, directory: Path, *, trace_level: str, watch: Watch) -> int:
    """Play a plan under Shadow: real daemons and wallets, simulated network and clock.

    See :class:`monerosim.engine.Engine`.
    """
    directory = directory.resolve()
    shadow = find_shadow()
    check_programs(plan)
    check_fresh(directory, [data_directory(plan, directory)])
    _prepare(plan, directory, trace_level)
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
        end, wanted = _watch(process, plan, directory, watch)
    finally:
        _stop(process)
    read_back(plan, directory, epoch=EPOCH)
    if wanted and process.returncode != 0:
        raise EngineError(_failure(plan, directory, process.returncode))
    return end


def _failure(plan: Plan, directory: Path, status: int) -> str:
    told = explain_failure(directory / OUTPUT, data_directory(plan, directory), directory / "hosts", status)
    if plan.shadow.compat == "off":
        told += (
            '\nThe scenario has compat = "off" in [shadow]; without that library an unpatched Shadow cannot run monerod'
        )
    return told


def _watch(process: subprocess.Popen[bytes], plan: Plan, directory: Path, watch: Watch) -> tuple[int, bool]:
    """Tell of the progress until Shadow has ended or nobody wants the run any more.

    Returns:
        When the run stopped, microseconds since its start, and whether it was still wanted.
    """
    heartbeats = Heartbeats(directory / OUTPUT)
    follower = EventFollower(directory)
    while process.poll() is None:
        now = min(heartbeats.look(), plan.stop)
        if not watch(Progress(now, *follower.look())):
            return now, False
        if follower.ended is not None and now >= (over := _over(plan, follower.ended)) + _ENDING:
            return over, False
        with suppress(subprocess.TimeoutExpired):
            process.wait(_WATCH_INTERVAL)
    progress = follower.look()
    end = plan.stop if process.returncode == 0 else min(heartbeats.look(), plan.stop)
    if follower.ended is not None:
        end = _over(plan, follower.ended)
    watch(Progress(end, *progress))
    return end, True


def _over(plan: Plan, ended: int) -> int:
    """Tell when the agents act for the last time in a run that one of them has ended, since the run's start."""
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


def _prepare(plan: Plan, directory: Path, trace_level: str) -> None:
    """Bring what was not known when the run was built, or is not there any more."""
    (directory / "shadow.yaml").write_text(shadow_yaml(plan, directory, trace_level=trace_level), encoding="utf-8")
    try:
        prepare_for_shadow(plan, directory)
    except PreparationError as error:
        raise EngineError(str(error)) from error
