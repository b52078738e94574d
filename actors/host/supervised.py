"""The actors of a host as their supervisor has them: the state of each, its failures and its restarts."""

from collections.abc import Callable, Mapping
from enum import Enum, auto

from monerosim.agent.behaviour import Behaviour
from monerosim.agent.commands import COMMON_COMMANDS, understands
from monerosim.agent.host import Host
from monerosim.agent.registry import load_behaviour
from monerosim.config import load_config
from monerosim.plan.plan import ActorPlan
from monerosim.plan.restarts import Restarts
from monerosim.plugins import PluginError


class State(Enum):
    """The state of an actor."""

    PLANNED = auto()
    RUNNING = auto()
    BACKING_OFF = auto()
    """It has failed, and is started again after a while."""
    STOPPED = auto()
    GIVEN_UP = auto()


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
        """Of its last failure."""
        self.restarts: list[float] = []
        """Times of its restarts within the window of the limits."""
        self._launch = 0

    @property
    def will_start(self) -> bool:
        """Whether it starts by itself, for the first time or after a failure."""
        return self.state in (State.PLANNED, State.BACKING_OFF)

    def plan_launch(self) -> int:
        """Return the number of a launch to come; the one that was planned before does not count any more."""
        self._launch += 1
        return self._launch

    def is_due(self, launch: int) -> bool:
        """Return whether a launch that was planned still counts."""
        return launch == self._launch and self.will_start

    def fail(self, error: str, now: float, limits: Restarts) -> float | None:
        """Record a failure.

        Args:
            error: What it failed with.
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
    """A behaviour, which takes commands.

    One that will start by itself can be paused, resumed and given another configuration before: it begins so.

    Args:
        host: The host.
        plan: Its part of the plan.
    """

    def __init__(self, host: Host, plan: ActorPlan) -> None:
        super().__init__(plan.name, self._make)
        self.plan = plan
        self.paused = False
        self.lives = 0
        self.config: Mapping[str, object] = plan.config
        self._host = host

    @property
    def behaviour(self) -> type[Behaviour] | None:
        """Its class; None, if that cannot be loaded, as its failures say."""
        try:
            return load_behaviour(self.plan.use, self._host.files)
        except PluginError:
            return None

    def understands(self, do: str, arguments: Mapping[str, object]) -> bool:
        """Return whether there is such a command for it, whatever its state."""
        behaviour = self.behaviour
        return do in COMMON_COMMANDS if behaviour is None else understands(behaviour, do, arguments)

    def reset(self) -> None:
        """Forget its restarts, and have it run at its next start, not paused."""
        self.restarts = []
        self.paused = False

    def _make(self) -> None:
        behaviour = load_behaviour(self.plan.use, self._host.files)
        self._host.start(behaviour, self.name, load_config(self.config, behaviour.Config))
