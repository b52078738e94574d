"""The funder: mines the first coins and pays the initial balances, before the scenario's time zero."""

from collections.abc import Callable
from typing import ClassVar

from actors.host.node_proxy import GenerateBlocks, GetInfo
from actors.host.wallet_proxy import GetAddresses, Refresh, Transfer
from monerosim.agent.behaviour import Behaviour
from monerosim.events import BootstrapFailed, BootstrapFinished, Event, PaymentSent, RunEnded
from monerosim.mailbox.discovery import AgentDiscovery, AgentDiscoveryError
from monerosim.monero.constants import MAX_RECIPIENTS
from monerosim.plan.funding import FundingConfig, Payee
from monerosim.plan.roles import FUNDER
from monerosim.rpc.errors import RpcCallError, RpcError, RpcUnavailableError
from monerosim.rpc.wallet import NOT_ENOUGH_OUTPUTS, NOT_ENOUGH_UNLOCKED_MONEY, Destination
from monerosim.units import format_amount


class Funder(Behaviour[FundingConfig]):
    """Mines to its own wallet, pays all initial balances in few transactions, and mines until they unlock."""

    role: ClassVar[str] = FUNDER
    unique: ClassVar[bool] = True
    needs: ClassVar[frozenset[str]] = frozenset({"node", "wallet"})
    default_wallet: ClassVar[bool] = True
    essential: ClassVar[bool] = True
    emits: ClassVar[tuple[type[Event], ...]] = (PaymentSent, BootstrapFinished, BootstrapFailed, RunEnded)

    def begin(self) -> None:
        """Start mining."""
        self._discovery = AgentDiscovery(self.host.shared, self.clock.now, lifetime=0)
        self._address = self.ask(self.host.actor("wallet"), GetAddresses())[0]
        self._batches: list[tuple[Payee, ...]] = []
        self._paid = 0
        self._transactions = 0
        self._next_block = self.clock.now()
        self._mine(self.config.funding_blocks)

    def mine(self, left: int) -> None:
        """Mine a block; start paying after the last one."""
        if self._is_late():
            return
        try:
            self._mine_one()
        except RpcError as error:
            # Should the block have been made after all, one too many does no harm.
            if self._in_time(f"cannot mine: {error}"):
                self._mine(left)
        else:
            self._mine(left - 1)

    def pay(self) -> None:
        """Pay the next batch."""
        if self._is_late():
            return
        if not self._batches:
            self._mine(self.config.unlock_blocks)
            return
        batch = self._batches[0]
        try:
            destinations = tuple(
                Destination(self._discovery.get_addresses(payee.participant)[0], int(payee.amount)) for payee in batch
            )
            sent = self.ask(self.host.actor("wallet"), Transfer(destinations))
        except (AgentDiscoveryError, RpcUnavailableError) as error:
            self._wait(str(error), self.retry)
        except RpcCallError as error:
            if error.code in (NOT_ENOUGH_UNLOCKED_MONEY, NOT_ENOUGH_OUTPUTS):
                self._wait(str(error), self.mine_and_retry)
            else:
                self._fail(str(error))
        except RpcError as error:
            self._fail(str(error))
        else:
            self._batches.pop(0)
            self._paid += sent.amount
            self._transactions += 1
            self.emit(PaymentSent(sent.tx_hash, sent.amount, sent.fee, tuple(to.address for to in destinations)))
            self.log.info("paid {} to {} participants", format_amount(sent.amount), len(batch), txid=sent.tx_hash)
            self.after(0.1, self.pay, same_cause=True)

    def _mine(self, left: int) -> None:
        if left > 0:
            # Counted from when the last one was due, so that the time a block takes to make does not add up.
            now = self.clock.now()
            self._next_block = max(now, self._next_block + self.config.block_interval.seconds)
            self.after(self._next_block - now, self.mine, left, same_cause=True)
        elif self._transactions or not self.config.payees:
            self._finish()
        else:
            payees = self.config.payees
            self._batches = [payees[start : start + MAX_RECIPIENTS] for start in range(0, len(payees), MAX_RECIPIENTS)]
            self.retry()

    def _mine_one(self) -> None:
        made = self.ask(self.host.actor("node"), GenerateBlocks(1, self._address, miner=self.host.name))
        self.log.debug("mined block {}", made.height, block=made.blocks[-1])

    def _wait(self, reason: str, step: Callable[[], None]) -> None:
        """Try again after a while, as long as the bootstrap lasts."""
        if self._in_time(reason):
            self.after(self.config.block_interval.seconds, step, same_cause=True)

    def _in_time(self, reason: str) -> bool:
        if self.clock.now() > 0:
            self._fail(f"the bootstrap is over: {reason}")
            return False
        self.log.debug("waits: {}", reason)
        return True

    def retry(self) -> None:
        """Try to pay, with the newest blocks."""
        try:
            self.ask(self.host.actor("wallet"), Refresh())
        except RpcError as error:
            self._wait(str(error), self.retry)
        else:
            self.pay()

    def mine_and_retry(self) -> None:
        """Mine a block, so that coins unlock, and try to pay."""
        if self._is_late():
            return
        try:
            self._mine_one()
        except RpcError as error:
            self._wait(str(error), self.mine_and_retry)
        else:
            self.retry()

    def _finish(self) -> None:
        height = self.ask(self.host.actor("node"), GetInfo()).height - 1
        self.emit(BootstrapFinished(height, self._transactions, self._paid))
        self.log.info("bootstrap finished at height {}: paid {}", height, format_amount(self._paid))
        self._is_late()

    def _is_late(self) -> bool:
        """Return whether the scenario's own time has begun; if so, end the run: miners make blocks beside it by now."""
        late = self.clock.now() > 0
        if late:
            self._fail("the initial balances came late: set a longer `bootstrap` in [simulation]")
        return late

    def _fail(self, reason: str) -> None:
        """Record that the bootstrap failed, and end the run: nothing of the scenario would be as it says."""
        self.log.error("the bootstrap failed: {}", reason)
        self.emit(BootstrapFailed(reason))
        self.emit(RunEnded(f"the bootstrap failed: {reason}"))
