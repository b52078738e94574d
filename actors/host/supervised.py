"""The actors of a host as their supervisor has them: what has become of each, and what each is told to do."""

from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any

import msgspec

from monerosim.agent.behaviour import Behaviour
from monerosim.agent.commands import (
    COMMON_COMMANDS,
    PAUSE,
    RESUME,
    SET,
    START,
    STOP,
    CommandError,
    command_message,
    understands,
)
from monerosim.agent.host import Host
from monerosim.agent.messages import Configure, End, Message, Pause, Resume
from monerosim.agent.registry import load_behaviour
from monerosim.config import change_config, load_config
from monerosim.plan.plan import ActorPlan
from monerosim.plan.restarts import Restarts
from monerosim.plugins import PluginError


class State(Enum):
    """What has become of an actor."""

    PLANNED = auto()
    RUNNING = auto()
    BACKING_OFF = auto()
    """It has failed, and is started again after a while."""
    STOPPED = auto()
    GIVEN_UP = auto()


_TO_START = (State.PLANNED, State.BACKING_OFF)


class NotAbleError(CommandError):
    """A behaviour is in no state in which it could do what it is told: others may be."""


class Task(msgspec.Struct, eq=False):
    """A command, until all behaviours that it is for have carried it out or failed."""

    do: str
    arguments: Mapping[str, Any]
    sender: str = ""
    """The host that is answered, if any."""
    id: str = ""
    reply: str = ""
    """Its actor that gets the answer."""
    waiting: int = 0
    """How many behaviours have not answered."""
    done: list[str] = []
    failed: list[str] = []
    unable: list[str] = []
    answers: dict[str, object] = {}


class Order(msgspec.Struct, eq=False):
    """A command to one behaviour."""

    number: int
    actor: str
    task: Task
    cause: str
    steps: tuple[Message[Any], ...] = ()
    """What it is still to be told, the first of which it has been told."""
    config: Mapping[str, object] = {}
    """What its configuration is after this."""
    closed: bool = False
    """Whether it has counted as failed, because no answer came in time."""


class Supervised:
    """An actor of the host, in all its lives.

    Args:
        name: Its name.
        start: Makes it and starts it.
    """

    def __init__(self, name: str, start: Callable[[], object]) -> None:
        self.name = name
        self.start = start
        self.state = State.PLANNED
        self.error = ""
        """What it failed with last."""
        self.restarts: list[float] = []
        """When it was started again lately."""
        self._launch = 0

    def plan_launch(self) -> int:
        """Number a launch to come; the one that was planned before does not count any more."""
        self._launch += 1
        return self._launch

    def is_due(self, launch: int) -> bool:
        """Tell whether a launch that was planned still counts."""
        return launch == self._launch and self.state in _TO_START

    def fail(self, error: str, now: float, limits: Restarts) -> float | None:
        """Take note that it has failed.

        Args:
            error: With what.
            now: Seconds since the scenario's time zero.
            limits: How often it is started again.

        Returns:
            Seconds until it is started again; None, if it was given up.
        """
        self.error = error
        self.restarts = [then for then in self.restarts if now - then < limits.window.seconds]
        if len(self.restarts) >= limits.max_restarts:
            self.state = State.GIVEN_UP
            return None
        self.state = State.BACKING_OFF
        wait: float = limits.backoff.seconds * 2 ** len(self.restarts)
        self.restarts.append(now)
        return wait


class SupervisedBehaviour(Supervised):
    """A behaviour, which takes commands: one after the other, the next when it has answered.

    What is to start by itself, for the first time or after a failure, can be paused, resumed and given another
    configuration before: it begins so.

    Args:
        host: The host.
        plan: Its part of the plan.
    """

    def __init__(self, host: Host, plan: ActorPlan) -> None:
        super().__init__(plan.name, self._make)
        self.plan = plan
        self.paused = False
        self.lives = 0
        self.orders: deque[Order] = deque()
        self._host = host
        self._config: Mapping[str, object] = plan.config

    @property
    def block(self) -> type[Behaviour] | None:
        """Its class; None, if that cannot be loaded, as its failures say."""
        try:
            return load_behaviour(self.plan.use, self._host.files)
        except PluginError:
            return None

    def understands(self, do: str, arguments: Mapping[str, object]) -> bool:
        """Tell whether it can be told to do something, whatever its state."""
        return do in COMMON_COMMANDS if self.block is None else understands(self.block, do, arguments)

    def forget(self) -> None:
        """Count its failures anew, and have it go on at its next start."""
        self.restarts = []
        self.paused = False

    def consider(self, order: Order) -> None:
        """See what it is to be told for an order (:attr:`Order.steps`): nothing, while it does not run.

        Raises:
            NotAbleError: Its state does not allow that.
            CommandError: The arguments do not fit.
        """
        do, runs = order.task.do, self.state is State.RUNNING
        if do == START:
            if runs:
                raise NotAbleError(f"{self.name} is running")
        elif do == STOP:
            order.steps = (Pause(), End()) if runs else ()
        elif runs or (do in COMMON_COMMANDS and self.state in _TO_START):
            step = self._step(order)
            order.steps = (step,) if runs else ()
        else:
            raise NotAbleError(f"{self.name} of {self._host.name}: not running")

    def finish(self, order: Order) -> None:
        """Take note that an order has been carried out."""
        do = order.task.do
        if do in (PAUSE, RESUME):
            self.paused = do == PAUSE
        elif do == SET:
            self._config = order.config
        elif do == STOP and self.state is not State.GIVEN_UP:
            self.paused = False
            self.state = State.STOPPED

    def _step(self, order: Order) -> Message[Any]:
        task, block = order.task, self.block
        if task.do in (PAUSE, RESUME):
            return Pause() if task.do == PAUSE else Resume()
        if block is None:
            raise NotAbleError(f"{self.name} of {self._host.name} cannot be loaded")
        if task.do != SET:
            return command_message(block, task.do, task.arguments)
        order.config = change_config(self._config, task.arguments, block.Config)
        try:
            return Configure(load_config(order.config, block.Config))
        except msgspec.ValidationError as error:
            raise CommandError(f"{self.name}: {error}") from error

    def _make(self) -> None:
        block = load_behaviour(self.plan.use, self._host.files)
        self._host.start(block, self.name, load_config(self._config, block.Config))
