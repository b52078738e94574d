"""Who waits for whose answer among actors on threads: a ring of them is an error, not silence."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any

import pykka

from monerosim.runtime.deadlock import DeadlockError


class _Current(threading.local):
    """The actor whose thread it is; none outside of actors."""

    actor: pykka.Actor | None = None


_current = _Current()
_changed = threading.Lock()
_waiting: dict[pykka.Actor, "AnswerFuture"] = {}
"""The answer that each actor waits for, however long it takes."""


class AnswerFuture(pykka.ThreadingFuture[Any]):
    """A future that knows who is to answer, so that :meth:`get` does not wait for what cannot come."""

    owner: pykka.Actor | None = None
    answered = False

    def get(self, *, timeout: float | None = None) -> Any:
        """Return the value.

        Raises:
            pykka.Timeout: There was none within ``timeout`` seconds.
            DeadlockError: The one who is to answer waits, directly or through others, for the actor that asks.
        """
        actor = _current.actor
        if timeout is not None or actor is None:
            return super().get(timeout=timeout)
        with _waits(actor, self):
            return super().get()

    def set(self, value: Any = None) -> None:
        """Set the value."""
        self.answered = True
        super().set(value)

    def set_exception(self, exc_info: Any = None) -> None:
        """Set an exception to be raised by :meth:`get`."""
        self.answered = True
        super().set_exception(exc_info)


class WatchedActor(pykka.ThreadingActor):
    """An actor on a thread whose waits are watched."""

    use_daemon_thread = True

    @staticmethod
    def _create_actor_inbox() -> "_Inbox":
        return _Inbox()

    @staticmethod
    def _create_future() -> AnswerFuture:
        return AnswerFuture()

    def _start_actor_loop(self) -> None:
        if isinstance(self.actor_inbox, _Inbox):
            self.actor_inbox.owner = self
        super()._start_actor_loop()

    def _actor_loop(self) -> None:
        _current.actor = self
        super()._actor_loop()


class _Inbox(Queue[Any]):
    """An inbox that tells each future whose answer it is."""

    owner: pykka.Actor | None = None

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        if isinstance(item.reply_to, AnswerFuture):
            item.reply_to.owner = self.owner
        super().put(item, block, timeout)


@contextmanager
def _waits(actor: pykka.Actor, future: AnswerFuture) -> Iterator[None]:
    """Note that an actor waits, if that does not close a ring."""
    with _changed:
        ring = _ring(actor, future)
        if ring:
            waits = (f"{one} waits for {other}" for one, other in zip(ring, [*ring[1:], actor], strict=True))
            raise DeadlockError(f"deadlock: {'; '.join(waits)}")
        _waiting[actor] = future
    try:
        yield
    finally:
        with _changed:
            del _waiting[actor]


def _ring(first: pykka.Actor, future: AnswerFuture | None) -> list[pykka.Actor]:
    """List who would wait for one another if an actor waited for an answer; none if they are no ring."""
    ring = [first]
    while future is not None and not future.answered and future.owner is not None:
        if future.owner is first:
            return ring
        if future.owner in ring:
            return []
        ring.append(future.owner)
        future = _waiting.get(future.owner)
    return []
