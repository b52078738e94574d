"""An actor that writes down what its node and its wallet say, so that a run shows it."""

from typing import ClassVar

from actors.host.node_proxy import GetInfo
from actors.mining.mining_pool import MiningPool, MiningSignal
from monerosim import Behaviour, receives


class Witness(Behaviour):
    """Logs what its node says, once a minute."""

    needs: ClassVar[frozenset[str]] = frozenset({"node"})

    def begin(self) -> None:
        self.every(lambda: 60.0, self.look)

    def look(self) -> None:
        self.log.info("{}", self.ask(self.host.actor("node"), GetInfo()))


class Deaf(MiningPool):
    """Answers no signal."""

    @receives(MiningSignal)
    def on_signal(self, signal: MiningSignal, controller: str) -> None:
        del signal, controller
