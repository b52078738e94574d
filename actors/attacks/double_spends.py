"""Two transactions that spend the same output: what every double spend is made of."""

from typing import NamedTuple

from actors.host.followed import Follow, Terms
from actors.host.node_proxy import SubmitTransaction, proxy_of
from actors.host.wallet_proxy import DraftSweep, GetAddresses, GetUnspentOutputs
from monerosim.agent.actor import Actor
from monerosim.events import PaymentSent
from monerosim.mailbox.discovery import AgentDiscovery, AgentDiscoveryError
from monerosim.rpc.wallet import Transferred
from monerosim.units import format_amount


class Conflict(NamedTuple):
    """A payment, and a transaction that takes it back; nobody has either yet."""

    victim: str
    node: str
    """The host whose node the victim uses."""
    address: str
    payment: Transferred
    rival: Transferred


class _Spent(set[str]):
    """The key images of outputs that were used in an earlier life, too."""


class DoubleSpends:
    """Makes payments together with what takes them back, and hands both over.

    Args:
        actor: The actor that means to pay twice.
        victims: The participants and groups that it pays in turn.
    """

    def __init__(self, actor: Actor, victims: tuple[str, ...]) -> None:
        self._actor = actor
        self._victims = victims
        self._discovery = AgentDiscovery(actor.host.shared, actor.clock.now)
        self._spent = actor.host.retained(actor.name, _Spent)
        self._turn = 0

    def draft(self) -> Conflict | None:
        """Make a payment of one output to the next victim, and one of the same output to the own wallet.

        Returns:
            None if no output is unlocked, or no victim has published its address yet.

        Raises:
            RpcError: The wallet does not answer.
        """
        wallet, ask = self._actor.host.actor("wallet"), self._actor.ask
        victims = [agent for agent in self._discovery.get_wallet_agents() if {agent.id, agent.group} & {*self._victims}]
        free = [it for it in ask(wallet, GetUnspentOutputs()) if it.unlocked and it.key_image not in self._spent]
        if not victims or not free:
            return None
        victim = victims[self._turn % len(victims)]
        try:
            address = self._discovery.get_addresses(victim.id)[0]
        except AgentDiscoveryError:
            return None
        output = min(free, key=lambda it: (it.amount, it.key_image))
        payment = ask(wallet, DraftSweep(output.key_image, address))
        rival = ask(wallet, DraftSweep(output.key_image, ask(wallet, GetAddresses())[0]))
        self._turn += 1
        self._spent.add(output.key_image)
        return Conflict(victim.id, victim.node or victim.id, address, payment, rival)

    def pay(self, conflict: Conflict) -> None:
        """Hand the payment to the victim's node, and have the own wallet follow it.

        Raises:
            RpcError: The node does not take it.
        """
        actor, payment = self._actor, conflict.payment
        actor.ask(proxy_of(actor.host, conflict.node), SubmitTransaction(payment.tx_blob))
        actor.emit(PaymentSent(payment.tx_hash, payment.amount, payment.fee, (conflict.address,), "commanded"))
        actor.log.info("pays {} to {}", format_amount(payment.amount), conflict.victim, txid=payment.tx_hash)
        terms = Terms(actor.name, actor.host.now(), 1, actor.host.plan.consensus.block_time)
        actor.tell(actor.host.actor("wallet"), Follow(payment.tx_hash, terms))

    def take_back(self, conflict: Conflict, node: str = "") -> None:
        """Hand the rival to a host's node, the own one if left out.

        Raises:
            RpcError: The node does not take it.
        """
        own = not node or node == self._actor.host.name
        proxy = self._actor.host.actor("node") if own else proxy_of(self._actor.host, node)
        self._actor.ask(proxy, SubmitTransaction(conflict.rival.tx_blob))
