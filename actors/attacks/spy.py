"""The spy: a node that listens, to find out whose transactions are whose."""

from typing import ClassVar

from monerosim.agent.behaviour import Behaviour
from monerosim.config import Config
from monerosim.plan.roles import SPY


class SpyConfig(Config, frozen=True):
    """Settings of a spy; how many connections its node has is for the node to say."""


class Spy(Behaviour[SpyConfig]):
    """Leaves its node to itself: what is sent to it is for the record, and all spies of a run are one observer.

    monerod's RPC does not tell which peer sent a transaction; its log does, and so does the scenario's
    ``record.relays``, which has to name the spies. The report says how many payments they would trace to their origin.
    """

    role: ClassVar[str] = SPY
    needs: ClassVar[frozenset[str]] = frozenset({"node"})
    default_node: ClassVar[bool] = True

    def begin(self) -> None:
        """Do nothing: its node is enough."""
        self.log.info("listens")
