"""Playing a plan in virtual time."""

import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

import pykka
from loguru import logger

from monerosim.agent.host import Host
from monerosim.agent.messages import StopHost
from monerosim.agent.registry import SUPERVISOR, load_actor
from monerosim.engine import Engine, MemoryEstimate, Progress, ProgressCallback
from monerosim.engines.embedded.environment import EmbeddedEnvironment
from monerosim.plan.plan import Plan
from monerosim.plugins import PluginFiles
from monerosim.units import SECOND

ENGINE = 65_000_000
PARTICIPANT = 200_000
"""Bytes for the engine as a whole, and more for each participant: 80 MB for 104 participants, 118 MB for 304, 242 MB
for 1,004, over two simulated hours of 0.1 payments a user and minute (tools/bench.py, measured)."""

_SLICE = 10 * SECOND
"""Simulated time between two looks at whether the run shall stop."""


class Embedded(Engine):
    """Plays a run in virtual time, with modelled daemons and wallets, all in one thread."""

    def memory(self, plan: Plan) -> MemoryEstimate:
        """Estimate what a run takes: the engine as a whole, and more for each participant."""
        return MemoryEstimate({"engine": (1, ENGINE), "participants": (len(plan.hosts), PARTICIPANT)})

    def play(self, plan: Plan, directory: Path, *, trace_level: str, on_progress: ProgressCallback) -> int:
        """Play a plan. See :meth:`monerosim.engine.Engine.play`."""
        # pykka logs failures of actors to the root logger too; the actors' own logs have them.
        logging.getLogger("pykka").addHandler(logging.NullHandler())
        # Loguru's own handler prints every actor's log on standard error; those that somebody has added stay.
        with suppress(ValueError):
            logger.remove(0)
        environment = EmbeddedEnvironment(plan, directory, trace_level)
        try:
            return _play(plan, environment, on_progress, PluginFiles.of_run(directory, plan.plugins))
        finally:
            environment.close()


def _play(plan: Plan, environment: EmbeddedEnvironment, on_progress: ProgressCallback, files: PluginFiles) -> int:
    supervisor = load_actor(SUPERVISOR)
    hosts = [Host(plan, own, environment, files) for own in plan.hosts]
    supervisors: list[pykka.ActorRef[Any]] = []
    for host in hosts:
        environment.runtime.call_at(
            host.own.agent_start,
            lambda host=host: supervisors.append(host.start(supervisor, SUPERVISOR)),  # type: ignore[misc]  # bound now
        )
    now = 0
    while now < plan.stop:
        now = min(now + _SLICE, plan.stop)
        environment.runtime.run(now)
        if not on_progress(Progress(now, environment.height, environment.payments)) or environment.ended:
            break
    for host in hosts:
        host.closing = True
    for reference in supervisors:
        # One that failed when it started has nothing to end; its trace says why.
        if reference.is_alive():
            reference.ask(StopHost())
            reference.stop()
    environment.settle()
    on_progress(Progress(now, environment.height, environment.payments))
    return now
