"""The mining pool: registers with a hashrate and gets the blocks that the block controller gives it."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors.mailbox import Mail
from actors.wallet_proxy import GetAddresses
from monerosim.config import Config
from monerosim.mailbox.discovery import MINING_POOLS
from monerosim.runtime.actor import Behaviour, handles


class MiningPoolConfig(Config, frozen=True):
    """What a scenario may say about a mining pool."""

    hashrate: Annotated[
        float, Meta(gt=0, description="Its weight; the chance to find a block is this over the sum of all hashrates.")
    ]


class MiningPool(Behaviour):
    """Registers as a miner when it begins, and learns of the blocks it has found."""

    Config: ClassVar[type[Config]] = MiningPoolConfig
    needs: ClassVar[frozenset[str]] = frozenset({"node", "wallet"})
    usual_node: ClassVar[bool] = True
    usual_wallet: ClassVar[bool] = True
    config: MiningPoolConfig

    def begin(self) -> None:
        """Register with the wallet's primary address."""
        address = self.ask(self.host.actor("wallet"), GetAddresses())[0]
        self._blocks = 0
        self._register(address, active=True)
        self.log.info("registered with hashrate {:g}", self.config.hashrate, address=address)

    @handles(Mail)
    def on_mail(self, mail: Mail) -> None:
        """Take note of a block found."""
        if mail.kind == "block-found":
            self._blocks += 1
            self.log.info("found block {}, its {}.", mail.data["height"], self._blocks, block=mail.data["hash"])

    def _register(self, address: str, *, active: bool) -> None:
        self.host.shared.replace(
            f"{MINING_POOLS}/{self.host.name}.json",
            {"id": self.host.name, "hashrate": self.config.hashrate, "address": address, "active": active},
        )
