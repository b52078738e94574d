"""Shared by the proxies: polling a service for events while there are subscribers."""

from typing import ClassVar

from monerosim.agent.actor import Actor, handles
from monerosim.agent.messages import Watch
from monerosim.rpc.errors import RpcError


class Watcher(Actor):
    """Polls its service periodically, from the first subscription on.

    Subclasses name the kinds of events in ``watches``, and poll in :meth:`look`.
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
        interval = watch.interval or self.usual_interval
        begins = not self._interval
        self._interval = min(interval, self._interval or interval)
        self.wants(watch.kind)
        if begins:
            self.look_again()

    def look_again(self) -> None:
        """Poll, and schedule the next poll."""
        try:
            self.look()
        except RpcError as error:
            self.log.debug("cannot poll: {}", error)
        self.after(self._interval, self.look_again)

    def wants(self, kind: type) -> None:
        """Record that a kind of events has a subscriber."""

    def look(self) -> None:
        """Notify subscribers of what is new since the last poll; of nothing at the first one.

        Raises:
            RpcError: The service did not answer.
        """
        raise NotImplementedError
