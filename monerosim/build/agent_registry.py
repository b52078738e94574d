"""The agent registry: the participants of a plan."""

from monerosim.mailbox.discovery import AGENT_REGISTRY
from monerosim.plan.plan import Plan
from monerosim.rpc.transport import Json


def agent_registry(plan: Plan) -> tuple[str, Json]:
    """Return the registry of a plan.

    Returns:
        The document's name and content, as :class:`monerosim.mailbox.discovery.AgentDiscovery` reads it.
    """
    agents: list[Json] = [
        {
            "id": host.name,
            "group": host.group,
            "address": host.address,
            "actors": [actor.use for actor in host.actors],
            "roles": {actor.role: actor.name for actor in reversed(host.actors) if actor.role},
            "node": host.uses_node,
            "wallet": bool(host.wallets),
        }
        for host in plan.hosts
    ]
    return AGENT_REGISTRY, {"agents": agents}
