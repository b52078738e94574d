"""Playing a plan in virtual time."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

import pykka
from loguru import logger

from monerosim.agent.conditions import CONDITIONS
from monerosim.agent.host import Host
from monerosim.agent.messages import StopHost
from monerosim.agent.registry import SUPERVISOR, load_actor
from monerosim.control import OPERATOR, is_controlled
from monerosim.engine import Engine, MemoryEstimate, Need, Progress, ProgressCallback
from monerosim.engines.embedded.controller import Controller
from monerosim.engines.embedded.environment import EmbeddedEnvironment
from monerosim.engines.embedded.watchdog import RunStoppedError, Watchdog
from monerosim.network.span import is_compiled
from monerosim.plan.plan import Plan, payments_wanted
from monerosim.plugins import PluginFiles
from monerosim.runtime.collecting import rare_collection
from monerosim.units import SECOND

ENGINE = 65_000_000
PARTICIPANT = 200_000
"""Bytes for the engine as a whole, and more for each participant: 80 MB for 104 participants, 118 MB for 304, 242 MB
for 1,004, over two simulated hours of 0.1 payments a user and minute (tools/bench.py, measured)."""

USER = 2_000
"""And for each user of a crowd."""

_START = 1.0
_ITEM = 1.5e-3
_ITEM_AT_NODE = 2e-6
"""Seconds of a run, and more for each payment and block, and for each node that gets it: 1.5 s for 884 payments among
100 users, 27.6 s for 8,516 among 1,000 (tools/bench.py, measured)."""

_HOST_FILES = 10_000
_PAYMENT_FILES = 5_000
_BLOCK_FILES = 2_500
"""Bytes of a run's directory for each participant, payment and block: 7.3 MB for quickstart.toml with 1,187 payments,
3.0 MB for architecture-v2.toml with 600, 1.9 MB for 696 blocks without any (measured; a test holds them to it)."""

_SLICE = 10 * SECOND
"""Simulated time between two looks at whether the run shall stop."""

_SECONDS = 0.5
"""Seconds of real time after which it is looked at, however little has been simulated."""

_STEPS = 64
"""Steps of the run between two looks at the clock."""


_NOT_RECORDED = "it does not record them"
_NO_PROGRAMS = "it starts no programs"


# pykka logs failures of actors to the root logger too; the actors' own logs have them.
logging.getLogger("pykka").addHandler(logging.NullHandler())


class Embedded(Engine):
    """Plays a run in virtual time, with modelled daemons and wallets, all in one thread."""

    environment: ClassVar[type[EmbeddedEnvironment]] = EmbeddedEnvironment
    """What is around the hosts; an engine derived from this one may put something between actors and services."""

    paced = True
    crowds = True
    upgrades = True
    conditions = frozenset(CONDITIONS)
    unheeded: ClassVar[Mapping[str, str]] = {
        "binaries.monerod": _NO_PROGRAMS,
        "binaries.wallet": _NO_PROGRAMS,
        "participants.*.node.binary": _NO_PROGRAMS,
        "participants.*.node.upgrade.binary": _NO_PROGRAMS,
        "participants.*.wallet.binary": _NO_PROGRAMS,
        "participants.*.restarts.timeout": _NO_PROGRAMS,
        "participants.*.restarts.start_timeout": _NO_PROGRAMS,
        "shadow": "these are options of the engine shadow",
    }

    def needs(self, plan: Plan) -> Iterator[Need]:
        """Look whether the spread of transactions is computed by the library in C. Nothing is missing without it."""
        del plan
        found = "a library in C, built here" if is_compiled() else "numpy; more quickly where there is a C compiler"
        yield Need(name="transactions", state="good", found=f"their spread is computed by {found}")

    def memory(self, plan: Plan) -> MemoryEstimate:
        """Estimate what a run takes: the engine as a whole, and more for each participant."""
        users = sum(host.crowd.users for host in plan.hosts if host.crowd is not None)
        parts = {"engine": (1, ENGINE), "participants": (len(plan.hosts), PARTICIPANT)}
        return MemoryEstimate({**parts, "users of crowds": (users, USER)} if users else parts)

    def seconds(self, plan: Plan) -> float:
        """Estimate the real time that a run takes: most of it goes to payments, and to each node that has them."""
        nodes = sum(host.node is not None for host in plan.hosts)
        return _START + (payments_wanted(plan) + _blocks(plan)) * (_ITEM + nodes * _ITEM_AT_NODE)

    def disk(self, plan: Plan) -> int:
        """Estimate the bytes of a run's directory, without the page of its report."""
        items = payments_wanted(plan) * _PAYMENT_FILES + _blocks(plan) * _BLOCK_FILES
        return len(plan.hosts) * _HOST_FILES + round(items)

    @rare_collection()
    def play(self, plan: Plan, directory: Path, *, trace_level: str, on_progress: ProgressCallback) -> int:
        """Play a plan. See :meth:`monerosim.engine.Engine.play`."""
        # Loguru's own handler prints every actor's log on standard error; those that somebody has added stay.
        with suppress(ValueError):
            logger.remove(0)
        files = PluginFiles.of_run(directory, plan.plugins)
        controlled = is_controlled(directory)
        environment = self.environment(plan, directory, trace_level, files, (OPERATOR,) if controlled else ())
        try:
            look = _Look(environment, on_progress)
            controller = Controller(plan, directory, environment, look.idle) if controlled else None
            return _play(plan, environment, look, files, controller)
        finally:
            environment.close()


class _Look:
    """Looks now and then whether the run shall stop, by real time: a little of the run's may take long."""

    def __init__(self, environment: EmbeddedEnvironment, on_progress: ProgressCallback) -> None:
        self._environment = environment
        self._on_progress = on_progress
        self._last = monotonic()
        self._steps = 0
        self.steps = 0
        """All that have been made."""

    def __call__(self) -> bool:
        """Return whether the run shall stop, asked before each step."""
        self.steps += 1
        self._steps += 1
        if self._steps < _STEPS:
            return False
        self._steps = 0
        return monotonic() - self._last > _SECONDS and not self.now()

    def idle(self) -> bool:
        """Return whether the run shall stop, asked while it waits."""
        self.steps += 1
        return monotonic() - self._last > _SECONDS and not self.now()

    def now(self) -> bool:
        """Tell the progress, and return whether the run goes on."""
        self._last = monotonic()
        environment = self._environment
        return self._on_progress(Progress(environment.runtime.now(), environment.height, environment.payments))

    def stuck(self) -> bool:
        """Tell who keeps the run from going on, and return whether it shall go on nonetheless."""
        environment, runtime = self._environment, self._environment.runtime
        who = str(runtime.running or "the model")
        return self._on_progress(Progress(runtime.now(), environment.height, environment.payments, who))


def _blocks(plan: Plan) -> float:
    """Return how many blocks are found in the scenario's own time, on average."""
    return plan.duration / plan.consensus.block_time


def _next_stop(plan: Plan, environment: EmbeddedEnvironment, controller: Controller | None) -> int:
    """Return up to when to go on at once: a slice, or as far as nothing happens, if nobody follows the clock."""
    runtime = environment.runtime
    stop = runtime.now() + _SLICE
    if controller is None:
        due = runtime.next_due()
        # Just before it: a run that is stopped in between has none of what comes then.
        stop = plan.stop if due is None else max(stop, due - 1)
    return min(stop, plan.stop)


def _play(
    plan: Plan,
    environment: EmbeddedEnvironment,
    look: "_Look",
    files: PluginFiles,
    controller: Controller | None,
) -> int:
    supervisor = load_actor(SUPERVISOR)
    hosts = [Host(plan, own, environment, files) for own in plan.hosts]
    supervisors: list[pykka.ActorRef[Any]] = []
    for host in hosts:
        environment.runtime.call_at(
            host.own.agent_start,
            lambda host=host: supervisors.append(host.start(supervisor, SUPERVISOR)),  # type: ignore[misc]  # bound now
        )
    runtime = environment.runtime
    advance = runtime.run if controller is None else controller.advance
    with suppress(RunStoppedError), Watchdog(lambda: look.steps, look.stuck):
        while runtime.now() < plan.stop:
            whole = advance(_next_stop(plan, environment, controller), look)
            # The events that a run that is killed leaves end with its last slice.
            environment.flush()
            if not whole or not look.now() or environment.ended:
                break
    now = runtime.now()
    for host in hosts:
        host.closing = True
    for reference in supervisors:
        # One that failed when it started has nothing to end; its trace says why.
        if reference.is_alive():
            reference.ask(StopHost())
            reference.stop()
    environment.settle()
    if controller is not None:
        controller.finish()
    look.now()
    return now
