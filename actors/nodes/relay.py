"""The relay: a node that only connects others."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors.host.node_proxy import GetInfo
from monerosim.agent.behaviour import Behaviour
from monerosim.config import POSITIVE, Config, Duration, duration
from monerosim.rpc.errors import RpcError


class RelayConfig(Config, frozen=True):
    """Settings of a relay; the number of nodes it dials is its node's ``connections``."""

    interval: Annotated[
        Duration, Meta(extra=POSITIVE, description="How often it logs its node's connections, height and txpool.")
    ] = duration("1h")


class Relay(Behaviour[RelayConfig]):
    """Runs a node without transacting; logs its connections periodically."""

    needs: ClassVar[frozenset[str]] = frozenset({"node"})
    default_node: ClassVar[bool] = True

    def begin(self) -> None:
        """Log the connections now and periodically."""
        self.look()
        self.every(lambda: self.config.interval.seconds, self.look)

    def look(self) -> None:
        """Log the node's connections."""
        try:
            info = self.ask(self.host.actor("node"), GetInfo())
        except RpcError as error:
            self.log.warning("cannot ask its node: {}", error)
            return
        self.log.info(
            "{} connections out and {} in, at height {} with {} transactions in its pool",
            info.outgoing_connections_count,
            info.incoming_connections_count,
            info.height - 1,
            info.tx_pool_size,
        )
