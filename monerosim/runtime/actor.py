"""The base of every actor: handlers, timers, and the way to the world through its host."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar, TypeVar, cast

import pykka

from monerosim.config import Config as BaseConfig
from monerosim.observe.events import Event
from monerosim.runtime.host import Host
from monerosim.runtime.message import Delivery, Due, End, Message
from monerosim.runtime.rng import Rng
from monerosim.units import SECOND

R = TypeVar("R")
M = TypeVar("M", bound=Message[Any])


def handles(kind: type[M]) -> Callable[[Callable[[Any, M], R]], Callable[[Any, M], R]]:
    """Mark a method as the handler of a kind of message; what it returns is the answer."""

    def mark(method: Callable[[Any, M], R]) -> Callable[[Any, M], R]:
        method.__dict__["handles"] = kind
        return method

    return mark


class Actor(pykka.Actor):
    """An actor of a host, on whichever runtime the host is.

    Subclasses write handlers (methods marked with :func:`handles`) and timers (:meth:`after`, :meth:`every`), and ask
    for everything that touches the world: ``clock``, ``rng``, ``log``, ``emit``. A handler may ask other actors and
    wait for the answer; it does not loop and sleep, so the actor always comes back to its inbox.

    Args:
        host: The participant it belongs to.
        name: Unique in the host.
    """

    _handlers: ClassVar[dict[type, str]] = {}
    """Messages, and the names of the methods that handle them."""

    def __init__(self, host: Host, name: str) -> None:
        super().__init__()
        self.host = host
        self.name = name
        self.clock = host.clock
        life = next(host.numbers(f"life of {name}"))
        # An actor that is started again does not draw the same numbers again.
        self.rng = Rng(host.stream_seed(name) if life == 1 else host.stream_seed(name, str(life)))
        self.cause = ""
        self.message_id = ""
        self.log = host.logger(self)
        self._ids = host.numbers(name)

    def __init_subclass__(cls, **options: object) -> None:
        """Collect the class's handlers."""
        super().__init_subclass__(**options)
        cls._handlers = {
            _attributes(method)["handles"]: name
            for base in reversed(cls.__mro__)
            for name, method in vars(base).items()
            if "handles" in _attributes(method)
        }

    def __str__(self) -> str:
        return f"{self.host.name}/{self.name}"

    @property
    def participant(self) -> str:
        """The name of its host."""
        return self.host.name

    def trace_time(self) -> int:
        """Tell the time in microseconds since the scenario's time zero."""
        return self.clock.microseconds()

    @classmethod
    def understands(cls, kind: type[Message[Any]]) -> bool:
        """Tell whether actors of this class handle a kind of message."""
        return kind in cls._handlers

    def begin(self) -> None:
        """Act for the first time; called once, when the actor has been started."""

    def end(self) -> None:
        """Act for the last time; called once at the end of the run, while all other actors still answer."""

    def ask(self, actor: pykka.ActorRef[Any], message: Message[R], timeout: float | None = None) -> R:
        """Send a message and wait for the answer.

        Args:
            actor: Who is asked.
            message: What.
            timeout: Seconds to wait at most; as long as it takes, if left out.

        Raises:
            pykka.Timeout: No answer came in time.
            pykka.ActorDeadError: The actor has stopped.
            Exception: What the handler raised.
        """
        future = actor.ask(self._deliver(message), block=False)
        return cast("R", future.get(timeout=timeout))

    def tell(self, actor: pykka.ActorRef[Any], message: Message[Any]) -> None:
        """Send a message and go on.

        Raises:
            pykka.ActorDeadError: The actor has stopped.
        """
        actor.tell(self._deliver(message))

    def after(self, seconds: float, method: Callable[..., None], *arguments: object, same_cause: bool = False) -> None:
        """Call one of this actor's own methods once, later.

        Args:
            seconds: How much later.
            method: The method.
            arguments: What it is given.
            same_cause: Whether the call goes on with what is being handled now, or begins something new.
        """
        cause = self.cause if same_cause else ""
        self.host.call_at(self.host.now() + round(seconds * SECOND), self._due(method, arguments, cause))

    def every(self, seconds: float, method: Callable[..., None], *arguments: object) -> None:
        """Call one of this actor's own methods again and again, for the first time after ``seconds``.

        The calls fall on a fixed grid; one that comes due while the actor is busy is late, and the next is not.
        """
        period = round(seconds * SECOND)
        if period <= 0:
            raise ValueError(f"a period is at least a microsecond, got {seconds} s")
        due = self._due(method, arguments, "")

        def fire(when: int) -> None:
            if self.actor_ref.is_alive():
                due()
                self.host.call_at(when + period, lambda: fire(when + period))

        first = self.host.now() + period
        self.host.call_at(first, lambda: fire(first))

    def emit(self, event: Event, cause: str = "") -> None:
        """Record that something happened, because of ``cause`` (by default what is being handled now)."""
        self.host.emit(self.name, cause or self.cause, event)

    def on_start(self) -> None:
        """Begin; a failure is the supervisor's."""
        try:
            self._new_cause()
            self.begin()
        except Exception as error:
            self.on_failure(type(error), error, error.__traceback__)
            raise

    def on_failure(self, exception_type: object, exception_value: BaseException | None, traceback: object) -> None:
        """Tell the host's supervisor."""
        del exception_type, traceback
        if exception_value is not None:
            self.log.opt(exception=exception_value).error("failed: {}", exception_value)
            self.host.failed(self.name, exception_value)

    def on_receive(self, message: object) -> object:
        """Call the handler of a message, or a timer's method."""
        match message:
            case Delivery():
                self.message_id, self.cause = message.id, message.cause
                return self._handle(message.message)
            case Due():
                self.message_id = self.cause = message.cause
                if not message.cause:
                    self._new_cause()
                return getattr(self, message.method)(*message.arguments)
            case Message():
                self._new_cause()
                return self._handle(message)
            case _:
                raise TypeError(f"{self} was sent a {type(message).__name__}, which is no message")

    def _handle(self, message: Message[Any]) -> object:
        if isinstance(message, End):
            self.end()
            return None
        handler = self._handlers.get(type(message))
        if handler is None:
            raise TypeError(f"{self} does not handle {type(message).__name__}")
        return cast("object", getattr(self, handler)(message))

    def _deliver(self, message: Message[Any]) -> Delivery:
        identifier = self._next_id()
        return Delivery(message, identifier, self.cause or identifier)

    def _new_cause(self) -> None:
        self.message_id = self.cause = self._next_id()

    def _next_id(self) -> str:
        return f"{self.host.name}/{self.name}#{next(self._ids)}"

    def _due(self, method: Callable[..., None], arguments: tuple[object, ...], cause: str) -> Callable[[], None]:
        due = Due(method.__name__, arguments, cause)
        reference = self.actor_ref

        def fire() -> None:
            # Between a look whether it lives and the message, an actor on a thread may stop.
            with suppress(pykka.ActorDeadError):
                reference.tell(due)

        return fire


def _attributes(value: object) -> dict[str, Any]:
    return getattr(value, "__dict__", {})


class Behaviour(Actor):
    """A building block that participants are composed of, configured by the scenario.

    Args:
        host: The participant.
        name: Unique in the host.
        config: An instance of the class's :attr:`Config`.
    """

    Config: ClassVar[type[BaseConfig]] = BaseConfig
    """What the scenario may say about it."""

    needs: ClassVar[frozenset[str]] = frozenset()
    """What the participant must have: ``node`` (own or another's), ``wallet``."""

    usual_node: ClassVar[bool] = False
    """Whether ``kind = "NAME"`` gives the participant a node of its own."""

    usual_wallet: ClassVar[bool] = False
    """Whether ``kind = "NAME"`` gives the participant a wallet."""

    def __init__(self, host: Host, name: str, config: BaseConfig) -> None:
        super().__init__(host, name)
        self.config = config
