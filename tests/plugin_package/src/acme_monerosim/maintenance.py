"""A condition of one's own: a node is taken down for maintenance, and its wallet uses another one."""

from typing import Annotated

from msgspec import Meta

from monerosim import PARTICIPANT, Condition, ConditionError, MoveWallet, ShutDown


class AcmeMaintenance(Condition, frozen=True):
    """Have a participant's wallet use another node, and shut the participant's own node down."""

    made_of = MoveWallet, ShutDown
    node: Annotated[str, Meta(description="Whose node the wallet uses meanwhile.", extra=PARTICIPANT)]

    def parts(self, plan):
        """Return both, the wallet first, so that it never asks a node that is down."""
        if self.node not in {host.name for host in plan.hosts if host.name != self.who}:
            raise ConditionError(f"{self.node} cannot stand in for {self.who}")
        return MoveWallet(who=self.who, node=self.node), ShutDown(who=self.who)
