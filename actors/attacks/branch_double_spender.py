"""The double spender with a branch of its own: a payment on the public one, what takes it back on the hidden one."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors.attacks.double_spends import Conflict, DoubleSpends
from actors.host.node_proxy import GetBlock, GetBlockHeader, GetLastBlockHeader, proxy_of
from actors.mining.autonomous_miner import AutonomousMinerConfig, IndependentMiner
from actors.mining.found_blocks import NO_BLOCK
from actors.users.payer import Sender
from monerosim.agent.conditions import EVERYBODY, Condition, ConditionError, Cut, Restore
from monerosim.config import PARTICIPANT, Duration, duration
from monerosim.events import BlockFound, BlockStale, Event, NewBlock
from monerosim.rpc.node import BlockHeader


class BranchDoubleSpenderConfig(AutonomousMinerConfig, frozen=True, kw_only=True):
    """Settings of a double spender that mines a branch of its own."""

    victims: Annotated[
        tuple[str, ...],
        Meta(extra=PARTICIPANT, min_length=1, description="Participants and groups that it pays in turn."),
    ]
    confirmations: Annotated[
        int, Meta(ge=1, le=720, description="Confirmations at the victim's node that it waits for.")
    ] = 10
    delivery: Annotated[
        Duration, Meta(description="How long it waits after that, for the victim to deliver what was paid for.")
    ] = duration("1m")
    give_up: Annotated[
        int, Meta(ge=1, le=10_000, description="By how many blocks it is behind when it gives its branch up.")
    ] = 20
    times: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="How many payments; again and again if left out.")
    ] = None


class _Attempt:
    """A payment that is to be taken back, and how deep it is on the public chain."""

    def __init__(self, conflict: Conflict, root: BlockHeader) -> None:
        self.conflict = conflict
        self.root = root.height
        self.seen = root.hash
        self.mined: int | None = None
        self.delivered: float | None = None


class BranchDoubleSpender(IndependentMiner[BranchDoubleSpenderConfig]):
    """Pays, and mines in secret on a chain on which it has not paid, until that has more work than the public one.

    An attempt begins with a block that it finds and keeps, as in Rosenfeld's "Analysis of hashrate-based double
    spending" (2012, arXiv 1402.2009): it cuts its node off, pays at the victim's node, and has what takes the payment
    back in its own node's pool. As soon as the payment has its confirmations and its own chain has more work, or when
    it is too far behind, it connects its node again, and the nodes see to the rest. Between attempts it mines as
    others do.
    """

    emits: ClassVar[tuple[type[Event], ...]] = (BlockFound, BlockStale, *Sender.emits)
    changes: ClassVar[tuple[type[Condition], ...]] = (Cut, Restore)

    def begin(self) -> None:
        """Start mining."""
        self._spends = DoubleSpends(self, self.config.victims)
        self._attempt: _Attempt | None = None
        self._made = 0
        self._watched: set[str] = set()
        super().begin()

    def changed(self) -> None:
        """Draw a new wait; give its branch up, or publish it, if the miner has left."""
        super().changed()
        if not self.registration.active and self._attempt is not None:
            self._connect("has left")

    def on_block_due(self) -> None:
        """Mine on its own node's tip, and begin an attempt with the block if there is none."""
        begun = self._begin_attempt() if self._attempt is None and self.config.times != self._made else None
        self.mine()
        if begun is not None:
            self._spends.pay(begun.conflict)
        self.look()

    def on_public_block(self, _: NewBlock) -> None:
        """Look at the attempt, as the victim's node has another block."""
        self.look()

    def look(self) -> None:
        """Find out how the attempt stands, and end it if it is time; wait if a node does not answer."""
        if self._attempt is None:
            return
        try:
            self._judge(self._attempt)
        except NO_BLOCK as error:
            self.log.warning("cannot find out how its branch stands: {}", error)

    def _judge(self, attempt: _Attempt) -> None:
        public, own = self._tip_of(attempt.conflict.node), self._tip_of(self.host.name)
        self._find_payment(attempt, public)
        confirmations = 0 if attempt.mined is None else public.height - attempt.mined + 1
        if attempt.delivered is None and confirmations >= self.config.confirmations:
            attempt.delivered = self.clock.now() + self.config.delivery.seconds
            self.after(self.config.delivery.seconds, self.look)
        is_delivered = attempt.delivered is not None and self.clock.now() >= attempt.delivered
        if is_delivered and own.cumulative_difficulty > public.cumulative_difficulty:
            self._connect("publishes its branch")
        elif public.height - own.height >= self.config.give_up:
            self._connect("gives its branch up")

    def _tip_of(self, node: str) -> BlockHeader:
        proxy = self.host.actor("node") if node == self.host.name else proxy_of(self.host, node)
        return self.ask(proxy, GetLastBlockHeader())

    def _begin_attempt(self) -> _Attempt | None:
        """Cut the own node off with what takes a payment back; None if there are no coins, or it is not up to date."""
        conflict = self._spends.draft()
        if conflict is None:
            return None
        root = self._tip_of(self.host.name)
        if root.hash != self._tip_of(conflict.node).hash:
            return None
        try:
            self.change_network(Cut(peer=EVERYBODY))
        except ConditionError as error:
            self.log.warning("cannot cut its node off: {}", error)
            return None
        self._made += 1
        self._attempt = _Attempt(conflict, root)
        if conflict.node not in self._watched:
            self._watched.add(conflict.node)
            self.on(NewBlock, self.on_public_block, of=conflict.node, interval=0)
        self._spends.take_back(conflict)
        return self._attempt

    def _find_payment(self, attempt: _Attempt, public: BlockHeader) -> None:
        """Look for the payment in the public chain's newest blocks."""
        step = public
        while step.height > attempt.root and step.hash != attempt.seen:
            block = self.ask(proxy_of(self.host, attempt.conflict.node), GetBlock(step.hash))
            if attempt.conflict.payment.tx_hash in block.tx_hashes:
                attempt.mined = step.height
            step = self.ask(proxy_of(self.host, attempt.conflict.node), GetBlockHeader(step.prev_hash))
        attempt.seen = public.hash

    def _connect(self, why: str) -> None:
        self.log.info("{}", why)
        self._attempt = None
        self.change_network(Restore(peer=EVERYBODY))
