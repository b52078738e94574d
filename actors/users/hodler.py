"""The hodler: a wallet that receives and holds."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors.host.wallet_proxy import GetBalance
from monerosim.agent.behaviour import Behaviour
from monerosim.config import POSITIVE, Config, Duration, duration
from monerosim.events import BalanceRecorded, Event
from monerosim.rpc.errors import RpcError
from monerosim.units import format_amount


class HodlerConfig(Config, frozen=True):
    """Settings of a hodler."""

    interval: Annotated[Duration, Meta(extra=POSITIVE, description="How often it records its balance.")] = duration(
        "1h"
    )


class Hodler(Behaviour[HodlerConfig]):
    """Never spends; records its balance periodically."""

    emits: ClassVar[tuple[type[Event], ...]] = (BalanceRecorded,)
    needs: ClassVar[frozenset[str]] = frozenset({"wallet"})
    default_node: ClassVar[bool] = True
    default_wallet: ClassVar[bool] = True

    def begin(self) -> None:
        """Record the balance now and periodically."""
        self.look()
        self.every(lambda: self.config.interval.seconds, self.look)

    def look(self) -> None:
        """Record the balance."""
        try:
            held = self.ask(self.host.actor("wallet"), GetBalance())
        except RpcError as error:
            self.log.warning("cannot read its balance: {}", error)
            return
        self.emit(BalanceRecorded(held.balance, held.unlocked_balance))
        self.log.info("balance {}, {} unlocked", format_amount(held.balance), format_amount(held.unlocked_balance))
