"""The registrar: the only writer of the lists of all miners and of all blocks found."""

from typing import ClassVar

from monerosim.agent.actor import Actor, receives
from monerosim.agent.messages import Letter
from monerosim.mailbox.discovery import BLOCKS_FOUND, MINERS, AgentDiscovery
from monerosim.rpc.transport import Json

REGISTRAR = "registrar"
"""Its name, on the host that the plan names."""

_RECENT_BLOCKS = 100
"""How many blocks are published during the run: the whole document is written with each."""

_PAUSE = 1.0
"""Seconds from the first new registration to reading them all: many are made at once."""


class BlockNote(Letter, frozen=True):
    """A block was found."""

    kind: ClassVar[str] = "block-note"
    miner: str
    height: int
    hash: str


class MinerNote(Letter, frozen=True):
    """A miner's registration has changed."""

    kind: ClassVar[str] = "miner-note"


def note(actor: Actor, letter: BlockNote | MinerNote) -> None:
    """Send a letter to the run's registrar, if it has one."""
    if actor.host.plan.registrar:
        actor.send(actor.host.plan.registrar, REGISTRAR, letter)


class _Blocks(list[Json]):
    """The blocks of all lives of the registrar."""


class Registrar(Actor):
    """Publishes ``miners.json``, the active miners, and ``blocks_found.json``, the blocks of all miners.

    During the run these are the last hundred blocks, at its end all of them.
    """

    def begin(self) -> None:
        """Publish the miners, and the blocks of an earlier life."""
        self._discovery = AgentDiscovery(self.host.shared, self.clock.now, lifetime=0, warn=self.log.warning)
        self._blocks = self.host.retained(self.name, _Blocks)
        self._published: Json = None
        self._looking = False
        self.publish_miners()
        self._publish_blocks(_RECENT_BLOCKS)

    def end(self) -> None:
        """Publish everything."""
        self.publish_miners()
        self._publish_blocks(len(self._blocks))

    @receives(BlockNote)
    def on_block_note(self, block: BlockNote, _: str) -> None:
        """Publish a block."""
        self._blocks.append({"miner": block.miner, "height": block.height, "hash": block.hash})
        self._publish_blocks(_RECENT_BLOCKS)

    @receives(MinerNote)
    def on_miner_note(self, _: MinerNote, __: str) -> None:
        """Schedule reading the registrations."""
        if not self._looking:
            self._looking = True
            self.after(_PAUSE, self.publish_miners)

    def publish_miners(self) -> None:
        """Publish the miners that are active."""
        self._looking = False
        miners: list[Json] = [
            {
                "id": miner.id,
                "weight": miner.hashrate,
                "address": miner.address,
                "solo": miner.solo,
                "autonomous": miner.autonomous,
            }
            for miner in self._discovery.get_miner_agents()
        ]
        if miners != self._published:
            self.host.shared.replace(MINERS, {"miners": miners})
            self._published = miners

    def _publish_blocks(self, count: int) -> None:
        self.host.shared.replace(BLOCKS_FOUND, {"blocks": self._blocks[-count:] if count else []})
