"""The sybil: one operator's many addresses, whose nodes tell each other by letters whom they are connected with."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors.host.node_proxy import GetConnections
from monerosim.agent.actor import receives
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.messages import Letter
from monerosim.config import POSITIVE, Config, Duration, duration
from monerosim.events import Event
from monerosim.mailbox.discovery import AgentDiscovery
from monerosim.plan.roles import SPY
from monerosim.rpc.errors import RpcError


class SybilConfig(Config, frozen=True):
    """Settings of a sybil; its addresses are for its node's ``subnets`` to say, its number for ``count``."""

    interval: Annotated[
        Duration, Meta(extra=POSITIVE, description="How often it tells the operator of its connections.")
    ] = duration("10m")


class Connected(Letter, frozen=True):
    """To the operator's first node: whom one of its nodes is connected with."""

    kind: ClassVar[str] = "sybil-connected"
    addresses: tuple[str, ...]


class SybilReach(Event, frozen=True):
    """The nodes that an operator's nodes are connected with at a time, as far as these have told."""

    nodes: int
    """The operator's own that have told."""
    peers: int
    """Different addresses at the other ends of all their connections; their own are among them."""


class Sybil(Behaviour[SybilConfig]):
    """Listens as a spy does; the first of its group collects what all of them are connected with."""

    role: ClassVar[str] = SPY
    needs: ClassVar[frozenset[str]] = frozenset({"node"})
    default_node: ClassVar[bool] = True
    emits: ClassVar[tuple[type[Event], ...]] = (SybilReach,)

    def begin(self) -> None:
        """Tell the first of the group at intervals."""
        self._told: dict[str, tuple[str, ...]] = {}
        agents = AgentDiscovery(self.host.shared, self.clock.now).get_agents()
        self._first = min(agent.id for agent in agents if agent.group == self.host.own.group)
        self.every(lambda: self.config.interval.seconds, self.tell_operator)

    def tell_operator(self) -> None:
        """Tell whom the own node is connected with; record what is known, if this is the first of the group."""
        try:
            found = self.ask(self.host.actor("node"), GetConnections())
        except RpcError as error:
            self.log.warning("cannot tell its connections: {}", error)
            return
        addresses = tuple(sorted({connection.address.rpartition(":")[0] for connection in found}))
        if self.host.name != self._first:
            self.send(self._first, self.name, Connected(addresses))
            return
        self._told[self.host.name] = addresses
        self.emit(SybilReach(len(self._told), len({one for some in self._told.values() for one in some})))

    @receives(Connected)
    def on_connected(self, letter: Connected, sender: str) -> None:
        """Take down what another of the group is connected with."""
        self._told[sender] = letter.addresses
