"""Shared by the wallet proxy and its helpers: telling those who wait for a change of a wallet."""

from contextlib import suppress
from typing import NamedTuple

import pykka

from actors.host.watcher import Watcher
from monerosim.agent.actor import handles
from monerosim.agent.host import Host, NoSuchActorError
from monerosim.agent.messages import AwaitChange, WalletChanged
from monerosim.rpc.errors import RpcError
from monerosim.units import SECOND


class _Look(NamedTuple):
    """The next look for somebody who waits."""

    due: int
    height: int | None
    """What the wallet had scanned to at the last one."""


class _Waits:
    """Those who wait for a wallet, also while its proxy is restarted."""

    def __init__(self) -> None:
        self.wishes: dict[str, AwaitChange] = {}
        self.looks: dict[str, _Look] = {}


class Awaited(Watcher):
    """Has the engine tell of changes of a wallet, or looks once for all who wait, and tells them.

    Subclasses say how to look: :meth:`scanned`, :meth:`unlocked`.
    """

    def __init__(self, host: Host, name: str) -> None:
        super().__init__(host, name)
        self._waits = host.retained(name, _Waits)
        self._look_due: int | None = None

    def scanned(self) -> int:
        """Return the height that the wallet has scanned to.

        Raises:
            RpcError: It did not answer.
        """
        raise NotImplementedError

    def unlocked(self) -> int:
        """Return what may be spent, atomic units.

        Raises:
            RpcError: The wallet did not answer.
        """
        raise NotImplementedError

    def awaited(self) -> None:
        """Do what it waited for itself."""
        raise NotImplementedError

    @handles(AwaitChange)
    def on_await_change(self, wish: AwaitChange) -> None:
        """Tell an actor once when the wallet has changed."""
        self.wait_for(wish)

    def wait_for(self, wish: AwaitChange) -> None:
        """Have the engine tell when a wish may be fulfilled, or look for it from time to time."""
        now = self.host.now()
        told = not wish.looks and self.host.environment.watch_wallet(
            self.host.name, wish, self.soon(self.wake, wish.actor)
        )
        until = None if wish.until is None or wish.until <= now else wish.until
        dues = [due for due in (until, None if told and until else now + wish.interval) if due is not None]
        self._waits.wishes[wish.actor] = wish
        self._waits.looks.pop(wish.actor, None)
        if not told or wish.until is not None:
            self._waits.looks[wish.actor] = _Look(min(dues), None)
            self._plan_look()

    def wait_again(self) -> None:
        """Take up what was waited for in an earlier life."""
        for wish in list(self._waits.wishes.values()):
            self.wait_for(wish)

    def wake(self, actor: str) -> None:
        """Tell an actor that what it waits for may have come."""
        self._waits.wishes.pop(actor, None)
        self._waits.looks.pop(actor, None)
        if actor == self.name:
            self.awaited()
            return
        # Between a failure and its restart an actor is not there; it asks again then.
        with suppress(NoSuchActorError, pykka.ActorDeadError):
            self.tell(self.host.actor(actor), WalletChanged())

    def look_around(self, due: int) -> None:
        """Look once for all who wait, and tell those who may have waited for this."""
        if due != self._look_due:
            return  # an earlier look has taken its place
        self._look_due, now = None, self.host.now()
        wishes = [self._waits.wishes[actor] for actor, look in self._waits.looks.items() if look.due <= now]
        over = [wish for wish in wishes if wish.until is not None and wish.until <= now]
        left = [wish for wish in wishes if wish not in over]
        for wish in [*over, *(self._fulfilled(left, now) if left else ())]:
            self.wake(wish.actor)
        self._plan_look()

    def _fulfilled(self, wishes: list[AwaitChange], now: int) -> list[AwaitChange]:
        """Return the wishes that may be fulfilled, and plan another look for the others."""
        height, unlocked = None, 0
        try:
            height = self.scanned()
            unlocked = self.unlocked() if any(wish.of == "coins" for wish in wishes) else 0
        except RpcError as error:
            self.log.warning("cannot look at its wallet: {}", error)
        found = []
        for wish in wishes:
            before = self._waits.looks[wish.actor].height
            due = now + wish.interval
            self._waits.looks[wish.actor] = _Look(due if wish.until is None else min(due, wish.until), height or before)
            moved = height is not None and height != before
            if wish.of == "pool" or (moved and (wish.of != "coins" or unlocked >= wish.amount)):
                found.append(wish)
        return found

    def _plan_look(self) -> None:
        due = min((look.due for look in self._waits.looks.values()), default=None)
        if due is not None and (self._look_due is None or due < self._look_due):
            self._look_due = due
            self.after((due - self.host.now()) / SECOND, self.look_around, due)
