"""The eclipse: nodes that have eyes for one victim only, so that they take the connections that it lets in."""

from typing import Annotated, ClassVar

from msgspec import Meta

from monerosim.agent.behaviour import Behaviour
from monerosim.agent.conditions import Condition, ConditionError, Cut, Restore
from monerosim.config import PARTICIPANT, Config
from monerosim.mailbox.discovery import AgentDiscovery


class EclipseConfig(Config, frozen=True):
    """Settings of an eclipsing node."""

    victim: Annotated[str, Meta(extra=PARTICIPANT, description="The participant whose connections it takes.")]


class Eclipse(Behaviour[EclipseConfig]):
    """Cuts its node off from all but the victim, so that all its dialling goes there, and none of it is ever dropped.

    A group of them takes the places that the victim has for incoming connections (``--in-peers``) as others leave
    them. Whom the victim dials is its own choice. Blocks and transactions it learns of from the victim alone.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"node"})
    default_node: ClassVar[bool] = True
    changes: ClassVar[tuple[type[Condition], ...]] = (Cut, Restore)
    immutable_settings: ClassVar[frozenset[str]] = frozenset({"victim"})

    def begin(self) -> None:
        """Leave all others alone."""
        agents = AgentDiscovery(self.host.shared, self.clock.now).get_agents()
        own = {self.host.name, self.config.victim}
        self._others = [it.id for it in agents if it.node == it.id and not own & {it.id, it.group}]
        self.rejoin()

    def rejoin(self) -> None:
        """Leave all others alone, after a pause too."""
        self._change(Cut)

    def leave(self) -> None:
        """Be a node like others while it is paused or stopped."""
        self._change(Restore)

    def _change(self, kind: type[Cut] | type[Restore]) -> None:
        try:
            for other in self._others:
                self.change_network(kind(peer=other))
        except ConditionError as error:
            self.log.warning("{}", error)
