"""A miner and a payer, whose configurations have other keys than monerosim's own."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors import GenerateBlocks, GetAddresses
from monerosim import MINER, Behaviour, Config

HOUR = 3600


class DiggerConfig(Config, frozen=True):
    """What a scenario may say about a digger."""

    shovels: Annotated[int, Meta(ge=1, description="Each is a percent of the hashrate.")] = 1


class Digger(Behaviour[DiggerConfig]):
    """Makes a block a minute, whatever its hashrate."""

    role: ClassVar[str] = MINER
    unique: ClassVar[bool] = True
    autonomous: ClassVar[bool] = True
    needs: ClassVar[frozenset[str]] = frozenset({"node", "wallet"})
    default_node: ClassVar[bool] = True
    default_wallet: ClassVar[bool] = True

    @classmethod
    def hashrate(cls, config: DiggerConfig) -> float:
        """Return a percent a shovel."""
        return float(config.shovels)

    def begin(self) -> None:
        """Set the timer."""
        self._address = self.ask(self.host.actor("wallet"), GetAddresses())[0]
        self.every(60.0, self.dig)

    def dig(self) -> None:
        """Make a block."""
        self.ask(self.host.actor("node"), GenerateBlocks(1, self._address))


class TipperConfig(Config, frozen=True):
    """What a scenario may say about a tipper."""

    tips_an_hour: Annotated[float, Meta(ge=0, description="How many it means to give.")] = 12.0
    hashrate: Annotated[float, Meta(description="How many cans of hash it eats an hour.")] = 7.0


class Tipper(Behaviour[TipperConfig]):
    """Means to give tips, and is no miner for all the hash."""

    role: ClassVar[str] = "payer"

    @classmethod
    def payments_per_second(cls, config: TipperConfig) -> float:
        """Return the tips a second."""
        return config.tips_an_hour / HOUR
