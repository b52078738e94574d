"""Pykka actors on greenlets and a virtual clock: one thread, one fixed order.

The :class:`VirtualRuntime` is a hub in the greenlet that calls :meth:`VirtualRuntime.run`. An actor that is idle,
sleeps or waits for an answer switches to the hub; the hub switches to the actors that are ready, in the order in which
they became ready, and advances the clock to the next timer when none is.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterable
from functools import lru_cache
from heapq import heappop, heappush
from itertools import count
from types import TracebackType
from typing import Any, ClassVar, TypeAlias, TypeVar, cast

import pykka
from greenlet import GreenletExit, getcurrent, greenlet

from monerosim.runtime.deadlock import DeadlockError
from monerosim.units import SECOND

A = TypeVar("A", bound=pykka.Actor)
_ExcInfo: TypeAlias = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


class VirtualTimer:
    """A call on the virtual clock."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[], None]) -> None:
        self.function: Callable[[], None] | None = function

    def cancel(self) -> None:
        """Cancel the call; no effect once it was made."""
        self.function = None


class VirtualRuntime:
    """A virtual clock that stands still while any actor is ready to run.

    Args:
        epoch: The run's start in Unix time, seconds.

    Attributes:
        epoch: The same.
        ready: The greenlets that are ready to run, in order.
        future: The class of this runtime's futures.
    """

    def __init__(self, epoch: float = 0.0) -> None:
        self.epoch = epoch
        self._now = 0
        self.ready: deque[greenlet] = deque()
        self._timers: list[tuple[int, int, VirtualTimer]] = []
        self._sequence = count()
        self._waiting: dict[greenlet, VirtualFuture] = {}
        self._hub: greenlet | None = None
        self._alive: dict[_ActorGreenlet, None] = {}
        self._closed = False
        self.running: object = None
        """The actor that runs, or ran last; None for the model and timers."""
        # pykka makes a future's map, join and so on by calling its class with no arguments.
        self.future = cast("type[VirtualFuture]", type("VirtualFuture", (VirtualFuture,), {"_runtime": self}))
        self._bound = lru_cache(maxsize=None)(self._bind)

    def now(self) -> int:
        """Return the time in microseconds since the run's start."""
        return self._now

    def next_due(self) -> int | None:
        """Return when the next thing happens, microseconds since the run's start; None if nothing is left to."""
        if self.ready:
            return self._now
        return self._timers[0][0] if self._timers else None

    def sleep(self, seconds: float) -> None:
        """Suspend the calling actor; others go on."""
        current = getcurrent()
        self.call_at(self._now + round(seconds * SECOND), lambda: self.ready.append(current))
        self.pause(current)

    def call_at(self, when: int, function: Callable[[], None]) -> VirtualTimer:
        """Call ``function`` at ``when``; calls due at the same time run in the order in which they were scheduled."""
        timer = VirtualTimer(function)
        heappush(self._timers, (max(when, self._now), next(self._sequence), timer))
        return timer

    def start(self, actor_class: type[A], *args: object) -> pykka.ActorRef[A]:
        """Start an actor of this class on the runtime."""
        return cast("type[A]", self._bound(actor_class)).start(*args)

    def run(self, until: int, stopped: Callable[[], bool] = lambda: False) -> bool:
        """Run everything that is due up to ``until``, and leave the clock there.

        Args:
            until: Microseconds since the run's start.
            stopped: Asked before each step whether to stop there instead.

        Returns:
            Whether it came to its end.

        Raises:
            DeadlockError: An actor waits for an answer, and there is nothing left to happen.
        """
        whole = self._loop(stopped, until)
        if whole:
            self._now = max(self._now, until)
        return whole

    def close(self) -> None:
        """End all actors where they are, from outside; none of their handlers and hooks is called any more.

        A suspended greenlet is never garbage-collected, nor is anything it holds, so a runtime that is merely dropped
        stays in memory with all its actors.
        """
        self._closed = True
        self._timers.clear()
        outer, self._hub = self._hub, getcurrent()
        try:
            while self._alive:
                one = next(iter(self._alive))
                _retire(one.actor)
                one.throw(GreenletExit)
                self._alive.pop(one, None)
        finally:
            self._hub = outer
            self.ready.clear()
            self._waiting.clear()

    def enter(self, actor: "_VirtualActor") -> None:
        """Schedule an actor's loop."""
        one = actor.greenlet = _ActorGreenlet(actor, self)
        self._alive[one] = None
        self.ready.append(one)

    def leave(self, one: "_ActorGreenlet") -> None:
        """Remove the greenlet of an actor that ends."""
        self._alive.pop(one, None)
        # A greenlet that ends switches to its parent: the one that started the actor, which may be waiting itself.
        if self._hub is not None:
            one.parent = self._hub

    def _loop(self, done: Callable[[], bool], until: int | None) -> bool:
        """Play until something is done, or nothing is left up to a time; tell whether it is the latter."""
        outer, self._hub = self._hub, getcurrent()
        ready, timers = self.ready, self._timers
        try:
            while not done():
                if ready:
                    following = ready.popleft()
                    self.running = getattr(following, "actor", None)
                    following.switch()
                elif timers:
                    if until is not None and timers[0][0] > until:
                        return True
                    self.running = None
                    self._now, _, timer = heappop(timers)
                    if timer.function is not None:
                        function, timer.function = timer.function, None
                        function()
                elif self._waiting or until is None:
                    raise DeadlockError(self._describe_deadlock())
                else:
                    return True
            return False
        finally:
            self._hub = outer

    def pause(self, current: greenlet) -> None:
        """Switch to the hub until ``current`` is made ready again."""
        if self._hub is None or self._hub is current:
            self._run_outside(current)
        elif self._closed:
            raise GreenletExit
        else:
            self._hub.switch()

    def _run_outside(self, current: greenlet) -> None:
        """Wait in code outside any actor (a test, a notebook) by running the loop meanwhile."""
        woken = False

        def done() -> bool:
            nonlocal woken
            if self.ready and self.ready[0] is current:
                self.ready.popleft()
                woken = True
            return woken

        self._loop(done, None)

    def wait(self, future: "VirtualFuture", timeout: float | None) -> None:
        """Switch to the hub until ``future`` is set or ``timeout`` seconds have passed."""
        current = getcurrent()
        timer = None
        if timeout is not None:
            timer = self.call_at(self._now + round(timeout * SECOND), lambda: self._wake(current, future))
        else:
            self._waiting[current] = future
            self._check_ring(current)
        future.waiters.append(current)
        try:
            self.pause(current)
        finally:
            self._waiting.pop(current, None)
            if current in future.waiters:
                future.waiters.remove(current)
            if timer is not None:
                timer.cancel()

    def _wake(self, waiter: greenlet, future: "VirtualFuture") -> None:
        if waiter in future.waiters:
            future.waiters.remove(waiter)
            self.ready.append(waiter)

    def _check_ring(self, first: greenlet) -> None:
        """Check that a wait does not close a ring of actors that wait for one another.

        Raises:
            DeadlockError: It does.
        """
        ring = [first]
        while (future := self._waiting.get(ring[-1])) is not None:
            follower = getattr(future.owner, "greenlet", None)
            if follower is first:
                waits = self._describe_waits(ring)
                del self._waiting[first]
                raise DeadlockError(f"deadlock: {waits}")
            if follower is None or follower in ring:
                return
            ring.append(follower)

    def _describe_deadlock(self) -> str:
        waits = self._describe_waits(self._waiting)
        return "deadlock, nothing left to happen: " + (waits or "the caller waits, and there is no timer")

    def _describe_waits(self, waiters: Iterable[greenlet]) -> str:
        return "; ".join(f"{_label(waiter)} waits for {self._waiting[waiter].owner}" for waiter in waiters)

    def _bind(self, actor_class: type[pykka.Actor]) -> type[pykka.Actor]:
        """Return a subclass whose instances live on this runtime."""
        return type(actor_class.__name__, (actor_class, _VirtualActor), {"_runtime": self})


def _label(waiter: greenlet) -> str:
    return str(getattr(waiter, "actor", "the caller"))


class VirtualFuture(pykka.Future[Any]):
    """A future whose ``get`` lets the run go on while it waits."""

    _runtime: ClassVar[VirtualRuntime]

    # One is made for each ask, and few change the defaults, pykka's attributes among them: class attributes.
    _get_hook: Any = None
    _get_hook_result = pykka.Future[Any]()._get_hook_result  # noqa: SLF001  (pykka's sentinel for "not set yet")
    _done = False
    _value: object = None
    _exc_info: _ExcInfo | None = None
    owner: object = "nobody"
    """The actor that is to answer."""

    def __init__(self) -> None:
        self.waiters: list[greenlet] = []

    def get(self, *, timeout: float | None = None) -> Any:
        """Return the value, waiting for it on the virtual clock.

        Raises:
            pykka.Timeout: There was none within ``timeout`` simulated seconds.
            DeadlockError: There will never be one.
        """
        if self._get_hook is not None:
            return super().get(timeout=timeout)
        if not self._done:
            self._runtime.wait(self, timeout)
            if not self._done:
                raise pykka.Timeout(f"{timeout} seconds")
        if self._exc_info is not None:
            _, value, traceback = self._exc_info
            if value is None:
                raise RuntimeError("a future's exception is missing")
            raise value.with_traceback(traceback)
        return self._value

    def set(self, value: object = None) -> None:
        """Set the value and wake the greenlets that wait for it."""
        self._value = value
        self._finish()

    def set_exception(self, exc_info: _ExcInfo | None = None) -> None:
        """Set an exception (the current one, if none is given) to be raised by ``get``."""
        self._exc_info = exc_info or sys.exc_info()
        self._finish()

    def _finish(self) -> None:
        if self._done or self._get_hook is not None:
            raise RuntimeError("a future can be set only once")
        self._done = True
        self._runtime.ready.extend(self.waiters)
        self.waiters.clear()


class _Inbox:
    """An actor's inbox; wakes its actor when a message arrives."""

    __slots__ = ("_items", "_runtime", "_waiter", "owner")

    def __init__(self, runtime: VirtualRuntime) -> None:
        self._runtime = runtime
        self._items: deque[Any] = deque()
        self._waiter: greenlet | None = None
        self.owner: object = None

    def put(self, envelope: Any, /) -> None:
        if envelope.reply_to is not None:
            envelope.reply_to.owner = self.owner
        self._items.append(envelope)
        if self._waiter is not None:
            self._runtime.ready.append(self._waiter)
            self._waiter = None

    def get(self) -> Any:
        while not self._items:
            self._waiter = getcurrent()
            self._runtime.pause(self._waiter)
        return self._items.popleft()

    def empty(self) -> bool:
        return not self._items

    def qsize(self) -> int:
        return len(self._items)


class _ActorGreenlet(greenlet):
    """The greenlet of an actor."""

    def __init__(self, actor: "_VirtualActor", runtime: VirtualRuntime) -> None:
        super().__init__(self._play)
        self.actor = actor
        self.escaped: BaseException | None = None
        """An exception for the caller of :meth:`VirtualRuntime.run`, not the actor, such as KeyboardInterrupt."""
        self._runtime = runtime

    def _play(self) -> None:
        try:
            self.actor._actor_loop()  # noqa: SLF001  (the loop that pykka has actor types run)
        finally:
            self._runtime.leave(self)
        if self.escaped is not None:
            raise self.escaped


class _VirtualActor(pykka.Actor):
    """A mixin that runs actors of any class on a :class:`VirtualRuntime`."""

    _runtime: VirtualRuntime
    greenlet: "_ActorGreenlet"

    @classmethod
    def _create_actor_inbox(cls) -> _Inbox:
        return _Inbox(cls._runtime)

    @classmethod
    def _create_future(cls) -> VirtualFuture:
        return cls._runtime.future()

    def _start_actor_loop(self) -> None:
        inbox = cast("_Inbox", self.actor_inbox)
        inbox.owner = self
        self._runtime.enter(self)

    def _handle_receive(self, message: Any) -> Any:
        try:
            return super()._handle_receive(message)
        except Exception:
            raise
        except BaseException as error:  # noqa: BLE001  (raised again by the greenlet)
            # pykka would stop all actors of the process, one by one and waiting for each, and go on.
            cast("_ActorGreenlet", getcurrent()).escaped = error
            _retire(self)
            return None


def _retire(actor: pykka.Actor) -> None:
    """Stop an actor from handling messages."""
    pykka.ActorRegistry.unregister(actor.actor_ref)
    actor.actor_stopped.set()
