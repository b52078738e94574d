"""What proxies have in common that look for events as soon as somebody has subscribed to them."""

from typing import ClassVar

from monerosim.agent.actor import Actor, handles
from monerosim.agent.messages import Watch
from monerosim.rpc.errors import RpcError


class Watcher(Actor):
    """Looks at its service now and then, and only as long as somebody wants to know.

    Subclasses name the kinds of events in ``watches``, and look by :meth:`look`.
    """

    usual_interval: ClassVar[float]
    """Seconds between two looks, where nobody says otherwise."""

    _interval: float = 0.0

    def watch(self) -> None:
        """Begin to look, if somebody has subscribed already: a proxy that is started again goes on."""
        for watch in self.host.subscriptions(self.watches):
            self.on_watch(watch)

    @handles(Watch)
    def on_watch(self, watch: Watch) -> None:
        """Begin to look for a kind of events, or look more often."""
        interval = watch.interval or self.usual_interval
        begins = not self._interval
        self._interval = min(interval, self._interval or interval)
        self.wants(watch.kind)
        if begins:
            self.look_again()

    def look_again(self) -> None:
        """Look, and plan the next look."""
        try:
            self.look()
        except RpcError as error:
            self.log.debug("cannot look: {}", error)
        self.after(self._interval, self.look_again)

    def wants(self, kind: type) -> None:
        """Take note that somebody wants to know of a kind of events."""

    def look(self) -> None:
        """Tell what is new since the last look; nothing at the first one.

        Raises:
            RpcError: The service did not answer.
        """
        raise NotImplementedError
