"""The double spender that races in the pool: a payment at the victim's node, what takes it back everywhere else."""

from typing import Annotated, ClassVar

from msgspec import Meta

from actors.attacks.double_spends import DoubleSpends
from actors.users.payer import Sender
from monerosim.agent.behaviour import Behaviour
from monerosim.config import PARTICIPANT, POSITIVE, Config, Duration, duration
from monerosim.events import Event
from monerosim.mailbox.discovery import AgentDiscovery
from monerosim.rpc.errors import RpcError


class PoolDoubleSpenderConfig(Config, frozen=True):
    """Settings of a double spender that races in the pool."""

    victims: Annotated[
        tuple[str, ...],
        Meta(extra=PARTICIPANT, min_length=1, description="Participants and groups that it pays in turn."),
    ]
    rival_at: Annotated[
        tuple[str, ...],
        Meta(
            extra=PARTICIPANT,
            description="Participants and groups whose nodes get the transaction that takes the payment back; its own "
            "node gets it in any case.",
        ),
    ] = ()
    interval: Annotated[
        Duration, Meta(extra=POSITIVE, description="The time from payment to payment, and before the first.")
    ] = duration("30m")
    times: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="How many payments; as many as it can if left out.")
    ] = None


class PoolDoubleSpender(Behaviour[PoolDoubleSpenderConfig]):
    """Pays who takes payments without a confirmation, and spends the same output otherwise at the same time.

    Nodes keep the one of two such transactions that they have first, so it hands the payment to the victim's node and
    the other one to chosen nodes, of miners say. Each payment is one whole output of its wallet.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"node", "wallet"})
    default_node: ClassVar[bool] = True
    default_wallet: ClassVar[bool] = True
    emits: ClassVar[tuple[type[Event], ...]] = Sender.emits

    def begin(self) -> None:
        """Begin to pay."""
        self._discovery = AgentDiscovery(self.host.shared, self.clock.now)
        self._spends = DoubleSpends(self, self.config.victims)
        self._made = 0
        self.every(lambda: self.config.interval.seconds, self.pay)

    def pay(self) -> None:
        """Pay, and take it back, if an output is unlocked."""
        if self.config.times is not None and self._made >= self.config.times:
            return
        try:
            conflict = self._spends.draft()
            if conflict is None:
                return
            self._made += 1
            self._spends.pay(conflict)
            for node in self._rival_nodes(conflict.node):
                self._spends.take_back(conflict, node)
        except RpcError as error:
            self.log.warning("could not pay twice: {}", error)

    def _rival_nodes(self, but: str) -> list[str]:
        chosen = {*self.config.rival_at}
        nodes = [agent.node for agent in self._discovery.get_agents() if {agent.id, agent.group} & chosen]
        return [node for node in dict.fromkeys([self.host.name, *nodes]) if node is not None and node != but]
