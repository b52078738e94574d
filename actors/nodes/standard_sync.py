"""Standard sync: a normal node, which syncs with the others and follows them."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors.host.node_proxy import GetInfo
from monerosim.agent.behaviour import Behaviour
from monerosim.config import POSITIVE, Config, Duration, duration
from monerosim.events import Event, NodeSynced
from monerosim.rpc.errors import RpcError

_TIMEOUT = 10.0
"""Seconds between two checks while the node syncs."""


class StandardSyncConfig(Config, frozen=True):
    """Settings of standard sync."""

    interval: Annotated[
        Duration, Meta(extra=POSITIVE, description="How often it logs its node's height once that is synced.")
    ] = duration("10m")


class StandardSync(Behaviour[StandardSyncConfig]):
    """Records when its node is synced; logs the node's height periodically."""

    emits: ClassVar[tuple[type[Event], ...]] = (NodeSynced,)
    needs: ClassVar[frozenset[str]] = frozenset({"node"})
    default_node: ClassVar[bool] = True

    def begin(self) -> None:
        """Check whether the node is synced."""
        self._began = self.host.now()
        self.wait_for_sync()

    def wait_for_sync(self) -> None:
        """Check whether the node is synced, and check again later if it is not."""
        try:
            info = self.ask(self.host.actor("node"), GetInfo())
        except RpcError as error:
            self.log.warning("cannot ask its node: {}", error)
        else:
            if info.synchronized and info.height >= info.target_height:
                waited = self.host.now() - self._began
                self.emit(NodeSynced(info.height - 1, waited))
                self.log.info("its node is synced at height {}", info.height - 1, block=info.top_block_hash)
                self.every(lambda: self.config.interval.seconds, self.look)
                return
            self.log.debug("its node is at height {} of {}", info.height - 1, info.target_height - 1)
        self.after(_TIMEOUT, self.wait_for_sync, same_cause=True)

    def look(self) -> None:
        """Log the node's height."""
        try:
            info = self.ask(self.host.actor("node"), GetInfo())
        except RpcError as error:
            self.log.warning("cannot ask its node: {}", error)
        else:
            self.log.info("its node is at height {}", info.height - 1, block=info.top_block_hash)
