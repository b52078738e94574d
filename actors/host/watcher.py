"""Shared by the proxies: polling a service for events while there are subscribers."""

from typing import ClassVar

from monerosim.agent.actor import Actor, handles
from monerosim.agent.messages import Watch
from monerosim.rpc.errors import RpcError

_SHORTEST = 0.5
"""Seconds between two polls for a subscriber that wants to know at once."""


class Watcher(Actor):
    """Polls its service periodically, from the first subscription on.

    Subclasses name the kinds of events in ``watches``, and poll in :meth:`look`. A subscriber that sets no interval, or
    one of 0, is told at once where the engine knows of the change. Elsewhere the first is told by usual polls, the
    second by polls as frequent as they may be.
    """

    usual_interval: ClassVar[float]
    """Seconds between two polls, where no subscriber sets another interval."""

    _interval: float = 0.0

    def watch(self) -> None:
        """Start polling, if there are subscribers already: after a restart, for instance."""
        for watch in self.host.subscriptions(self.watches):
            self.on_watch(watch)

    @handles(Watch)
    def on_watch(self, watch: Watch) -> None:
        """Start polling for a kind of events, or poll more often."""
        self.wants(watch.kind)
        if not watch.interval and self.is_told(watch.kind):
            return
        interval = self.usual_interval if watch.interval is None else watch.interval or _SHORTEST
        begins = not self._interval
        self._interval = min(interval, self._interval or interval)
        if begins:
            self.look_again()

    def look_again(self) -> None:
        """Poll, and schedule the next poll."""
        self.look_now()
        self.after(self._interval, self.look_again)

    def is_told(self, kind: type) -> bool:
        """Return whether the engine calls for a look whenever an event of a kind happens, from now on."""
        del kind
        return False

    def look_now(self) -> None:
        """Look once, because something has changed."""
        try:
            self.look()
        except RpcError as error:
            self.log.debug("cannot look: {}", error)

    def wants(self, kind: type) -> None:
        """Record that a kind of events has a subscriber."""

    def look(self) -> None:
        """Notify subscribers of what is new since the last poll; of nothing at the first one.

        Raises:
            RpcError: The service did not answer.
        """
        raise NotImplementedError
