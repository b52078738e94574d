"""The transaction bot: a wallet that pays the same amount at a fixed interval."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from msgspec import Meta

from actors.users.payer import Payer, PayerConfig, Payment
from monerosim.config import PARTICIPANT, POSITIVE, Amount, Duration, Key, amount, duration
from monerosim.mailbox.discovery import Agent, AgentDiscovery, AgentDiscoveryError
from monerosim.plan.roles import FUNDER
from monerosim.rpc.wallet import Destination


class TransactionBotConfig(PayerConfig, frozen=True):
    """Settings of a transaction bot."""

    transaction_interval: Annotated[
        Duration, Meta(extra=POSITIVE, description="The time from payment to payment, and before the first.")
    ] = duration("10m")
    amount: Annotated[Amount, Meta(description="What each payment pays.")] = amount("0.1 XMR")
    recipients: Annotated[
        tuple[str, ...],
        Meta(
            extra=PARTICIPANT,
            description="Participants or groups that are paid in turn; if left out, any other wallet at random.",
        ),
    ] = ()

    def problems(self) -> Iterator[tuple[Sequence[Key], str]]:
        """Yield an amount that is not above 0."""
        if self.amount <= 0:
            yield ("amount",), "amount must be above 0"


class TransactionBot(Payer[TransactionBotConfig]):
    """Pays recipients in turn, or others at random, the same amount at a fixed interval.

    While a payment waits for locked coins, no others are made.
    """

    @classmethod
    def payments_per_second(cls, config: TransactionBotConfig) -> float:
        """Return one payment an interval."""
        return 1 / config.transaction_interval.seconds

    def begin(self) -> None:
        """Schedule the first payment."""
        super().begin()
        self._discovery = AgentDiscovery(self.host.shared, self.clock.now, warn=self.log.warning)
        self._origin = self.host.now()
        self._turn = 0
        self.schedule_first()

    def next_due(self, last: int) -> int:
        """Return the next point of its interval."""
        interval = self.config.transaction_interval
        return last + interval - (last - self._origin) % interval

    def pay(self) -> None:
        """Pay the next recipient."""
        if self.is_over():
            return
        try:
            recipient = self._choose()
            address = self._discovery.get_addresses(recipient)[0]
        except AgentDiscoveryError as error:
            self.skip(f"found nobody to pay: {error}")
        else:
            self.attempt(Payment(recipient, (Destination(address, int(self.config.amount)),)), first=True)

    def _choose(self) -> str:
        """Choose the next recipient.

        Raises:
            AgentDiscoveryError: There is nobody.
        """
        others = [agent for agent in self._discovery.get_wallet_agents() if self._may_pay(agent)]
        if not others:
            names = ", ".join(self.config.recipients)
            raise AgentDiscoveryError(f"there is no wallet of {names}" if names else "there is no other wallet")
        if not self.config.recipients:
            return self.rng.choice(others).id
        self._turn += 1
        return others[(self._turn - 1) % len(others)].id

    def _may_pay(self, agent: Agent) -> bool:
        names = self.config.recipients
        wanted = agent.id in names or agent.group in names if names else FUNDER not in agent.roles
        return wanted and agent.id != self.host.name
