"""Standard sync: a node behaviour, that of a normal node, which catches up with the others and follows them."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors.host.node_proxy import GetInfo
from monerosim.agent.behaviour import Behaviour
from monerosim.config import POSITIVE, Config, Duration, duration
from monerosim.events import Event, NodeSynced
from monerosim.rpc.errors import RpcError

_TIMEOUT = 10.0
"""Seconds between two looks whether the node has caught up."""


class StandardSyncConfig(Config, frozen=True):
    """What a scenario may say about standard sync."""

    interval: Annotated[
        Duration, Meta(extra=POSITIVE, description="How often its trace gets the node's height once it has caught up.")
    ] = duration("10m")


class StandardSync(Behaviour):
    """Waits until its node has caught up, records that, and keeps the node's height in its trace."""

    Config: ClassVar[type[Config]] = StandardSyncConfig
    emits: ClassVar[tuple[type[Event], ...]] = (NodeSynced,)
    needs: ClassVar[frozenset[str]] = frozenset({"node"})
    default_node: ClassVar[bool] = True
    config: StandardSyncConfig

    def begin(self) -> None:
        """Look whether the node has caught up."""
        self._began = self.host.now()
        self.wait_for_sync()

    def wait_for_sync(self) -> None:
        """Look whether the node has caught up, and look again if it has not."""
        try:
            info = self.ask(self.host.actor("node"), GetInfo())
        except RpcError as error:
            self.log.warning("cannot ask its node: {}", error)
        else:
            if info.synchronized and info.height >= info.target_height:
                waited = self.host.now() - self._began
                self.emit(NodeSynced(info.height - 1, waited))
                self.log.info("its node has caught up at height {}", info.height - 1, block=info.top_block_hash)
                self.every(lambda: self.config.interval.seconds, self.look)
                return
            self.log.debug("its node is at height {} of {}", info.height - 1, info.target_height - 1)
        self.after(_TIMEOUT, self.wait_for_sync, same_cause=True)

    def look(self) -> None:
        """Put the node's height in the trace."""
        try:
            info = self.ask(self.host.actor("node"), GetInfo())
        except RpcError as error:
            self.log.warning("cannot ask its node: {}", error)
        else:
            self.log.info("its node is at height {}", info.height - 1, block=info.top_block_hash)
