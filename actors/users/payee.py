"""The payee: whoever is paid, and counts a payment as received at so many confirmations."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors.host.wallet_proxy import OVERLAP, GetTransfers, Refresh
from monerosim.agent.behaviour import Behaviour
from monerosim.config import POSITIVE, Config, Duration, duration
from monerosim.events import Event, IncomingPayment, NewBlock, PaymentReceived
from monerosim.rpc.errors import RpcError
from monerosim.units import format_amount


class PayeeConfig(Config, frozen=True):
    """Settings of a payee."""

    confirmations: Annotated[
        int, Meta(ge=0, le=720, description="Blocks until a payment counts as received; 0 takes it from the txpool.")
    ] = 1
    check_interval: Annotated[
        Duration, Meta(extra=POSITIVE, description="How often it looks at the txpool, with 0 confirmations.")
    ] = duration("30s")


class _Received(set[tuple[str, str]]):
    """The payments received in all lives: transaction and address."""


class Payee(Behaviour[PayeeConfig]):
    """Records each payment to its wallet once, when a block of its node brings the last confirmation that it wants.

    What becomes of a payment afterwards is not its affair: the summary's ``reversals`` says which were taken back.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"wallet"})
    default_node: ClassVar[bool] = True
    default_wallet: ClassVar[bool] = True
    emits: ClassVar[tuple[type[Event], ...]] = (PaymentReceived,)
    immutable_settings: ClassVar[frozenset[str]] = frozenset({"confirmations", "check_interval"})

    def begin(self) -> None:
        """Look for payments from now on."""
        self._received = self.host.retained(self.name, _Received)
        self._height = 0
        if self.config.confirmations:
            self.on(NewBlock, self.look, interval=0)
        else:
            self.on(IncomingPayment, self.take, interval=self.config.check_interval.seconds)

    def take(self, payment: IncomingPayment) -> None:
        """Count a payment that is in the txpool or in a block."""
        self._receive(payment.txid, payment.address, payment.amount, payment.height)

    def look(self, _: NewBlock) -> None:
        """Count the payments that have their confirmations."""
        wallet, least = self.host.actor("wallet"), self.config.confirmations
        try:
            self.ask(wallet, Refresh())
            found = self.ask(wallet, GetTransfers(("in",), min_height=max(0, self._height - OVERLAP)))
        except RpcError as error:
            self.log.warning("cannot look for payments: {}", error)
            return
        for entry in found.incoming:
            if entry.type == "in" and entry.confirmations >= least:
                self._receive(entry.txid, entry.address, entry.amount, entry.height)
                self._height = max(self._height, entry.height)

    def _receive(self, txid: str, address: str, amount: int, height: int) -> None:
        if (txid, address) not in self._received:
            self._received.add((txid, address))
            self.emit(PaymentReceived(txid, address, amount, height))
            self.log.info("received {} in block {}", format_amount(amount), height, txid=txid)
