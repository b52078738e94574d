"""The flood: transactions to oneself that fill the blocks, at a fee of one's choice."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from msgspec import Meta

from actors.host.wallet_proxy import GetAddresses
from actors.users.payer import Payer, PayerConfig, Payment
from monerosim.config import POSITIVE, Amount, Duration, Key, amount, duration
from monerosim.rpc.wallet import Destination


class FlooderConfig(PayerConfig, frozen=True):
    """Settings of a flooder; its fees are those of ``priority``."""

    interval: Annotated[
        Duration, Meta(extra=POSITIVE, description="The time from transaction to transaction, and before the first.")
    ] = duration("10s")
    outputs: Annotated[
        int,
        Meta(ge=1, le=15, description="What each transaction pays itself beside the change: outputs to go on with."),
    ] = 1
    amount: Annotated[Amount, Meta(description="What each of these is worth.")] = amount("0.01 XMR")

    def problems(self) -> Iterator[tuple[Sequence[Key], str]]:
        """Yield an amount that is not above 0."""
        if self.amount <= 0:
            yield ("amount",), "amount must be above 0"


class Flooder(Payer[FlooderConfig]):
    """Pays itself at a fixed interval. It goes on as long as it has unlocked outputs: give its wallet many."""

    @classmethod
    def payments_per_second(cls, config: FlooderConfig) -> float:
        """Return one transaction an interval."""
        return 1 / config.interval.seconds

    def begin(self) -> None:
        """Schedule the first transaction."""
        super().begin()
        self._origin = self.host.now()
        self.schedule_first()

    def next_due(self, last: int) -> int:
        """Return the next point of its interval."""
        return last + self.config.interval - (last - self._origin) % self.config.interval

    def pay(self) -> None:
        """Pay itself."""
        if self.is_over():
            return
        own = self.ask(self.host.actor("wallet"), GetAddresses())[0]
        destinations = (Destination(own, int(self.config.amount)),) * self.config.outputs
        self.attempt(Payment(self.host.name, destinations), first=True)
