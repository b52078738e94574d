"""Events across hosts: who else has subscribed to those of a host, and the host's own subscriptions elsewhere."""

from monerosim.agent.actor import Actor
from monerosim.agent.commands import SubscribeLetter
from monerosim.agent.messages import EventLetter, Subscribe
from monerosim.events import Record
from monerosim.mailbox.discovery import AgentDiscovery, AgentDiscoveryError
from monerosim.mailbox.post import UnknownHostError
from monerosim.plan.roles import ORCHESTRATOR


class Subscriptions:
    """The subscriptions that a supervisor takes and makes for its host.

    Args:
        supervisor: The supervisor.
    """

    def __init__(self, supervisor: Actor) -> None:
        self._supervisor = supervisor
        self._subscribers: dict[str, dict[tuple[str, str], None]] = {}

    def add(self, letter: SubscribeLetter, sender: str) -> None:
        """Send events to another host from now on."""
        for tag in letter.kinds:
            self._subscribers.setdefault(tag, {})[sender, letter.actor] = None
            self._supervisor.host.subscribe(tag, self._supervisor.name, letter.interval)

    def forward(self, record: Record) -> None:
        """Send an event to the hosts that have subscribed to it."""
        for host, actor in self._subscribers.get(record.tag, ()):
            self._supervisor.send(host, actor, EventLetter(record.plain()))

    def request(self, wish: Subscribe) -> None:
        """Subscribe to events of another host, or by the orchestrator to those of all hosts."""
        letter = SubscribeLetter(kinds=(wish.kind,), actor=wish.actor, interval=wish.interval)
        try:
            if wish.of == "*":
                self._supervisor.send(*self._find_orchestrator(), letter)
            else:
                self._supervisor.send(wish.of, self._supervisor.name, letter)
        except (AgentDiscoveryError, UnknownHostError) as error:
            self._supervisor.log.warning("{} cannot subscribe to {}: {}", wish.actor, wish.kind, error)

    def _find_orchestrator(self) -> tuple[str, str]:
        discovery = AgentDiscovery(self._supervisor.host.shared, self._supervisor.clock.now)
        for agent in discovery.get_agents_with(ORCHESTRATOR):
            if ORCHESTRATOR in agent.roles:
                return agent.id, agent.roles[ORCHESTRATOR]
        raise AgentDiscoveryError(f"there is no {ORCHESTRATOR} in the scenario")
