"""Constant mining: a block at a fixed interval."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors.host.wallet_proxy import GetAddresses
from actors.mining.found_blocks import NO_BLOCK, FoundBlocks
from actors.mining.miner import TIMEOUT, MineNow
from monerosim.agent.actor import handles
from monerosim.agent.behaviour import Behaviour
from monerosim.config import POSITIVE, Config, Duration, duration
from monerosim.events import BlockFound, BlockStale, Event
from monerosim.plan.roles import MINER


class ConstantMiningConfig(Config, frozen=True):
    """Settings of constant mining."""

    interval: Annotated[
        Duration, Meta(extra=POSITIVE, description="The time from block to block, and before the first.")
    ] = duration("120s")
    until: Annotated[
        Duration | None, Meta(description="When it stops, since the scenario's time zero; at its end if left out.")
    ] = None


class ConstantMining(Behaviour[ConstantMiningConfig]):
    """Mines a block at a fixed interval, independently of the block controller and other miners."""

    role: ClassVar[str] = MINER
    autonomous: ClassVar[bool] = True
    emits: ClassVar[tuple[type[Event], ...]] = (BlockFound, BlockStale)
    needs: ClassVar[frozenset[str]] = frozenset({"node", "wallet"})
    default_node: ClassVar[bool] = True
    default_wallet: ClassVar[bool] = True

    def begin(self) -> None:
        """Start mining to the wallet's primary address."""
        self._found = FoundBlocks(self, TIMEOUT)
        self._address = self.ask(self.host.actor("wallet"), GetAddresses())[0]
        self.every(lambda: self.config.interval.seconds, self.mine)

    def end(self) -> None:
        """Record its blocks that are off the main chain."""
        self._found.close(self.host.actor("node"))

    @handles(MineNow)
    def on_mine_now(self, _: MineNow) -> BlockFound:
        """Mine a block now."""
        return self._mine()

    def mine(self) -> None:
        """Mine the next block."""
        end, until = self.host.plan.duration, self.config.until
        if self.clock.microseconds() >= (end if until is None else min(end, until)):
            return
        try:
            self._mine()
        except NO_BLOCK as error:
            self.log.warning("could not mine a block: {}", error)

    def _mine(self) -> BlockFound:
        found = self._found.make(self.host.actor("node"), self.host.name, self._address)
        self.log.info("made block {} with {} transactions", found.height, found.transactions, block=found.hash)
        return found
