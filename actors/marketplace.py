"""The marketplace: vendors with an address each, and a watch on what they are paid."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors.wallet_proxy import GetAddresses, GetTransfers
from monerosim.config import Config, Duration, duration
from monerosim.mailbox.discovery import MARKETPLACES
from monerosim.observe.events import PaymentReceived, PaymentSeen
from monerosim.rpc.errors import RpcError
from monerosim.rpc.transport import Json
from monerosim.rpc.wallet import TransferEntry
from monerosim.runtime.actor import Behaviour
from monerosim.units import format_amount

_OVERLAP = 20
"""Blocks below the last payment's that are looked at again, deeper than a reorganisation goes."""


class MarketplaceConfig(Config, frozen=True):
    """What a scenario may say about a marketplace; how many vendors it has is its wallet's ``count``."""

    check_interval: Duration = duration("30s")
    confirmations: Annotated[int, Meta(ge=1, le=720, description="Blocks until a payment counts as received.")] = 1


class Marketplace(Behaviour):
    """Publishes its vendors' addresses and records each payment seen in the txpool and received in a block."""

    Config: ClassVar[type[Config]] = MarketplaceConfig
    needs: ClassVar[frozenset[str]] = frozenset({"wallet"})
    usual_wallet: ClassVar[bool] = True
    config: MarketplaceConfig

    def begin(self) -> None:
        """Publish the vendors."""
        addresses = self.ask(self.host.actor("wallet"), GetAddresses())
        self._seen: set[tuple[str, str]] = set()
        self._received: set[tuple[str, str]] = set()
        self._height = 0
        vendors: list[Json] = [
            {"id": f"{self.host.name}/vendor-{number:03d}", "address": address}
            for number, address in enumerate(addresses, 1)
        ]
        self.host.shared.replace(f"{MARKETPLACES}/{self.host.name}.json", {"vendors": vendors})
        self.log.info("{} vendors take payments", len(addresses))
        self.every(self.config.check_interval.seconds, self.check)

    def check(self) -> None:
        """Look for new payments."""
        newest = GetTransfers(("in", "pool"), min_height=max(0, self._height - _OVERLAP))
        try:
            transfers = self.ask(self.host.actor("wallet"), newest)
        except RpcError as error:
            self.log.warning("cannot look at its payments: {}", error)
            return
        for entry in transfers.pool:
            key = entry.txid, entry.address
            if key not in self._seen:
                self._seen.add(key)
                self.emit(PaymentSeen(entry.txid, entry.address, entry.amount))
                self.log.debug("sees a payment of {} coming", format_amount(entry.amount), txid=entry.txid)
        for entry in transfers.incoming:
            self._receive(entry)

    def _receive(self, entry: TransferEntry) -> None:
        key = entry.txid, entry.address
        if key in self._received or entry.confirmations < self.config.confirmations:
            return
        self._received.add(key)
        self._height = max(self._height, entry.height)
        self.emit(PaymentReceived(entry.txid, entry.address, entry.amount, entry.height))
        self.log.info(
            "received {} in block {}", format_amount(entry.amount), entry.height, txid=entry.txid, address=entry.address
        )
