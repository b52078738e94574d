"""The trader: a user who deposits coins at an exchange and withdraws a part of what is credited."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from msgspec import Meta

from actors.host.wallet_proxy import GetAddresses
from actors.users.exchange import EXCHANGE, Account, Credited, OpenAccount, Withdraw
from actors.users.payer import Payer, PayerConfig, Payment
from monerosim.agent.actor import receives
from monerosim.config import PARTICIPANT, POSITIVE, Amount, Duration, Key, amount, duration
from monerosim.mailbox.discovery import AgentDiscovery, AgentDiscoveryError
from monerosim.rpc.wallet import Destination


class TraderConfig(PayerConfig, frozen=True, kw_only=True):
    """Settings of a trader."""

    exchange: Annotated[str, Meta(extra=PARTICIPANT, description="The exchange.")]
    transaction_interval: Annotated[
        Duration, Meta(extra=POSITIVE, description="The mean time between two deposits, which come at random.")
    ] = duration("20m")
    min_amount: Annotated[Amount, Meta(description="The least that is deposited.")] = amount("0.1 XMR")
    max_amount: Annotated[Amount, Meta(description="The most that is deposited.")] = amount("2 XMR")
    withdrawn: Annotated[
        float, Meta(ge=0, le=1, description="The share of each credited deposit that is withdrawn.")
    ] = 0.5

    def problems(self) -> Iterator[tuple[Sequence[Key], str]]:
        """Yield amounts that are no range."""
        if not 0 < self.min_amount <= self.max_amount:
            yield ("min_amount", "max_amount"), "min_amount must be above 0 and at most max_amount"


class _Standing:
    """The state of a trader that is retained over restarts."""

    def __init__(self) -> None:
        self.deposits = ""
        """The address of its deposits; empty until the exchange has told it."""


class Trader(Payer[TraderConfig]):
    """Deposits at random times, and withdraws a share of each deposit as soon as it is credited."""

    @classmethod
    def payments_per_second(cls, config: TraderConfig) -> float:
        """Return one deposit an interval, on average."""
        return 1 / config.transaction_interval.seconds

    def begin(self) -> None:
        """Open an account and schedule the first deposit."""
        super().begin()
        self._discovery = AgentDiscovery(self.host.shared, self.clock.now, warn=self.log.warning)
        self._standing = self.host.retained(self.name, _Standing)
        self._withdrawals = self.host.numbers(f"{self.name}'s withdrawals")
        self._times = self.stream("times")
        self.open_account()
        self.schedule_first()

    def open_account(self) -> None:
        """Ask the exchange for an account."""
        if self._standing.deposits:
            return
        address = self.ask(self.host.actor("wallet"), GetAddresses())[0]
        try:
            self.send(*self._exchange(), OpenAccount(self.name, address))
        except AgentDiscoveryError as error:
            self.log.warning("cannot open an account: {}", error)

    def next_due(self, last: int) -> int:
        """Draw when the next deposit comes due."""
        return last + max(1, round(self._times.exponential(float(self.config.transaction_interval))))

    def pay(self) -> None:
        """Deposit an amount."""
        if self.is_over():
            return
        if not self._standing.deposits:
            self.open_account()
            self.skip(f"has no account at {self.config.exchange} yet")
            return
        amount = self.rng.integer(self.config.min_amount, self.config.max_amount)
        self.attempt(Payment(self.config.exchange, (Destination(self._standing.deposits, amount),)), first=True)

    @receives(Account)
    def on_account(self, account: Account, _: str) -> None:
        """Deposit there from now on."""
        self._standing.deposits = account.address

    @receives(Credited)
    def on_credited(self, credited: Credited, exchange: str) -> None:
        """Withdraw a share."""
        amount = int(credited.amount * self.config.withdrawn)
        if amount and not self.is_over():
            self.send(exchange, self._exchange()[1], Withdraw(next(self._withdrawals), amount))

    def _exchange(self) -> tuple[str, str]:
        """Return the exchange's host and actor: of several of the name, the first."""
        name = self.config.exchange
        for agent in self._discovery.get_agents_with(EXCHANGE):
            if name in (agent.id, agent.group):
                return agent.id, agent.roles[EXCHANGE]
        raise AgentDiscoveryError(f"{name} is no exchange")
