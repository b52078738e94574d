"""Blocks that are kept back: what every miner that withholds blocks is made of.

A strategy is a class derived from :class:`WithholdingMiner` that says what to do when a block has been found
(:meth:`WithholdingMiner.decide`), in the terms of Sapirshtein, Sompolinsky and Zohar (arXiv 1507.06183).

What a miner keeps back is the proof of work that it has found: a node makes the block only when it is published, with
the timestamp and the transactions of that time. So no node has to be patched: a branch that is made below the tip
(``generateblocks`` with ``prev_block``) stays at its node until it has most work, and is then relayed by itself. A
branch of as much work as the public one is relayed by no node, and followed by those that have it first: its blocks are
handed in (``submit_block``) at chosen nodes before the rival's block gets there.
"""

from abc import abstractmethod
from enum import Enum
from typing import Annotated, ClassVar, TypeVar

from msgspec import Meta

from actors.host.node_proxy import GetBlock, GetBlockHeader, GetLastBlockHeader, SubmitBlock, proxy_of
from actors.mining.autonomous_miner import AutonomousMinerConfig, IndependentMiner
from actors.mining.found_blocks import NO_BLOCK
from monerosim.config import PARTICIPANT
from monerosim.events import BlockFound, BlockStale, Event, NewBlock
from monerosim.mailbox.discovery import AgentDiscovery
from monerosim.rpc.node import BlockHeader


class WithholdingConfig(AutonomousMinerConfig, frozen=True):
    """Settings of every miner that keeps blocks back."""

    hand_to: Annotated[
        tuple[str, ...],
        Meta(
            extra=PARTICIPANT,
            description="Participants and groups at whose nodes it hands in its branch when that is as long as the "
            "public one, as soon as its own node has the rival's block; what they mine goes on from it if they did not "
            "have the rival's first.",
        ),
    ] = ()


class Move(Enum):
    """What to do with blocks that are kept back."""

    WAIT = "wait"
    """Nothing."""
    MATCH = "match"
    """Publish as many as the public branch has, and hand them to the chosen nodes."""
    OVERRIDE = "override"
    """Publish one more than the public branch has, which every node then follows."""
    PUBLISH = "publish"
    """Publish all."""
    ADOPT = "adopt"
    """Give them up, and mine on the public branch."""


class Race:
    """A miner's branch beside the public one, both above the last block that they share.

    Attributes:
        root: The hash of that block.
        height: Its height.
        own: The blocks of its own branch, kept back or not.
        public: The blocks of the public branch.
        shown: The hashes of those of its own branch that are published.
        tied: Whether it has matched the last block of the public branch.
    """

    def __init__(self, root: str, height: int) -> None:
        self.root = root
        self.height = height
        self.own = 0
        self.public = 0
        self.shown: list[str] = []
        self.tied = False

    @property
    def lead(self) -> int:
        """By how much its own branch is longer."""
        return self.own - self.public


C = TypeVar("C", bound=WithholdingConfig)

_HAND_IN = 10.0
"""Seconds that a node of others may take to take a block, before the next one is turned to."""


class WithholdingMiner(IndependentMiner[C]):
    """Finds blocks and keeps them back; a subclass decides when they are published.

    When it leaves, it publishes its branch if that is the longer one.

    Attributes:
        race: How its branch stands beside the public one.
    """

    emits: ClassVar[tuple[type[Event], ...]] = (BlockFound, BlockStale)

    def begin(self) -> None:
        """Follow the public chain from now on, and start mining."""
        self._discovery = AgentDiscovery(self.host.shared, self.clock.now)
        self._tip, self._tip_height, self._work = "", 0, 0
        self.race = Race("", 0)
        self._follow()
        self.on(NewBlock, self.on_new_block, interval=0)
        super().begin()

    @abstractmethod
    def decide(self, race: Race, *, found: bool) -> Move:
        """Decide what to do after a block, own or public.

        Args:
            race: How its branch stands; it has at least a block.
            found: Whether the block is its own, which nobody else knows of; else the public branch has grown.
        """

    def changed(self) -> None:
        """Draw a new wait; publish what is worth it if the miner has left."""
        super().changed()
        if not self.registration.active:
            self.carry_out(Move.PUBLISH if self.race.lead > 0 else Move.ADOPT)

    def on_block_due(self) -> None:
        """Keep the block that has been found, and decide."""
        self.race.own += 1
        self.log.debug("has found a block; {} on {} public ones", self.race.own, self.race.public)
        self.carry_out(self.decide(self.race, found=True))

    def on_new_block(self, _: NewBlock) -> None:
        """Decide what to do, if the public branch has grown."""
        if self._follow():
            race = self.race
            self.carry_out(self.decide(race, found=False) if race.own else Move.ADOPT)

    def _follow(self) -> bool:
        """Find out what the own node's tip means for the race; return whether it is a new block of others."""
        try:
            return self._compare(self.ask(self.host.actor("node"), GetLastBlockHeader()))
        except NO_BLOCK as error:
            self.log.info("cannot follow the public chain: {}", error)
            return False

    def _compare(self, tip: BlockHeader) -> bool:
        """Compare the race with a tip of the public chain; return whether that is a new block of others.

        Another tip of as much work is none: a node whose rules choose among equal branches tells by it what it has
        chosen, not whom the others follow.
        """
        if self._tip and tip.cumulative_difficulty == self._work:
            return False
        race = self.race
        if not self._tip:
            # Its node has not answered before.
            race.root, race.height, race.own = tip.hash, tip.height, 0
        elif tip.prev_hash == self._tip and tip.hash not in race.shown:
            race.public += 1
        else:
            self._trace_back(tip)
        self._tip, self._tip_height, self._work = tip.hash, tip.height, tip.cumulative_difficulty
        race.tied = False
        return tip.hash != race.root

    def _trace_back(self, tip: BlockHeader) -> None:
        """Find the last block that the chain of a tip and the own branch share, and count from there."""
        race, step, public = self.race, tip, 0
        while step.height > race.height and step.hash not in race.shown:
            step = self.ask(self.host.actor("node"), GetBlockHeader(step.prev_hash))
            public += 1
        if step.hash in race.shown:
            joined = race.shown.index(step.hash) + 1
            race.own -= joined
            del race.shown[:joined]
        elif step.hash != race.root:
            self.log.info("the block that its branch stands on has left the main chain")
            race.own, public = 0, 0
            race.shown.clear()
            step = tip
        race.root, race.height, race.public = step.hash, step.height, public

    def carry_out(self, move: Move) -> None:
        """Publish as a move says, or give the branch up; :attr:`race` is how things stand then."""
        race = self.race
        if move is Move.ADOPT:
            self.race = Race(self._tip, self._tip_height)
            return
        wanted = {Move.WAIT: 0, Move.MATCH: race.public, Move.OVERRIDE: race.public + 1, Move.PUBLISH: race.own}[move]
        fresh = self._show(min(wanted, race.own))
        if move is Move.MATCH:
            race.tied = True
            self._hand(fresh)
        elif fresh:
            self._follow()

    def _show(self, count: int) -> list[str]:
        """Publish blocks until so many are; return those that were not before."""
        race, node = self.race, self.host.actor("node")
        known = len(race.shown)
        while len(race.shown) < count:
            parent = race.shown[-1] if race.shown else race.root
            try:
                found = self.found.make(node, self.host.name, self.registration.address, parent=parent)
            except NO_BLOCK as error:
                self.log.warning("gives its branch up, which cannot be published: {}", error)
                race.own = len(race.shown)
                break
            race.shown.append(found.hash)
            self.log.info("publishes block {}; {} public ones", found.height, race.public, block=found.hash)
        return race.shown[known:]

    def _hand(self, blocks: list[str]) -> None:
        """Hand blocks in at the nodes that are to have them before the rival's."""
        if not blocks or not self.config.hand_to:
            return
        try:
            blobs = [self.ask(self.host.actor("node"), GetBlock(block)).blob for block in blocks]
        except NO_BLOCK as error:
            self.log.info("cannot hand its blocks in: {}", error)
            return
        for name in self._chosen_nodes():
            try:
                for blob in blobs:
                    self.ask(proxy_of(self.host, name), SubmitBlock(blob), _HAND_IN)
            except NO_BLOCK as error:
                self.log.info("{} does not take its block: {}", name, error)

    def _chosen_nodes(self) -> list[str]:
        chosen = set(self.config.hand_to)
        nodes = [agent.node for agent in self._discovery.get_agents() if {agent.id, agent.group} & chosen]
        return [name for name in dict.fromkeys(nodes) if name is not None and name != self.host.name]
