"""The modelled wallets of a plan's crowds."""

from collections.abc import Mapping

from monerosim.events import CrowdClosed, WalletClosed
from monerosim.model.blockchain import Blockchain
from monerosim.model.crowd import Crowd
from monerosim.model.node_state import NodeState
from monerosim.monero.address import Keys
from monerosim.plan.funding import equal_shares
from monerosim.plan.plan import Plan
from monerosim.runtime.rng import stable_seed


class Crowds:
    """The wallets of the users of a plan's crowds.

    Args:
        plan: The plan.

    Attributes:
        granted: What they begin with: the keys of an address, and the amount of each output.
    """

    def __init__(self, plan: Plan) -> None:
        self._crowds = {host.name: host.crowd for host in plan.hosts if host.crowd is not None}
        self._tags = {name: str(stable_seed(plan.seed, "crowd", name)).encode() for name in self._crowds}
        self._keys = {name: Keys.from_seed(tag) for name, tag in self._tags.items()}
        self._addresses = {name: self._keys[name].siblings(crowd.users) for name, crowd in self._crowds.items()}
        self.granted = tuple(
            (keys, amount)
            for name, crowd in self._crowds.items()
            for keys in self._addresses[name]
            for amount in equal_shares(crowd.initial_balance, crowd.outputs)
        )

    def open(self, blockchain: Blockchain, nodes: Mapping[str, NodeState]) -> dict[str, Crowd]:
        """Make the wallets, by host.

        Args:
            blockchain: The run's; it has no block beyond the genesis block.
            nodes: By host.
        """
        return {
            name: Crowd(
                blockchain,
                [nodes[host] for host in crowd.nodes],
                self._keys[name],
                self._addresses[name],
                tag=self._tags[name],
                ready_at=crowd.ready_at,
            )
            for name, crowd in self._crowds.items()
        }


def closing(crowd: Crowd) -> tuple[WalletClosed, CrowdClosed]:
    """Return what the users of a crowd have at the end of a run, together and each, by what their nodes see now."""
    crowd.refresh_all()
    balances, unlocked = crowd.balances(), sum(crowd.held(user)[1] for user in range(crowd.users))
    return WalletClosed(sum(balances), unlocked, crowd.in_flight(), *crowd.received()), CrowdClosed(tuple(balances))
