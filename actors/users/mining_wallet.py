"""The mining wallet: watches the block rewards of a miner, and may sweep them."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors.host.wallet_proxy import GetBalance, GetTransfers, SweepAll
from actors.users.payer import Sender, SenderConfig
from monerosim.config import PARTICIPANT, POSITIVE, Amount, Duration, amount, duration
from monerosim.events import Event, RewardUnlocked
from monerosim.mailbox.discovery import AgentDiscovery, AgentDiscoveryError
from monerosim.rpc.errors import RpcError
from monerosim.units import format_amount

_COINBASE = "block"
"""The type of a block reward in get_transfers."""


class MiningWalletConfig(SenderConfig, frozen=True):
    """Settings of a mining wallet."""

    interval: Annotated[Duration, Meta(extra=POSITIVE, description="How often it checks its rewards.")] = duration(
        "10m"
    )
    sweep_to: Annotated[
        str | None,
        Meta(
            extra=PARTICIPANT,
            description="The participant that gets all unlocked coins; its own name consolidates them into one output.",
        ),
    ] = None
    sweep_threshold: Annotated[Amount, Meta(description="The least unlocked balance that is swept.")] = amount("1 XMR")


class MiningWallet(Sender[MiningWalletConfig]):
    """Records each block reward when it unlocks; optionally sweeps unlocked coins to a participant."""

    emits: ClassVar[tuple[type[Event], ...]] = (RewardUnlocked, *Sender.emits)

    def begin(self) -> None:
        """Check the rewards periodically."""
        super().begin()
        self._discovery = AgentDiscovery(self.host.shared, self.clock.now)
        self._unlocked: set[str] = set()
        self._below = 0
        self._fresh = False
        self.every(lambda: self.config.interval.seconds, self.look)

    def look(self) -> None:
        """Record the rewards that have unlocked, and sweep them."""
        try:
            self._record()
            if self.config.sweep_to is not None and self._fresh and not self.is_over():
                self._sweep(self.config.sweep_to)
        except (RpcError, AgentDiscoveryError) as error:
            self.log.warning("cannot check its rewards: {}", error)

    def _record(self) -> None:
        transfers = self.ask(self.host.actor("wallet"), GetTransfers(("in",), min_height=self._below))
        rewards = sorted((one for one in transfers.incoming if one.type == _COINBASE), key=lambda one: one.height)
        for reward in rewards:
            if not reward.locked and reward.txid not in self._unlocked:
                self._unlocked.add(reward.txid)
                self._fresh = True
                self.emit(RewardUnlocked(reward.txid, reward.amount, reward.height))
                self.log.info("{} of block {} unlocked", format_amount(reward.amount), reward.height, txid=reward.txid)
        # A reward unlocks after sixty blocks: those below the first locked one stay as they are.
        locked = next((reward.height for reward in rewards if reward.locked), None)
        self._below = max(self._below, (locked or rewards[-1].height + 1) - 1) if rewards else self._below

    def _sweep(self, to: str) -> None:
        unlocked = self.ask(self.host.actor("wallet"), GetBalance()).unlocked_balance
        if unlocked < self.config.sweep_threshold:
            return
        address = self._discovery.get_addresses(to)[0]
        for sent in self.ask(self.host.actor("wallet"), SweepAll(address, self.config.priority)):
            self.follow(sent, to, (address,), "sweep")
        self._fresh = False
