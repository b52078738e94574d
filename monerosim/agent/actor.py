"""The base of every actor: handlers, timers, events and letters."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, TypeVar, cast

import msgspec
import pykka

from monerosim.agent.conditions import ChangeNetwork, Condition
from monerosim.agent.host import Host
from monerosim.agent.messages import (
    End,
    EventLetter,
    EventNotice,
    IncomingLetter,
    Letter,
    Message,
    SendLetter,
    Subscribe,
    TimerFired,
    TracedMessage,
)
from monerosim.config import decode_hook, encode_hook
from monerosim.events import Event, RecordReader, event_tag
from monerosim.runtime.rng import Rng
from monerosim.units import SECOND

R = TypeVar("R")
L = TypeVar("L", bound=Letter)
M = TypeVar("M", bound=Message[Any])
E = TypeVar("E", bound=Event)

_FLEETING = re.compile("(?<=0x)[0-9a-f]{6,}|(?<=urn:uuid:)[0-9a-f-]{36}")
"""What differs between processes: addresses of objects in memory, and the names that pykka gives to actors."""

_LONGEST_ERROR = 500
"""Characters of an error in an event; the trace has all of it."""


def handles(kind: type[M]) -> Callable[[Callable[[Any, M], R]], Callable[[Any, M], R]]:
    """Mark a method as the handler of a kind of message; what it returns is the answer."""

    def mark(method: Callable[[Any, M], R]) -> Callable[[Any, M], R]:
        method.__dict__["handles"] = kind
        return method

    return mark


def receives(kind: type[L]) -> Callable[[Callable[[Any, L, str], None]], Callable[[Any, L, str], None]]:
    """Mark a method as the reader of a kind of letter; its arguments are the letter and the host that sent it."""

    def mark(method: Callable[[Any, L, str], None]) -> Callable[[Any, L, str], None]:
        method.__dict__["receives"] = kind
        return method

    return mark


class Actor(pykka.Actor):
    """An actor of a host, on whichever runtime the host is.

    Subclasses write handlers (methods marked with :func:`handles`, for letters with :func:`receives`) and timers
    (:meth:`after`, :meth:`every`), and ask for everything that touches the world: ``clock``, ``rng``, ``log``,
    ``emit``. A handler may ask other actors and wait for the answer; it does not loop and sleep, so the actor always
    comes back to its inbox.

    .. code-block:: python

        class Count(Message[int], frozen=True):
            \"\"\"Ask how often the clock has struck.\"\"\"

        class Clock(Actor):
            \"\"\"Counts the minutes.\"\"\"

            def begin(self) -> None:
                self._minutes = 0
                self.every(60.0, self.strike)

            def strike(self) -> None:
                self._minutes += 1

            @handles(Count)
            def on_count(self, _: Count) -> int:
                return self._minutes

    Args:
        host: The participant it belongs to.
        name: Unique in the host.
    """

    _handlers: ClassVar[dict[type, str]] = {}
    """Names of the methods that handle messages, by the messages' classes."""

    _readers: ClassVar[dict[str, tuple[type[Letter], str]]] = {}
    """Letters' classes and the names of the methods that read them, by the kinds of letters."""

    watches: ClassVar[frozenset[type[Event]]] = frozenset()
    """Kinds of events that it polls for when an actor of its host has subscribed to them."""

    def __init__(self, host: Host, name: str) -> None:
        super().__init__()
        self.host = host
        self.name = name
        self.clock = host.clock
        self._life = next(host.numbers(f"life of {name}"))
        self.rng = self.stream()
        self.cause = ""
        self.message_id = ""
        self.origin = ""
        self.redelivered = False
        self.log = host.logger(self)
        self._ids = host.numbers(name)
        self._reactions: dict[type, list[str]] = {}
        self._late: list[TimerFired] = []
        """Periodic calls that have come due and are not made yet."""

    def __init_subclass__(cls, **options: object) -> None:
        """Collect the class's handlers."""
        super().__init_subclass__(**options)
        marked = [(name, _attributes(method)) for base in reversed(cls.__mro__) for name, method in vars(base).items()]
        cls._handlers = {marks["handles"]: name for name, marks in marked if "handles" in marks}
        cls._readers = {
            marks["receives"].kind: (marks["receives"], name) for name, marks in marked if "receives" in marks
        }

    def __str__(self) -> str:
        return f"{self.host.name}/{self.name}"

    @property
    def participant(self) -> str:
        """The name of its host."""
        return self.host.name

    def trace_time(self) -> int:
        """Return the time in microseconds since the scenario's time zero."""
        return self.clock.microseconds()

    @classmethod
    def messages(cls) -> list[type[Message[Any]]]:
        """Return the messages that actors of this class handle."""
        return list(cls._handlers)

    @classmethod
    def accepts(cls, kind: str) -> bool:
        """Return whether actors of this class read a kind of letter."""
        return kind in cls._readers

    @classmethod
    def letters(cls) -> list[type[Letter]]:
        """Return the letters that actors of this class read."""
        return [kind for kind, _ in cls._readers.values()]

    def begin(self) -> None:
        """Start acting; called once, when the actor has been started."""

    def end(self) -> None:
        """Act for the last time; called once at the end of the run, while all other actors still answer."""

    def ask(self, actor: pykka.ActorRef[Any], message: Message[R], timeout: float | None = None) -> R:
        """Send a message and wait for the answer.

        Args:
            actor: The actor to ask.
            message: The message.
            timeout: Seconds to wait at most; as long as it takes, if left out.

        Raises:
            pykka.Timeout: No answer came in time.
            pykka.ActorDeadError: The actor has stopped.
            Exception: What the handler raised.
        """
        future = actor.ask(self._deliver(message), block=False)
        return cast("R", future.get(timeout=timeout))

    def tell(self, actor: pykka.ActorRef[Any], message: Message[Any]) -> None:
        """Send a message without waiting for an answer.

        Raises:
            pykka.ActorDeadError: The actor has stopped.
        """
        actor.tell(self._deliver(message))

    def send(self, host: str, actor: str, letter: Letter) -> None:
        """Send a letter to an actor of another host.

        Raises:
            UnknownHostError: There is no such host.
        """
        data = msgspec.to_builtins(letter, str_keys=True, enc_hook=encode_hook)
        self.ask(self.host.actor("mailbox"), SendLetter(host, actor, letter.kind, data))

    def change_network(self, condition: Condition) -> None:
        """Change the network, now (:mod:`monerosim.agent.conditions`).

        Raises:
            ConditionError: The run's engine cannot do that, or not now.
        """
        self.ask(self.host.actor("supervisor"), ChangeNetwork(condition))

    def stream(self, *purpose: str) -> Rng:
        """Return a random stream of this actor for a purpose; another life of the actor gets another stream."""
        life = () if self._life == 1 else (str(self._life),)
        return Rng(self.host.stream_seed(self.name, *purpose, *life))

    def after(self, seconds: float, method: Callable[..., None], *arguments: object, same_cause: bool = False) -> None:
        """Call one of this actor's own methods once, later.

        Args:
            seconds: The delay.
            method: The method.
            arguments: Its arguments.
            same_cause: Whether the call continues the chain of the current message, or starts a new one.
        """
        cause = self.cause if same_cause else ""
        self.host.call_at(self.host.now() + round(seconds * SECOND), self._due(method, arguments, cause))

    def every(self, period: float | Callable[[], float], method: Callable[..., None], *arguments: object) -> None:
        """Call one of this actor's own methods periodically, for the first time after a period.

        The calls fall on a fixed grid; one that comes due while the actor is busy is late, and the next is not. Further
        ones that come due while it waits are left out, so an actor that takes longer than a period lags no further.

        Args:
            period: Seconds; or a function that returns them, called for each period, where a command may change them.
            method: The method.
            arguments: Its arguments.
        """
        due = TimerFired(method.__name__, arguments, "")

        def plan(since: int) -> None:
            seconds = period() if callable(period) else period
            step = round(seconds * SECOND)
            if step <= 0:
                raise ValueError(f"a period is at least a microsecond, got {seconds} s")
            self.host.call_at(since + step, lambda: fire(since + step))

        def fire(when: int) -> None:
            if not self.actor_ref.is_alive():
                return
            if not any(waiting is due for waiting in self._late):
                self._late.append(due)
                self._fire(due)
            plan(when)

        plan(self.host.now())

    def soon(self, method: Callable[..., None], *arguments: object) -> Callable[[], None]:
        """Return a function that has one of this actor's own methods called, by the actor, once it comes to it."""
        return self._due(method, arguments, "")

    def emit(self, event: Event, cause: str = "") -> None:
        """Record an event, because of ``cause`` (by default that of the current message)."""
        self.host.emit(self.name, cause or self.cause, event)

    @contextmanager
    def because_of(self, cause: str) -> Iterator[None]:
        """Record and log within the context with the cause of something that began earlier."""
        own, self.cause = self.cause, cause
        try:
            yield
        finally:
            self.cause = own

    def on(self, kind: type[E], method: Callable[[E], None], *, of: str = "", interval: float | None = None) -> None:
        """Call one of this actor's own methods with each event of a kind from now on.

        :attr:`origin` is then the event's actor (``user-003/regular-user``).

        Args:
            kind: The events' class.
            method: The method.
            of: The host whose events they are; events of another come by letters; ``*`` for all hosts, which takes an
                orchestrator in the scenario; this actor's own host, if left out.
            interval: Seconds between two polls of the node or wallet, for events that are polled for.
        """
        methods = self._reactions.setdefault(kind, [])
        if method.__name__ not in methods:
            methods.append(method.__name__)
        if of in ("", self.host.name):
            self.host.subscribe(event_tag(kind), self.name, interval)
        else:
            self.tell(self.host.actor("supervisor"), Subscribe(event_tag(kind), of, self.name, interval))

    def on_start(self) -> None:
        """Call :meth:`begin`; report a failure to the supervisor."""
        # On a thread this may run before the starter has the reference.
        self.host.actors[self.name] = self.actor_ref
        try:
            self._new_cause()
            self.begin()
            self.host.mark_started(self.name)
        except Exception as error:
            self.on_failure(type(error), error, error.__traceback__)
            raise

    def on_failure(self, exception_type: object, exception_value: BaseException | None, traceback: object) -> None:
        """Report the failure to the host's supervisor."""
        del exception_type, traceback
        if exception_value is not None:
            self.log.opt(exception=exception_value).error("failed: {}", exception_value)
            self.host.failed(self.name, exception_value)

    def on_receive(self, message: object) -> object:
        """Call the handler of a message, or a timer's method."""
        self.redelivered = isinstance(message, TracedMessage) and message.redelivered
        match message:
            case TracedMessage():
                self.message_id, self.cause = message.id, message.cause
                if message.handling is None:
                    return self._handle(message.message)
                with message.handling():
                    return self._handle(message.message)
            case TimerFired():
                self._late = [waiting for waiting in self._late if waiting is not message]
                self.message_id = self.cause = message.cause
                if not message.cause:
                    self._new_cause()
                return getattr(self, message.method)(*message.arguments)
            case Message():
                self._new_cause()
                return self._handle(message)
            case _:
                raise TypeError(f"{self} was sent a {type(message).__name__}, which is no message")

    @handles(EventNotice)
    def on_event_notice(self, message: EventNotice) -> None:
        """Call the methods that are registered for such an event."""
        record = message.record
        self.origin = f"{record.participant}/{record.actor}"
        for method in self._reactions.get(type(record.data), ()):
            getattr(self, method)(record.data)

    @handles(IncomingLetter)
    def on_incoming_letter(self, mail: IncomingLetter) -> None:
        """Call the method that reads such letters."""
        kind, reader = self._readers[mail.kind]
        try:
            letter = msgspec.convert(mail.data, kind, str_keys=True, dec_hook=decode_hook)
        except msgspec.ValidationError as error:
            self.log.warning("{} sent no proper {}: {}", mail.sender, mail.kind, error)
        else:
            getattr(self, reader)(letter, mail.sender)

    @receives(EventLetter)
    def on_event_letter(self, letter: EventLetter, sender: str) -> None:
        """Handle an event of another host like one of its own."""
        try:
            record = RecordReader().read(msgspec.json.encode(letter.record) + b"\n")
        except msgspec.ValidationError as error:
            self.log.warning("{} sent no proper event: {}", sender, error)
        else:
            self._handle(EventNotice(record))

    def _handle(self, message: Message[Any]) -> object:
        if isinstance(message, End):
            self.end()
            return None
        handler = self._handlers.get(type(message))
        if handler is None:
            raise TypeError(f"{self} does not handle {type(message).__name__}")
        return cast("object", getattr(self, handler)(message))

    def _deliver(self, message: Message[Any]) -> TracedMessage:
        identifier = self._next_id()
        return TracedMessage(message, identifier, self.cause or identifier)

    def _new_cause(self) -> None:
        self.message_id = self.cause = self._next_id()

    def _next_id(self) -> str:
        return f"{self.host.name}/{self.name}#{next(self._ids)}"

    def _due(self, method: Callable[..., None], arguments: tuple[object, ...], cause: str) -> Callable[[], None]:
        due = TimerFired(method.__name__, arguments, cause)
        return lambda: self._fire(due)

    def _fire(self, due: TimerFired) -> None:
        # An actor on a thread may stop at any moment.
        with suppress(pykka.ActorDeadError):
            self.actor_ref.tell(due)


def describe_error(error: BaseException) -> str:
    """Return an error's class and text for events."""
    return f"{type(error).__name__}: {error_text(error)[:_LONGEST_ERROR]}"


def error_text(error: BaseException) -> str:
    """Return an error's text for events.

    What differs between processes and machines (addresses in memory, pykka's names of actors, a file's path) is left
    out; the trace has it.
    """
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return _FLEETING.sub("...", told)


def _attributes(value: object) -> dict[str, Any]:
    return getattr(value, "__dict__", {})
