"""When each node had a block or a transaction first, by name."""

from monerosim.events import BlockSpread, TransactionSpread
from monerosim.plan.plan import Plan


def first_seen(event: BlockSpread | TransactionSpread, plan: Plan) -> dict[str, int]:
    """Return the nodes that had a block or a transaction, in the order in which they had it, with the time of each.

    Returns:
        Participants, and microseconds since the scenario's time zero.
    """
    nodes = [host.name for host in plan.hosts if host.node is not None]
    had = sorted((delay, index) for index, delay in enumerate(event.delays) if delay >= 0)
    return {nodes[index]: event.first + delay for delay, index in had}
