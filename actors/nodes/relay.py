"""The relay: a node behaviour of one that connects others, and does nothing else."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors.host.node_proxy import GetInfo
from monerosim.agent.behaviour import Behaviour
from monerosim.config import POSITIVE, Config, Duration, duration
from monerosim.rpc.errors import RpcError


class RelayConfig(Config, frozen=True):
    """What a scenario may say about a relay; how many nodes it dials is its node's ``connections``."""

    interval: Annotated[
        Duration, Meta(extra=POSITIVE, description="How often its trace gets the node's connections, height and pool.")
    ] = duration("1h")


class Relay(Behaviour[RelayConfig]):
    """Leaves its node to itself, and puts down in its trace now and then how that is connected."""

    needs: ClassVar[frozenset[str]] = frozenset({"node"})
    default_node: ClassVar[bool] = True

    def begin(self) -> None:
        """Look for the first time."""
        self.look()
        self.every(lambda: self.config.interval.seconds, self.look)

    def look(self) -> None:
        """Put down how the node is connected."""
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
