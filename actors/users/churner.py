"""The churner: a wallet that sends its own coins to itself, so that its outputs get new histories."""

from typing import Annotated, Literal

from msgspec import Meta

from actors.host.wallet_proxy import CreateAddress, GetAddresses, GetBalance, SweepAll
from actors.users.payer import Payer, PayerConfig, Payment
from monerosim.config import POSITIVE, Duration, duration
from monerosim.rpc.errors import RpcError
from monerosim.rpc.wallet import Destination


class ChurnerConfig(PayerConfig, frozen=True):
    """Settings of a churner."""

    transaction_interval: Annotated[
        Duration, Meta(extra=POSITIVE, description="The time from one to the next, and before the first.")
    ] = duration("30m")
    method: Annotated[
        Literal["transfer", "sweep"],
        Meta(description="Whether a share of the unlocked coins is sent, or all of them, without change."),
    ] = "transfer"
    share: Annotated[
        float, Meta(gt=0, le=0.9, description="The share that a transfer sends; the rest pays the fee and comes back.")
    ] = 0.5
    new_address: Annotated[bool, Meta(description="Whether each goes to a new subaddress, or all to the first.")] = True


class Churner(Payer[ChurnerConfig]):
    """Sends unlocked coins to its own wallet at a fixed interval; skips a turn while all are locked."""

    @classmethod
    def payments_per_second(cls, config: ChurnerConfig) -> float:
        """Return one payment an interval."""
        return 1 / config.transaction_interval.seconds

    def begin(self) -> None:
        """Schedule the first churn."""
        super().begin()
        self._origin = self.host.now()
        self.schedule_first()

    def next_due(self, last: int) -> int:
        """Return the next point of its interval."""
        interval = self.config.transaction_interval
        return last + interval - (last - self._origin) % interval

    def pay(self) -> None:
        """Send coins to its own wallet."""
        if self.is_over():
            return
        try:
            unlocked = self.ask(self.host.actor("wallet"), GetBalance()).unlocked_balance
            if not unlocked:
                self.skip("has no unlocked coins to churn")
                return
            address = self._choose_address()
        except RpcError as error:
            self.skip(f"cannot churn: {error}")
            return
        if self.config.method == "sweep":
            self._sweep(address, unlocked)
        else:
            amount = int(unlocked * self.config.share)
            self.attempt(Payment("itself", (Destination(address, amount),)), first=True)

    def _choose_address(self) -> str:
        wallet = self.host.actor("wallet")
        return (
            self.ask(wallet, CreateAddress("churn")) if self.config.new_address else self.ask(wallet, GetAddresses())[0]
        )

    def _sweep(self, address: str, unlocked: int) -> None:
        try:
            swept = self.ask(self.host.actor("wallet"), SweepAll(address, self.config.priority))
            for number, sent in enumerate(swept):
                self.follow(sent, "itself", (address,), "repeated" if number else "drawn")
        except RpcError as error:
            self.give_up(unlocked, str(error))
        self.schedule_next()
