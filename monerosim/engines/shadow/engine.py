"""Playing a plan under Shadow, and reading the run back."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from monerosim.engines.engine import EngineError, Progress, Watch
from monerosim.engines.follow import EventFollower
from monerosim.engines.programs import check_fresh, check_programs
from monerosim.engines.readback import read_back
from monerosim.engines.shadow.output import Heartbeats, explain_failure
from monerosim.plan.model import Plan
from monerosim.plan.preparation import PreparationError, prepare_for_shadow
from monerosim.plan.processes import SHADOW_EPOCH
from monerosim.plan.shadow import INSTALLING_SHADOW, data_directory, shadow_yaml

OUTPUT = "shadow.log"
"""The file of the run directory that has what Shadow printed."""

_WATCH_INTERVAL = 1.0
_PATIENCE = 10.0
"""Seconds that Shadow may take to end after SIGTERM."""


def play(plan: Plan, directory: Path, *, trace_level: str, watch: Watch) -> int:
    """Play a plan under Shadow: real daemons and wallets, simulated network and clock.

    See :class:`monerosim.engines.engine.Engine`.
    """
    directory = directory.resolve()
    shadow = _find_shadow()
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
    read_back(plan, directory, epoch=SHADOW_EPOCH)
    if wanted and process.returncode != 0:
        raise EngineError(explain_failure(directory / OUTPUT, data_directory(plan, directory), process.returncode))
    return end


def _watch(process: subprocess.Popen[bytes], plan: Plan, directory: Path, watch: Watch) -> tuple[int, bool]:
    """Tell of the progress until Shadow has ended or nobody wants the run any more.

    Returns:
        When the run stopped, microseconds since its start, and whether it was still wanted.
    """
    heartbeats = Heartbeats(directory / OUTPUT)
    follower = EventFollower(directory)
    while process.poll() is None:
        now = min(heartbeats.look(), plan.stop)
        if not watch(Progress(now, *follower.look())) or follower.ended:
            return now, False
        with suppress(subprocess.TimeoutExpired):
            process.wait(_WATCH_INTERVAL)
    end = plan.stop if process.returncode == 0 else min(heartbeats.look(), plan.stop)
    watch(Progress(end, *follower.look()))
    return end, True


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End Shadow if it still runs. Its programs have asked the kernel to be killed when it is gone."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _find_shadow() -> str:
    found = shutil.which("shadow")
    if found is None:
        raise EngineError(f"not found on PATH: shadow\n{INSTALLING_SHADOW}")
    return found


def _prepare(plan: Plan, directory: Path, trace_level: str) -> None:
    """Bring what was not known when the run was built, or is not there any more."""
    (directory / "shadow.yaml").write_text(shadow_yaml(plan, directory, trace_level=trace_level), encoding="utf-8")
    try:
        prepare_for_shadow(plan, directory)
    except PreparationError as error:
        raise EngineError(str(error)) from error
