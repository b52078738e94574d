"""A participant as its actors share it: its plan, its clock, its actors, events and subscriptions."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import pykka

from monerosim.agent.messages import ActorStarted, AwaitChange, EventNotice, TracedMessage, Watch
from monerosim.events import Event, Record, event_tag
from monerosim.mailbox.post import PostOffice
from monerosim.mailbox.shared import SharedState
from monerosim.plan.plan import HostPlan, Plan
from monerosim.plugins import PluginFiles
from monerosim.rpc.transport import Transport
from monerosim.runtime.clock import Clock
from monerosim.runtime.rng import stable_seed
from monerosim.runtime.runtime import Runtime, Timer

if TYPE_CHECKING:
    from loguru import Logger

    from monerosim.agent.actor import Actor
    from monerosim.agent.conditions import Condition
    from monerosim.agent.crowds import CrowdWallets

A = TypeVar("A", bound="Actor")
T = TypeVar("T")


class HostEnvironment(Protocol):
    """The services of an engine for its hosts."""

    @property
    def records_nodes(self) -> bool:
        """Whether it records what blocks contain and how full txpools are; else the nodes' proxies do."""

    @property
    def runtime(self) -> Runtime:
        """Clock and timers."""

    @property
    def post_office(self) -> PostOffice:
        """Letters between hosts."""

    @property
    def shared(self) -> SharedState:
        """Standing facts."""

    def node(self, host: str) -> Transport:
        """The way to the monerod of ``host``."""

    def wallet(self, host: str) -> Transport:
        """The way to the monero-wallet-rpc of ``host``."""

    def watch_tip(self, host: str, changed: Callable[[], None]) -> bool:
        """Call a function whenever the tip of a host's node changes; return False where the engine is not told."""

    def watch_wallet(self, host: str, wish: AwaitChange, changed: Callable[[], None]) -> bool:
        """Call a function once, when a host's wallet has changed; return False where the engine is not told.

        Args:
            host: The host.
            wish: Who waits, and what for; it takes the place of what that actor waited for before.
            changed: The function.
        """

    def crowd(self, host: str) -> "CrowdWallets | None":
        """Return the wallets of the users that a host's behaviour keeps; None where the engine has no such wallets."""

    def change(self, condition: "Condition", *, scheduled: bool) -> None:
        """Change the network.

        Args:
            condition: What changes.
            scheduled: Whether it is in the timeline, so that the engine may have known of it before.

        Raises:
            ConditionError: The engine cannot do that, or not now.
        """

    def record(self, record: Record) -> None:
        """Append an event to the event log."""

    def logger(self, actor: "Actor") -> "Logger":
        """Return the logger of an actor."""


class NoSuchActorError(Exception):
    """A host has no actor of this name."""


class Host:
    """One participant's actors and what they share.

    Args:
        plan: The run's plan.
        own: The participant's part of it.
        environment: The services of the engine.
        files: Where the scenario's own files are: in the run directory.
    """

    def __init__(
        self, plan: Plan, own: HostPlan, environment: HostEnvironment, files: PluginFiles | None = None
    ) -> None:
        self.plan = plan
        self.own = own
        self.environment = environment
        self.files = files
        self.name = own.name
        self.shared = environment.shared
        self.clock = Clock(environment.runtime, plan.time_zero)
        self.actors: dict[str, pykka.ActorRef[Any]] = {}
        self.on_failed: Callable[[str, BaseException], None] | None = None
        self.on_over: Callable[[], None] | None = None
        """Called when the run ends before its time."""
        self.closing = False
        self.started: set[str] = set()
        """The actors that are ready: their ``begin`` has returned, and they have not failed since."""
        self._start_listeners: dict[str, None] = {}
        self._kept: dict[tuple[str, type], object] = {}
        self._subscribers: dict[str, dict[str, float | None]] = {}
        self._numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(1))

    def now(self) -> int:
        """Return the time in microseconds since the run's start."""
        return self.environment.runtime.now()

    def call_at(self, when: int, function: Callable[[], None]) -> Timer:
        """Call ``function`` when it is ``when`` microseconds since the run's start, unless the host is closing."""
        return self.environment.runtime.call_at(when, lambda: None if self.closing else function())

    def start(self, actor_class: "type[A]", *arguments: object) -> "pykka.ActorRef[A]":
        """Start an actor of this host; ``arguments`` follow the host itself, the actor's name first."""
        reference = self.environment.runtime.start(actor_class, self, *arguments)
        self.actors[str(arguments[0])] = reference
        return reference

    def numbers(self, purpose: str) -> Iterator[int]:
        """Return a counter from 1 that goes on over restarts of actors, so that no number comes twice."""
        return self._numbers[purpose]

    def stream_seed(self, *purpose: str) -> int:
        """Return the seed of a random stream of this host."""
        return stable_seed(self.plan.seed, self.name, *purpose)

    def actor(self, name: str) -> pykka.ActorRef[Any]:
        """Return an actor of this host.

        Raises:
            NoSuchActorError: There is none.
        """
        found = self.actors.get(name)
        if found is None:
            raise NoSuchActorError(f"{self.name} has no actor {name!r}; it has {', '.join(self.actors)}")
        return found

    def emit(self, actor: str, cause: str, event: Event) -> None:
        """Record an event of an actor of this host, and notify its subscribers."""
        self.environment.record(Record(self.clock.microseconds(), self.name, actor, cause, event))
        self.notify(actor, cause, event)

    def notify(self, actor: str, cause: str, event: Event) -> None:
        """Notify the subscribers of an event, without recording it."""
        # Most events have none.
        if self._subscribers.get(event_tag(type(event))):
            self.pass_on(Record(self.clock.microseconds(), self.name, actor, cause, event))

    def pass_on(self, record: Record) -> None:
        """Notify the subscribers of what has happened to this host."""
        subscribers = self._subscribers.get(record.tag, {})
        if not subscribers:
            return
        identifier = f"{self.name}/{record.actor}#{next(self._numbers[record.actor])}"
        for name in subscribers:
            reference = self.actors.get(name)
            if reference is not None:
                # Between a failure and its restart an actor misses events.
                with suppress(pykka.ActorDeadError):
                    reference.tell(TracedMessage(EventNotice(record), identifier, record.cause or identifier))

    def subscribe(self, tag: str, actor: str, interval: float | None = None) -> None:
        """Notify an actor of this host of events of a kind from now on.

        Args:
            tag: The events' tag; the host need not know the class of a plugin's event.
            actor: The subscriber.
            interval: Seconds between two polls of the actor that watches for such events, if there is one.
        """
        # Replaced as a whole: another thread may be iterating over it.
        self._subscribers[tag] = {**self._subscribers.get(tag, {}), actor: interval}
        for reference in list(self.actors.values()):
            for kind in reference.actor_class.watches:
                if event_tag(kind) == tag:
                    with suppress(pykka.ActorDeadError):
                        reference.tell(Watch(kind, interval))

    def subscriptions(self, kinds: Iterable[type[Event]]) -> Iterator[Watch]:
        """Return the subscriptions to some kinds of events, for an actor that watches for them."""
        for kind in kinds:
            for interval in self._subscribers.get(event_tag(kind), {}).values():
                yield Watch(kind, interval)

    def mark_started(self, actor: str) -> None:
        """Record that an actor is ready, and notify the listeners."""
        self.started.add(actor)
        for listener in list(self._start_listeners):
            with suppress(pykka.ActorDeadError):
                self.actors[listener].tell(ActorStarted(actor))

    def notify_of_starts(self, actor: str) -> None:
        """Send :class:`ActorStarted` to an actor of this host for each that is ready from now on."""
        self._start_listeners[actor] = None

    def retained(self, actor: str, kind: type[T]) -> T:
        """Return the state that an actor retains over restarts.

        Args:
            actor: Its name.
            kind: The state's class, called without arguments in the actor's first life.
        """
        if (actor, kind) not in self._kept:
            self._kept[actor, kind] = kind()
        return cast("T", self._kept[actor, kind])

    def logger(self, actor: "Actor") -> "Logger":
        """Return the logger of an actor."""
        return self.environment.logger(actor)

    def failed(self, actor: str, error: BaseException) -> None:
        """Report to the supervisor that an actor has stopped with an error."""
        self.started.discard(actor)
        if self.on_failed is not None:
            self.on_failed(actor, error)
